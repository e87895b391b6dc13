"""The passes that a run has before it, one after the other, as expected; seconds from now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.insight.turns import done_by, done_in

_LAST: Final = 0.5
"""Less than half a job expected is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """One pass, or what is left of the present one; another try in the same pass counts as one."""

    attempts: float
    """That have still to begin in it."""
    starts: float
    ends: float
    free: Sequence[float]
    """When each worker takes its first, after ``starts``."""
    later: float
    """Jobs that fail elsewhere and are tried again after it, whatever becomes of its attempts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Course:
    """All of it."""

    legs: Sequence[Leg]
    parts: Sequence[float]
    """What each attempt under way has still before it."""
    coming: float
    """Jobs of the next pass; 0 where there is none."""
    next_pass: float | None
    """When that pass begins; None where there is none."""
    again: float
    seconds: float
    pause: float

    @property
    def ends(self) -> float:
        return self.legs[-1].ends

    @property
    def attempts(self) -> float:
        """New ones, retries included."""
        return sum(leg.attempts for leg in self.legs)

    def after(self, attempts: float) -> tuple[float, float]:
        """When so many new attempts have begun and ended, and the jobs that are left then."""
        for place, leg in enumerate(self.legs):
            if attempts <= leg.attempts:
                took = done_in(leg.free, attempts, self._turn) if attempts else 0.0
                return leg.starts + max(0.0, took - self.pause), self._left(place, attempts)
            attempts -= leg.attempts
        return self.ends, 0.0

    def left_at(self, moment: float) -> float:
        """Jobs that are not done by then."""
        for place, leg in enumerate(self.legs):
            if leg.ends > moment:
                within = moment - leg.starts + self.pause
                done = min(leg.attempts, done_by(leg.free, within, self._turn))
                late = sum(part > moment for part in self.parts) if not place else 0
                return self._left(place, done) + late
        return 0.0

    @property
    def _turn(self) -> float:
        return self.seconds + self.pause

    def _left(self, place: int, done: float) -> float:
        """Jobs of a leg that were not begun, and those that fail before and are tried again."""
        leg = self.legs[place]
        retried = leg.later + done * self.again if place + 1 < len(self.legs) else 0.0
        return leg.attempts - done + retried


def course(
    *,
    waiting: int,
    parts: Sequence[float],
    free: Sequence[float],
    workers: int,
    longest: int,
    to_retry: int,
    delays: Sequence[float],
    soon: int,
    again: float,
    seconds: float,
    pause: float,
    begins: float,
) -> Course:
    """``waiting`` jobs for workers who are ``free`` in so many seconds, ``parts`` under way, then
    at most a round for each of ``delays``, so long after the one before; the first ``soon`` of them
    belong to the present pass. ``longest`` jobs of one key are done one by one. See
    ``engine.insight.forecast`` for the rest."""
    turn = seconds + pause
    ends = max(
        begins,
        done_in(free, waiting, turn) - pause,
        begins + longest * turn - pause,
        max(parts, default=0.0),
    )
    later = to_retry + len(parts) * again
    relative = [max(0.0, one - begins) for one in free]
    legs = [Leg(attempts=waiting, starts=begins, ends=ends, free=relative, later=later)]
    coming = later + waiting * again
    first, next_pass = 0.0, None
    for place, delay in enumerate(delays):
        if coming < _LAST:
            break
        chance = min(1.0, coming)
        starts = ends + delay * chance
        if place == soon:
            first, next_pass = coming, ends + delay
        all_free = [0.0] * workers
        ends = starts + max(0.0, done_in(all_free, coming, turn) - pause * chance)
        legs.append(Leg(attempts=coming, starts=starts, ends=ends, free=all_free, later=0.0))
        coming *= again
    return Course(
        legs=legs,
        parts=parts,
        coming=first,
        next_pass=next_pass,
        again=again,
        seconds=seconds,
        pause=pause,
    )
