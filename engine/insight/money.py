"""What phones cost, as far as our own clock and the price in the settings tell: an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from engine.insight.values import Money

if TYPE_CHECKING:
    from engine.workloads.base import ResourceState

NOT_ON = frozenset({"off", "expired"})


def money(
    resources: Sequence[ResourceState],
    *,
    price: float,
    minutes_before: float,
    expected_minutes: float | None,
    as_of: datetime,
    zone: tzinfo | None,
) -> Money:
    """``minutes_before``: of what was released today; ``expected_minutes``: still to come."""
    on = [state for state in resources if state.ours and state.state not in NOT_ON]
    today = minutes_before + sum(minutes_today(state, as_of, zone) for state in on)
    finish = None if expected_minutes is None else round((today + expected_minutes) * price, 2)
    return Money(
        price_per_minute=price,
        on_now=len(on),
        per_minute_now=round(len(on) * price, 4),
        minutes_today=round(today, 1),
        today=round(today * price, 2),
        at_finish=finish,
    )


def minutes_today(state: ResourceState, as_of: datetime, zone: tzinfo | None) -> float:
    """Minutes since it was started, or since midnight (operator's zone)."""
    if state.since is None:
        return 0.0
    midnight = as_of.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(0.0, (as_of - max(state.since, midnight)).total_seconds() / 60)
