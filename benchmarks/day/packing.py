"""How soon some jobs could be done by some workers, if all else took no time."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def lower_bound(seconds: Sequence[float], workers: int) -> float:
    """No order of the jobs ends sooner: even shares, or the longest job."""
    return max(sum(seconds) / workers, max(seconds, default=0.0))


def packed(seconds: Sequence[float], workers: int) -> float:
    """End of a good packing, found with all lengths known: the longest first, then improved.

    Between ``lower_bound`` and what any engine can reach, which does not know the lengths before.
    """
    return _improved(_longest_first(seconds, workers))


def _longest_first(seconds: Sequence[float], workers: int) -> list[list[float]]:
    heap: list[tuple[float, int]] = [(0.0, number) for number in range(workers)]
    shares: list[list[float]] = [[] for _ in range(workers)]
    for length in sorted(seconds, reverse=True):
        ends, number = heapq.heappop(heap)
        shares[number].append(length)
        heapq.heappush(heap, (ends + length, number))
    return shares


def _improved(shares: list[list[float]]) -> float:
    """Exchange jobs of the fullest share while that makes it shorter."""
    while True:
        fullest = max(shares, key=sum)
        if not any(_exchange(fullest, other) for other in shares if other is not fullest):
            return sum(fullest)


def _exchange(fullest: list[float], other: list[float]) -> bool:
    """Swap one job of each where the longer of the two shares gets shorter; whether it did."""
    high, low = sum(fullest), sum(other)
    for place, job in enumerate(fullest):
        for spot, counterpart in enumerate(other):
            gain = job - counterpart
            if gain > 1e-9 and low + gain < high - 1e-9:
                fullest[place], other[spot] = counterpart, job
                return True
    return False
