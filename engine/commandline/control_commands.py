"""The operator's hand on jobs, claims and resources, with or without a live run."""

from __future__ import annotations

import queue
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import Any, get_args

from engine.aftermath import end_left_processes
from engine.commandline.command_names import JOB_COMMANDS
from engine.commandline.work_place import LiveRunError, WorkPlace
from engine.commands import ANSWER_SECONDS
from engine.control import StandingOrders
from engine.display import sentence
from engine.errors import EngineError, ExitCode, InputError
from engine.insight.outlook import Policy, choose
from engine.instance import user_name
from engine.output import say, say_json
from engine.processes import ProcessRegistry
from engine.reversible import CLAIMS, JOBS, Answer, Reversible
from engine.run_state import Command, CommandName
from engine.stop_receipt import Found, StopRecord, fate, find, one_each
from engine.supervision import Workers

FROM_STDIN = "-"
"""Instead of names: one a line on standard input; any number, whatever they begin with."""


class ControlCommands(WorkPlace):
    """Commands on jobs, on claims, on what costs; to the live run where there is one."""

    def perform(self, command: str) -> int:
        """Carry out one of them; returns its exit status. Raises EngineError."""
        if command in JOB_COMMANDS:
            return self.change_jobs(command)
        actions = {
            "retry_all_failed": self.retry_all_failed,
            "stop_resources": self.stop_resources,
            "send": self.send,
        }
        return actions[command]()

    # -- single jobs ---------------------------------------------------------------------------

    def retry_all_failed(self) -> int:
        """Requeue what may be tried again; also while a run is live (A13.7)."""
        self.need_ledger()
        report = self.ledger.requeue_all(
            include_non_retryable=self.arguments.retry_include_non_retryable
        )
        self.say(f"Requeued {len(report.requeued)} failed jobs.")
        for category, count in sorted(report.left.items()):
            self.say(f"Left alone: {count} {category}.")
        self.say_json("requeued", {"jobs": list(report.requeued), "left": dict(report.left)})
        return ExitCode.DONE

    def change_jobs(self, name: str) -> int:
        """Requeue, skip, unskip or mark posted the named jobs."""
        self.need_ledger()
        ids = _names(getattr(self.arguments, name))
        if name in ("mark_posted", "requeue"):
            self._settle_foreign_claims()
        matched: Sequence[str] = ()
        if self.arguments.where is not None:
            matched = self._matching(self.arguments.where)
            if not ids and not matched:
                raise InputError(f"No job matches --where {self.arguments.where!r}.")
        command = _command(name)
        answer = self._reversible.jobs(command, ids, matched)
        for job_id, result in answer["results"].items():
            self.say(f"{job_id}: {result}")
        undo = f" (--send undo {command.id} takes it back)" if answer.get("undoable") else ""
        self.say(f"{answer['detail']}{undo}")
        self.say_json(name, {"id": command.id, **answer})
        return ExitCode.DONE if answer["ok"] else ExitCode.FAILED

    def _matching(self, expression: str) -> list[str]:
        """Jobs that ``--where`` means; what comes next for each is as the live run has it."""
        live, held = self.lock.holder() is not None, self.run_dir.read_control().held_keys
        status = self.run_dir.read_status()
        policy = Policy.of(self.settings, live=live, status=status, held_keys=held)
        policy = replace(policy, stage_label=self.workload.labels.stage)
        jobs, held_now = self.ledger.jobs().values(), self.workload.resources(ask=False)
        return choose(jobs, expression, policy, now=self.ledger.now(), resources=held_now)

    def _settle_foreign_claims(self) -> None:
        """With no run live, every claim is a dead one: it is settled before a person judges it."""
        with suppress(LiveRunError), self.exclusive():
            self.ledger.settle_dead(lambda _job: False)

    # -- what costs ----------------------------------------------------------------------------

    def stop_resources(self) -> int:
        """Stop the named resources, ours or not, or all of ours; each is seen off (6.11)."""
        command = _command("stop_resources", ids=_names(self.arguments.stop_resources))
        if self.lock.holder() is not None:
            answer: Answer = self._ask_live_run(command)
        else:
            with self.exclusive():
                answer = self._stop_here(command)
        self._show_stop(answer)
        return ExitCode.DONE if answer.get("ok") else ExitCode.FAILED

    def _stop_here(self, command: Command) -> Answer:
        """Nobody works here: what a crashed run left is put right before."""
        now = self.ledger.now
        record = StopRecord(id=command.id, by=command.sent_by, asked_at=now())
        found = find(self.workload, command.ids)
        record.targets, record.missing = found.targets, found.missing
        self._end_left(found)
        record.asked = {state.id: now() for state in found.targets}
        receipts = self.workload.release(list(record.asked)) if record.asked else []
        record.seen(one_each(found.targets, receipts), now())
        try:
            settled = self.ledger.settle_dead(lambda _job: False) if self.ledger.exists() else []
            record.jobs = {job.job_id: fate(job) for job in settled}
        except EngineError as exc:
            record.notes.append(str(exc).rstrip("."))
        return record.answer(self.run_dir, now())

    def _end_left(self, found: Found) -> None:
        """Workers of a crashed run that hold one of them may first finish a submitted job."""
        registry = ProcessRegistry(self.run_dir.processes_path)
        slots = {state.slot for state in found.targets if state.ours}
        if not any(record.slot in slots and record.process() for record in registry.records()):
            return

        def tell(event: str, **fields: Any) -> None:
            self.say(sentence({"event": event, **fields}) or event)

        end_left_processes(registry, self.settings, tell)

    def _show_stop(self, answer: Answer) -> None:
        label = self.workload.labels.resource
        for resource in answer.get("resources", ()):
            word = "stopped" if resource["off"] else "COULD NOT BE STOPPED"
            self.say(f"{label} {resource['label']}: {word} {resource['answer']}".rstrip())
        for job, what in answer.get("jobs", {}).items():
            self.say(f"job {job}: {what}")
        self.say(str(answer["detail"]))
        if answer.get("receipt"):
            self.say(f"Receipt: {answer['receipt']}")
        self.say_json("stop_resources", answer)

    # -- the live run, or what the next one obeys ------------------------------------------------

    def send(self) -> int:
        """Send a command to the live run and print its answer; some need no live run."""
        command = _parsed(self.arguments.send)
        live = self.lock.holder() is not None
        answer = self._ask_live_run(command) if live else self._obey(command)
        if self.arguments.json:
            say_json({"event": "command_answered", "id": command.id, "name": command.name} | answer)
        else:
            for name, result in dict(answer.get("results") or {}).items():
                say(f"{name}: {result}")
            say(f"{answer.get('detail', '')} (command {command.id})")
        return ExitCode.DONE if answer.get("ok") else ExitCode.FAILED

    def _ask_live_run(self, command: Command) -> dict[str, Any]:
        tail = self.run_dir.tail()
        self.run_dir.send(command)
        answer = self.run_dir.wait_answer(
            command.id,
            ANSWER_SECONDS + 30,
            tail=tail,
            alive=lambda: self.lock.holder() is not None,
        )
        if answer is None:
            raise InputError(
                f"The run has not answered {command.name}: look at --status and "
                "logs/orchestrator.log."
            )
        return answer

    def _obey(self, command: Command) -> dict[str, Any]:
        """No run is live: holds and pauses are kept for the next one, jobs change at once."""
        if command.name not in JOBS | CLAIMS | {"undo"}:
            raise InputError("No run is live here, so there is nobody to take the command.")
        if command.name in JOBS:
            self.need_ledger()
            return dict(self._reversible.jobs(command, command.ids))
        # The lock keeps a run from starting that would not see what is written meanwhile.
        self.lock.acquire()
        try:
            if command.name == "undo":
                return dict(self._reversible.undo(command))
            answer = dict(self._reversible.claims(command))
        finally:
            self.lock.release()
        return answer | {"detail": f"{answer['detail']} No run is live: the next one obeys it."}

    @cached_property
    def _reversible(self) -> Reversible:
        return Reversible(
            run_dir=self.run_dir,
            ledger=self.ledger,
            workload=self.workload,
            control=lambda: StandingOrders(self.run_dir, self._nobody()),
            slots=lambda: range(self.settings.run.max_workers),
        )

    def _nobody(self) -> Workers:
        """A crew of none: standing orders are written down for the next one."""
        return Workers(
            0,
            run=self.settings.run,
            command=lambda _slot: (),
            registry=ProcessRegistry(self.run_dir.processes_path),
            logs=self.work_dir / self.settings.paths.logs,
            inbox=queue.Queue(),
        )


def _names(given: Sequence[str]) -> list[str]:
    if list(given) != [FROM_STDIN]:
        return list(given)
    return [line.strip() for line in sys.stdin if line.strip()]


def _command(name: str, **fields: Any) -> Command:
    return Command.model_validate({"name": name, "sent_by": user_name(), **fields})


def _parsed(words: Sequence[str]) -> Command:
    """The command that ``--send`` names. Raises InputError."""
    name, rest = words[0], list(words[1:])
    known = get_args(CommandName)
    if name not in known:
        raise InputError(f"Unknown command {name!r}; known are {', '.join(known)}.")
    if name in ("stop_worker", "restart_worker", "set_workers"):
        if len(rest) != 1 or not rest[0].isdecimal():
            raise InputError(f"{name} takes one number.")
        return _command(name, **{"count" if name == "set_workers" else "slot": int(rest[0])})
    if name in ("hold", "release"):
        return _command(name, target=" ".join(rest))
    if name == "undo":
        return _command(name, undo_of=" ".join(rest))
    return _command(name, ids=_names(rest))
