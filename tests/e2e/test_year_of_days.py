"""A year of days does not slow a start: what it reads is counted, file by file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.toy_farm import ROOT, ToyFarm
from tests.year_of_days import ATTEMPTS_KEPT, lay_days

ACCOUNTS = 3
KEPT_DAYS = 30

Reads = dict[str, tuple[int, int]]


def reads_of(work_dir: Path, *flags: str) -> Reads:
    """What a start opened to read, of what earlier days left: (how often, bytes) by path."""
    report = work_dir.with_suffix(".json")
    subprocess.run(
        [sys.executable, "-m", "tests.start_reads", str(work_dir), str(report), *flags],
        cwd=ROOT,
        env=os.environ | {"GEELARK_RUN__TIMEZONE": "UTC"},
        check=True,
        capture_output=True,
        timeout=120,
    )
    opened: Reads = json.loads(report.read_text())
    return opened


def of_earlier_days(opened: Reads, *beginnings: str) -> dict[str, int]:
    """Files opened of each kind."""
    return {
        beginning: sum(path.startswith(beginning) for path in opened) for beginning in beginnings
    }


def times_read(opened: Reads, beginning: str) -> list[int]:
    """How often each file of this kind was opened."""
    return [times for path, (times, _) in opened.items() if path.startswith(beginning)]


def test_a_run_opens_after_a_year_what_it_opens_after_a_month(tmp_path: Path) -> None:
    opened = {}
    for days in (KEPT_DAYS, 365):
        work_dir = tmp_path / f"run{days}"
        work_dir.mkdir()
        ToyFarm(work_dir, "j0 a")
        today = datetime.now(UTC).date()
        lay_days(work_dir, today, days=days, accounts=ACCOUNTS, swept=True)
        opened[days] = reads_of(work_dir, "--run")
    kinds = ("evidence/", "logs/", "parallel_progress_", "run/")
    month, year = (of_earlier_days(opened[days], *kinds) for days in (KEPT_DAYS, 365))
    assert year["evidence/"] <= month["evidence/"] <= KEPT_DAYS * ATTEMPTS_KEPT
    assert year["parallel_progress_"] == month["parallel_progress_"] == 0
    assert year["logs/"] == month["logs/"]
    assert not any(path.startswith("run/receipts") for path in opened[365])
    # What the forecast learns of the days before, unless the run ends first; of bounded size.
    assert all(times == 1 for days in opened for times in times_read(opened[days], "run/events.1."))


def test_what_nobody_tidied_for_a_year_is_put_in_order_by_one_start(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    lay_days(tmp_path, datetime.now(UTC).date(), days=365, accounts=1, swept=False)
    run = farm.run("--run")
    assert run.returncode == 0
    assert "Removed, as the settings say:" in run.stdout
    assert len(list((tmp_path / "evidence").iterdir())) <= KEPT_DAYS + 1
    assert len(list((tmp_path / "logs").glob("worker_*.log"))) <= KEPT_DAYS + 3
    assert len(list(tmp_path.glob("parallel_progress_*.csv"))) == 365


def test_seeding_opens_no_archived_day_twice_and_the_record_of_posts_once(tmp_path: Path) -> None:
    work_dir = tmp_path / "W"
    subprocess.run(
        [sys.executable, "-m", "simulator", "new", str(work_dir), "--accounts", str(ACCOUNTS)],
        cwd=ROOT, check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    lay_days(work_dir, datetime.now(UTC).date(), days=365, accounts=ACCOUNTS, swept=True)
    first = reads_of(work_dir, "--seed-only")
    assert of_earlier_days(first, "parallel_progress_") == {"parallel_progress_": 365}
    (work_dir / "parallel_progress.csv").unlink()
    second = reads_of(work_dir, "--seed-only")
    assert of_earlier_days(second, "parallel_progress_") == {"parallel_progress_": 0}
    assert len(second) < 30
    assert second["all_posted_videos.txt"][0] == 1
    # Nothing else of the year is read but the posts, and a note of a few bytes for each job.
    index, posts = ".parallel_progress.csv.archives.json", "all_posted_videos.txt"
    assert {path for path in second if second[path][1] > 20_000 and "videos/" not in path} == {
        index,
        posts,
    }
    assert second[index][1] < 365 * (90 + ACCOUNTS * 20)
