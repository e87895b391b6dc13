"""What phones cost, as far as our own clock and the price in the settings tell: an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from engine.insight.values import Money

if TYPE_CHECKING:
    from engine.workloads.base import ResourceState

NOT_ON = frozenset({"off", "expired"})

NEAR_LIMIT = 0.8
"""Share of the day's limit at which a person is told."""

MONEY_LIMIT = "the daily money limit"
"""Who paused claims then; also the id of the run's alarm about it."""


def money(
    resources: Sequence[ResourceState],
    *,
    price: float,
    minutes_before: float,
    expected_minutes: float | None,
    as_of: datetime,
    zone: tzinfo | None,
    calls: float = 0.0,
    limit: float = 0.0,
) -> Money:
    """``minutes_before``: of what was released today; ``expected_minutes``: still to come;

    ``calls``: what paid calls cost today; ``limit``: of the day, in US dollars, 0 = none.
    """
    on = _on(resources)
    today = minutes_before + minutes_on_now(resources, as_of, zone)
    finish = None
    if expected_minutes is not None:
        finish = round((today + expected_minutes) * price + calls, 2)
    return Money(
        price_per_minute=price,
        on_now=len(on),
        per_minute_now=round(len(on) * price, 4),
        minutes_today=round(today, 1),
        today=round(today * price + calls, 2),
        at_finish=finish,
        calls_today=round(calls, 2),
        limit=limit,
    )


def minutes_on_now(
    resources: Sequence[ResourceState], as_of: datetime, zone: tzinfo | None
) -> float:
    """Minutes of today of what is ours and on."""
    return sum(minutes_today(state, as_of, zone) for state in _on(resources))


def _on(resources: Sequence[ResourceState]) -> list[ResourceState]:
    return [state for state in resources if state.ours and state.state not in NOT_ON]


def minutes_today(state: ResourceState, as_of: datetime, zone: tzinfo | None) -> float:
    """Minutes since it was started, or since midnight (operator's zone)."""
    if state.since is None:
        return 0.0
    midnight = as_of.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(0.0, (as_of - max(state.since, midnight)).total_seconds() / 60)
