"""How the jobs of a ledger stand: counts and short lists, kept up job by job.

A change of one job costs the same in a ledger of fifty and of fifty thousand.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, TypeVar

from engine.insight.values import JobLine
from engine.jobs import ErrorCategory, JobStatus
from engine.ledger.claims import CAP_REACHED, NO_ACCOUNT
from engine.ledger.figures import UNCLASSIFIED

K = TypeVar("K")
_OPEN: Final = frozenset({JobStatus.PENDING, JobStatus.RETRYING, JobStatus.CLAIMED})

_REMEDY: Final[Mapping[ErrorCategory, str]] = {
    ErrorCategory.ACCOUNT: "person",
    ErrorCategory.CONTENT: "content",
    ErrorCategory.INTERNAL: "operator",
    ErrorCategory.IN_DOUBT: "operator",
}
"""Who must act on a final failure; nobody where its tries are used up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """Which keys (accounts) can still be used today."""

    capped: int | None
    """None: there is no daily cap."""
    free: int
    held: int


class Standing:
    """Counts over the lines of one ledger; ``day_of`` is the operator's calendar."""

    def __init__(self, *, cap: int, today: date, day_of: Callable[[datetime], date]) -> None:
        self.today = today
        self._cap = cap
        self._day_of = day_of
        self.by_status: Counter[JobStatus] = Counter()
        self._retry: Counter[str] = Counter()
        self._final: Counter[tuple[str, str]] = Counter()
        self._jobs: Counter[str] = Counter()
        """Jobs of each key."""
        self._spent: Counter[str] = Counter()
        """Of each key, what counts against today's cap: successes and jobs in doubt."""
        self._waiting_for: Counter[str] = Counter()
        """Jobs of each key that wait for a person, or whose key is held."""
        self._open: Counter[str] = Counter()
        """Jobs of each key that wait or are under way."""
        self._crowded: set[str] = set()
        """Keys with more than one of them."""
        self.people: dict[str, JobLine] = {}
        """Jobs that wait for a person at the account."""
        self.files: dict[str, JobLine] = {}
        """Jobs that wait for a new file."""
        self.doubts: dict[str, JobLine] = {}
        self.claimed: dict[str, JobLine] = {}
        self.waiting: dict[str, JobLine] = {}
        """Pending and retrying ones."""

    # -- lines in ----------------------------------------------------------------------------------

    def replace(self, before: JobLine | None, after: JobLine) -> None:
        """A job stands otherwise than before; None for a new one."""
        if before is not None:
            self._count(before, -1)
            for lists in (self.people, self.files, self.doubts, self.claimed, self.waiting):
                lists.pop(before.job.job_id, None)
        self._count(after, 1)
        wanted = self._list_of(after)
        if wanted is not None:
            wanted[after.job.job_id] = after

    def count(self, line: JobLine, number: int) -> None:
        """So many jobs stand like this one; they are counted and in no list."""
        self._count(line, number)

    def _list_of(self, line: JobLine) -> dict[str, JobLine] | None:
        job = line.job
        if job.status is JobStatus.CLAIMED:
            return self.claimed
        if job.status in (JobStatus.PENDING, JobStatus.RETRYING):
            return self.waiting
        if job.status is not JobStatus.FAILED:
            return None
        if job.in_doubt:
            return self.doubts
        if job.error_category is ErrorCategory.ACCOUNT:
            return self.people
        return self.files if job.error_category is ErrorCategory.CONTENT else None

    def _count(self, line: JobLine, by: int) -> None:
        job = line.job
        self.by_status[job.status] += by
        _add(self._jobs, job.account, by)
        if line.held:
            _add(self._waiting_for, job.account, by)
        if job.status in _OPEN:
            self._crowd(job.account, by)
        if job.status is JobStatus.SUCCESS:
            self._spend(line, by)
        elif job.status is JobStatus.FAILED:
            self._count_failed(line, by)

    def _crowd(self, key: str, by: int) -> None:
        _add(self._open, key, by)
        (self._crowded.add if self._open[key] > 1 else self._crowded.discard)(key)

    def _count_failed(self, line: JobLine, by: int) -> None:
        job = line.job
        why = job.error_type or UNCLASSIFIED
        if line.glyph == "~":
            _add(self._retry, why, by)
            return
        category = job.error_category or ErrorCategory.UNKNOWN
        _add(self._final, (why, _REMEDY.get(category, "nobody")), by)
        if job.in_doubt:
            self._spend(line, by)
        if category is ErrorCategory.ACCOUNT:
            _add(self._waiting_for, job.account, by)

    def _spend(self, line: JobLine, by: int) -> None:
        """Against today's cap counts what was done today, or at no known time (A6)."""
        when = line.job.completed_at or line.job.updated_at
        if when is None or self._day_of(when) == self.today:
            _add(self._spent, line.job.account, by)

    # -- figures out -------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return sum(self.by_status.values())

    @property
    def to_retry(self) -> int:
        """Failed jobs that will be tried again."""
        return self._retry.total()

    @property
    def final(self) -> int:
        """Failed jobs that will not, those in doubt included."""
        return self._final.total()

    @property
    def retry_why(self) -> Sequence[tuple[str, int]]:
        return tuple(sorted(self._retry.items(), key=lambda item: (-item[1], item[0])))

    @property
    def final_why(self) -> Sequence[tuple[str, str, int]]:
        ordered = sorted(self._final.items(), key=lambda item: (-item[1], item[0]))
        return tuple((why, who, number) for (why, who), number in ordered)

    @property
    def percent(self) -> float:
        """Of the jobs that need nothing more of a run; 0 without jobs."""
        done = self.by_status[JobStatus.SUCCESS] + self.by_status[JobStatus.SKIPPED] + self.final
        return 100.0 * done / self.total if self.total else 0.0

    def blocked(self) -> Mapping[str, int]:
        """Waiting jobs that this ledger alone keeps from being claimed, by reason (A4.12)."""
        found: Counter[str] = Counter()
        for line in self.waiting.values():
            key = line.job.account
            if not key:
                found[NO_ACCOUNT] += 1
            elif self._cap and self._spent[key] >= self._cap:
                found[CAP_REACHED] += 1
        return found

    @property
    def open_keys(self) -> int:
        """Keys with a job that waits or is under way."""
        return len(self._open)

    def queues(self) -> tuple[int, int]:
        """Waiting jobs that their own key's cap will keep from today although nothing does yet, and
        the most jobs of one key that can still be done one after the other."""
        beyond, longest = 0, min(1, len(self._open))
        for key in self._crowded:
            number, room = self._open[key], self._cap - self._spent[key] if self._cap else math.inf
            if room > 0:  # else all of them are blocked already
                beyond += int(max(0, number - room))
                longest = max(longest, int(min(number, room)))
        return beyond, longest

    def has_key(self, key: str) -> bool:
        """It has a job here."""
        return key in self._jobs

    def spent_today(self, key: str) -> int:
        """What counts against its cap."""
        return self._spent[key]

    def keys(self, capped_elsewhere: Collection[str] = ()) -> Keys:
        """``capped_elsewhere``: keys whose cap was used up outside this ledger."""
        capped = {key for key, spent in self._spent.items() if self._cap and spent >= self._cap}
        capped |= {key for key in capped_elsewhere if key in self._jobs}
        held = sum(1 for key in self._waiting_for if key not in capped)
        free = len(self._jobs) - len(capped) - held
        return Keys(capped=len(capped) if self._cap or capped else None, held=held, free=free)


def _add(counter: Counter[K], key: K, by: int) -> None:
    """Count, and forget what is at zero; what has no name is not counted."""
    if not key:
        return
    counter[key] += by
    if not counter[key]:
        del counter[key]
