"""The report of a run's passes: everything that the Passes screen shows (console-features 6.8).

Folded from the ledger's rows, so it is the same after a restart and equal to what the run says of
itself (``RetryPassManager.stats``); the supervisor's status adds only what no row tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from engine.insight import clusters
from engine.insight.attempts import AttemptFold
from engine.insight.day_figures import DayFigures
from engine.insight.forecast_values import PassAhead
from engine.insight.pass_lines import PLANNED, RUNNING, pass_lines
from engine.insight.past_days import DAYS, WEEK, PastDays, by_key, by_try
from engine.insight.projection import projection
from engine.insight.remarks import remarks
from engine.insight.run_facts import RunFacts, ended, gather
from engine.insight.values import Cluster, PassLine, PassReport
from engine.jobs import ErrorCategory, JobStatus
from engine.workloads.labels import GENERIC, Labels, plural

if TYPE_CHECKING:
    from engine.progress import ProgressTracker
    from engine.retry import RetryConfig

BIN: Final = timedelta(minutes=10)
_MOST_BINS: Final = 144


def pass_report(
    *,
    ledger: ProgressTracker,
    fold: AttemptFold,
    status: Mapping[str, Any] | None,
    config: RetryConfig,
    price: float,
    now: datetime,
    history: PastDays | None = None,
    labels: Labels = GENERIC,
    blocked: Mapping[str, int] | None = None,
    ahead: Sequence[PassAhead] = (),
) -> PassReport:
    """The live run's passes, without one those of the last run in the ledger; empty without any.

    ``status`` is the snapshot of a live run, or of one that told how it ended. ``price`` is of one
    minute. ``history`` is asked for what it has read so far. ``blocked`` jobs by
    reason, where that is known; ``ahead`` are the passes to come, as forecast. Raises
    LedgerUnreadableError.
    """
    if not ledger.exists():
        return PassReport()
    run = gather(
        ledger=ledger,
        fold=fold,
        status=status,
        config=config,
        now=now,
        blocked=blocked,
        labels=labels,
    )
    month, week, before = _days(history, fold, now)
    failed = clusters.failed_now(run)
    by_type = clusters.attempts_failed(run)
    tried = {attempt.key for attempt in run.attempts}
    keys = clusters.key_tallies(run, by_key(month, tried))
    workers = clusters.worker_tallies(run)
    lines = pass_lines(run, ahead)
    return PassReport(
        run_id=run.run_id,
        limits=limits(run),
        passes=lines,
        failed_now=failed,
        attempts_failed=by_type,
        keys=keys,
        workers=workers,
        bins=ten_minutes(run),
        projection=projection(run, before, _people(failed, "will still need")),
        remarks=remarks(
            run,
            clusters=by_type,
            keys=keys,
            workers=workers,
            tries=by_try(week),
            key_label=labels.key,
        ),
        next_text=_next(run, lines, failed, price),
    )


def limits(run: RunFacts) -> str:
    """The limits of the run, in words."""
    if run.limits:
        return run.limits
    config = run.config
    passes = run.passes_allowed
    if run.named:
        return f"{passes} {plural(run.labels.stage, passes)}"
    unknown = "1 retry" if config.retry_unknown else "not retried"
    return (
        f"up to {passes} {plural(run.labels.stage, passes)}, "
        f"{config.retry_delay_seconds:g}s apart, "
        f"infrastructure {config.infrastructure_limit} tries, unclassified {unknown}"
    )


def ten_minutes(run: RunFacts) -> list[tuple[datetime, int, int]]:
    """(start, successes, failures) of each ten minutes since the first claim, a day at most."""
    tries = [(attempt, at) for attempt in ended(run.attempts) if (at := attempt.ended_at)]
    if not tries:
        return []
    start = min(attempt.claimed_at for attempt in run.attempts)
    last = max([at for _, at in tries] + ([run.now] if run.live else []))
    number = max(0, (last - start) // BIN) + 1
    counts = [[0, 0] for _ in range(min(number, _MOST_BINS))]
    first = number - len(counts)
    for attempt, at in tries:
        place = (at - start) // BIN - first
        if 0 <= place < len(counts):
            counts[place][attempt.status is not JobStatus.SUCCESS] += 1
    return [(start + BIN * (first + place), good, bad) for place, (good, bad) in enumerate(counts)]


def _days(
    history: PastDays | None, fold: AttemptFold, now: datetime
) -> tuple[Sequence[DayFigures], Sequence[DayFigures], Sequence[DayFigures]]:
    """Of thirty days and of seven with today's, and of the seven days before today."""
    if history is None:
        return (), (), ()
    here = history.of(fold)
    return (
        history.days(now, DAYS, here),
        history.days(now, WEEK, here),
        history.days(now, WEEK, here, today=False),
    )


# -- what comes next ------------------------------------------------------------------------------


def _next(run: RunFacts, lines: Sequence[PassLine], failed: Sequence[Cluster], price: float) -> str:
    parts = list(_to_come(run, lines, price))
    people = _people(failed, "wait for")
    if people:
        parts.append(people)
    if run.live and run.passes_allowed > run.current:
        last = f"{run.labels.stage} {run.passes_allowed}"
        if run.named:
            return "; ".join([*parts, f"ends after {last}"])
        parts.append(f"ends when nothing retryable is left or after {last}")
    elif run.live:
        parts.append(f"ends after {run.labels.stage} {run.current}")
    return "; ".join(parts)


def _to_come(run: RunFacts, lines: Sequence[PassLine], price: float) -> Iterator[str]:
    if not run.live:
        last = next((line for line in reversed(lines) if line.state != PLANNED), None)
        yield f"no run is live; the last one ended {last.result}" if last else "no run is live"
        return
    words = []
    for line in lines:
        if line.state == RUNNING:
            words.append(f"{_jobs(run.left)} left in {_named(line, run)}")
        elif line.state == PLANNED:
            cost = f" (~${line.minutes * price:.2f})" if line.minutes * price >= 0.005 else ""
            words.append(f"~{line.jobs} in {_named(line, run)}{cost}")
    if words:
        yield ", then ".join(words)


def _named(line: PassLine, run: RunFacts) -> str:
    """``pass 2``, or what the trade calls it."""
    return line.label or f"{run.labels.stage} {line.number}"


def _people(failed: Sequence[Cluster], verb: str) -> str:
    """``5 jobs wait for a person, 1 for a new file``: what no pass will solve."""
    kinds = (
        (ErrorCategory.ACCOUNT, "a person"),
        (ErrorCategory.CONTENT, "a new file"),
        (ErrorCategory.IN_DOUBT, "your word (in doubt)"),
    )
    counts = [
        (sum(one.count for one in failed if one.category is kind), who) for kind, who in kinds
    ]
    found = [(count, who) for count, who in counts if count]
    if not found:
        return ""
    (count, who), *rest = found
    link = " for" if verb.endswith("for") else ""
    first = f"{_jobs(count)} {_singular(verb) if count == 1 else verb} {who}"
    return ", ".join([first, *(f"{number}{link} {whom}" for number, whom in rest)])


def _singular(verb: str) -> str:
    return verb.replace("wait ", "waits ", 1)


def _jobs(count: int) -> str:
    return f"{count} job{'s' if count != 1 else ''}"
