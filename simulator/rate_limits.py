"""The provider's limits for each API path: calls a minute, calls an hour, the two-hour lock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from simulator.clock import FarmClock
from simulator.errors import Refused
from simulator.farm_file import RateLimits

MINUTE = 60.0
HOUR = 3600.0


@dataclass(slots=True)
class Window:
    """Calls in one calendar minute or hour of the clock."""

    number: int = -1
    calls: int = 0
    most: int = 0
    """Calls of the fullest one so far."""
    total: int = 0

    def count(self, number: int) -> int:
        if number != self.number:
            self.number, self.calls = number, 0
        self.calls += 1
        self.total += 1
        self.most = max(self.most, self.calls)
        return self.calls


class RateLimiter:
    """Counts every authenticated call, the refused ones too (team-wide)."""

    def __init__(self, limits: RateLimits, clock: FarmClock) -> None:
        self._limits = limits
        self._clock = clock
        self._minutes: defaultdict[str, Window] = defaultdict(Window)
        self._hours: defaultdict[str, Window] = defaultdict(Window)
        self._locked_until: dict[str, float] = {}
        self._per_minute = {
            "pay/wallet": limits.wallet_per_minute,
            "pay/plan/info": limits.plan_per_minute,
        }

    def check(self, path: str) -> None:
        """Count one call. Raises Refused with 40007 or 40014."""
        now = self._now()
        if now < self._locked_until.get(path, 0.0):
            raise Refused(40014, "the hourly limit was reached, this API is locked for two hours")
        if self._hours[path].count(int(now // HOUR)) > self._limits.per_hour:
            self.lock(path)
            raise Refused(40014, "the hourly limit was reached, this API is locked for two hours")
        allowed = self._per_minute.get(path, self._limits.per_minute)
        if self._minutes[path].count(int(now // MINUTE)) > allowed:
            raise Refused(40007, "too many requests in this minute")

    def calls(self) -> dict[str, dict[str, int]]:
        """Of each path: all calls, and those of its fullest minute."""
        return {
            path: {"all": window.total, "most_a_minute": window.most}
            for path, window in self._minutes.items()
        }

    def lock(self, path: str) -> None:
        """Lock a path as if its hour were used up."""
        self._locked_until[path] = self._now() + self._limits.lock_seconds

    def _now(self) -> float:
        return self._clock.now() if self._limits.clock == "simulated" else self._clock.real()
