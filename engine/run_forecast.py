"""The forecast that a supervisor writes into its status: the model that viewers use, from what its
workers told it.

Kept up attempt by attempt, so that writing the status costs the same however long the run is. A
supervisor that goes on with a run knows the attempts since its own start, and what those of the
days before took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.insight.as_json import as_json
from engine.insight.forecast import Ahead, Day, Hand, forecast
from engine.insight.forecast_values import PAST_DAYS, THIS_RUN
from engine.insight.measured import AttemptCost, Measured, ended_told
from engine.insight.operators_day import day_began, midnight_in
from engine.insight.paced import Paced
from engine.insight.prospect import calls_per_attempt, in_pass_delay, most_tries, start_seconds
from engine.insight.timings import Timings
from engine.jobs import ErrorCategory
from engine.worker_process import WorkerProcess, WorkerState

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator

_TAKES_NONE = frozenset({WorkerState.STOPPING, WorkerState.STOPPED, WorkerState.FATAL})
_SECONDS = 0.5
"""Between two forecasts."""
_MOVING = frozenset({"running", "waiting"})
"""Phases of a run in which jobs are taken, or will be."""


class RunForecast:
    """Of one run."""

    def __init__(self, run: Orchestrator) -> None:
        self._run = run
        self._measured = Measured()
        self._past: Measured | None = None
        """Read once, where the run itself tells too little."""
        self._claimed: dict[int, datetime] = {}
        """When each worker with a job took it."""
        self._ended: tuple[datetime | None, int] = (None, 0)
        """Beginning of the day, and attempts that ended since."""
        self._facts: Paced[Mapping[str, Any]] = Paced({}, at_least=_SECONDS)

    def heard(self, slot: int, kind: str, message: Mapping[str, Any]) -> None:
        """A worker said something."""
        if kind == "job":
            self._claimed[slot] = self._run.now()
        elif kind in ("outcome", "hello"):
            self._claimed.pop(slot, None)
        if kind != "outcome":
            return
        now, stage = self._run.now(), self._run.stage
        ended = ended_told(message, str(slot), stage.number if stage is not None else 0, now)
        if ended is not None:
            self._measured.take(ended)
            began = day_began(now, self._run.settings.zone)
            self._ended = (began, 1 + self._ended_today(began))

    def facts(self, totals: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        """For the status; ``totals`` are the ledger's figures. Worked out twice a second at most:
        a run of many short jobs writes its status far more often."""
        if self._moving:
            return self._facts.get(now, lambda: self._worked_out(totals, now))
        return self._worked_out(totals, now)

    @property
    def _moving(self) -> bool:
        run = self._run
        return (run.between_stages or run.phase in _MOVING) and not run.control.paused

    def _worked_out(self, totals: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        ahead = self._ahead(totals, now)
        found = forecast(ahead, self._cost() if ahead.moving else None, now)
        rate = ahead.per_minute
        hourly = None if rate is None else round(rate * 60, 1)
        stages = self._stages(found.next_pass_at)
        return {**as_json(found), "jobs_per_hour": hourly, **stages}

    def _stages(self, at: datetime | None) -> dict[str, Any]:
        """Number of the stage that may follow, and when it would begin; None where none may."""
        run = self._run
        number: int | None = None
        if run.plan is not None and not run.stopping():
            number = (run.stage.number if run.stage is not None else 0) + 1
            number = number if number <= run.plan.max_passes else None
        begins = at.isoformat(timespec="seconds") if number is not None and at else None
        return {"next_stage": number, "next_stage_at": begins}

    def _cost(self) -> AttemptCost | None:
        run = self._run
        pause = run.settings.run.delay_between_jobs_seconds
        stage = run.stage.number if run.stage is not None else 0
        found = self._measured.cost(THIS_RUN, stage, pause=pause)
        return found or self._of_past_days().cost(PAST_DAYS, pause=pause)

    def _of_past_days(self) -> Measured:
        if self._past is None:
            timings = Timings(self._run.run_dir, self._run.now)
            timings.update()
            self._past = timings.past()
        return self._past

    # -- what is ahead -----------------------------------------------------------------------------

    def _ahead(self, totals: Mapping[str, Any], now: datetime) -> Ahead:
        run = self._run
        settings, retry = run.settings, run.settings.retry
        claimed = totals["claimed"]
        under_way = sorted(_since(at, now) for at in self._claimed.values())[:claimed]
        waiting = totals["pending"] + totals["retrying"] - sum(totals["blocked"].values())
        return Ahead(
            waiting=max(0, waiting),
            under_way=[*under_way, *[0.0] * (claimed - len(under_way))],
            hands=self._hands(now),
            to_retry=_to_retry(totals, unknown=retry.retry_unknown),
            stage=run.stage.number if run.stage is not None else 0,
            stages=run.plan.max_passes if run.plan is not None else retry.max_passes,
            tries=most_tries(retry.infrastructure_limit),
            delay_seconds=retry.delay_seconds,
            tries_in_pass=retry.attempts_per_pass,
            in_pass_delay_seconds=in_pass_delay(retry),
            waiting_until=run.waiting_until,
            moving=self._moving,
            most_workers=settings.run.max_workers,
            start_seconds=start_seconds(settings.run),
            per_minute=self._per_minute(now),
            day=self._day(now),
        )

    def _hands(self, now: datetime) -> Sequence[Hand]:
        run = self._run
        found: list[Hand] = []
        unstarted = 0
        for slot, worker in sorted(run.workers.slots.items()):
            held = slot in run.control.held_workers
            if not worker.wanted or worker.state in _TAKES_NONE or held:
                continue
            if worker.view.job_id and slot in self._claimed:
                found.append(Hand(job_for=_since(self._claimed[slot], now)))
                continue
            unstarted += worker.state is WorkerState.WAITING
            wait = start_seconds(run.settings.run) * unstarted
            shaky = worker.state is WorkerState.BACKOFF
            found.append(Hand(ready_in=_ready_in(worker, wait, now), shaky=shaky))
        return found

    def _per_minute(self, now: datetime) -> float | None:
        minutes = (now - self._run.started_at).total_seconds() / 60
        ended = self._measured.attempts
        return ended / minutes if ended and minutes > 0 else None

    def _day(self, now: datetime) -> Day:
        run, zone = self._run, self._run.settings.zone
        spent, money = run.guards.money.spent, run.guards.money.facts()
        midnight = midnight_in(now, zone) if run.workload.daily else None
        if spent is None:
            return Day(midnight_in=midnight)
        ended = self._ended_today(day_began(now, zone))
        return Day(
            price=run.workload.price_per_minute,
            minutes=spent.minutes,
            spent=spent.total,
            limit=0.0 if money["unlimited"] else money["limit"],
            calls=spent.paid_calls,
            calls_per_attempt=calls_per_attempt(spent.paid_calls, ended),
            midnight_in=midnight,
        )

    def _ended_today(self, began: datetime) -> int:
        return self._ended[1] if self._ended[0] == began else 0


def _to_retry(totals: Mapping[str, Any], *, unknown: bool) -> int:
    """Failed jobs of a kind that another pass takes, as far as counts tell."""
    kinds = [ErrorCategory.INFRASTRUCTURE, *[ErrorCategory.UNKNOWN] * unknown]
    return sum(totals["by_category"].get(str(kind), 0) for kind in kinds)


def _ready_in(worker: WorkerProcess, wait: float, now: datetime) -> float:
    if worker.restart_due is not None:
        return max(0.0, (worker.restart_due - now).total_seconds())
    return wait if worker.state is WorkerState.WAITING else 0.0


def _since(moment: datetime, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds())
