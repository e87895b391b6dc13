"""The number of workers follows CPU and memory (``host.scaling``, behaviour C7): it begins with
one, and stays between that and what the operator asked for.

The policy says when (``engine.host.policy``); here it is carried out on the supervisor's slots. Who
leaves finishes its job first, and claims no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.host.monitor import HostMonitor
from engine.host.policy import Decision, Limits, Moment
from engine.host.scaler import Scaler
from engine.worker_process import WorkerProcess, WorkerState

if TYPE_CHECKING:
    from engine.host.samples import HostSample
    from engine.settings_host import Host
    from engine.supervision import Workers

SETTLED_SECONDS: Final = 2.0
"""After it was told to claim nothing more, a worker's last claim has been heard by then."""

MOST_COUNTED: Final = 1000
"""Jobs are counted up to so many: more than any number of workers."""


class Tells(Protocol):
    """Where changes are told: the supervisor's news."""

    def emit(self, event: str, **fields: Any) -> None: ...


class Watches(Protocol):
    """What looks at the host: a ``HostMonitor``."""

    @property
    def latest(self) -> HostSample | None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def follow(self, roots: Mapping[str, int]) -> None: ...


class WorkerScaling:
    """One more guard of a run: call ``turn`` at each turn, ``close`` at its end."""

    def __init__(
        self,
        workers: Workers,
        host: Host,
        *,
        open_jobs: Callable[[int], int],
        news: Tells,
        monitor: Watches | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``open_jobs``: jobs that are claimed or wait, counted up to so many.

        All slots but the first are put aside.
        """
        self._workers = workers
        self._open_jobs = open_jobs
        self._news = news
        self._clock = clock
        self._monitor: Watches = monitor or HostMonitor(interval=host.sample_seconds)
        limits = Limits.of(host, most=workers.asked)
        self._scaler = Scaler(limits)
        self._aside: set[int] = set()
        """Slots that scaling took away; only those it gives back."""
        self._told: dict[int, float] = {}
        """When a slot was told to leave."""
        for slot in sorted(workers.slots)[limits.least :]:
            self._put_aside(workers.slots[slot])
        self._monitor.start()

    def close(self) -> None:
        """Stop looking at the host. Safe to repeat."""
        self._monitor.stop()

    def facts(self) -> dict[str, Any]:
        """For the status: what the host uses, and what was decided last and why."""
        sample, latest = self._monitor.latest, self._scaler.latest
        return {
            "cpu": sample and sample.cpu,
            "memory_used": sample and sample.used,
            "free_bytes": sample and sample.free,
            "workers": len(self._there()),
            "most": self._workers.asked,
            "leaving": sorted(self._workers.leaving),
            "why": latest.reason if latest else "",
        }

    @property
    def changes(self) -> tuple[Decision, ...]:
        """The last changes, oldest first."""
        return self._scaler.changes

    def turn(self) -> None:
        """Dismiss who has finished; at a new look at the host carry out what follows from it."""
        self._let_go()
        sample = self._monitor.latest
        there = self._there()
        if sample is None or not there:  # the last one was stopped by the operator, or given up
            return
        self._scaler.limits = replace(self._scaler.limits, most=len(there) + len(self._to_be_had()))
        decision = self._scaler.see(self._moment(sample, there))
        if decision is None:
            return
        self._monitor.follow(self._roots())
        if decision.change:
            self._carry_out(decision, there)

    # -- what there is ---------------------------------------------------------------------------

    def _there(self) -> list[WorkerProcess]:
        """Workers that there should be and that are not leaving."""
        workers = self._workers
        return [
            worker
            for worker in workers.wanted
            if worker.slot not in workers.leaving and worker.state is not WorkerState.FATAL
        ]

    def _roots(self) -> dict[str, int]:
        alive = self._workers.alive
        return {str(w.slot): w.popen.pid for w in alive if w.popen is not None}

    def _moment(self, sample: HostSample, there: list[WorkerProcess]) -> Moment:
        workers = self._workers
        going = [w for w in workers.alive if w.slot in workers.leaving or not w.wanted]
        busy = [worker for worker in there if worker.view.jobs]
        held = sum(bool(worker.view.jobs) for worker in going)
        waiting = 0
        if not workers.orders.get("paused"):
            waiting = max(0, self._open_jobs(MOST_COUNTED) - len(busy) - held)
        cores = [
            tree.cores
            for worker in busy
            if (tree := sample.trees.get(str(worker.slot))) and tree.cores is not None
        ]
        return Moment(
            host=sample,
            workers=len(there),
            busy=len(busy),
            waiting=waiting,
            starting=sum(not worker.alive or worker.coming_up for worker in there),
            leaving=len(going),
            worker_cores=sum(cores) / len(cores) if cores else None,
        )

    # -- what is done ----------------------------------------------------------------------------

    def _carry_out(self, decision: Decision, there: list[WorkerProcess]) -> None:
        slot = self._one_more() if decision.change > 0 else self._one_less(there)
        if slot is None:
            return
        self._news.emit(
            "scaled",
            worker=slot,
            before=decision.before,
            after=decision.after,
            cause=decision.cause.value,
            text=decision.reason,
        )

    def _one_more(self) -> int | None:
        """A slot that was put aside is wanted again, if there is one that the operator wants."""
        slot = min(self._to_be_had(), default=None)
        if slot is not None:
            self._aside.remove(slot)
            self._workers.revive(slot)
        return slot

    def _to_be_had(self) -> list[int]:
        """Slots that were put aside, and that the operator neither took away nor wants anyhow."""
        workers = self._workers
        self._aside = {slot for slot in self._aside if not workers.slots[slot].wanted}
        return [slot for slot in self._aside if slot < workers.asked]

    def _one_less(self, there: list[WorkerProcess]) -> int:
        """Rather one without a job; the highest slot of those."""
        worker = max(there, key=lambda worker: (not worker.view.jobs, worker.slot))
        if worker.alive:
            self._workers.retire(worker)
            self._told[worker.slot] = self._clock()
        else:
            self._put_aside(worker)
        return worker.slot

    def _let_go(self) -> None:
        """Dismiss those that were told to leave and have no job any more."""
        workers, now = self._workers, self._clock()
        self._told = {slot: at for slot, at in self._told.items() if slot in workers.leaving}
        for slot, told in list(self._told.items()):
            worker = workers.slots[slot]
            heard = now - told >= SETTLED_SECONDS and not worker.view.jobs
            if heard or not worker.alive:
                del self._told[slot]
                self._put_aside(worker)

    def _put_aside(self, worker: WorkerProcess) -> None:
        self._aside.add(worker.slot)
        self._workers.dismiss(worker)
