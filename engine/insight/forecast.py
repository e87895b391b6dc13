"""When the day will be done, if it goes on as it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.insight.pace import Pace
from engine.insight.values import Forecast

_LAST = 0.5
"""Less than half a job expected is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """What a run has before it."""

    open_jobs: int
    """Claimed, or waiting and not blocked."""
    to_retry: int
    stage: int
    stages: int
    delay_seconds: float
    """Between two passes."""
    waiting_until: datetime | None = None
    moving: bool = True
    """A run is live, and its claims are not paused."""


def forecast(ahead: Ahead, pace: Pace, as_of: datetime) -> tuple[Forecast, float]:
    """The forecast, and the attempts that it expects in all; moments in whole seconds."""
    waiting = ahead.waiting_until is not None
    rate = pace.per_minute if ahead.moving else None
    jobs, more, expected = float(ahead.open_jobs), float(ahead.to_retry), float(ahead.open_jobs)
    now = ahead.waiting_until or as_of
    next_at, next_jobs = ahead.waiting_until, ahead.open_jobs if waiting else 0
    now = _after(now, jobs, rate)
    passes = ahead.stages - ahead.stage - waiting
    coming = more + jobs * pace.failed_share
    while passes > 0 and coming >= _LAST:
        now += timedelta(seconds=ahead.delay_seconds)
        if not next_jobs:
            next_jobs, next_at = round(coming), next_at or (now if rate else None)
        expected += coming
        now = _after(now, coming, rate)
        coming *= pace.failed_share
        passes -= 1
    done = rate is not None and expected > 0
    figures = Forecast(
        jobs_left=ahead.open_jobs,
        per_minute=None if rate is None else round(rate, 2),
        done_at=_whole(now) if done else None,
        next_pass_jobs=next_jobs,
        next_pass_at=_whole(next_at) if next_at is not None else None,
    )
    return figures, expected


def _after(moment: datetime, jobs: float, rate: float | None) -> datetime:
    return moment + timedelta(minutes=jobs / rate) if rate else moment


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
