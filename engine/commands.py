"""The operator's commands to a live run: taken from the run directory, answered when true.

Each answer is an event ``command_answered`` with the command's id and what became of every job or
resource it named, one by one (architecture 7).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine import filters, job_control
from engine.errors import EngineError, InputError
from engine.run_state import Command
from engine.supervision import WorkerProcess, WorkerState
from engine.workloads.base import Receipt

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator

ANSWER_SECONDS = 600.0
"""A command whose effect has not come true by then is answered with what is known."""

Answer = Mapping[str, Any]
Later = Callable[[], Answer | None]
"""Asked each turn; None = not true yet."""


@dataclass(slots=True)
class _Waiting:
    command: Command
    ready: Later
    deadline: float


class CommandDesk:
    """Carries out commands for one supervisor."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._run = orchestrator
        self._waiting: list[_Waiting] = []
        self._stop_commands: list[Command] = []
        self._undoable: dict[str, Callable[[], Answer]] = {}
        self._handlers: dict[str, Callable[[Command], Answer | Later | None]] = {
            "stop_run": self._stop_run,
            "stop_worker": self._stop_worker,
            "restart_worker": self._restart_worker,
            "set_workers": self._set_workers,
            "stop_resources": self._stop_resources,
            "requeue": self._change_jobs,
            "skip": self._change_jobs,
            "unskip": self._change_jobs,
            "mark_posted": self._change_jobs,
            "undo": self._undo,
            "hold": self._hold,
            "release": self._hold,
            "pause": self._pause,
            "resume": self._pause,
            "pause_after_stage": self._pause_after_stage,
            "add_stage": self._add_stage,
        }

    def serve(self) -> None:
        """Take new commands, answer those that have come true."""
        for command in self._run.run_dir.take_commands(self._refused):
            self._carry_out(command)
        now = time.monotonic()
        for waiting in list(self._waiting):
            answer = waiting.ready()
            if answer is None and now >= waiting.deadline:
                answer = {
                    "ok": False,
                    "detail": "It has not come true in time; look at the status.",
                }
            if answer is not None:
                self._waiting.remove(waiting)
                self._answer(waiting.command, answer)

    def answer_stop(self, result: str) -> None:
        """The run has ended: everything that asked for it is true now."""
        for command in self._stop_commands:
            self._answer(command, {"ok": True, "detail": f"The run ended: {result}."})
        for waiting in self._waiting:
            self._answer(waiting.command, {"ok": False, "detail": "The run ended before."})
        self._run.run_dir.take_commands(self._refused)

    def _carry_out(self, command: Command) -> None:
        self._run.news.emit("command_taken", id=command.id, name=command.name, by=command.sent_by)
        try:
            outcome = self._handlers[command.name](command)
        except EngineError as exc:
            self._answer(command, {"ok": False, "detail": str(exc)})
            return
        if callable(outcome):
            deadline = time.monotonic() + ANSWER_SECONDS
            self._waiting.append(_Waiting(command, outcome, deadline))
        elif outcome is not None:
            self._answer(command, outcome)

    def _answer(self, command: Command, answer: Answer) -> None:
        self._run.news.emit("command_answered", id=command.id, name=command.name, **answer)

    def _refused(self, command_id: str, why: str) -> None:
        self._run.news.emit("command_answered", id=command_id, name="", ok=False, detail=why)

    # -- the run and its workers -------------------------------------------------------------------

    def _stop_run(self, command: Command) -> None:
        self._stop_commands.append(command)
        self._run.request_stop()

    def _worker(self, command: Command) -> WorkerProcess:
        worker = self._run.workers.slots.get(-1 if command.slot is None else command.slot)
        if worker is None:
            known = ", ".join(str(slot) for slot in self._run.workers.slots)
            raise InputError(f"There is no worker {command.slot}; there are {known}.")
        return worker

    def _stop_worker(self, command: Command) -> Later:
        worker = self._worker(command)
        self._run.workers.dismiss(worker)
        return lambda: (
            {"ok": True, "detail": f"Worker {worker.slot} has stopped."}
            if worker.state in (WorkerState.STOPPED, WorkerState.FATAL)
            else None
        )

    def _restart_worker(self, command: Command) -> Later:
        worker = self._worker(command)
        generation = worker.generation
        if worker.alive:
            self._run.workers.stop(worker)
        else:
            self._run.workers.revive(worker.slot)

        def ready() -> Answer | None:
            if worker.state is WorkerState.STOPPED:
                self._run.workers.revive(worker.slot)
            if worker.generation > generation and worker.state is WorkerState.RUNNING:
                return {"ok": True, "detail": f"Worker {worker.slot} runs again."}
            ended = worker.generation == generation and worker.state is WorkerState.WAITING
            if ended and self._run.ledger.open_jobs() == 0:
                return {"ok": True, "detail": f"Worker {worker.slot} stopped; no job is left."}
            return None

        return ready

    def _set_workers(self, command: Command) -> Later:
        count, most = command.count or 0, self._run.settings.run.max_workers
        if not 1 <= count <= most:
            raise InputError(f"The number of workers must be 1 to {most}, not {command.count}.")
        self._run.settings.check_ports(count)
        self._run.workers.resize(count)
        return lambda: (
            {"ok": True, "detail": f"{count} workers."}
            if not any(worker.alive for worker in self._surplus(count))
            else None
        )

    def _surplus(self, count: int) -> list[WorkerProcess]:
        return [worker for slot, worker in self._run.workers.slots.items() if slot >= count]

    def _stop_resources(self, command: Command) -> Later:
        workload = self._run.workload

        def release() -> Sequence[Receipt]:
            return workload.release(command.ids) if command.ids else workload.reclaim(None)

        future: Future[Sequence[Receipt]] = self._run.aftermath.in_background(release)
        return lambda: _receipts(future) if future.done() else None

    # -- jobs --------------------------------------------------------------------------------------

    def _change_jobs(self, command: Command) -> Answer:
        ids = list(command.ids)
        if command.where:
            ids += filters.choose(self._run.ledger.jobs().values(), command.where)
        change = job_control.change(command.name, ids, self._run.ledger, self._run.workload)
        if change.undo is not None:
            self._undoable[command.id] = change.undo
        return {"ok": change.ok, "results": change.results, "detail": change.detail}

    def _undo(self, command: Command) -> Answer:
        undo = self._undoable.pop(command.undo_of, None)
        if undo is None:
            raise InputError(f"The command {command.undo_of!r} cannot be taken back.")
        return undo()

    # -- claims ------------------------------------------------------------------------------------

    def _hold(self, command: Command) -> Answer:
        kind, _, name = command.target.partition(":")
        if kind == "worker":
            return self._hold_worker(command, name)
        if kind not in ("key", "resource") or not name:
            raise InputError("Hold and release take worker:N, key:NAME or resource:LABEL.")
        # A resource's label is the key of the jobs that use it.
        held = set(self._run.control.held_keys)
        held.add(name) if command.name == "hold" else held.discard(name)
        self._run.set_control(held_keys=frozenset(held))
        return {"ok": True, "detail": f"{name}: {'held' if name in held else 'released'}."}

    def _hold_worker(self, command: Command, name: str) -> Answer:
        worker = self._run.workers.slots.get(int(name) if name.isdecimal() else -1)
        if worker is None:
            raise InputError(f"There is no worker {name!r}.")
        self._run.workers.hold(worker, held=command.name == "hold")
        return {"ok": True, "detail": f"Worker {name}: {command.name}."}

    def _pause(self, command: Command) -> Answer:
        self._run.set_control(paused=command.name == "pause")
        text = "No new claims." if self._run.control.paused else "Claims go on."
        return {"ok": True, "detail": text}

    def _pause_after_stage(self, _command: Command) -> Answer:
        self._run.pause_after_stage = True
        return {"ok": True, "detail": "The run pauses after this pass."}

    def _add_stage(self, _command: Command) -> Answer:
        if self._run.plan is None:
            raise InputError("The run has not begun its first pass yet.")
        self._run.plan.add_stage()
        return {"ok": True, "detail": "One pass more is allowed."}


def _receipts(future: Future[Sequence[Receipt]]) -> Answer:
    try:
        receipts = future.result()
    except EngineError as exc:
        return {"ok": False, "detail": str(exc)}
    return {
        "ok": all(receipt.released for receipt in receipts),
        "results": {receipt.id: receipt.detail or "off" for receipt in receipts},
        "detail": f"{sum(receipt.released for receipt in receipts)} of {len(receipts)} seen off.",
    }
