"""When the day will be done and what it takes, if it goes on as it has. Pure: values in and out.

Jobs are taken by whichever worker is free first; what failed in a way that is tried again comes in
a pass of its own, after its delay. Of everything the mean is taken, so it is told from how many
attempts. The range is that of eight in ten such days, by how much single attempts differ and by how
few of them are known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from engine.insight.course import Course, Leg, course
from engine.insight.forecast_values import (
    MIDNIGHT,
    MONEY,
    Basis,
    Forecast,
    PassAhead,
    WithWorkers,
)
from engine.insight.measured import MINUTE, AttemptCost
from engine.workloads.paid_calls import NO_CALLS, PaidCalls

EIGHT_OF_TEN: Final = 1.28
"""Standard deviations to either side."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hand:
    """A worker that takes jobs, or will in a moment."""

    job_for: float | None = None
    """Seconds that its job has been under way; None = it has none."""
    ready_in: float = 0.0
    """Seconds until it may take its first, where it has none."""
    shaky: bool = False
    """It waits for its restart: whether it will take jobs then, nobody knows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """What the day has cost so far, and what ends it."""

    price: float = 0.0
    """US dollars of one minute of a resource."""
    minutes: float = 0.0
    """Of today so far."""
    spent: float = 0.0
    """US dollars of today, calls included."""
    limit: float = 0.0
    """At which claims pause; 0 = none."""
    calls: PaidCalls = NO_CALLS
    calls_per_attempt: float | None = None
    """None where too few attempts of today tell."""
    midnight_in: float | None = None
    """Seconds until the operator's day ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """What a run has before it."""

    waiting: int
    """Jobs that may be claimed today: without those that are blocked or beyond their key's cap."""
    under_way: Sequence[float] = ()
    """For how many seconds each claimed job has been worked on, whoever has it."""
    hands: Sequence[Hand] = ()
    """In the order of their slots."""
    keys: int = 0
    """Different keys (accounts) of the waiting and the claimed jobs: so many at most are worked on
    at a time; 0 = not known."""
    longest: int = 1
    """Most waiting jobs of one key; they wait for each other."""
    to_retry: int
    stage: int
    """0 = the first one has not begun."""
    stages: int
    tries: int = 3
    """Attempts that a job may have in all."""
    delay_seconds: float
    """Between two passes."""
    tries_in_pass: int = 1
    in_pass_delay_seconds: float = 0.0
    """Before another try in the same pass."""
    waiting_until: datetime | None = None
    moving: bool = True
    """A run is live, and its claims are not paused."""
    most_workers: int = 1
    """``run.max_workers``."""
    start_seconds: float = 0.0
    """From the wish for one more worker until it takes its first job."""
    per_minute: float | None = None
    """Attempts ended lately; shown beside the forecast."""
    day: Day = Day()

    @property
    def open_jobs(self) -> int:
        return self.waiting + len(self.under_way)


def forecast(ahead: Ahead, cost: AttemptCost | None, as_of: datetime) -> Forecast:
    """The forecast; ``cost`` None where nothing tells what an attempt takes. Whole seconds."""
    expected = _course(ahead, cost, ahead.hands, as_of)
    jobs = expected.coming if ahead.waiting_until is None else ahead.open_jobs
    unknown = Forecast(
        jobs_left=ahead.open_jobs,
        per_minute=None if ahead.per_minute is None else round(ahead.per_minute, 2),
        done_at=None,
        next_pass_jobs=round(jobs),
        next_pass_at=ahead.waiting_until,
        workers=len(ahead.hands),
        basis=Basis() if cost is None else cost.basis,
    )
    if cost is None or not ahead.moving or not math.isfinite(expected.ends):
        return replace(unknown, per_minute=unknown.per_minute if ahead.moving else None)
    if not expected.attempts and not expected.parts:
        return unknown
    known = _with_money(unknown, ahead, cost, expected, as_of)
    early, late = _range(ahead, cost, expected, as_of)
    begins = expected.next_pass
    return replace(
        known,
        done_at=_at(as_of, expected.ends),
        earliest=_at(as_of, early),
        latest=_at(as_of, late),
        next_pass_at=ahead.waiting_until or (None if begins is None else _at(as_of, begins)),
        others=tuple(
            with_workers(ahead, cost, as_of, len(ahead.hands) + more, than=expected.ends)
            for more in (-1, 1)
            if len(ahead.hands) + more > 0
        ),
    )


def with_workers(
    ahead: Ahead, cost: AttemptCost, as_of: datetime, workers: int, *, than: float | None = None
) -> WithWorkers:
    """The same with another number of workers; ``than``: seconds that it takes with the present
    ones. Those that are taken away end their job and take no more."""
    if why_not := impossible(workers, ahead.most_workers):
        return WithWorkers(workers=workers, why_not=why_not)
    if than is None:
        than = _course(ahead, cost, ahead.hands, as_of).ends
    added = range(workers - len(ahead.hands))
    more = [Hand(ready_in=ahead.start_seconds * (1 + place)) for place in added]
    found = _course(ahead, cost, [*ahead.hands[:workers], *more], as_of)
    return WithWorkers(
        workers=workers,
        done_at=_at(as_of, found.ends),
        sooner_seconds=round(than - found.ends, 1) if math.isfinite(than) else None,
        cut_jobs=_cut(ahead, cost, found)[2],
    )


def passes_ahead(ahead: Ahead, cost: AttemptCost, as_of: datetime) -> Sequence[PassAhead]:
    """The passes after the present one, each with its tries; none where nobody can tell."""
    found = _course(ahead, cost, ahead.hands, as_of)
    if not math.isfinite(found.ends):
        return ()
    between = ahead.waiting_until is not None
    legs: dict[int, list[Leg]] = {}
    for place, leg in enumerate(found.legs):
        later = place // ahead.tries_in_pass + between
        if later:
            legs.setdefault(max(1, ahead.stage) + later, []).append(leg)
    return [
        PassAhead(
            number=number,
            jobs=of_pass[0].attempts,
            minutes=sum(leg.attempts for leg in of_pass) * cost.minutes,
            starts=_at(as_of, of_pass[0].starts),
            ends=_at(as_of, of_pass[-1].ends),
        )
        for number, of_pass in legs.items()
    ]


def impossible(workers: int, most: int) -> str:
    """Why there cannot be so many workers; empty where there can. ``most``: ``run.max_workers``."""
    if workers < 1:
        return "a run has one worker at least"
    return f"run.max_workers allows {most} at most" if workers > most else ""


def seconds_to_go(ahead: Ahead, cost: AttemptCost | None, as_of: datetime) -> float | None:
    """Until all is done, unrounded; None where nobody can tell."""
    ends = _course(ahead, cost, ahead.hands, as_of).ends
    return None if cost is None or not math.isfinite(ends) else ends


# -- time ------------------------------------------------------------------------------------------


def _course(
    ahead: Ahead, cost: AttemptCost | None, hands: Sequence[Hand], as_of: datetime
) -> Course:
    seconds, pause = (cost.seconds, cost.pause) if cost else (0.0, 0.0)
    begins = 0.0
    if ahead.waiting_until is not None:
        begins = max(0.0, (ahead.waiting_until - as_of).total_seconds())
    free = [
        max(begins, hand.ready_in)
        if hand.job_for is None
        else max(begins, max(0.0, seconds - hand.job_for) + pause)
        for hand in hands
    ]
    present = max(1, ahead.stage) + (ahead.waiting_until is not None)
    passes = max(0, ahead.stages - present)
    soon = [ahead.in_pass_delay_seconds] * (ahead.tries_in_pass - 1)
    delays = [*soon, *[ahead.delay_seconds, *soon] * passes]
    return course(
        waiting=ahead.waiting,
        parts=[max(0.0, seconds - spent) for spent in ahead.under_way],
        free=sorted(free)[: max(1, ahead.keys)] if ahead.keys else free,
        workers=len(hands),
        longest=ahead.longest if ahead.waiting else 0,
        to_retry=ahead.to_retry,
        delays=delays[: max(0, ahead.tries - 1)],
        soon=len(soon),
        again=cost.again if cost else 0.0,
        seconds=seconds,
        pause=pause,
        begins=begins,
    )


def _range(
    ahead: Ahead, cost: AttemptCost, expected: Course, as_of: datetime
) -> tuple[float, float]:
    """Seconds until the end where attempts are as quick, and as seldom tried again, as eight in ten
    times at best; and at worst, without the workers that may not come back."""
    to_come = max(1.0, expected.attempts + len(expected.parts))
    error = EIGHT_OF_TEN * cost.spread * math.sqrt(1 / cost.basis.attempts + 1 / to_come)
    least, most = _share_between(cost.again, cost.trials)
    quick = replace(cost, seconds=max(0.0, cost.seconds - error), again=least)
    slow = replace(cost, seconds=cost.seconds + error, again=most)
    sure = [hand for hand in ahead.hands if not hand.shaky] or ahead.hands
    early = _course(ahead, quick, ahead.hands, as_of).ends
    late = _course(ahead, slow, sure, as_of).ends
    return min(early, expected.ends), max(late, expected.ends)


def _share_between(share: float, trials: int) -> tuple[float, float]:
    """Between what the true share lies, of which so many trials showed this one (Wilson)."""
    z2 = EIGHT_OF_TEN**2
    middle = share + z2 / (2 * trials)
    width = EIGHT_OF_TEN * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    whole = 1 + z2 / trials
    return max(0.0, (middle - width) / whole), min(1.0, (middle + width) / whole)


# -- money -----------------------------------------------------------------------------------------


def _with_money(
    known: Forecast, ahead: Ahead, cost: AttemptCost, expected: Course, as_of: datetime
) -> Forecast:
    day = ahead.day
    cut, cut_in, cut_jobs = _cut(ahead, cost, expected)
    attempts = expected.attempts
    if cut == MONEY:
        attempts = min(attempts, _affordable(ahead, cost))
    minutes = attempts * cost.minutes + _rest(ahead, cost)
    usd = minutes * day.price
    calls = _calls(ahead, cost, attempts)
    if calls is not None and day.calls.made:
        usd += calls * day.calls.usd / day.calls.made
    return replace(
        known,
        attempts=round(expected.attempts + len(expected.parts), 1),
        minutes_to_come=round(minutes, 1),
        minutes_in_all=round(day.minutes + minutes, 1),
        cost_to_come=round(usd, 2),
        cost_in_all=round(day.spent + usd, 2),
        calls_to_come=calls,
        calls_in_all=None if calls is None else day.calls.made + calls,
        cut=cut,
        cut_at=_at(as_of, cut_in) if cut else None,
        cut_jobs=cut_jobs,
    )


def _rest(ahead: Ahead, cost: AttemptCost) -> float:
    """Minutes that the attempts under way have still before them."""
    return sum(max(0.0, cost.minutes - spent / MINUTE) for spent in ahead.under_way)


def _calls(ahead: Ahead, cost: AttemptCost, attempts: float) -> int | None:
    """Calls to come; past the day's limit the rules go on without them."""
    day = ahead.day
    if day.calls_per_attempt is None:
        return None
    parts = [1 - spent / cost.seconds for spent in ahead.under_way if spent < cost.seconds]
    calls = round((attempts + sum(parts)) * day.calls_per_attempt)
    return (
        calls if day.calls.limit is None else min(calls, max(0, day.calls.limit - day.calls.made))
    )


def _usd(day: Day, cost: AttemptCost) -> float:
    """Of one attempt."""
    calls = 0.0
    if day.calls_per_attempt is not None and day.calls.made:
        calls = day.calls_per_attempt * day.calls.usd / day.calls.made
    return cost.minutes * day.price + calls


def _affordable(ahead: Ahead, cost: AttemptCost) -> float:
    """New attempts that may begin before the money limit; infinity without one."""
    day, price = ahead.day, _usd(ahead.day, cost)
    if not day.limit or price <= 0:
        return math.inf
    room = day.limit - day.spent - _rest(ahead, cost) * day.price
    return float(max(0, math.ceil(room / price)))


def _cut(ahead: Ahead, cost: AttemptCost, found: Course) -> tuple[str, float, int]:
    """What comes before the end, in how many seconds, and the jobs that it leaves."""
    cuts: list[tuple[float, str, float]] = []
    affordable = _affordable(ahead, cost)
    if found.attempts > affordable:
        at, left = found.after(affordable)
        cuts.append((at, MONEY, left))
    midnight = ahead.day.midnight_in
    if midnight is not None and midnight < found.ends and math.isfinite(found.ends):
        cuts.append((midnight, MIDNIGHT, found.left_at(midnight)))
    if not cuts:
        return "", 0.0, 0
    at, which, left = min(cuts)
    return which, at, max(1, round(left))


def _at(as_of: datetime, seconds: float) -> datetime:
    return (as_of + timedelta(seconds=seconds)).replace(microsecond=0)
