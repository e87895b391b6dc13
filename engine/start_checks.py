"""What keeps a run from starting on a ledger; asked by the run itself and by its dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.errors import InputError
from engine.jobs import JobStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.config import Settings
    from engine.progress import ProgressTracker

OPEN: Final = (JobStatus.PENDING, JobStatus.CLAIMED, JobStatus.RETRYING)


def refuse_earlier_day(ledger: ProgressTracker, settings: Settings) -> None:
    """A ledger that nobody reset says so and asks (A6.6). Raises InputError."""
    day = ledger.ledger_day() if ledger.exists() else None
    today = settings.day_of(ledger.now())
    if day is not None and day < today:
        raise InputError(
            f"The ledger {ledger.path} is of {day}, not of today ({today}): archive it with "
            "--reset-day and run again, or go on with it with --continue-day."
        )


def refuse_too_many_workers(settings: Settings) -> None:
    """Raises InputError where there are more workers than the settings allow."""
    if settings.run.workers > settings.run.max_workers:
        raise InputError(
            f"--workers must be 1 to {settings.run.max_workers} (run.max_workers), "
            f"not {settings.run.workers}."
        )


def refuse_where_no_room(settings: Settings) -> Sequence[str]:
    """What should be known of a start of all workers on this host, as it is now: mostly nothing.

    Raises InputError where its free memory does not hold them. Takes a second at most.
    """
    from engine.host.room import check_room  # only a start asks for it

    return check_room(settings.run.workers, settings.host)


def room_notices(settings: Settings) -> Sequence[str]:
    """The same for who only asks: that there is no room is one of the sentences."""
    try:
        return refuse_where_no_room(settings)
    except InputError as exc:
        return (str(exc),)


def refuse_other_keys(ledger: ProgressTracker, settings: Settings) -> None:
    """--accounts restricts seeding; it must not look as if it restricted this run (A-D27).

    Raises InputError.
    """
    wanted = settings.accounts
    if not wanted or not ledger.exists():
        return
    others = [
        job.account
        for job in ledger.jobs().values()
        if (job.status in OPEN or ledger.retryable(job))
        and job.account
        and job.account not in wanted
    ]
    if others:
        named = ", ".join(dict.fromkeys(others))
        raise InputError(
            f"--accounts restricts seeding, but {ledger.path} has {len(others)} jobs of "
            f"others already ({named}): run without it, or leave those jobs out with --skip."
        )
