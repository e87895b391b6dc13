"""The operator's commands to a live run: taken from the run directory, answered when true.

Each answer is an event ``command_answered`` with the command's id and what became of every job or
resource it named, one by one (architecture 7).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from engine.errors import EngineError, InputError
from engine.host.room import check_more
from engine.insight.outlook import Policy, choose
from engine.logger import get_logger
from engine.output import one_line
from engine.private_files import explain
from engine.resource_stop import ResourceStop
from engine.retry import RetryConfig
from engine.reversible import Answer, Reversible
from engine.run_state import Command
from engine.worker_process import WorkerProcess, WorkerState

if TYPE_CHECKING:
    from engine.orchestrator import Orchestrator
    from engine.workloads.base import ResourceState

T = TypeVar("T")
log = get_logger(__name__)

ANSWER_SECONDS = 600.0
"""A command whose effect has not come true by then is answered with what is known; a stop of
resources has bounds of its own at each step and is never given up half way."""

SEEN_KEPT = 1000
"""So many things that were held are remembered after they ended."""

ENDED = "The run ended before."

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
        self._stops: dict[str, ResourceStop] = {}
        self.seen: dict[str, ResourceState] = {}
        """What was held when it was last looked at, also what is gone since: by id."""
        self._reversible = Reversible(
            run_dir=orchestrator.run_dir,
            ledger=orchestrator.ledger,
            workload=orchestrator.workload,
            control=lambda: orchestrator.control,
            slots=lambda: orchestrator.workers.slots,
        )
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
            "undo": self._reversible.undo,
            "hold": self._reversible.claims,
            "release": self._reversible.claims,
            "pause": self._reversible.claims,
            "resume": self._reversible.claims,
            "pause_after_stage": self._pause_after_stage,
            "add_stage": self._add_stage,
        }

    def held(self) -> Sequence[ResourceState]:
        """What is held now, as far as our records say; it is remembered for who asks to stop it."""
        states = self._run.workload.resources(ask=False)
        self.seen |= {state.id: state for state in states}
        for oldest in list(self.seen)[:-SEEN_KEPT]:
            del self.seen[oldest]
        return states

    def serve(self) -> None:
        """Take new commands, answer those that have come true."""
        for command in self._run.run_dir.take_commands(self._refused):
            self._carry_out(command)
        now = time.monotonic()
        for waiting in list(self._waiting):
            answer = self._ask(waiting.ready)
            if answer is None and now >= waiting.deadline:
                answer = {
                    "ok": False,
                    "detail": "It has not come true in time; look at the status.",
                }
            if answer is not None:
                self._waiting.remove(waiting)
                self._stops.pop(waiting.command.id, None)
                self._answer(waiting.command, answer)

    def answer_stop(self, result: str) -> None:
        """The run has ended: everything that asked for it is true now."""
        for command in self._stop_commands:
            self._answer(command, {"ok": True, "detail": f"The run ended: {result}."})
        for waiting in self._waiting:
            self._answer(waiting.command, self._cut_short(waiting.command))
        self.refuse_left_over(ENDED)

    def _cut_short(self, command: Command) -> Answer:
        stop = self._stops.get(command.id)
        if stop is None:
            return {"ok": False, "detail": ENDED}
        return self._ask(lambda: stop.cut_short(ENDED))

    def refuse_left_over(self, why: str) -> None:
        """Commands that lie there when no run would carry them out; a later one must not either."""
        for command in self._run.run_dir.take_commands(self._refused):
            self._answer(command, {"ok": False, "detail": why})

    def _carry_out(self, command: Command) -> None:
        self._run.news.emit("command_taken", id=command.id, name=command.name, by=command.sent_by)
        outcome = self._ask(lambda: self._handlers[command.name](command))
        if callable(outcome):
            bound = ANSWER_SECONDS if command.name != "stop_resources" else math.inf
            deadline = time.monotonic() + bound
            self._waiting.append(_Waiting(command, outcome, deadline))
        elif outcome is not None:
            self._answer(command, outcome)

    @staticmethod
    def _ask(question: Callable[[], T]) -> T | Answer:
        """What it says; a command that fails is answered, whatever it was, and ends no run."""
        try:
            return question()
        except EngineError as exc:
            return {"ok": False, "detail": str(exc)}
        except OSError as exc:
            return {"ok": False, "detail": explain(exc)}
        except Exception as exc:
            log.exception("command_failed")
            text = f"An error of our own: {type(exc).__name__}; the log has its details."
            return {"ok": False, "detail": text}

    def _answer(self, command: Command, answer: Answer) -> None:
        self._run.news.emit("command_answered", id=command.id, name=command.name, **answer)

    def _refused(self, file_stem: str, why: str) -> None:
        """Told in one line, whatever the file is called."""
        told = {"id": one_line(file_stem), "detail": one_line(why)}
        self._run.news.emit("command_answered", name="", ok=False, **told)

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

        def ready() -> Answer | None:
            if worker.wanted:
                return {"ok": False, "detail": f"Worker {worker.slot} was wanted again."}
            if worker.state not in (WorkerState.STOPPED, WorkerState.FATAL):
                return None
            text = f"Worker {worker.slot} has stopped."
            if not self._run.workers.wanted:
                text += " It was the last: the run waits for restart_worker or stop_run."
            return {"ok": True, "detail": text}

        return ready

    def _restart_worker(self, command: Command) -> Later:
        worker = self._worker(command)
        generation = worker.generation
        self._run.workers.revive(worker.slot)
        if worker.alive:
            self._run.workers.stop(worker)

        def ready() -> Answer | None:
            if not worker.wanted:
                return {"ok": False, "detail": f"Worker {worker.slot} was stopped meanwhile."}
            if worker.generation > generation and worker.state is WorkerState.RUNNING:
                return {"ok": True, "detail": f"Worker {worker.slot} runs again."}
            ended = worker.generation == generation and worker.state is WorkerState.WAITING
            if ended and self._run.ledger.open_jobs() == 0:
                return {"ok": True, "detail": f"Worker {worker.slot} stopped; no job is left."}
            if ended and self._run.control.paused:
                text = f"Worker {worker.slot} stopped; it starts when claims go on (resume)."
                return {"ok": True, "detail": text}
            return None

        return ready

    def _set_workers(self, command: Command) -> Later:
        count, most = command.count or 0, self._run.settings.run.max_workers
        if not 1 <= count <= most:
            raise InputError(f"The number of workers must be 1 to {most}, not {command.count}.")
        self._run.workload.check_workers(count)
        check_more(count - self._run.workers.asked, self._run.settings.host)
        self._run.workers.resize(count)
        return lambda: (
            {"ok": True, "detail": f"{count} workers."}
            if not any(worker.alive for worker in self._surplus(count))
            else None
        )

    def _surplus(self, count: int) -> list[WorkerProcess]:
        return [worker for slot, worker in self._run.workers.slots.items() if slot >= count]

    def _stop_resources(self, command: Command) -> Later:
        stop = self._stops[command.id] = ResourceStop(self._run, command)
        return stop.step

    # -- jobs --------------------------------------------------------------------------------------

    def _change_jobs(self, command: Command) -> Answer:
        matched = self._matching(command.where) if command.where else ()
        return self._reversible.jobs(command, command.ids, matched)

    def _matching(self, expression: str) -> Sequence[str]:
        run = self._run
        policy = Policy(
            retry=RetryConfig.from_settings(run.settings),
            current_pass=run.stage.number if run.stage else 0,
            live=True,
            held_keys=run.control.held_keys,
            zone=run.settings.zone,
            stage_label=run.workload.labels.stage,
        )
        return choose(
            run.ledger.jobs().values(),
            expression,
            policy,
            now=run.ledger.now(),
            resources=run.workload.resources(ask=False),
        )

    # -- the run's stages --------------------------------------------------------------------------

    def _pause_after_stage(self, _command: Command) -> Answer:
        self._run.control.want_pause_after_stage()
        stage = self._run.workload.labels.stage
        text = f"The run pauses after this {stage}. Over a restart too; resume takes it back."
        return {"ok": True, "detail": text}

    def _add_stage(self, _command: Command) -> Answer:
        stage = self._run.workload.labels.stage
        if self._run.plan is None:
            raise InputError(f"The run has not begun its first {stage} yet.")
        self._run.plan.add_stage()
        return {"ok": True, "detail": f"One {stage} more is allowed."}
