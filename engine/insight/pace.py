"""How fast a run goes, from its attempts: ten-minute bins, usual duration, jobs a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from engine.insight.attempts import OUTCOMES
from engine.insight.measured import WINDOW
from engine.insight.spread import ENOUGH, quantile
from engine.insight.values import Attempt
from engine.jobs import JobStatus

BIN: Final = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """What one run did lately."""

    bins: Sequence[tuple[datetime, int, int]] = ()
    """(start of ten minutes, successes, failures), oldest first, without gaps."""
    median_seconds: float | None = None
    """Of its successes."""
    p90_seconds: float | None = None
    per_minute: float | None = None
    """Attempts ended, of the present pass or of the whole run."""


def pace(
    attempts: Sequence[Attempt],
    *,
    run_id: str,
    as_of: datetime,
    live: bool,
    present_pass: int = 0,
    between: bool = False,
) -> Pace:
    """Fold the attempts of one run; ``attempts`` in the order of their claims.

    ``live``: the run goes on, so that minutes without an outcome count, unless it is ``between``
    two passes.
    """
    ours = _of_run(attempts, run_id, as_of)
    ended = _ended(ours)
    if not ended:
        return Pace()
    good = [
        seconds
        for attempt in ended
        if attempt.status is JobStatus.SUCCESS and (seconds := attempt.seconds) is not None
    ]
    here, tries = _present(ours, number=present_pass)
    return Pace(
        bins=_bins(ended, start=ours[0].claimed_at, until=as_of if live else None),
        median_seconds=quantile(good, 0.5),
        p90_seconds=quantile(good, 0.9),
        per_minute=_per_minute(here, tries, None if between else as_of) if live else None,
    )


def _of_run(attempts: Sequence[Attempt], run_id: str, as_of: datetime) -> list[Attempt]:
    """The run's attempts of the window, oldest claim first."""
    found = []
    for attempt in reversed(attempts):
        if as_of - attempt.claimed_at > WINDOW:
            break
        if attempt.run_id == run_id:
            found.append(attempt)
    found.reverse()
    return found


def _bins(
    ended: Sequence[Attempt], *, start: datetime, until: datetime | None
) -> Sequence[tuple[datetime, int, int]]:
    """Ten minutes each from the first claim on."""
    good: Counter[int] = Counter()
    bad: Counter[int] = Counter()
    for attempt in ended:
        assert attempt.ended_at is not None  # only ended ones are given
        place = max(0, (attempt.ended_at - start) // BIN)
        (good if attempt.status is JobStatus.SUCCESS else bad)[place] += 1
    last = max([*good, *bad])
    if until is not None:
        last = max(last, (until - start) // BIN)
    return tuple((start + BIN * place, good[place], bad[place]) for place in range(last + 1))


def _present(ours: Sequence[Attempt], *, number: int) -> tuple[Sequence[Attempt], list[Attempt]]:
    """The attempts that tell how fast it goes now, and those of them that ended: of the present
    pass once five of its jobs have ended, before that of the whole run."""
    here = [one for one in ours if one.pass_number == number]
    tries = _ended(here)
    return (here, tries) if len(tries) >= ENOUGH else (ours, _ended(ours))


def _ended(attempts: Sequence[Attempt]) -> list[Attempt]:
    return [one for one in attempts if one.ended_at is not None and one.status in OUTCOMES]


def _per_minute(
    here: Sequence[Attempt], tries: Sequence[Attempt], until: datetime | None
) -> float | None:
    """``until``: the present moment, or None where nothing is under way."""
    if len(tries) < ENOUGH:
        return None
    last = until or max(one.ended_at for one in tries if one.ended_at is not None)
    minutes = (last - here[0].claimed_at).total_seconds() / 60
    return len(tries) / minutes if minutes > 0 else None
