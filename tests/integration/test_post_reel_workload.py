"""The posting workload as the engine sees it: what it refuses, what it remembers."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine import workloads
from engine.config import Settings
from engine.errors import (
    ClaimLostError,
    ContentError,
    EngineError,
    InputError,
    ServiceUnreachableError,
    SettingsError,
)
from engine.jobs import Job, JobStatus
from engine.posting.caption import check_caption
from engine.progress import ProgressTracker
from engine.sources.posted import PostedRecord
from engine.sources.video import video_id
from engine.workloads.base import Receipt, WorldContext
from engine.workloads.phone_minutes import PhoneMinutes
from engine.workloads.post_reel import PostReel
from tests.farm import new_farm, served


def reel(work_dir: Path, overrides: dict[str, object] | None = None) -> PostReel:
    settings = Settings.load(work_dir, overrides=overrides)
    loaded = workloads.load("post_reel", WorldContext(settings=settings, work_dir=work_dir))
    assert isinstance(loaded, PostReel)
    return loaded


def refusal(kind: type[EngineError], workload: PostReel) -> str:
    with pytest.raises(kind) as caught:
        workload.check()
    return str(caught.value)


def test_an_unknown_workload_is_refused_naming_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="post_reel"):
        workloads.load("post_real", WorldContext(settings=Settings(), work_dir=tmp_path))


def test_a_running_farm_passes_the_check(tmp_path: Path) -> None:
    new_farm(tmp_path, "--accounts", 2, "--time-scale", 60)
    with served(tmp_path):
        workload = reel(tmp_path)
        workload.check()
        assert [state for state in workload.resources(ask=True) if state.state != "off"] == []


def test_a_missing_token_is_one_sentence_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_farm(tmp_path, "--accounts", 1)
    (tmp_path / ".env").unlink()
    monkeypatch.delenv("GEELARK_API_TOKEN", raising=False)
    assert "GEELARK_API_TOKEN" in refusal(SettingsError, reel(tmp_path))


def test_a_provider_that_cannot_be_reached_is_told_before_anything_starts(tmp_path: Path) -> None:
    new_farm(tmp_path, "--accounts", 1)
    workload = reel(tmp_path, {"phones.http_retries": 0})
    assert "127.0.0.1" in refusal(ServiceUnreachableError, workload)


def test_a_missing_accounts_file_is_refused(tmp_path: Path) -> None:
    new_farm(tmp_path, "--accounts", 1)
    (tmp_path / "accounts.txt").unlink()
    assert "accounts.txt" in refusal(InputError, reel(tmp_path))


def test_a_missing_state_file_matters_only_where_there_is_no_ledger(tmp_path: Path) -> None:
    new_farm(tmp_path, "--accounts", 1)
    (tmp_path / "scheduler_state.json").unlink()
    assert "scheduler_state.json" in refusal(InputError, reel(tmp_path))
    (tmp_path / "parallel_progress.csv").write_text(",".join(ProgressTracker.COLUMNS) + "\n")
    with served(tmp_path):
        reel(tmp_path).check()


@pytest.mark.parametrize("key", ["appium.command", "phones.adb_command"])
def test_a_missing_program_is_refused_with_its_setting(tmp_path: Path, key: str) -> None:
    new_farm(tmp_path, "--accounts", 1)
    text = refusal(SettingsError, reel(tmp_path, {key: ["no-such-program"]}))
    assert "no-such-program" in text
    assert key in text


def test_a_port_held_by_a_stranger_is_refused_by_number(tmp_path: Path) -> None:
    new_farm(tmp_path, "--accounts", 1)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        overrides: dict[str, object] = {"appium.base_port": port, "run.workers": 1}
        if port > 65000 or 8190 <= port <= 8220:
            overrides["appium.system_port_base"] = 30000
        assert str(port) in refusal(SettingsError, reel(tmp_path, overrides))


def test_an_unknown_campaign_is_refused(tmp_path: Path) -> None:
    new_farm(tmp_path, "--accounts", 1)
    with pytest.raises(InputError, match="nowhere"):
        reel(tmp_path, {"campaign": "nowhere"})


# -- material and record ---------------------------------------------------------------------------


@pytest.fixture
def day(tmp_path: Path) -> tuple[PostReel, Job]:
    jobs = new_farm(tmp_path, "--accounts", 2)
    return reel(tmp_path), jobs[0]


def content_error(workload: PostReel, job: Job) -> str:
    with pytest.raises(ContentError) as caught:
        workload.material(job)
    return caught.value.error_type


def test_the_video_of_a_job_is_found_and_checked(day: tuple[PostReel, Job]) -> None:
    workload, job = day
    assert workload.material(job) == Path(job.video_path)
    assert content_error(workload, replace(job, video_path="gone.mp4")) == "missing_video"
    Path(job.video_path).write_bytes(b"")
    assert content_error(workload, job) == "corrupted_video"


@pytest.mark.parametrize("caption", ["", " \n\t ", "x" * 2201, "bell \x07", "half \ud800"])
def test_a_caption_that_cannot_be_posted_is_refused(
    day: tuple[PostReel, Job], caption: str
) -> None:
    workload, job = day
    assert content_error(workload, replace(job, caption=caption)) == "bad_caption"


def test_a_caption_of_the_full_length_with_every_script_is_accepted() -> None:
    check_caption(("é😀سلام\n\t\r\n" * 400)[:2200], 2200)


def test_a_confirmed_post_is_recorded_and_bars_the_job_from_then_on(
    day: tuple[PostReel, Job], tmp_path: Path
) -> None:
    workload, job = day
    pending = replace(job, status=JobStatus.PENDING)
    assert workload.refuse(pending) is None
    workload.confirmed(job)
    record = PostedRecord(tmp_path / "all_posted_videos.txt", Settings.load(tmp_path))
    [post] = record.posts()[job.account]
    assert (post.name, post.video_id[:7]) == (Path(job.video_path).name, "sha256:")
    with pytest.raises(ClaimLostError):
        workload.material(job)


def test_another_process_post_is_seen_before_posting(
    day: tuple[PostReel, Job], tmp_path: Path
) -> None:
    workload, job = day
    workload.material(job)
    other = PostedRecord(tmp_path / "all_posted_videos.txt", Settings.load(tmp_path))
    other.add(job.account, Path(job.video_path).name, "", datetime.now(UTC))
    with pytest.raises(ClaimLostError):
        workload.material(job)


def test_a_video_that_the_account_posted_under_another_name_is_a_content_failure(
    day: tuple[PostReel, Job], tmp_path: Path
) -> None:
    """Old ledgers know no identity: only a look into the file tells (A15.4)."""
    workload, job = day
    other = PostedRecord(tmp_path / "all_posted_videos.txt", Settings.load(tmp_path))
    other.add(job.account, "before.mp4", video_id(Path(job.video_path)), datetime.now(UTC))
    workload = allowing(workload, 4)
    assert content_error(workload, job) == "duplicate_video"
    assert content_error(workload, replace(job, video_id="sha256:" + "0" * 32)) == "duplicate_video"


def allowing(workload: PostReel, cap: int) -> PostReel:
    return reel(workload.ledger_path.parent, {"posting.max_posts_per_account_per_day": cap})


def test_a_doubt_that_is_confirmed_later_counts_on_the_day_it_was_submitted(
    day: tuple[PostReel, Job], tmp_path: Path
) -> None:
    workload, job = day
    submitted = datetime.now(UTC) - timedelta(days=2)
    workload.confirmed(replace(job, submitted_at=submitted, claimed_at=submitted))
    record = PostedRecord(tmp_path / "all_posted_videos.txt", Settings.load(tmp_path))
    [post] = record.posts()[job.account]
    assert post.when == submitted
    another = replace(job, job_id="x", video_path="x.mp4", status=JobStatus.PENDING)
    assert workload.refuse(another) is None


# -- figures ---------------------------------------------------------------------------------------


def test_minutes_of_a_run_are_those_of_its_phones_that_were_seen_off(tmp_path: Path) -> None:
    minutes = PhoneMinutes(tmp_path / "books")
    assert minutes.of_run("today") == 0.0

    def receipt(released: bool) -> Receipt:
        return Receipt(id="1", label="phone", released=released, detail="", minutes=1.5)

    minutes.note(receipt(released=True), "today")
    minutes.note(receipt(released=False), "today")
    minutes.note(receipt(released=True), "yesterday")
    with (tmp_path / "books" / "phone_minutes.jsonl").open("a") as file:
        file.write('{"run_id": "today", "minu')
    assert minutes.of_run("today") == 1.5


def test_minutes_of_a_day_count_phones_seen_off_on_it_and_old_lines_to_their_runs_day(
    tmp_path: Path,
) -> None:
    late = datetime(2026, 3, 4, 23, 50, tzinfo=UTC)
    minutes = PhoneMinutes(tmp_path / "books", now=lambda: late)
    phone = Receipt(id="1", label="phone", released=True, detail="", minutes=2.5)
    minutes.note(phone, "20260304T080000-abc")
    with (tmp_path / "books" / "phone_minutes.jsonl").open("a") as file:
        file.write('{"run_id": "20260304T080000-abc", "phone": "p", "minutes": 4}\n')
        file.write('{"run_id": "20260303T235959-abc", "phone": "p", "minutes": 8}\n')
        file.write('{"run_id": "nameless", "phone": "p", "minutes": 16}\n')

    def utc_day(moment: datetime) -> date:
        return moment.date()

    assert minutes.of_day(date(2026, 3, 4), utc_day) == 6.5
    assert minutes.of_day(date(2026, 3, 3), utc_day) == 8
    # The zone decides: ten minutes before midnight in UTC is the next day further east.
    east = Settings.model_validate({"run": {"timezone": "Asia/Tokyo"}})
    assert minutes.of_day(date(2026, 3, 5), east.day_of) == 2.5


def test_a_slot_tells_its_ports_and_that_its_server_does_not_run(tmp_path: Path) -> None:
    new_farm(tmp_path, "--accounts", 1)
    workload = reel(tmp_path, {"appium.base_port": 4723, "appium.system_port_base": 8200})
    assert workload.slot_facts(1) == {
        "appium": "NOT RUNNING",
        "port": 4725,
        "system_ports": "8210-8219",
    }


@pytest.mark.parametrize(
    ("home", "words"),
    [("", r"set ANDROID_HOME .* appium\.android_home"), ("nothing here", "no platform-tools")],
)
def test_a_missing_android_sdk_is_one_sentence_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str, words: str
) -> None:
    new_farm(tmp_path, "--accounts", 1)
    monkeypatch.delenv("ANDROID_HOME", raising=False)
    monkeypatch.delenv("ANDROID_SDK_ROOT", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no adb whose own folder would be taken
    monkeypatch.setenv("GEELARK_APPIUM__ANDROID_HOME", home)
    with pytest.raises(SettingsError, match=words):
        reel(tmp_path).check()
