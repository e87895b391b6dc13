"""One limit for work in many small steps: how long it may take, and whether it shall stop."""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.errors import StopRequested

_LOOK_SECONDS = 0.05


def never() -> bool:
    """The stop that nobody asks for."""
    return False


class TimeLimit:
    """Begins when it is made; asked between the steps."""

    def __init__(self, seconds: float, stop: Callable[[], bool] = never) -> None:
        self.seconds = seconds
        self._stop = stop
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds, never below 0."""
        return max(0.0, self._end - time.monotonic())

    def check(self) -> None:
        """Raises StopRequested, and TimeoutError where the time is over."""
        if self._stop():
            raise StopRequested("Stopped while a browser profile was worked on.")
        if time.monotonic() >= self._end:
            raise TimeoutError(f"it took longer than {self.seconds:g} s")

    def pause(self, seconds: float) -> None:
        """Wait, in small steps, so that a stop ends it. Raises as ``check`` does."""
        until = time.monotonic() + seconds
        while (rest := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(rest, _LOOK_SECONDS))
        self.check()
