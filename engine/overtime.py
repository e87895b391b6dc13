"""Ends what costs and is held longer than its job may take, whoever holds it and however it does.

The workload's own bounds end every attempt in time; this is for when they fail (a worker that
hangs, a release that was lost). Age is counted by this process's own clock from the moment it first
saw the resource, so a clock that was set makes none old.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.aftermath import receipts_of
from engine.worker_process import WorkerProcess, WorkerState

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator
    from engine.workloads.base import Receipt, ResourceState

AGAIN_SECONDS = 60.0
"""A resource that did not go is tried again after this."""

_Key = tuple[str, datetime | None, str]
"""Id, since when, for which job: one holding of one resource."""


@dataclass(slots=True)
class _Held:
    seen: float
    """First, by this process's clock."""
    told: bool = False
    again: float = 0.0
    """Not tried before."""


class Overtime:
    """Watches the resources of one run."""

    def __init__(
        self,
        run: Orchestrator,
        *,
        excused: Callable[[], float] = lambda: 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``excused``: seconds so far for which this process stood still; they do not count."""
        self._excused = excused
        self._run = run
        self._clock = clock
        self.limit = run.workload.attempt_seconds + run.settings.run.overtime_seconds
        """Seconds for which one may be held."""
        self._held: dict[_Key, _Held] = {}
        self._releases: list[Future[Sequence[Receipt]]] = []

    def look(self) -> None:
        """End what is held for too long: through its worker where one holds it, else directly."""
        now = self._clock() - self._excused()
        states = {
            (state.id, state.since, state.job_id): state
            for state in self._run.workload.resources(ask=False)
            if state.ours and not self._belongs_to_worker(state)
        }
        self._held = {key: self._held.get(key) or _Held(now) for key in states}
        for key, held in self._held.items():
            if now - held.seen > self.limit:
                self._end(states[key], held, now)

    def _end(self, state: ResourceState, held: _Held, now: float) -> None:
        name = f"{self._run.workload.labels.resource} {state.label}"
        if not held.told:
            held.told = True
            minutes = (now - held.seen) / 60
            self._run.news.alarm(
                f"{name} has been on for {minutes:.0f} min, longer than a job may take "
                f"({self.limit / 60:.0f} min): it is stopped.",
                id=state.id,
            )
        worker = self._holder(state)
        if worker is not None:
            # Its end releases what it held; a worker that does not end is killed in time.
            if worker.state is WorkerState.RUNNING:
                self._run.workers.give_up(worker, f"held {name} for too long")
            return
        if now >= held.again:
            held.again = now + AGAIN_SECONDS
            work = self._run.aftermath.in_background(lambda: self._run.workload.release([state.id]))
            self._releases.append(work)

    def _belongs_to_worker(self, state: ResourceState) -> bool:
        """A living worker may have it for as long as it lives."""
        if not self._run.workload.keeps_resource or state.slot is None:
            return False
        worker = self._run.workers.slots.get(state.slot)
        return worker is not None and worker.alive

    def _holder(self, state: ResourceState) -> WorkerProcess | None:
        """The worker that works with it, or is being buried; None where nobody does."""
        worker = None if state.slot is None else self._run.workers.slots.get(state.slot)
        if worker is None:
            return None
        if worker.state is WorkerState.CLEANING:
            return worker
        held = worker.view.jobs if worker.alive else {}
        return worker if held and state.job_id in ("", *held) else None

    def collect(self) -> None:
        """Tell what became of releases that have ended."""
        for work in [work for work in self._releases if work.done()]:
            self._releases.remove(work)
            self._run.aftermath.tell(receipts_of(work), why="it was on for too long")
