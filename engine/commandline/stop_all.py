"""``--stop-all``: the live run, its workers and servers, what costs, and the claims (A13.4, A13.5).

What costs comes first: neither a broken ledger nor a dead network keeps anything from being tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any

from engine.aftermath import end_left_processes, keep_doubts
from engine.config import Settings
from engine.display import sentence
from engine.errors import EngineError, ExitCode
from engine.instance import InstanceLock, user_name
from engine.jobs import Job, JobStatus
from engine.leftovers import HalfWritten
from engine.processes import ProcessRegistry
from engine.progress import ProgressTracker
from engine.run_state import Command, RunDirectory
from engine.stop_receipt import StopRecord, fate
from engine.workloads.base import Receipt, ResourceState, Workload
from engine.workloads.labels import plural

LOOK_SECONDS = 0.2
"""Between two looks whether the live run has ended."""


@dataclass(kw_only=True, slots=True)
class StopReport:
    """What was stopped, what is still on, and what could not be found out."""

    run_stopped: bool = False
    processes: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    settled: list[dict[str, str]] = field(default_factory=list)
    ledger_problem: str = ""
    still_ours: list[ResourceState] = field(default_factory=list)
    others: list[ResourceState] = field(default_factory=list)
    """On, not started by us, left alone."""
    unknown: str = ""
    """Why it is not known what is on."""
    seen: Mapping[str, Any] = field(default_factory=dict)
    """One by one what was seen off, as a stop of resources answers it, and the receipt."""

    @property
    def not_released(self) -> list[Receipt]:
        return [receipt for receipt in self.receipts if not receipt.released]

    @property
    def exit_code(self) -> ExitCode:
        left = self.not_released or self.still_ours or self.ledger_problem
        return ExitCode.FAILED if left else ExitCode.DONE

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            **self.seen,
            "ok": self.exit_code is ExitCode.DONE,
            "run_stopped": self.run_stopped,
            "processes": self.processes,
            "released": [_receipt(receipt) for receipt in self.receipts],
            "settled": self.settled,
            "ledger_problem": self.ledger_problem,
            "still_ours": [_state(state) for state in self.still_ours],
            "others": [_state(state) for state in self.others],
            "unknown": self.unknown,
            "exit_code": int(self.exit_code),
        }


class StopAll:
    """One call of ``--stop-all``; repeating it is safe."""

    def __init__(
        self,
        *,
        settings: Settings,
        run_dir: RunDirectory,
        lock: InstanceLock,
        ledger: ProgressTracker,
        workload: Workload,
        exclusive: Callable[[], AbstractContextManager[None]],
        half_written: HalfWritten,
        say: Callable[[str], None],
        tell: Callable[[str, Mapping[str, Any]], None] = lambda _event, _fields: None,
    ) -> None:
        """``say`` hears sentences, ``tell`` the progress of each resource as an event."""
        self._settings = settings
        self._run_dir = run_dir
        self._lock = lock
        self._ledger = ledger
        self._workload = workload
        self._exclusive = exclusive
        self._half_written = half_written
        self._say = say
        self._tell = tell
        self._label = workload.labels.resource
        self.report = StopReport()
        command = Command(name="stop_run", sent_by=user_name())
        self._record = StopRecord(id=command.id, by=command.sent_by, asked_at=ledger.now())
        self._command = command

    def carry_out(self) -> StopReport:
        """Raises EngineError where a live run does not end, or another command is at work."""
        self._begin()
        try:
            self._stop_live_run()
            with self._exclusive():
                self._end_processes()
                self._release()
                self._settle()
        except EngineError as exc:
            self._record.notes.append(str(exc).rstrip("."))
            self._conclude()
            raise
        self._look_again()
        self._conclude()
        return self.report

    # -- what is seen, one by one ------------------------------------------------------------------

    def _begin(self) -> None:
        self._see()
        with suppress(EngineError):
            jobs = self._ledger.jobs() if self._ledger.exists() else {}
            in_hand = [name for name, job in jobs.items() if job.status is JobStatus.CLAIMED]
            self._record.jobs = dict.fromkeys(in_hand, "")

    def _see(self) -> None:
        """What our records name anew is a target; what they name no more was seen off."""
        try:
            ours = [state for state in self._workload.resources(ask=False) if state.ours]
        except EngineError:
            return
        known = {state.id for state in self._record.targets}
        new = [state for state in ours if state.id not in known]
        self._record.targets = [*self._record.targets, *new]
        now = self._ledger.now()
        for state in new:
            self._record.asked[state.id] = now
            self._progress("stopping", state.id, state.label)
        for receipt in self._record.note_gone(ours, "seen off by the run", now):
            self._say(f"{self._label} {receipt.label}: {receipt.detail}")
            self._progress("off", receipt.id, receipt.label, receipt.detail)

    def _progress(self, state: str, name: str, label: str, text: str = "") -> None:
        fields = {"id": self._record.id, "state": state, "resource": label}
        self._tell("command_progress", {**fields, "resource_id": name, "text": text})

    def _conclude(self) -> None:
        """Write the receipt; where there was nothing to stop, there is nothing to tell."""
        record, now = self._record, self._ledger.now()
        record.not_seen("not seen off", now)
        for job_id in record.jobs:
            try:
                record.jobs[job_id] = fate(self._ledger.get(job_id))
            except EngineError as exc:
                record.jobs[job_id] = f"unknown: {exc}"
        if record.targets or record.jobs or self.report.run_stopped:
            self.report.seen = record.answer(self._run_dir, now)

    # -- parts -------------------------------------------------------------------------------------

    def _stop_live_run(self) -> None:
        holder = self._lock.holder()
        if holder is None:
            self._tell_of_dead_holder()
            return
        self._say(f"A run is live (process {holder.pid} on {holder.host}): telling it to stop.")
        self._run_dir.send(self._command)
        bound = self._settings.run.stop_all_timeout_seconds
        deadline = time.monotonic() + bound
        while self._lock.holder() is not None:
            if time.monotonic() > deadline:
                raise EngineError(
                    f"The run (process {holder.pid}) has not ended within {bound:g} s: look at "
                    "--status and logs/orchestrator.log, then try --stop-all again."
                )
            time.sleep(LOOK_SECONDS)
            self._see()
        self.report.run_stopped = True
        self._say("The run has ended.")

    def _tell_of_dead_holder(self) -> None:
        """Its lock went with it; its record goes when ours takes its place."""
        dead = self._lock.read_record()
        if dead is not None:
            self._say(
                f"The run of process {dead.pid} on {dead.host} died without its end; its lock is "
                "free again."
            )

    def _end_processes(self) -> None:
        def tell(event: str, **fields: Any) -> None:
            if event == "process_ended":
                self.report.processes.append(fields)
            self._say(sentence({"event": event, **fields}) or event)

        end_left_processes(ProcessRegistry(self._run_dir.processes_path), self._settings, tell)
        removed = self._half_written.remove()
        if removed:
            self._say(removed)

    def _release(self) -> None:
        self._see()
        self.report.receipts = list(self._workload.reclaim(None))
        self._record.seen(self.report.receipts, self._ledger.now())
        for receipt in self.report.receipts:
            state = "off" if receipt.released else "not off"
            self._progress(state, receipt.id, receipt.label, receipt.detail)
            word = "stopped" if receipt.released else "COULD NOT BE STOPPED"
            self._say(f"{self._label} {receipt.label}: {word} {receipt.detail}".rstrip())

    def _settle(self) -> None:
        try:
            exists = self._ledger.exists()
            settled = self._ledger.settle_dead(lambda _job: False) if exists else []
            self._tell_settled("claim_settled", settled)
            doubts = self._ledger.restore_doubts(self._workload.traces) if exists else []
            self._tell_settled("doubt_restored", doubts)
            if exists:
                keep_doubts(self._ledger, self._workload)
        except EngineError as exc:
            self.report.ledger_problem = str(exc)

    def _tell_settled(self, event: str, jobs: Sequence[Job]) -> None:
        for job in jobs:
            entry = {"job": job.job_id, "key": job.account, "status": str(job.status)}
            self.report.settled.append(entry)
            self._say(sentence({"event": event, "text": job.error, **entry}) or "")

    def _look_again(self) -> None:
        """Whether anything is on now; what people started is listed and left alone."""
        try:
            states: Sequence[ResourceState] = self._workload.resources(ask=True)
        except EngineError as exc:
            self.report.unknown = str(exc)
            states = self._workload.resources(ask=False)
        for state in states:
            if state.state == "off":
                continue
            if state.ours:
                self.report.still_ours.append(state)
                self._still_on(state)
            else:
                self.report.others.append(state)
                self._say(f"{self._label} {state.label}: {state.state}, not started by us.")
        if self.report.unknown:
            self._say(
                f"Which {plural(self._label)} others have on is unknown: {self.report.unknown}"
            )

    def _still_on(self, state: ResourceState) -> None:
        """Whatever was answered before: it is read as on now."""
        if state.id not in {known.id for known in self._record.targets}:
            self._record.targets = [*self._record.targets, state]
        why = f"still {state.state}"
        seen = Receipt(id=state.id, label=state.label, released=False, detail=why)
        before = self._record.receipts.get(state.id)
        if before is None or before.released:
            self._record.seen([seen], self._ledger.now())


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "id": receipt.id,
        "label": receipt.label,
        "released": receipt.released,
        "detail": receipt.detail,
    }


def _state(state: ResourceState) -> dict[str, Any]:
    return {"id": state.id, "label": state.label, "state": state.state, "note": state.note}
