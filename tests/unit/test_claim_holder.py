from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
import structlog

from engine.claim_holder import ClaimHolder
from engine.jobs import JobStatus, Success
from tests.ledger_days import claimed, seeded, settings


class Bystander:
    """A log; at its first line the other program has finished saving the ledger."""

    def __init__(self, saved: Path, ledger: Path) -> None:
        self.saved, self.ledger = saved, ledger
        self.lines: list[str] = []

    def error(self, event: str, **_fields: object) -> None:
        self.lines.append(event)
        if self.saved.exists():
            self.saved.replace(self.ledger)


def test_an_outcome_outlasts_a_ledger_that_is_being_saved_by_another_program(
    tmp_path: Path,
) -> None:
    path, saved = tmp_path / "progress.csv", tmp_path / "saved.csv"
    ledger = seeded(path, 1)
    claim = claimed(ledger)
    ledger.mark_submitted(claim)
    log = Bystander(saved, path)
    path.replace(saved)

    job = ClaimHolder(ledger, settings().ledger, log).settle(claim, Success(evidence="seen"))

    assert job.status is JobStatus.SUCCESS
    assert log.lines == ["outcome_waits"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
def test_a_full_disk_at_an_outcome_is_told_at_once_and_the_outcome_is_written_when_there_is_room(
    tmp_path: Path,
) -> None:
    """Not only logged: nobody reads a log while the run waits for half a lease."""
    import resource

    path = tmp_path / "progress.csv"
    ledger = seeded(path, 1)
    claim = claimed(ledger)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    told: list[str] = []

    def make_room(text: str) -> None:
        told.append(text)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 1, hard))
    try:
        holder = ClaimHolder(ledger, settings().ledger, structlog.get_logger("test"), make_room)
        job = holder.settle(claim, Success(evidence="seen"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert job.status is JobStatus.SUCCESS
    assert len(told) == 1
    assert "disk space" in told[0]
