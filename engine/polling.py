"""Pauses between looks at something that is awaited: short at first, then longer to a bound.

What takes long is asked rarely, and what is soon there is soon seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

GROWTH: Final = 1.5


def growing(first: float, longest: float) -> Iterator[float]:
    """Seconds to wait before each further look; never ends. ``first`` must be above 0."""
    pause = min(first, longest)
    while True:
        yield pause
        pause = min(pause * GROWTH, longest)
