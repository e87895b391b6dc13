"""Ports for a work directory: free now, and below the range that systems give out by themselves."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable

from simulator.errors import FarmError

LOWEST = 10_000
HIGHEST = 30_000
TRIES = 200


def free_block(size: int, *, taken: Iterable[int] = ()) -> int:
    """First of ``size`` neighbouring free ports outside ``taken``. Raises FarmError."""
    dice = random.SystemRandom()
    excluded = set(taken)
    for _ in range(TRIES):
        first = dice.randrange(LOWEST, HIGHEST - size)
        block = range(first, first + size)
        if excluded.isdisjoint(block) and all(is_free(port) for port in block):
            return first
    raise FarmError(f"No {size} neighbouring free ports were found between {LOWEST} and {HIGHEST}.")


def is_free(port: int) -> bool:
    with socket.socket() as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
