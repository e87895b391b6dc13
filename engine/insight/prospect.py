"""What a live run has before it, gathered for its forecast from what is known of the moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.insight.forecast import Ahead, Day, Hand
from engine.insight.operators_day import midnight_in
from engine.insight.spread import ENOUGH
from engine.taxonomy.types import UNKNOWN_LIMIT

if TYPE_CHECKING:
    from engine.config import Retry, Run, Settings
    from engine.insight.looks import Looked
    from engine.insight.outlook import Policy
    from engine.insight.situation import Situation
    from engine.insight.status_file import RunStatus, StatusWorker
    from engine.insight.values import Money
    from engine.workloads.paid_calls import PaidCalls

READY_SECONDS: Final = 10.0
"""From a worker's start until it takes its first job; by readiness, until the next is started."""
_GONE: Final = frozenset({"stopped", "fatal", "stopping"})
"""Processes that take no further job."""
_ENDING: Final = frozenset({"stopping", "finishing", "ended", "failed"})


def ahead_of(
    now: Situation,
    policy: Policy,
    settings: Settings,
    *,
    day: Day,
    per_minute: float | None,
    as_of: datetime,
) -> Ahead:
    """Without a live run nothing moves."""
    status, standing, retry = now.status, now.standing, policy.retry
    beyond, longest = standing.queues()
    blocked = sum(now.blocked.values())
    claims = [line.job.claimed_at for line in standing.claimed.values()]
    return Ahead(
        waiting=max(0, len(standing.waiting) - blocked - beyond),
        under_way=[_seconds(since, as_of) for since in claims],
        hands=() if status is None else _hands(status, now, settings.run, as_of),
        keys=standing.open_keys,
        longest=longest,
        to_retry=standing.to_retry,
        stage=policy.current_pass,
        stages=retry.max_passes,
        tries=most_tries(retry.infrastructure_limit),
        delay_seconds=retry.retry_delay_seconds,
        tries_in_pass=settings.retry.attempts_per_pass,
        in_pass_delay_seconds=in_pass_delay(settings.retry),
        waiting_until=status.waiting_until if status is not None else None,
        moving=status is not None and not status.paused and status.state not in _ENDING,
        most_workers=settings.run.max_workers,
        start_seconds=start_seconds(settings.run),
        per_minute=per_minute,
        day=day,
    )


def day_of(now: Situation, looked: Looked, money: Money, ended_today: int, as_of: datetime) -> Day:
    """What the day has cost so far; ``ended_today``: attempts."""
    status = now.status
    limited = status is not None and not status.money.unlimited
    return Day(
        price=money.price_per_minute,
        minutes=money.minutes_today,
        spent=money.today,
        limit=money.limit if limited else 0.0,
        calls=looked.calls,
        calls_per_attempt=calls_per_attempt(looked.calls, ended_today),
        midnight_in=midnight_in(as_of, now.zone) if now.daily else None,
    )


def calls_per_attempt(calls: PaidCalls, ended_today: int) -> float | None:
    """None where too few attempts tell."""
    return calls.made / ended_today if ended_today >= ENOUGH else None


def most_tries(infrastructure_limit: int) -> int:
    """Attempts that a job may have in all, of the most patient class of failure."""
    return max(infrastructure_limit, UNKNOWN_LIMIT)


def start_seconds(run: Run) -> float:
    """From the start of one worker until the next may take a job."""
    if run.stagger == "clock":
        return run.stagger_seconds
    return min(run.stagger_seconds, READY_SECONDS)


def in_pass_delay(retry: Retry) -> float:
    """Seconds before another try in the same pass."""
    return retry.in_pass_delay_minutes * 60


def _hands(status: RunStatus, now: Situation, run: Run, as_of: datetime) -> Sequence[Hand]:
    """The workers that take jobs. A run that names none yet has those of the settings."""
    if not status.workers:
        return [Hand(ready_in=start_seconds(run) * place) for place in range(run.workers)]
    claimed = {job_id: line.job.claimed_at for job_id, line in now.standing.claimed.items()}
    found: list[Hand] = []
    unstarted = 0
    for worker in status.workers:
        if worker.process in _GONE or worker.slot in status.held.workers:
            continue
        if worker.job in claimed:
            found.append(Hand(job_for=_seconds(claimed[worker.job], as_of)))
            continue
        unstarted += worker.process == "waiting"
        ready_in = _ready_in(worker, unstarted, run, as_of)
        found.append(Hand(ready_in=ready_in, shaky=worker.process == "backoff"))
    return found


def _ready_in(worker: StatusWorker, unstarted: int, run: Run, as_of: datetime) -> float:
    if worker.restart_at is not None:
        return max(0.0, (worker.restart_at - as_of).total_seconds())
    return start_seconds(run) * unstarted if worker.process == "waiting" else 0.0


def _seconds(since: datetime | None, as_of: datetime) -> float:
    return 0.0 if since is None else max(0.0, (as_of - since).total_seconds())
