"""What a run may end with: the middle half of what was usual in the last seven days (6.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.insight.attempts import PassHistory
from engine.insight.day_figures import ANY_CLASS, FIRST_TRY, DayFigures, Share, may_follow
from engine.insight.run_facts import RunFacts
from engine.insight.spread import middle_half
from engine.insight.values import Attempt, Projection
from engine.jobs import ErrorCategory

NEEDED: Final = 20
"""Jobs of the same class and pass number; with fewer nothing is projected."""


@dataclass(frozen=True, slots=True)
class _Usual:
    """Shares (0 to 1) of success, low and high; of the others, how many are tried again."""

    low: float
    high: float
    retried: float


def projection(
    run: RunFacts, days: Sequence[DayFigures], waiting_for: str = ""
) -> Projection | None:
    """None without a live run, or where too few jobs of the last days were like those to come.

    ``waiting_for`` says who has to act on what will still be failed.
    """
    if not run.live or run.current == 0:
        return None
    low = high = 0.0
    parts: list[str] = []
    classes: Mapping[str, float] = _left(run)
    failed_now = _classes_of_failed(run)
    number = run.current if run.running else run.current + 1
    while number <= run.last_useful_pass and round(sum(classes.values())):
        step = _step(days, number, classes)
        if step is None:
            return None
        less, more, again = step
        low, high = low + less, high + more
        about = "" if not parts else "~"
        jobs = round(sum(classes.values()))
        parts.append(f"{run.labels.stage} {number}: +{_range(less, more)} of {about}{jobs}")
        classes = _sum(failed_now, again)
        failed_now = {}
        number += 1
    if not parts:
        return None
    return _projection(run, low, high, parts, waiting_for)


def _projection(
    run: RunFacts, low: float, high: float, parts: Sequence[str], waiting_for: str
) -> Projection:
    done, total = run.figures.success, run.figures.total
    least, most = done + round(low), min(total, done + round(high))
    percents = _range(100 * least / total, 100 * most / total) if total else "0"
    text = [*parts, f"end: {_range(least, most)} of {total} ({percents}%)"]
    if waiting_for:
        text.append(waiting_for)
    return Projection(low=least, high=most, total=total, text="   ".join(text))


def _step(
    days: Sequence[DayFigures], number: int, classes: Mapping[str, float]
) -> tuple[float, float, dict[str, float]] | None:
    """Successes of one pass, low and high, and what it leaves to be tried again, by class."""
    low = high = 0.0
    again: dict[str, float] = {}
    for kind, jobs in classes.items():
        if jobs <= 0:
            continue
        usual = _usual(days, number, kind)
        if usual is None:
            return None
        low += jobs * usual.low
        high += jobs * usual.high
        left = jobs * (1 - (usual.low + usual.high) / 2) * usual.retried
        after = str(ErrorCategory.INFRASTRUCTURE)  # what may be tried more than once again
        again[after] = again.get(after, 0.0) + left
    return low, high, again


def _usual(days: Sequence[DayFigures], number: int, kind: str) -> _Usual | None:
    """Of the same class and pass; where these are too few, of the same pass."""
    for wanted in (kind, ANY_CLASS):
        shares = [share for day in days if (share := day.classes.get((number, wanted)))]
        if sum(share.total for share in shares) >= NEEDED:
            return _of(shares)
    return None


def _of(shares: Sequence[Share]) -> _Usual | None:
    middle = middle_half([(share.success / share.total, share.total) for share in shares])
    if middle is None:
        return None
    failed = sum(share.total - share.success for share in shares)
    retried = sum(share.retried for share in shares)
    return _Usual(middle[0], middle[1], retried / failed if failed else 0.0)


# -- what is to come -------------------------------------------------------------------------------


def _left(run: RunFacts) -> dict[str, float]:
    """Jobs that the pass at hand, or the next one, has still to end, by the class of the failure
    before."""
    before = run.current - 1 if run.running else run.current
    here = run.histories.get(before + 1, PassHistory()).outcomes
    failed = {job.job_id for job in run.failed}
    classes: dict[str, float] = {}
    for job_id, outcome in run.histories.get(before, PassHistory()).outcomes.items():
        if may_follow(outcome) and job_id not in here and job_id not in failed:
            kind = _class(outcome)
            classes[kind] = classes.get(kind, 0.0) + 1
    rest = run.left - sum(classes.values())
    return _sum(classes, {FIRST_TRY: rest}) if rest > 0 else classes


def _classes_of_failed(run: RunFacts) -> dict[str, float]:
    """What a further pass takes up of what is failed now."""
    classes: dict[str, float] = {}
    for job in run.retryable:
        kind = str(job.category or ErrorCategory.UNKNOWN)
        classes[kind] = classes.get(kind, 0.0) + 1
    return classes


def _class(attempt: Attempt) -> str:
    return str(attempt.category or ErrorCategory.UNKNOWN)


def _sum(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {kind: one.get(kind, 0.0) + other.get(kind, 0.0) for kind in {**one, **other}}


def _range(low: float, high: float) -> str:
    """``4..9``, or one number where both are the same."""
    least, most = round(low), round(high)
    return str(least) if least == most else f"{least}..{most}"
