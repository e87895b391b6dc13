"""Minutes for which resources were held, where nothing but the ledger tells them: from the claim of
each job's newest attempt to its outcome."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from engine.jobs import Job

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.progress import ProgressTracker


def minutes_of(ledger: ProgressTracker | None, run_id: str) -> float:
    """Of the jobs that a run ended."""
    return sum(_minutes(job) for job in _jobs(ledger) if job.run_id == run_id)


def minutes_on(ledger: ProgressTracker | None, day: date, settings: Settings) -> float:
    """Of the jobs that were ended on a day of the operator's zone."""
    return sum(
        _minutes(job)
        for job in _jobs(ledger)
        if job.completed_at is not None and settings.day_of(job.completed_at) == day
    )


def _jobs(ledger: ProgressTracker | None) -> list[Job]:
    return [] if ledger is None else list(ledger.jobs().values())


def _minutes(job: Job) -> float:
    if job.claimed_at is None or job.completed_at is None:
        return 0.0
    return max(0.0, (job.completed_at - job.claimed_at).total_seconds() / 60)
