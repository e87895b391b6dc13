"""Notices a worker that is alive but of no use: it stands still, is stuck, or is lost in its job.

A process tells three things of itself: that it lives (a beat from a thread of its own), that its
own thread still comes by (``still`` in the beat), and what it does (every other message). Each has
a bound; a worker past one of them is ended like one that died, and what it held is settled so.
While this process itself stood still (a host that slept) no time is counted against anybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.worker_process import WorkerProcess, WorkerState

if TYPE_CHECKING:
    from engine.config import Settings
    from engine.supervision import Workers

STOOD_STILL_SECONDS = 5.0
"""Between two looks at most; what a gap is longer, this process itself is taken to have slept."""


@dataclass(slots=True)
class _Signs:
    """What one worker process last gave of itself, by the clock of this process."""

    heard: float
    """Anything at all."""
    told: float
    """Anything but that it lives."""
    still: float = 0.0
    """Seconds for which its own thread was overdue at its last beat."""


class Watchdog:
    """Watches the workers of one supervisor."""

    def __init__(
        self,
        workers: Workers,
        settings: Settings,
        *,
        attempt_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``attempt_seconds``: the most that an attempt may take by its workload's own bounds."""
        self._workers = workers
        self._clock = clock
        run, ledger = settings.run, settings.ledger
        self._silent_seconds = run.worker_silent_seconds
        # An outcome that cannot be written is tried for half a lease; that is no standstill.
        patience = ledger.stale_claim_seconds / 2 + 2 * ledger.lock_timeout_seconds
        self._stall_seconds = max(run.worker_stall_seconds, patience)
        self._lost_seconds = attempt_seconds + run.overtime_seconds
        self._signs: dict[tuple[int, int], _Signs] = {}
        """By slot and generation."""
        self._looked = clock()
        self.excused = 0.0
        """Seconds in all for which this process stood still itself."""

    def heard(self, worker: WorkerProcess, kind: str, message: Mapping[str, Any]) -> None:
        """A worker said something."""
        now = self._clock()
        signs = self._signs.setdefault((worker.slot, worker.generation), _Signs(now, now))
        signs.heard = now
        still = message.get("still", 0.0) if kind == "beat" else 0.0
        signs.still = float(still) if isinstance(still, int | float) else 0.0
        if kind != "beat":
            signs.told = now

    def look(self) -> list[WorkerProcess]:
        """Give up every worker that is of no use; returns those, with the reason in ``given_up``.

        Call it after what the workers said was heard. Those that start or stop have other bounds.
        """
        now = self._clock()
        self._excuse(now)
        found = []
        running = [w for w in self._workers.alive if w.state is WorkerState.RUNNING]
        keys = {(worker.slot, worker.generation) for worker in running}
        self._signs = {key: signs for key, signs in self._signs.items() if key in keys}
        for worker in running:
            signs = self._signs.get((worker.slot, worker.generation))
            why = self._why(worker, signs, now) if signs is not None else ""
            if why:
                self._workers.give_up(worker, why)
                found.append(worker)
        return found

    def _excuse(self, now: float) -> None:
        usual = min(STOOD_STILL_SECONDS, self._silent_seconds / 4)
        slept = now - self._looked - usual
        self._looked = now
        if slept > 0:
            self.excused += slept
            self._workers.excuse(slept)
            for signs in self._signs.values():
                signs.heard += slept
                signs.told += slept

    def _why(self, worker: WorkerProcess, signs: _Signs, now: float) -> str:
        silent, untold = now - signs.heard, now - signs.told
        if silent > self._silent_seconds:
            return f"gave no sign of life for {silent:.0f} s"
        if signs.still > self._stall_seconds:
            return f"was stuck for {signs.still:.0f} s"
        if worker.view.job_id and untold > self._lost_seconds:
            return f"told nothing of its job for {untold:.0f} s"
        return ""


def alarm_text(worker: WorkerProcess) -> str:
    """One line about a worker that was given up: who, why, and with what in hand."""
    view = worker.view
    phase = f" in phase {view.phase}" if view.phase else ""
    job = f", with job {view.job_id} ({view.key}){phase}" if view.job_id else ", without a job"
    doubt = "; past the point of no return: it may be in doubt" if view.submitted else ""
    return f"Worker {worker.slot} {worker.given_up}{job}{doubt}: it is ended."
