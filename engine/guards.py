"""What a supervisor looks after at each turn beside its work: its workers' life, cost, the day's
money (see each of the three)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.overtime import Overtime
from engine.spending import DailyLimit
from engine.watchdog import Watchdog, alarm_text

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator

OVERTIME_SECONDS = 2.0
MONEY_SECONDS = 5.0


class Guards:
    """The three guards of one run."""

    def __init__(self, run: Orchestrator, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._clock = clock
        self.watchdog = Watchdog(
            run.workers, run.settings, attempt_seconds=run.workload.attempt_seconds, clock=clock
        )
        self.overtime = Overtime(run, excused=lambda: self.watchdog.excused, clock=clock)
        self.money = DailyLimit(run)
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
