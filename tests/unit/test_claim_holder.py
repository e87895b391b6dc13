from __future__ import annotations

from pathlib import Path

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
