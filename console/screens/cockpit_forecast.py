"""When it will be done, what it will take, what one worker more or less changes: lines of the
Cockpit. Values in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from console.amounts import counted
from console.plain import plain
from console.times import NOTHING, clock, expected
from engine.insight.forecast_values import MONEY, PAST_DAYS

if TYPE_CHECKING:
    from engine.insight.forecast_values import Forecast, WithWorkers
    from engine.insight.values import Overview

UNKNOWN: Final = "too few attempts tell"
_ETA_ROOM: Final = 40
"""A note behind the bar may be so long."""


def eta(overview: Overview, now: datetime) -> str:
    """``eta 12:38``; a dash where nobody can tell; ``limit 12:10`` where money ends it before."""
    forecast = overview.forecast
    if forecast.cut == MONEY:
        return f"limit {expected(forecast.cut_at, now)}"
    return f"eta {expected(forecast.done_at, now)}"


def whole_eta(overview: Overview, now: datetime) -> str:
    """The same with its range, and with the jobs that a limit or midnight leaves."""
    forecast, short = overview.forecast, eta(overview, now)
    if forecast.cut:
        after = "left" if forecast.cut == MONEY else "after midnight"
        return f"{short}, {forecast.cut_jobs} {after}"
    around = between(forecast, now)
    text = f"{short} ({around})" if around else short
    return text if len(text) <= _ETA_ROOM else short


def between(forecast: Forecast, now: datetime) -> str:
    """``12:31-12:47``; empty where both are the same minute, or nobody can tell."""
    if forecast.earliest is None or forecast.latest is None or forecast.latest < now:
        return ""
    early, late = clock(max(forecast.earliest, now), now), clock(forecast.latest, now)
    return f"{early}-{late}" if early != late else ""


def workers_line(overview: Overview, now: datetime) -> Sequence[str]:
    """The three numbers of workers beside each other, from the most words to the fewest."""
    forecast = overview.forecast
    if forecast.done_at is None:
        known = bool(forecast.basis.attempts) or not overview.live
        return [NOTHING if known else UNKNOWN]
    around = between(forecast, now)
    here = expected(forecast.done_at, now) + (f" ({around})" if around else "")
    basis, own = basis_words(forecast), counted(forecast.workers, "worker")
    fewer, more = (
        [one for one in forecast.others if (one.workers > forecast.workers) is larger]
        for larger in (False, True)
    )
    words = [
        *(f"{counted(one.workers, 'worker')} {_end(one, now)}" for one in fewer),
        f"{own} {here}",
        *(f"{counted(one.workers, 'worker')} {_end(one, now)}" for one in more),
    ]
    ends = [f"{one.workers}: {_end(one, now)}" for one in (*fewer, *more)]
    short = [f"{forecast.workers}: {here}", *ends]
    return [
        "   ".join((*words, basis)),
        "   ".join((*short, basis)),
        "   ".join(short),
        "   ".join((here, *ends[-1:])),
        here,
    ]


def to_come_line(overview: Overview) -> Sequence[str]:
    """What it will take from now on, and today in all."""
    forecast = overview.forecast
    if forecast.minutes_to_come is None:
        return [NOTHING]
    label = plain(overview.resource_label)
    calls, all_calls = forecast.calls_to_come, forecast.calls_in_all
    if not (overview.money.price_per_minute or overview.labels.provider or all_calls):
        coming = f"{forecast.minutes_to_come:.0f} {label}-min"
        return [f"{coming}; today in all {forecast.minutes_in_all:.0f} min", coming]
    coming = f"{forecast.minutes_to_come:.0f} {label}-min, est. ${forecast.cost_to_come:.2f}"
    in_all = f"{forecast.minutes_in_all:.0f} min, ${forecast.cost_in_all:.2f}"
    if all_calls:
        long = f"{coming}, {calls} model calls; today in all {in_all}, {all_calls} calls"
        return [long, f"{coming}, {calls} calls; in all {in_all}", coming]
    return [f"{coming}; today in all {in_all}", coming]


def basis_words(forecast: Forecast) -> str:
    """``from 37 attempts``."""
    earlier = " of past days" if forecast.basis.source == PAST_DAYS else ""
    return f"from {counted(forecast.basis.attempts, 'attempt')}{earlier}"


def change_words(other: WithWorkers) -> str:
    """``7 min sooner``, ``no sooner``."""
    minutes = round((other.sooner_seconds or 0.0) / 60)
    if minutes:
        return f"{abs(minutes)} min {'sooner' if minutes > 0 else 'later'}"
    return "no sooner" if (other.sooner_seconds or 0.0) >= 0 else "hardly later"


def _end(other: WithWorkers, now: datetime) -> str:
    return "not possible" if other.why_not else expected(other.done_at, now)
