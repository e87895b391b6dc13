"""What attempts of past days tell: by key, by number of the try, by class and pass, by type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, tzinfo

from engine.insight.attempts import OUTCOMES
from engine.insight.values import Attempt
from engine.jobs import ErrorCategory, JobStatus

UNCLASSIFIED = "unclassified"
FIRST_TRY = ""
"""The class of a job that has not failed yet."""
ANY_CLASS = "*"
RETRIED = frozenset({ErrorCategory.INFRASTRUCTURE, ErrorCategory.UNKNOWN})
"""Kinds of failure after which another try may follow (A9.2)."""


@dataclass(slots=True)
class Share:
    """So many of so many; ``retried`` of the others may be tried again."""

    total: int = 0
    success: int = 0
    retried: int = 0

    def count(self, attempt: Attempt) -> None:
        self.total += 1
        self.success += attempt.status is JobStatus.SUCCESS
        self.retried += may_follow(attempt)


@dataclass(slots=True)
class KeyDay:
    """The jobs of one key that ended."""

    success: int = 0
    failed: int = 0
    whys: Counter[str] | None = None
    """Types of the failed ones, if any failed."""


@dataclass(slots=True)
class TypeDay:
    """Failed attempts of one type."""

    count: int = 0
    tried_again: int = 0
    saved: int = 0


@dataclass(slots=True)
class DayFigures:
    """One day; small, whatever its ledger holds."""

    keys: dict[str, KeyDay] = field(default_factory=dict)
    tries: dict[int, Share] = field(default_factory=dict)
    """Attempts by their number."""
    classes: dict[tuple[int, str], Share] = field(default_factory=dict)
    """Attempts by pass and by the class of the failure before, ``ANY_CLASS`` for all."""
    types: dict[str, TypeDay] = field(default_factory=dict)


def why_of(attempt: Attempt) -> str:
    return attempt.error_type or UNCLASSIFIED


def may_follow(attempt: Attempt) -> bool:
    """It failed in a way after which another try may follow."""
    failed = attempt.status in (JobStatus.FAILED, JobStatus.RETRYING)
    return failed and (attempt.category or ErrorCategory.UNKNOWN) in RETRIED


def days_of(attempts: Iterable[Attempt], zone: tzinfo | None) -> dict[date, DayFigures]:
    """The figures of each day (operator's zone) on which an attempt ended."""
    over = [one for one in attempts if one.status in OUTCOMES and one.ended_at is not None]
    times = Counter(one.job_id for one in over)
    days: dict[date, DayFigures] = {}
    again: dict[str, list[Attempt]] = {}
    for attempt in over:  # most have one: no list is kept for these
        if times[attempt.job_id] == 1:
            _count_job([attempt], days, zone)
        else:
            again.setdefault(attempt.job_id, []).append(attempt)
    for tries in again.values():
        _count_job(tries, days, zone)
    return days


def _count_job(tries: list[Attempt], days: dict[date, DayFigures], zone: tzinfo | None) -> None:
    before = FIRST_TRY
    for place, attempt in enumerate(tries):
        assert attempt.ended_at is not None
        day = days.setdefault(attempt.ended_at.astimezone(zone).date(), DayFigures())
        day.tries.setdefault(attempt.number, Share()).count(attempt)
        for kind in (before, ANY_CLASS):
            day.classes.setdefault((attempt.pass_number, kind), Share()).count(attempt)
        before = str(attempt.category or ErrorCategory.UNKNOWN)
        later = tries[place + 1 :]
        if attempt.status is not JobStatus.SUCCESS:
            _count_type(day.types.setdefault(why_of(attempt), TypeDay()), later)
        if not later:
            _count_key(day.keys.setdefault(attempt.key, KeyDay()), attempt)


def _count_type(figures: TypeDay, later: list[Attempt]) -> None:
    figures.count += 1
    figures.tried_again += bool(later)
    figures.saved += any(one.status is JobStatus.SUCCESS for one in later)


def _count_key(figures: KeyDay, last: Attempt) -> None:
    if last.status is JobStatus.SUCCESS:
        figures.success += 1
    else:
        figures.failed += 1
        figures.whys = figures.whys or Counter()
        figures.whys[why_of(last)] += 1
