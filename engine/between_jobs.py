"""The pause that a worker keeps between two jobs, and what of it the next job may use.

It lies between the end of one job and the moment at which the next one begins to act; what the next
one needs before that (a phone that boots) counts into it, so a worker does not wait twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class BetweenJobs:
    """One worker's pause (``run.delay_between_jobs_seconds``)."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._over_at = clock()

    def ended(self, *, done: bool, lead: float) -> float:
        """A job has ended: seconds until another may be claimed.

        ``lead``: seconds that the next one needs at least before it acts. After a job that was not
        done the whole pause comes first: what failed it may fail the next one at once.
        """
        self._over_at = self._clock() + self._seconds
        return max(0.0, self._seconds - lead) if done else self._seconds

    def left(self) -> float:
        """Seconds until the next job may act."""
        return max(0.0, self._over_at - self._clock())
