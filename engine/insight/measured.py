"""What attempts take, kept up one by one: seconds by kind of outcome, pauses, begun minutes.

An attempt lasts from its claim to its outcome. What a worker waits between two of them is measured
too and not taken from the settings: the pause between two jobs counts from the end of one to the
first touch of the next, so the boot of the next phone lies in it (``engine.between_jobs``).
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from engine.insight.attempts import OUTCOMES
from engine.insight.day_figures import RETRIED, may_follow
from engine.insight.forecast_values import Basis
from engine.insight.moments import moment_of
from engine.insight.spread import ENOUGH
from engine.insight.values import Attempt
from engine.jobs import ErrorCategory, JobStatus

WINDOW: Final = timedelta(hours=24)
"""Older attempts of a run say nothing about its pace."""
MINUTE: Final = 60.0
_PAUSES: Final = 100
"""The latest pauses that count."""


class Kind(StrEnum):
    """How an attempt ended."""

    SUCCESS = "success"
    AGAIN = "again"
    """Failed, and another try may follow."""
    FINAL = "final"
    """Failed for good."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """One attempt that came to an outcome."""

    worker: str
    pass_number: int
    kind: Kind
    claimed_at: datetime
    ended_at: datetime

    @property
    def seconds(self) -> float:
        return max(0.0, (self.ended_at - self.claimed_at).total_seconds())


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptCost:
    """What one attempt takes, on average; a mix of outcomes as they come."""

    seconds: float
    """From its claim to its outcome."""
    pause: float = 0.0
    """From its outcome to its worker's next claim."""
    spread: float = 0.0
    """Standard deviation of ``seconds``."""
    minutes: float
    """Of its resource, each begun one counted whole."""
    again: float = 0.0
    """Share (0 to 1) of the attempts after which another one may follow."""
    trials: int = 1
    """Attempts that ``again`` is a share of."""
    basis: Basis


@dataclass(slots=True)
class _Sums:
    number: int = 0
    seconds: float = 0.0
    squares: float = 0.0
    minutes: int = 0

    def add(self, seconds: float) -> None:
        self.number += 1
        self.seconds += seconds
        self.squares += seconds * seconds
        self.minutes += math.ceil(seconds / MINUTE)


@dataclass(slots=True)
class Measured:
    """Sums over attempts; taking one more costs the same whatever was taken before."""

    _kinds: dict[Kind, _Sums] = field(default_factory=dict)
    _passes: dict[int, list[int]] = field(default_factory=dict)
    """Of each pass: attempts that ended, and those after which another may follow."""
    _pauses: dict[bool, deque[float]] = field(default_factory=dict)
    """By whether the attempt before was a success."""
    _last: dict[str, Ended] = field(default_factory=dict)
    """Of each worker."""

    @property
    def attempts(self) -> int:
        return sum(sums.number for sums in self._kinds.values())

    def take(self, ended: Ended) -> None:
        """Count one more; those of a worker in the order of their ends."""
        self._kinds.setdefault(ended.kind, _Sums()).add(ended.seconds)
        counts = self._passes.setdefault(ended.pass_number, [0, 0])
        counts[0] += 1
        counts[1] += ended.kind is Kind.AGAIN
        before = self._last.get(ended.worker)
        self._last[ended.worker] = ended
        if before is None or before.pass_number != ended.pass_number:
            return
        pause = (ended.claimed_at - before.ended_at).total_seconds()
        if pause >= 0:
            good = before.kind is Kind.SUCCESS
            self._pauses.setdefault(good, deque(maxlen=_PAUSES)).append(pause)

    def cost(self, source: str, present_pass: int = 0, *, pause: float = 0.0) -> AttemptCost | None:
        """What the next attempts will take; None with too few to tell.

        How often another try follows is that of the present pass once five of its attempts have
        ended. ``pause`` is what the settings want between two jobs; it counts where no worker has
        begun a second job yet.
        """
        number = self.attempts
        if number < ENOUGH:
            return None
        trials, again = self._passes.get(present_pass, (0, 0))
        if trials < ENOUGH:
            again = self._number(Kind.AGAIN)
            trials = number
        share = again / trials
        shares = {Kind.AGAIN: share}
        others = number - self._number(Kind.AGAIN)
        for kind in (Kind.SUCCESS, Kind.FINAL):
            part = self._number(kind) / others if others else float(kind is Kind.SUCCESS)
            shares[kind] = (1 - share) * part
        seconds = sum(part * self._mean(kind) for kind, part in shares.items())
        after = shares[Kind.SUCCESS]
        return AttemptCost(
            seconds=seconds,
            pause=after * self._pause(good=True, wanted=pause)
            + (1 - after) * self._pause(good=False, wanted=pause),
            spread=self._spread(),
            minutes=sum(part * self._minutes(kind) for kind, part in shares.items()),
            again=share,
            trials=trials,
            basis=Basis(source=source, attempts=number),
        )

    def _number(self, kind: Kind) -> int:
        return self._kinds[kind].number if kind in self._kinds else 0

    def _of(self, kind: Kind) -> Sequence[_Sums]:
        """Those of the kind; where there are none yet, all."""
        return [self._kinds[kind]] if kind in self._kinds else list(self._kinds.values())

    def _mean(self, kind: Kind) -> float:
        found = self._of(kind)
        return sum(one.seconds for one in found) / sum(one.number for one in found)

    def _minutes(self, kind: Kind) -> float:
        found = self._of(kind)
        return sum(one.minutes for one in found) / sum(one.number for one in found)

    def _spread(self) -> float:
        number, kinds = self.attempts, self._kinds.values()
        mean = sum(one.seconds for one in kinds) / number
        squares = sum(one.squares for one in kinds) / number
        return math.sqrt(max(0.0, squares - mean * mean))

    def _pause(self, *, good: bool, wanted: float) -> float:
        """The usual one: a worker that waited for a person or for its restart is no rule."""
        found = self._pauses.get(good) or self._pauses.get(not good)
        return statistics.median(found) if found else wanted


class RunMeasured:
    """What the attempts of one run took, followed in the ledger's fold; looks at each once."""

    def __init__(self) -> None:
        self._of: tuple[str, datetime | None] = ("", None)
        self._attempts: Sequence[Attempt] = ()
        self._seen = 0
        self._under_way: list[int] = []
        self.measured = Measured()
        self.ended_today = 0
        """Attempts of whatever run that ended since the day began."""

    def follow(self, attempts: Sequence[Attempt], run_id: str, day_began: datetime) -> Measured:
        """Take what has ended since; ``attempts`` in the order of their claims, of which those of
        more than a day before the present one say nothing any more."""
        of = (run_id, day_began)
        if of != self._of or attempts is not self._attempts or len(attempts) < self._seen:
            self._of, self._attempts = of, attempts
            self.measured, self._under_way, self.ended_today = Measured(), [], 0
            first = day_began - WINDOW
            self._seen = bisect_left(attempts, first, key=lambda one: one.claimed_at)
        present = len(attempts)
        under_way, self._under_way = self._under_way, []
        self._take(attempts, (*under_way, *range(self._seen, present)))
        self._seen = present
        return self.measured

    def _take(self, attempts: Sequence[Attempt], places: Iterable[int]) -> None:
        run_id, day_began = self._of
        ended = []
        for place in places:
            attempt = attempts[place]
            if attempt.status is JobStatus.CLAIMED:
                self._under_way.append(place)
            elif (found := ended_of(attempt)) is not None:
                self.ended_today += day_began is not None and found.ended_at >= day_began
                if attempt.run_id == run_id:
                    ended.append(found)
        for one in sorted(ended, key=lambda one: one.ended_at):
            self.measured.take(one)


def ended_of(attempt: Attempt) -> Ended | None:
    """The attempt as it is measured; None for one that came to no outcome, or is of no known
    length (an older system's)."""
    if attempt.status not in OUTCOMES or not attempt.seconds or attempt.seconds < 0:
        return None
    assert attempt.ended_at is not None  # it has a length
    good = attempt.status is JobStatus.SUCCESS
    return Ended(
        worker=attempt.worker,
        pass_number=attempt.pass_number,
        kind=Kind.SUCCESS if good else Kind.AGAIN if may_follow(attempt) else Kind.FINAL,
        claimed_at=attempt.claimed_at,
        ended_at=attempt.ended_at,
    )


def ended_told(
    message: Mapping[str, Any], worker: str, pass_number: int, at: datetime
) -> Ended | None:
    """The attempt that an ``outcome`` at this moment tells of; None for one that was given back, or
    is of no known length."""
    status, claimed = message.get("status"), moment_of(message.get("claimed_at"))
    if claimed is None or claimed >= at or status not in OUTCOMES:
        return None
    again = (message.get("category") or ErrorCategory.UNKNOWN) in RETRIED
    good = status == JobStatus.SUCCESS
    return Ended(
        worker=worker,
        pass_number=pass_number,
        kind=Kind.SUCCESS if good else Kind.AGAIN if again else Kind.FINAL,
        claimed_at=claimed,
        ended_at=at,
    )


def measured_of(attempts: Iterable[Attempt]) -> Measured:
    """What these attempts took."""
    found = Measured()
    ended = [one for attempt in attempts if (one := ended_of(attempt)) is not None]
    for one in sorted(ended, key=lambda one: one.ended_at):
        found.take(one)
    return found
