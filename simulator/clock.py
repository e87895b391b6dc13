"""Simulated time: seconds since the farm was made, running ``scale`` times as fast as real time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class FarmClock:
    """One clock for the whole farm; it goes on while the farm process is down.

    Real time is taken from the monotonic clock, anchored once at the wall clock, so that a jump of
    the host's clock moves nothing in the farm.
    """

    def __init__(
        self,
        *,
        scale: float,
        origin: datetime,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.scale = scale
        self.origin = origin
        self._monotonic = monotonic
        self._anchor = monotonic()
        self._passed = max(0.0, (wall() - origin).total_seconds())

    def real(self) -> float:
        """Real seconds since the farm was made."""
        return self._passed + self._monotonic() - self._anchor

    def now(self) -> float:
        """Simulated seconds since the farm was made."""
        return self.real() * self.scale

    def real_seconds(self, simulated: float) -> float:
        """How long a simulated duration takes, in real seconds."""
        return simulated / self.scale

    @staticmethod
    def moment() -> datetime:
        """The host's wall clock, for what a person reads."""
        return datetime.now(UTC)
