from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.config import Settings
from engine.instance import InstanceLock
from engine.jobs import Claim, ErrorCategory, Failure, NewJob
from engine.progress import ProgressTracker
from engine.reset_check import ResetPreview, reset_preview
from engine.workloads.base import WorldContext
from tests.toy_workload import ToyWorkload

SETTINGS = Settings()


class Day:
    """A day's ledger of the toy trade."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self.workload = ToyWorkload(WorldContext(settings=SETTINGS, work_dir=work_dir))
        self.workload.daily_cap = 1
        self.ledger = ProgressTracker(self.workload.ledger_path, settings=SETTINGS, cap=1)

    def seed(self, *names: str) -> None:
        self.ledger.seed(
            lambda _known: [
                NewJob(job_id=name, account=name, video_path="", caption="") for name in names
            ]
        )

    def claim(self) -> Claim:
        claim = self.ledger.claim("0")
        assert isinstance(claim, Claim)
        return claim

    def preview(self) -> ResetPreview:
        return reset_preview(self.work_dir, SETTINGS, self.workload, self.ledger)


@pytest.fixture
def day(tmp_path: Path) -> Day:
    day = Day(tmp_path)
    day.seed("posted", "doubtful", "waiting")
    day.ledger.succeed(day.claim())
    return day


def failing(preview: ResetPreview) -> list[tuple[str, str]]:
    return [(check.key, check.text) for check in preview.checks if not check.ok]


def test_a_quiet_day_may_be_reset_under_the_name_that_the_reset_will_use(day: Day) -> None:
    preview = day.preview()
    assert failing(preview) == []
    assert not preview.blocked
    assert (preview.figures.success, preview.figures.pending) == (1, 2)
    assert preview.size == day.ledger.path.stat().st_size
    assert preview.capped == ["posted"], "the cap outlives the reset"
    stamp = preview.word.removeprefix("reset ")
    assert preview.target.name == f"parallel_progress_{stamp}.csv"
    assert preview.taken is None
    assert day.ledger.reset_day().archive == preview.target


def test_an_archive_of_the_same_day_keeps_its_name(day: Day) -> None:
    first = day.preview().target
    day.ledger.reset_day()
    second = day.preview()
    assert (second.taken, second.target.stem) == (first, f"{first.stem}_1")


def test_a_live_run_blocks_and_no_confirmation_helps(day: Day) -> None:
    lock = InstanceLock(day.work_dir / "run" / "instance.lock")
    lock.acquire()
    try:
        preview = day.preview()
    finally:
        lock.release()
    assert preview.blocked
    ((key, text),) = failing(preview)
    assert key == "Q"
    assert str(os.getpid()) in text


def test_what_is_on_and_what_is_in_doubt_may_be_confirmed(day: Day) -> None:
    claim = day.claim()
    day.ledger.mark_submitted(claim)
    assert failing(day.preview())[0][0] == "P", "a submitted job would be in doubt"
    day.ledger.fail(claim, Failure(error="?", category=ErrorCategory.IN_DOUBT, error_type="x"))
    (day.work_dir / "lamps").mkdir()
    (day.work_dir / "lamps" / "0.json").write_text(json.dumps({}))
    preview = day.preview()
    assert failing(preview) == [
        ("S", "1 lamp of ours is on: lamp 0"),
        ("P", "1 job is in doubt: a reset counts it as posted"),
    ]
    assert preview.needs_confirmation
    assert not preview.blocked
    assert preview.capped == ["posted", "doubtful"]


def test_without_a_ledger_there_is_nothing_to_reset(tmp_path: Path) -> None:
    preview = Day(tmp_path).preview()
    assert preview.blocked
    assert "nothing to reset" in failing(preview)[0][1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_a_folder_that_cannot_be_written_blocks(day: Day) -> None:
    day.work_dir.chmod(0o500)
    try:
        assert day.preview().blocked
    finally:
        day.work_dir.chmod(0o700)
