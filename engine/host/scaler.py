"""What a run has seen and decided of its number of workers: the memory of the scaling policy."""

from __future__ import annotations

from collections import deque
from typing import Final

from engine.host.policy import Decision, Limits, Moment, decide

MOMENTS: Final = 320
"""Looks that are kept: more than the longest idleness (300 s) has at the quickest pace (1 s)."""
DECISIONS: Final = 200
"""Changes that are kept."""


class Scaler:
    """Asks the policy at each new look, and keeps its changes. Its parts are bounded."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._moments: deque[Moment] = deque(maxlen=MOMENTS)
        self._changes: deque[Decision] = deque(maxlen=DECISIONS)
        self.latest: Decision | None = None
        """What followed from the last look, a change or none."""

    @property
    def changes(self) -> tuple[Decision, ...]:
        """The last changes, oldest first."""
        return tuple(self._changes)

    def see(self, moment: Moment) -> Decision | None:
        """What follows from a look; None where it is the one that was seen last."""
        if self._moments and moment.at <= self._moments[-1].at:
            return None
        self._moments.append(moment)
        self.latest = decide(self._moments, self._changes, self.limits)
        if self.latest.change:
            self._changes.append(self.latest)
        return self.latest
