"""What a run's ledger says of its orders, and the figures that follow from it. Pure arithmetic."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from benchmarks.day.packing import packed

CLAIMED = "claimed"


@dataclass(frozen=True, slots=True)
class Visit:
    """One attempt at one order; times as of ``time.time``."""

    worker: str
    order: str
    claimed: float
    ended: float
    status: str

    @property
    def seconds(self) -> float:
        return self.ended - self.claimed


@dataclass(frozen=True, slots=True)
class Course:
    """A run in which every order was visited once, from its command to its exit."""

    workers: int
    began: float
    ended: float
    visits: Sequence[Visit]

    @property
    def wall(self) -> float:
        """From the command to its exit."""
        return self.ended - self.began

    @property
    def first_claim(self) -> float:
        return min((one.claimed for one in self.visits), default=math.nan)

    @property
    def last_outcome(self) -> float:
        return max((one.ended for one in self.visits), default=math.nan)

    @property
    def work(self) -> float:
        """From the first claim to the last outcome: the orders, without a run's start and end."""
        return self.last_outcome - self.first_claim

    @property
    def cycles(self) -> Sequence[float]:
        """Of each order: from its claim to the next claim of its worker, or to its own outcome
        where that was the worker's last."""
        return [
            (later.claimed if later is not None else one.ended) - one.claimed
            for one, later in _pairs(self.visits)
        ]

    @property
    def apart_at_start(self) -> float:
        """From the first worker's first claim to the last worker's."""
        firsts = _of_workers(self.visits, min, lambda one: one.claimed)
        return max(firsts, default=math.nan) - min(firsts, default=math.nan)

    @property
    def apart_at_end(self) -> float:
        """From the first worker's last outcome to the last worker's."""
        lasts = _of_workers(self.visits, max, lambda one: one.ended)
        return max(lasts, default=math.nan) - min(lasts, default=math.nan)

    @property
    def packed(self) -> float:
        """How soon the same orders could be done by these workers, none slower for the others and
        all lengths known before: what ``work`` is beside it is starts and the uneven end."""
        return packed(self.cycles, self.workers)


def visits_of(rows: Iterable[Mapping[str, str]]) -> list[Visit]:
    """The attempts that came to an outcome, from a ledger's rows as they were appended."""
    claims: dict[str, tuple[str, float]] = {}
    found = []
    for row in rows:
        order, status = row["job_id"], row["status"]
        if status == CLAIMED:
            worker, at = row["worker_id"], _moment(row["claimed_at"])
            # Renewed, it is still the same claim.
            if order not in claims or claims[order][0] != worker:
                claims[order] = (worker, at)
        elif order in claims and status in ("success", "failed", "retrying"):
            worker, at = claims.pop(order)
            ended = _moment(row["completed_at"] or row["updated_at"])
            found.append(Visit(worker, order, at, ended, status))
        else:
            claims.pop(order, None)
    return found


def statuses_of(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What the ledger says of each order last."""
    return {row["job_id"]: row["status"] for row in rows}


def hand_outs(visits: Sequence[Visit]) -> list[float]:
    """Seconds for which a worker was free between two of its orders."""
    return [
        max(0.0, later.claimed - one.ended) for one, later in _pairs(visits) if later is not None
    ]


@dataclass(frozen=True, slots=True)
class SpeedUp:
    """How many times as fast more workers were, by each of the ways to look at it."""

    work: float
    """First claim to last outcome: the start of each browser is in it, and that workers begin and
    end apart."""
    steady: float
    """Workers times the seconds of all orders alone over those side by side, each from its claim to
    its worker's next claim: what workers cost one another, and what a long list comes to."""
    wall: float
    """Command to exit."""
    limit: float
    """Orders as long as they are alone, packed as well as can be: no engine exceeds it."""


def speed_up(alone: Course, beside: Course) -> SpeedUp:
    """Of one run against that with one worker, on the same orders."""
    single = sum(alone.cycles)
    return SpeedUp(
        work=_ratio(alone.work, beside.work),
        steady=_ratio(single * beside.workers, sum(beside.cycles)),
        wall=_ratio(alone.wall, beside.wall),
        limit=_ratio(single, packed(alone.cycles, beside.workers)),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least such a share does not exceed; nan of nothing."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def median(values: Sequence[float]) -> float:
    """nan of nothing."""
    return statistics.median(values) if values else math.nan


def _of_workers(
    visits: Sequence[Visit],
    choose: Callable[[list[float]], float],
    moment: Callable[[Visit], float],
) -> list[float]:
    """One moment of each worker."""
    of_worker: dict[str, list[float]] = defaultdict(list)
    for one in visits:
        of_worker[one.worker].append(moment(one))
    return [choose(moments) for moments in of_worker.values()]


def _pairs(visits: Sequence[Visit]) -> Iterable[tuple[Visit, Visit | None]]:
    """Each visit with the next one of its worker."""
    of_worker: dict[str, list[Visit]] = defaultdict(list)
    for one in sorted(visits, key=lambda one: one.claimed):
        of_worker[one.worker].append(one)
    for line in of_worker.values():
        yield from zip(line, [*line[1:], None], strict=True)


def _ratio(one: float, other: float) -> float:
    return one / other if other else math.nan


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
