"""What a worker holds between jobs, and what it may begin for the one that comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.jobs import Job, Outcome
    from engine.workloads.base import Report


class Ahead(Protocol):
    """What was begun for the next job; its ``perform`` goes on with it, or it is ended."""

    @property
    def idle_seconds(self) -> float:
        """For how long it has cost and waited for its job; 0 as long as it costs nothing."""
        ...

    def end(self) -> None:
        """Release it and see it gone; never raises, safe to repeat."""
        ...


class Session(Protocol):
    """What a worker holds between jobs (an Appium server; a browser)."""

    @property
    def lead_seconds(self) -> float:
        """What a job takes at least from its claim until it acts (a phone boots); 0 = nothing."""
        ...

    @property
    def looks_ahead(self) -> bool:
        """Whether it can begin with the next job while one is in hand (``prepare_next``)."""
        ...

    def prepare_next(self, job: Job, alarm: Callable[[str], None]) -> Ahead:
        """Begin with the job that comes after the one in hand; returns at once.

        Only with what can be taken back, and only for one job at a time. ``alarm`` tells the
        operator, from any thread, what only a person can put right. What cannot be begun now is
        begun by ``perform`` as ever. Raises JobError, ClaimLostError, LedgerError.
        """
        ...

    def perform(self, job: Job, report: Report) -> Outcome:
        """Do the job. Returns Success on proof, a Failure, or raises a typed JobError.

        Whatever it acquired for this job (a phone) is released before it raises; after a job that
        was done it may be released beside the next one, or before ``close`` returns.
        """
        ...

    def recover(self) -> None:
        """Put the slot's holdings in order after a failure of their own (A10.3)."""
        ...

    def close(self) -> None:
        """Release everything; always called, safe to repeat."""
        ...
