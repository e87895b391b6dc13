"""A figure that costs something is worked out at a bounded share of the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

SHARE: Final = 20
"""At most this fraction (1/n) of the time goes into one figure."""


class Paced(Generic[T]):
    """Holds the last value; makes it anew when it is out of date and its time has come."""

    def __init__(self, value: T, *, at_least: float = 0.0) -> None:
        """``at_least``: seconds between two makings, however quick they are."""
        self.value = value
        self._key: object = None
        self._next = 0.0
        self._at_least = at_least

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value; ``key`` is what it depends on."""
        began = time.monotonic()
        if key != self._key and began >= self._next:
            self.value = make()
            self._key = key
            took = time.monotonic() - began
            self._next = began + max(self._at_least, took * SHARE)
        return self.value
