"""What a supervisor looks after at each turn beside its work: its workers' life, cost, the day's
money, and their number where that follows the host (see each of the four)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.overtime import Overtime
from engine.spending import DailyLimit
from engine.watchdog import Watchdog, alarm_text

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator
    from engine.scaling import WorkerScaling

OVERTIME_SECONDS = 2.0
MONEY_SECONDS = 5.0


class Guards:
    """The guards of one run."""

    def __init__(self, run: Orchestrator, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._clock = clock
        self.watchdog = Watchdog(
            run.workers, run.settings, attempt_seconds=run.workload.attempt_seconds, clock=clock
        )
        self.overtime = Overtime(run, excused=lambda: self.watchdog.excused, clock=clock)
        self.money = DailyLimit(run)
        self._scaling = _scaling(run) if run.settings.host.scaling else None
        self._overtime_due = self._money_due = clock()

    def turn(self) -> None:
        """Look at what is due; call it when what the workers said was heard."""
        for worker in self.watchdog.look():
            self._run.news.alarm(alarm_text(worker), worker=worker.slot)
        now = self._clock()
        self.overtime.collect()
        if now >= self._overtime_due:
            self._overtime_due = now + OVERTIME_SECONDS
            self.overtime.look()
        if now >= self._money_due:
            self._money_due = now + MONEY_SECONDS
            self.money.look()
        if self._scaling is not None and _is_under_way(self._run):
            self._scaling.turn()

    def close(self) -> None:
        """The run is over."""
        if self._scaling is not None:
            self._scaling.close()

    def scaling_facts(self) -> dict[str, Any] | None:
        """For the status: the host and the number of workers; None where that is not scaled."""
        return None if self._scaling is None else self._scaling.facts()


def _is_under_way(run: Orchestrator) -> bool:
    """It has a plan, so that there are jobs to count; before, it cleans up and seeds."""
    return run.plan is not None and not run.stopping()


def _scaling(run: Orchestrator) -> WorkerScaling:
    """What it needs is loaded only where it is asked for."""
    from engine.scaling import WorkerScaling

    return WorkerScaling(
        run.workers,
        run.settings.host,
        open_jobs=lambda most: run.ledger.open_jobs(at_most=most),
        news=run.news,
    )
