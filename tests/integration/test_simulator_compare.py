"""`python -m simulator`: making, serving and comparing a work directory, as an operator does."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.config import Settings
from engine.progress import ProgressTracker
from simulator.compare import Comparison, compare, report
from simulator.farm_file import FARM_FILE, AccountState, FarmFile
from simulator.phone import Phone, PhoneFile
from simulator.world import Farm
from tests import prepared
from tests.farm import served
from tests.shared_data import shared_data

VIDEOS = {name: f"moving pictures of {name}".encode() for name in ("a.mp4", "b.mp4")}
NOW = datetime.now(UTC).isoformat()


def simulator(*arguments: object) -> subprocess.CompletedProcess[str]:
    return prepared.run("simulator", *arguments)


def a_day(work_dir: Path, *, published: Sequence[tuple[str, str]]) -> None:
    """A farm on which these (account, video) were published; phones are off again."""
    work_dir.joinpath(FARM_FILE).write_text("time_scale = 10000\n[accounts]\ncount = 3\n")
    farm = Farm(FarmFile.load(work_dir / FARM_FILE), work_dir)
    for account, video in published:
        phone = next(phone for phone in farm if phone.account.name == account)
        sha256 = hashlib.sha256(VIDEOS[video]).hexdigest()
        phone.add_file(PhoneFile(video, sha256, 10, 0.0))
        phone.publish(video, "hello")
    farm.close()


def a_ledger(path: Path, *jobs: dict[str, str], legacy: bool = False) -> None:
    """Rows as the engine appends them; each job: account, video, and its chain of statuses."""
    columns = ProgressTracker.COLUMNS[:17] if legacy else ProgressTracker.COLUMNS
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        for job in jobs:
            video_id = f"sha256:{hashlib.sha256(VIDEOS[job['video']]).hexdigest()[:32]}"
            row: dict[str, Any] = {
                "job_id": f"{job['video']}-{job['account']}",
                "account": job["account"],
                "video_path": job["video"],
                "caption": "hello",
                "max_attempts": "3",
                "attempts": "0",
                "video_id": video_id,
                "updated_at": NOW,
            }
            for status in job["chain"].split():
                row["status"] = status
                if status == "claimed":
                    row |= {"worker_id": "0", "claimed_at": NOW, "run_id": "r1"}
                if status == "in_doubt":
                    row |= {"status": "failed", "error_category": "in_doubt", "submitted_at": NOW}
                if status == "success":
                    row |= {"submitted_at": NOW, "completed_at": NOW}
                writer.writerow(row)


def judged(work_dir: Path) -> tuple[int, int, int, int]:
    """success, double posts, lost, in doubt."""
    result = compare(work_dir)
    return result.success, result.double_posts, result.lost, result.in_doubt


A1 = {"account": "acct001", "video": "a.mp4"}
B2 = {"account": "acct002", "video": "b.mp4"}
POSTED = "pending claimed success"


def test_an_honest_day_agrees_and_says_so_in_the_last_line(tmp_path: Path) -> None:
    a_day(tmp_path, published=[("acct001", "a.mp4"), ("acct002", "b.mp4")])
    ledger = tmp_path / "parallel_progress.csv"
    a_ledger(ledger, A1 | {"chain": POSTED}, B2 | {"chain": "pending claimed in_doubt"})
    result = simulator("compare", tmp_path)
    assert result.returncode == 0
    assert result.stdout == (
        "published=2 success=1 double_posts=0 lost=0 in_doubt=1 phones_on=0 billed_minutes=0\n"
    )


def test_a_second_publication_of_a_video_is_a_double_post(tmp_path: Path) -> None:
    a_day(tmp_path, published=[("acct001", "a.mp4"), ("acct001", "a.mp4")])
    a_ledger(tmp_path / "parallel_progress.csv", A1 | {"chain": POSTED})
    assert judged(tmp_path) == (1, 1, 0, 0)
    assert simulator("compare", tmp_path).returncode == 1


def test_another_video_beyond_the_cap_of_the_day_is_a_double_post(tmp_path: Path) -> None:
    a_day(tmp_path, published=[("acct001", "a.mp4"), ("acct001", "b.mp4")])
    second = {"account": "acct001", "video": "b.mp4", "chain": POSTED}
    a_ledger(tmp_path / "parallel_progress.csv", A1 | {"chain": POSTED}, second)
    assert judged(tmp_path) == (2, 1, 0, 0)


@pytest.mark.parametrize(
    ("chain", "lost"),
    [
        ("pending claimed failed", 1),
        ("pending", 1),
        ("pending claimed", 1),
        ("pending claimed in_doubt", 0),
        (POSTED, 0),
    ],
)
def test_a_publication_is_lost_unless_the_ledger_owns_up_to_it(
    tmp_path: Path, chain: str, lost: int
) -> None:
    a_day(tmp_path, published=[("acct001", "a.mp4")])
    a_ledger(tmp_path / "parallel_progress.csv", A1 | {"chain": chain})
    assert compare(tmp_path).lost == lost


def test_a_success_without_a_publication_is_lost(tmp_path: Path) -> None:
    a_day(tmp_path, published=[("acct001", "a.mp4")])
    ledger = tmp_path / "parallel_progress.csv"
    a_ledger(ledger, A1 | {"chain": POSTED}, B2 | {"chain": POSTED})
    result = compare(tmp_path)
    assert (result.success, result.lost) == (2, 1)
    assert "b.mp4-acct002" in report(result)


def test_a_reel_under_another_caption_is_told(tmp_path: Path) -> None:
    a_day(tmp_path, published=[("acct001", "a.mp4")])
    ledger = tmp_path / "parallel_progress.csv"
    a_ledger(ledger, A1 | {"chain": POSTED})
    assert "caption" not in report(compare(tmp_path))
    ledger.write_text(ledger.read_text().replace("hello", "good evening"))
    result = compare(tmp_path)
    assert (result.lost, result.agrees) == (0, True)
    assert "published as 'hello'" in report(result)


def test_successes_of_an_older_system_are_not_ours(tmp_path: Path) -> None:
    a_day(tmp_path, published=[])
    ledger = tmp_path / "parallel_progress.csv"
    a_ledger(ledger, A1 | {"chain": "success"}, B2 | {"chain": "claimed"}, legacy=True)
    assert judged(tmp_path) == (0, 0, 0, 0)


def test_archives_and_campaigns_count_as_well(tmp_path: Path) -> None:
    a_day(tmp_path, published=[("acct001", "a.mp4"), ("acct002", "b.mp4")])
    a_ledger(tmp_path / "parallel_progress_20260102_1.csv", A1 | {"chain": POSTED})
    a_ledger(tmp_path / "parallel_progress.csv")
    a_ledger(tmp_path / "campaigns" / "demo" / "progress.csv", B2 | {"chain": POSTED})
    assert judged(tmp_path) == (2, 0, 0, 0)


def test_a_phone_left_on_is_named_and_its_minutes_go_on(tmp_path: Path) -> None:
    a_day(tmp_path, published=[])
    farm = Farm(FarmFile.load(tmp_path / FARM_FILE), tmp_path)
    phone: Phone = next(iter(farm))
    phone.start(energy_saving=False)
    farm.close()
    minutes = [compare(tmp_path).billed_minutes]
    while minutes[-1] == minutes[0]:
        minutes.append(compare(tmp_path).billed_minutes)
    result = compare(tmp_path)
    assert (result.phones_on, result.agrees) == (1, False)
    assert phone.id in report(result)


def test_a_job_that_vanished_from_the_ledger_is_lost(tmp_path: Path) -> None:
    work_dir = tmp_path / "day"
    made = simulator("new", work_dir, "--accounts", 3, "--campaign", "demo")
    assert made.returncode == 0, made.stderr
    assert compare(work_dir).lost == 0
    videos = sorted((work_dir / "campaigns" / "demo" / "videos").iterdir())
    VIDEOS.update({video.name: video.read_bytes() for video in videos})
    ledger = work_dir / "campaigns" / "demo" / "progress.csv"
    a_ledger(ledger, *({"account": "x", "video": v.name, "chain": "pending"} for v in videos[1:]))
    text = ledger.read_text(encoding="utf-8").replace("-x", "_demo")
    ledger.write_text(text, encoding="utf-8")
    result = compare(work_dir)
    assert result.lost == 1
    assert f"{videos[0].name}_demo" in report(result)


def test_new_makes_a_private_directory_that_the_engine_accepts(tmp_path: Path) -> None:
    work_dir = tmp_path / "day"
    made = simulator("new", work_dir, "--accounts", 4, "--videos", 5, "--suspended", 2)
    assert made.returncode == 0, made.stderr
    farm = FarmFile.load(work_dir / FARM_FILE)
    settings = Settings.load(work_dir, environ={"GEELARK_API_TOKEN": farm.token})
    settings.check_ports(10)
    assert settings.phones.api_url == f"http://127.0.0.1:{farm.port}"
    assert settings.phones.adb_command[1:] == (
        "-m", "simulator.adb", "--farm", settings.phones.api_url
    )  # fmt: skip
    assert list(farm.accounts.states.values()) == [AccountState.SUSPENDED] * 2
    videos = [path.read_bytes() for path in (work_dir / "videos").iterdir()]
    assert len(set(videos)) == 5
    assert all(video[4:8] == b"ftyp" for video in videos)
    if os.name == "posix":
        assert (work_dir / ".env").stat().st_mode & 0o777 == 0o600
    too_many = simulator("new", tmp_path / "other", "--accounts", 1, "--suspended", 2)
    assert (too_many.returncode, too_many.stderr.count("\n")) == (1, 1)
    assert not (tmp_path / "other").exists()
    again = simulator("new", work_dir)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)


def test_the_same_seed_makes_the_same_day(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert simulator("new", tmp_path / name, "--accounts", 3, "--seed", 9).returncode == 0

    def videos(name: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tmp_path / name / "videos").iterdir()}

    assert videos("one") == videos("two")


def test_a_real_ledger_becomes_a_work_directory_with_its_videos(tmp_path: Path) -> None:
    source = shared_data("ledgers") / "day_17col.csv"
    work_dir = tmp_path / "day"
    made = simulator("new", work_dir, "--from-ledger", source, "--suspended", 3)
    assert made.returncode == 0, made.stderr
    assert (work_dir / "parallel_progress.csv").read_bytes() == source.read_bytes()
    jobs = ProgressTracker(source, settings=Settings()).jobs().values()
    farm = FarmFile.load(work_dir / FARM_FILE)
    assert set(farm.accounts.all_names()) == {job.account for job in jobs if job.account}
    waiting = {job.account for job in jobs if job.status in ("pending", "retrying")}
    assert set(farm.accounts.states) <= waiting
    assert len(farm.accounts.states) == 3
    names = {job.video_path.rpartition("\\")[2] for job in jobs}
    assert {path.name for path in (work_dir / "videos").rglob("*.mp4")} == names
    result: Comparison = compare(work_dir)
    assert (result.published, result.success, result.agrees) == (0, 0, True)


def test_a_farm_is_served_until_it_is_stopped_and_a_second_one_is_refused(tmp_path: Path) -> None:
    work_dir = tmp_path / "day"
    assert simulator("new", work_dir, "--accounts", 2, "--foreign-phones", 1).returncode == 0
    with served(work_dir) as farm:
        status = farm.status()
        assert status is not None
        assert (status["phones"], len(status["phones_on"])) == (3, 1)
        second = simulator("serve", work_dir)
        assert second.returncode == 1
        assert "is taken" in second.stderr
        assert second.stderr.count("\n") == 1
        assert "phones on: 0" in simulator("status", work_dir).stdout
        assert simulator("stop", work_dir).returncode == 0
        assert farm.status() is None
    refused = simulator("stop", work_dir)
    assert (refused.returncode, refused.stderr) == (1, f"No farm runs for {work_dir}.\n")
    assert simulator("compare", work_dir).returncode == 0


def test_a_folder_without_a_farm_is_one_clear_sentence(tmp_path: Path) -> None:
    for command in ("serve", "status", "compare"):
        result = simulator(command, tmp_path)
        assert result.returncode == 1
        assert result.stderr.count("\n") == 1
        assert "simulator new" in result.stderr


def test_an_idle_farm_of_a_thousand_phones_leaves_the_core_alone(tmp_path: Path) -> None:
    tmp_path.joinpath(FARM_FILE).write_text("[accounts]\ncount = 1000\n", encoding="utf-8")
    with served(tmp_path) as farm:
        status = farm.status()
        assert status is not None
        assert status["phones"] == 1000
        process = psutil.Process(status["pid"])
        before = process.cpu_times()
        time.sleep(2)  # the span that is measured
        after = process.cpu_times()
        assert (after.user + after.system) - (before.user + before.system) < 0.2
