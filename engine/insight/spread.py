"""The middle and the far end of some figures; too few of them say nothing."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Final

ENOUGH: Final = 5
"""Rates and medians of fewer are not shown (console-features 6.8)."""


def quantile(values: Collection[float], share: float) -> float | None:
    """The value below which ``share`` (0 to 1) of them lie; None with too few."""
    if len(values) < ENOUGH:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def percent(part: int, whole: int) -> float | None:
    """How many of a hundred; None with too few."""
    return 100.0 * part / whole if whole >= ENOUGH else None


def middle_half(shares: Sequence[tuple[float, int]]) -> tuple[float, float] | None:
    """From the lower to the upper quarter of some shares, each with the number of jobs it is of;
    None without any."""
    whole = sum(weight for _, weight in shares)
    if not whole:
        return None
    return _weighted(shares, whole * 0.25), _weighted(shares, whole * 0.75)


def _weighted(shares: Sequence[tuple[float, int]], wanted: float) -> float:
    """The share at which so many jobs are reached, the lowest shares counted first."""
    reached = 0
    ordered = sorted(shares)
    for share, weight in ordered:
        reached += weight
        if reached >= wanted:
            return share
    return ordered[-1][0]
