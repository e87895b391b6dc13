"""When jobs of equal length are done by workers who take one after the other; pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

LEAST: Final = 1e-3
"""Seconds of the shortest job: below it nothing is measured."""


def done_in(free: Sequence[float], jobs: float, turn: float) -> float:
    """Seconds until so many jobs are done; ``free`` tells in how many each worker takes its first.

    ``turn`` is what each job takes. A part of a job counts as its chance to be there at all, so
    that a fraction lies between the whole numbers around it. Of no job it is 0, of some without a
    worker infinity. More workers are never later, more jobs never sooner.
    """
    whole = math.floor(jobs)
    part = jobs - whole
    least = _done_in(free, whole, turn)
    if not part:
        return least
    return least + part * (_done_in(free, whole + 1, turn) - least) if free else math.inf


def done_by(free: Sequence[float], seconds: float, turn: float) -> int:
    """How many jobs are done within so many seconds."""
    turn = max(turn, LEAST)
    return sum(max(0, math.floor((seconds - first) / turn)) for first in free)


def _done_in(free: Sequence[float], jobs: int, turn: float) -> float:
    """The moment of the ``jobs``-th of all ends ``first + k * turn``."""
    if jobs <= 0:
        return 0.0
    if not free:
        return math.inf
    turn = max(turn, LEAST)
    # Each worker ends jobs at its own place in every round of one turn, from its first round on.
    rounds = [math.floor(first / turn) for first in free]
    low, high = min(rounds), min(rounds) + jobs
    while high - low > 1:
        middle = (low + high) // 2
        if sum(max(0, middle - one) for one in rounds) < jobs:
            low = middle
        else:
            high = middle
    left = jobs - sum(max(0, low - one) for one in rounds)
    places = sorted(
        first - one * turn for first, one in zip(free, rounds, strict=True) if one <= low
    )
    return places[left - 1] + (low + 1) * turn
