"""What a forecast says: when all will be done, what it will cost, what another worker changes.

Values only. Everything here is an estimate; what nobody can tell is None and not zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

THIS_RUN: Final = "run"
"""Measured in the run that is forecast."""
PAST_DAYS: Final = "days"
"""Measured on the days before: the run itself has too few attempts yet."""
MONEY: Final = "money"
"""The day's money limit pauses claims before all is done."""
MIDNIGHT: Final = "midnight"
"""The operator's day ends before all is done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Basis:
    """The measurements behind a forecast."""

    source: str = ""
    """``run``, ``days``, or empty: too few of either, and nothing is forecast."""
    attempts: int = 0
    """How many attempts were measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WithWorkers:
    """The same day with another number of workers. One resource (phone) a worker: more of them are
    on at a time for a shorter while, so the attempts cost the same."""

    workers: int
    done_at: datetime | None = None
    sooner_seconds: float | None = None
    """Than with the workers that there are; negative where it takes longer."""
    cut_jobs: int = 0
    """Jobs that midnight or the money limit would leave."""
    why_not: str = ""
    """Why there cannot be so many; then nothing else is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PassAhead:
    """A pass that is still to come, as expected."""

    number: int
    jobs: float
    minutes: float
    starts: datetime
    ends: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """What is left, when it will be done and what it takes, if it goes on as it has."""

    jobs_left: int
    """Claimed, or waiting and claimable today."""
    per_minute: float | None
    """Attempts ended lately."""
    done_at: datetime | None
    """With every pass to come; as if no limit of the day came before (``cut``)."""
    next_pass_jobs: int
    next_pass_at: datetime | None
    earliest: datetime | None = None
    latest: datetime | None = None
    """Between them eight of ten such days end."""
    workers: int = 0
    """That take jobs, or will in a moment."""
    attempts: float | None = None
    """Expected, with those under way and with retries."""
    minutes_to_come: float | None = None
    """Minutes of resources (phones), each begun one counted whole; until a money limit at most."""
    minutes_in_all: float | None = None
    """With those of today so far."""
    cost_to_come: float | None = None
    """US dollars, of resources and calls."""
    cost_in_all: float | None = None
    calls_to_come: int | None = None
    """Calls of a paid service (a model), no more than today's limit leaves."""
    calls_in_all: int | None = None
    cut: str = ""
    """``money`` or ``midnight`` comes before the end; empty where nothing does."""
    cut_at: datetime | None = None
    cut_jobs: int = 0
    """Jobs that will not be done by then."""
    basis: Basis = Basis()
    others: Sequence[WithWorkers] = ()
    """One worker fewer, unless there is only one, and one more."""


NOTHING: Final = Forecast(
    jobs_left=0, per_minute=None, done_at=None, next_pass_jobs=0, next_pass_at=None
)
