"""Stops resources of a live run: drains their workers first, then sees each one off.

A worker that works with one of them is asked to leave: before the point of no return its job goes
back uncounted, after it the worker gets its time for the outcome, else the job is in doubt. Claims
are paused for everybody then, so that nothing starts again by itself; a drained worker comes back
when claims go on (console-features 6.11).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.aftermath import receipts_of
from engine.errors import EngineError
from engine.jobs import JobStatus
from engine.stop_receipt import HAD_ENDED, IN_DOUBT, Found, StopRecord, fate, find, one_each
from engine.worker_process import WorkerProcess, WorkerState
from engine.workloads.base import Receipt, ResourceState

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator
    from engine.run_state import Command


@dataclass(frozen=True, slots=True)
class _Drained:
    """A worker that was asked to leave, and what it held: job to the moment of its claim."""

    worker: WorkerProcess
    generation: int
    jobs: Mapping[str, datetime | None]


@dataclass(frozen=True, slots=True)
class _Release:
    """A release under way, and until when its end is waited for."""

    states: Sequence[ResourceState]
    work: Future[Sequence[Receipt]]
    deadline: float


class ResourceStop:
    """One ``stop_resources`` command; ``step`` is asked each turn until it has an answer."""

    def __init__(self, run: Orchestrator, command: Command) -> None:
        self._run = run
        self._all = not command.ids
        self._record = StopRecord(id=command.id, by=command.sent_by, asked_at=run.now())
        names, seen = list(dict.fromkeys(command.ids)), list(run.desk.seen.values())
        self._finding: Future[Found] | None = run.aftermath.in_background(
            lambda: find(run.workload, names, seen)
        )
        self._drained: dict[int, _Drained] = {}
        self._busy: list[ResourceState] = []
        """Released when their workers are gone."""
        self._released = False
        """The last release was begun: whoever works from now on began anew."""
        self._releases: list[_Release] = []
        self._bound = run.settings.run.release_timeout_seconds
        self._finding_until = time.monotonic() + self._bound

    def step(self) -> dict[str, Any] | None:
        """None while something is under way. Raises EngineError before anything was touched."""
        if self._finding is not None:
            if not self._finding.done():
                if time.monotonic() < self._finding_until:
                    return None
                raise EngineError("What is on could not be told in time; nothing was stopped.")
            found, self._finding = self._finding.result(), None
            self._begin(found)
        self._drain()
        if self._busy and all(self._gone(drained) for drained in self._drained.values()):
            busy, self._busy = self._busy, []
            self._released = True
            self._release(busy)
        self._collect()
        if self._busy or self._releases or self._waits_for_jobs():
            return None
        return self._answer()

    def cut_short(self, why: str) -> dict[str, Any]:
        """The run ends before: what is known by now, with a receipt; the rest counts as on."""
        if self._finding is not None:
            return {"ok": False, "detail": why}
        self._collect()
        now = self._run.now()
        with suppress(EngineError):
            ours = self._run.workload.resources(ask=False)
            self._record.note_gone(ours, "seen off at the end of the run", now)
        self._record.not_seen(why.rstrip("."), now)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        self._note_fates()
        return self._record.answer(self._run.run_dir, self._run.now())

    def _begin(self, found: Found) -> None:
        self._record.targets, self._record.missing = found.targets, found.missing
        workers = self._interrupted()
        self._busy = [
            state for state in found.targets if any(_uses(worker, state) for worker in workers)
        ]
        self._drain()
        self._release([state for state in found.targets if state not in self._busy])
        self._released = not self._busy and bool(found.targets)
        self._record.note_ended(found.ended, self._run.now())
        for state in found.ended:
            self._tell("off", state.label, id=state.id, text=HAD_ENDED)

    # -- workers -----------------------------------------------------------------------------------

    def _interrupted(self) -> list[WorkerProcess]:
        """Workers that hold a job for one of the resources."""
        return [
            worker
            for worker in self._run.workers.alive
            if worker.view.jobs
            and (self._all or any(_uses(worker, state) for state in self._record.targets))
        ]

    def _drain(self) -> None:
        """Ask those to leave that work with what is to be stopped, also those that began just now.

        Only until the release has begun: what starts after it is a new start.
        """
        if self._released:
            return
        for worker in self._interrupted():
            known = self._drained.get(worker.slot)
            if known is not None and known.generation == worker.generation:
                continue
            self._pause()
            jobs = {job_id: self._claimed_at(job_id) for job_id in worker.view.jobs}
            self._drained[worker.slot] = _Drained(worker, worker.generation, jobs)
            for job_id, key in worker.view.jobs.items():
                self._tell("draining", key, job=job_id, worker=worker.slot)
            self._run.workers.stop(worker)

    def _claimed_at(self, job_id: str) -> datetime | None:
        with suppress(EngineError):
            job = self._run.ledger.get(job_id)
            return job.claimed_at if job is not None else None
        return None

    def _pause(self) -> None:
        if self._record.paused:
            return
        self._record.paused = True
        try:
            self._run.control.pause(paused=True, by=self._record.by)
        except EngineError as exc:
            # It holds for this run; that it could not be written down keeps no phone on.
            self._record.notes.append(str(exc).rstrip("."))

    def _gone(self, drained: _Drained) -> bool:
        worker = drained.worker
        if worker.generation != drained.generation:
            return True
        return (
            not worker.alive and worker.popen is None and worker.state is not WorkerState.CLEANING
        )

    # -- jobs --------------------------------------------------------------------------------------

    def _waits_for_jobs(self) -> bool:
        """A claim is settled a moment after its worker's end; a ledger that is away is not waited
        for."""
        return any(
            not self._gone(drained)
            or any(self._settled(*held) is None for held in drained.jobs.items())
            for drained in self._drained.values()
        )

    def _settled(self, job_id: str, claimed_at: datetime | None) -> str | None:
        try:
            job = self._run.ledger.get(job_id)
        except EngineError as exc:
            return f"unknown: {exc}"
        if job is not None and job.status is JobStatus.CLAIMED and job.claimed_at == claimed_at:
            return None
        return fate(job)

    def _note_fates(self) -> None:
        for drained in self._drained.values():
            for job_id, claimed_at in drained.jobs.items():
                self._record.jobs[job_id] = self._settled(job_id, claimed_at) or IN_DOUBT

    # -- resources ---------------------------------------------------------------------------------

    def _release(self, states: Sequence[ResourceState]) -> None:
        if not states:
            return
        for state in states:
            self._record.asked[state.id] = self._run.now()
            self._tell("stopping", state.label, id=state.id)
        ids = [state.id for state in states]
        future = self._run.aftermath.in_background(lambda: self._run.workload.release(ids))
        self._releases.append(_Release(states, future, time.monotonic() + self._bound))

    def _collect(self) -> None:
        for release in list(self._releases):
            if not release.work.done() and time.monotonic() < release.deadline:
                continue
            self._releases.remove(release)
            receipts = one_each(release.states, receipts_of(release.work))
            self._record.seen(receipts, self._run.now())
            for receipt in receipts:
                state = "off" if receipt.released else "not off"
                self._tell(state, receipt.label, id=receipt.id, text=receipt.detail)

    def _tell(self, state: str, resource: str, **fields: Any) -> None:
        text = fields.pop("text", "")
        target = fields.pop("id", "")
        self._run.news.emit(
            "command_progress",
            id=self._record.id,
            state=state,
            resource=resource,
            resource_id=target,
            text=text,
            **fields,
        )


def _uses(worker: WorkerProcess, state: ResourceState) -> bool:
    """Whether a job that the worker holds, in hand or to come next, is done with this resource.

    One that the slot started for an earlier job and left on is nobody's: no job is interrupted for
    it (console-features 6.11).
    """
    view = worker.view
    if not view.jobs:
        return False
    of_slot = state.ours and state.slot == worker.slot and state.job_id in ("", *view.jobs)
    return of_slot or state.label in view.jobs.values()
