"""One line a pass: what it was, what it is, what the next ones will be (console-features 6.8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from engine.insight.attempts import PassHistory
from engine.insight.day_figures import may_follow
from engine.insight.forecast_values import PassAhead
from engine.insight.run_facts import RunFacts, Told, ended
from engine.insight.spread import ENOUGH, percent, quantile
from engine.insight.values import Attempt, PassLine
from engine.jobs import JobStatus
from engine.retry import STOPPED, PassResult, PassStats, stats_of

ENDED: Final = "ended"
RUNNING: Final = "running"
PLANNED: Final = "planned"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast the run goes, and how often a job of it fails in a way that is tried again."""

    per_minute: float | None
    """Jobs ended, of the present pass or of the whole run."""
    seconds: float | None
    """Median of an attempt."""
    again: float
    """Share (0 to 1) of the ended attempts that a further pass tries again."""


def pass_lines(run: RunFacts, ahead: Sequence[PassAhead] = ()) -> list[PassLine]:
    """All passes, oldest first, those to come at the end: as the trade told of them, else as the
    forecast has them, and where it can tell nothing by the run's own pace."""
    numbers = sorted({*run.histories, *run.told, *([run.current] if run.current else [])})
    lines = [_line(run, number) for number in numbers if number <= run.current]
    if run.named:
        return [*lines, *(_told_of(run, one) for one in numbers if one > run.current)]
    coming = [_ahead(one) for one in ahead if one.number > run.current and round(one.jobs)]
    return [*lines, *(coming or _planned(run))]


def pace(run: RunFacts) -> Pace:
    """Of the present pass once five of its jobs have ended, before that of the whole run."""
    here = [attempt for attempt in run.attempts if attempt.pass_number == run.current]
    tries = ended(here)
    if len(tries) < ENOUGH:
        here, tries = list(run.attempts), ended(run.attempts)
    again = sum(may_follow(attempt) for attempt in tries) / len(tries) if tries else 0.0
    start = min((attempt.claimed_at for attempt in here), default=None)
    end = run.now if run.running else max((a.ended_at for a in tries if a.ended_at), default=None)
    return Pace(
        per_minute=_per_minute(len(tries), start, end),
        seconds=quantile(_seconds(tries), 0.5),
        again=again if len(tries) >= ENOUGH else 0.0,
    )


# -- past and present ------------------------------------------------------------------------------


def _line(run: RunFacts, number: int) -> PassLine:
    history = run.histories.get(number, PassHistory())
    told = run.told.get(number, Told())
    stats = stats_of(number, history)
    running = run.running and number == run.current
    started = told.start or stats.start_time
    end = None if running else told.end or stats.end_time
    tries = [attempt for attempt in run.attempts if attempt.pass_number == number]
    seconds = _seconds(ended(tries))
    count = stats.succeeded + stats.failed
    return PassLine(
        number=number,
        state=RUNNING if running else ENDED,
        started=started,
        ended=end,
        seconds=(max(0.0, ((end or run.now) - started).total_seconds()) if started else None),
        jobs=_jobs(run, number, history, told),
        success=stats.succeeded,
        infrastructure=stats.failed_infrastructure,
        account=stats.failed_account,
        content=stats.failed_content,
        unknown=stats.failed_unknown + stats.failed_internal,
        in_doubt=stats.in_doubt,
        rate=percent(stats.succeeded, count),
        per_minute=_per_minute(count, started, end or run.now),
        median_seconds=quantile(seconds, 0.5),
        p90_seconds=quantile(seconds, 0.9),
        keys=len({attempt.key for attempt in tries}),
        minutes=sum(_spent(attempt, run) for attempt in tries) / 60,
        result=f"running, {run.left} to go" if running else _result(run, number, stats, told),
        label=told.label,
        note=told.note,
    )


def _jobs(run: RunFacts, number: int, history: PassHistory, told: Told) -> int:
    """What the pass was given; where the supervisor did not say so, what is known to be its."""
    jobs = max(told.jobs, len(history.outcomes))
    if told.jobs or number != run.current or not run.live:
        return jobs
    again = (JobStatus.PENDING, JobStatus.RETRYING, JobStatus.CLAIMED)
    open_again = sum(outcome.status in again for outcome in history.outcomes.values())
    return max(jobs, len(history.outcomes) - open_again + run.left)


def _result(run: RunFacts, number: int, stats: PassStats, told: Told) -> str:
    if told.result or told.label:
        return told.result or (run.result if number == run.current else "")
    more = bool(run.left or run.retryable)
    if number < run.current or (run.live and more):
        return PassResult.RETRYABLE_REMAINING
    if run.result:
        return run.result
    figures = run.figures
    if more:
        allowed = number >= run.passes_allowed
        return PassResult.MAX_PASSES_REACHED if allowed else STOPPED
    done = figures.success + figures.skipped == figures.total
    return PassResult.ALL_COMPLETE if done else PassResult.ONLY_NON_RETRYABLE


def _seconds(tries: Sequence[Attempt]) -> list[float]:
    """How long they took; one of an unknown length counts for nothing."""
    return [spent for attempt in tries if (spent := attempt.seconds) is not None and spent > 0]


def _spent(attempt: Attempt, run: RunFacts) -> float:
    """Seconds that something was held for it; until now while it is under way."""
    if attempt.seconds is not None:
        return max(0.0, attempt.seconds)
    return max(0.0, (run.now - attempt.claimed_at).total_seconds()) if run.live else 0.0


def _per_minute(count: int, start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None or count < ENOUGH:
        return None
    minutes = (end - start).total_seconds() / 60
    return count / minutes if minutes > 0 else None


def _told_of(run: RunFacts, number: int) -> PassLine:
    """A stage to come, of which the trade has told."""
    told = run.told[number]
    return PassLine(
        number=number,
        state=PLANNED,
        started=None,
        ended=None,
        seconds=None,
        jobs=told.jobs,
        result=told.result or PLANNED,
        label=told.label,
        note=told.note,
    )


# -- to come ---------------------------------------------------------------------------------------


def expected_sizes(run: RunFacts, again: float) -> Iterator[tuple[int, float]]:
    """(number, jobs) of each pass to come: what may be tried again now, with the expected failures
    of what is left; ``again`` is the share of attempts that fail so."""
    if not run.live or run.current == 0:
        return
    between = not run.running
    size = float(run.left if between else len(run.retryable) + run.left * again)
    for number in range(run.current + 1, run.last_useful_pass + 1):
        if round(size) < 1:
            return
        yield number, size
        size *= again


def _ahead(one: PassAhead) -> PassLine:
    return PassLine(
        number=one.number,
        state=PLANNED,
        started=one.starts,
        ended=one.ends,
        seconds=(one.ends - one.starts).total_seconds(),
        jobs=round(one.jobs),
        minutes=one.minutes,
        result=PLANNED,
    )


def _planned(run: RunFacts) -> Iterator[PassLine]:
    speed = pace(run)
    per_minute = speed.per_minute
    delay = timedelta(seconds=run.config.retry_delay_seconds)
    start = run.waiting_until if not run.running else _after(run.now, run.left, per_minute, delay)
    for number, size in expected_sizes(run, speed.again):
        end = _after(start, size, per_minute)
        seconds = (end - start).total_seconds() if start and end else None
        yield PassLine(
            number=number,
            state=PLANNED,
            started=start,
            ended=end,
            seconds=seconds,
            jobs=round(size),
            minutes=size * (speed.seconds or 0.0) / 60,
            result=PLANNED,
        )
        start = end and end + delay


def _after(
    start: datetime | None, jobs: float, per_minute: float | None, more: timedelta = timedelta(0)
) -> datetime | None:
    """When so many jobs will be done; None where nobody can tell."""
    if start is None or (jobs and not per_minute):
        return None
    return start + timedelta(minutes=jobs / per_minute if per_minute else 0.0) + more
