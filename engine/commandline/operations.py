"""What the command line does: one function a command, over the same parts as the supervisor."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, get_args

from engine import job_control, workloads
from engine.commandline.command_names import JOB_COMMANDS
from engine.commandline.day_commands import OPEN, DayCommands
from engine.commandline.figures_text import passes_table, show_totals
from engine.commandline.signals import stop_signals
from engine.commandline.stop_all import StopAll
from engine.commands import ANSWER_SECONDS
from engine.config import Settings
from engine.display import display_for
from engine.errors import AlreadyRunningError, EngineError, ExitCode, InputError
from engine.insight.outlook import Policy, choose
from engine.instance import InstanceLock
from engine.jobs import Job
from engine.orchestrator import Orchestrator, run_lock
from engine.output import complain, say, say_json, table
from engine.progress import ProgressTracker
from engine.run_result import RunResult
from engine.run_state import Command, CommandName, RunDirectory
from engine.workloads.base import Workload, WorldContext


class LiveRunError(InputError):
    """Somebody else is at work here; says who."""


class Operations:
    """The commands of one work directory."""

    def __init__(self, arguments: argparse.Namespace, settings: Settings, work_dir: Path) -> None:
        self.arguments = arguments
        self.settings = settings
        self.work_dir = work_dir
        self.run_dir = RunDirectory(work_dir / settings.paths.run)
        self.workload: Workload = workloads.load(
            settings.run.workload, WorldContext(settings=settings, work_dir=work_dir)
        )
        self.ledger = ProgressTracker(
            self.workload.ledger_path,
            settings=settings,
            refuse=self._objection,
            cap=self.workload.daily_cap,
        )
        stale = settings.run.heartbeat_stale_seconds
        self.lock = InstanceLock(self.run_dir.lock_path, stale_after=stale)
        self.ledger_lock = run_lock(self.workload.ledger_path, stale_after=stale)

    def _objection(self, job: Job) -> str | None:
        """The workload's; what it cannot read is an objection too, so that figures are shown."""
        try:
            return self.workload.refuse(job)
        except EngineError as exc:
            return str(exc)

    # -- run -----------------------------------------------------------------------------------

    def run(self) -> int:
        """Run to the end; the last line says how it ended (A1.12)."""
        # Taken for good by the orchestrator; asked here so that no check comes before the answer.
        self.lock.refuse_if_held()
        self.ledger_lock.refuse_if_held()
        if self.arguments.force_reseed and self.ledger.exists() and self.ledger.jobs():
            raise InputError(
                f"--force-reseed with --run would replace the ledger {self.ledger.path}: archive "
                "it first with --reset-day, then --run."
            )
        self._refuse_earlier_day()
        self._refuse_other_keys()
        self.settings.check_ports(self.settings.run.workers)
        self.workload.check()
        display = display_for(as_json=self.arguments.json)
        orchestrator = Orchestrator(
            settings=self.settings,
            work_dir=self.work_dir,
            workload=self.workload,
            ledger_path=self.workload.ledger_path,
            display=display,
        )
        try:
            with stop_signals(orchestrator.request_stop):
                result = orchestrator.run()
        finally:
            display.close()
        self._final_block(orchestrator.record.run_id, result)
        return result.exit_code

    def _refuse_earlier_day(self) -> None:
        """A ledger that nobody reset says so and asks (A6.6)."""
        day = self.ledger.ledger_day() if self.ledger.exists() else None
        today = self.settings.day_of(self.ledger.now())
        if day is None or day >= today or self.arguments.continue_day:
            return
        raise InputError(
            f"The ledger {self.ledger.path} is of {day}, not of today ({today}): archive it with "
            "--reset-day and run again, or go on with it with --continue-day."
        )

    def _refuse_other_keys(self) -> None:
        """--accounts restricts seeding; it must not look as if it restricted this run (A-D27)."""
        wanted = self.settings.accounts
        if not wanted or not self.ledger.exists():
            return
        others = [
            job.account
            for job in self.ledger.jobs().values()
            if (job.status in OPEN or self.ledger.retryable(job))
            and job.account
            and job.account not in wanted
        ]
        if others:
            named = ", ".join(dict.fromkeys(others))
            raise InputError(
                f"--accounts restricts seeding, but {self.ledger.path} has {len(others)} jobs of "
                f"others already ({named}): run without it, or leave those jobs out with --skip."
            )

    def _final_block(self, run_id: str, result: RunResult) -> None:
        minutes = self.workload.minutes_used(run_id)
        label = self.workload.resource_label
        if self.arguments.json:
            self._say_json(
                "result",
                {
                    "result": result.result,
                    "summary": result.summary,
                    "totals": result.totals,
                    "resource": label,
                    "minutes": round(minutes, 1),
                    "exit_code": int(result.exit_code),
                },
            )
            return
        passes_table(result.summary)
        show_totals(result.totals)
        say(f"{label} minutes: {minutes:.1f}")
        left = self.ledger.figures()
        if left.in_doubt:
            say(
                f"{left.in_doubt} jobs are in doubt: look at each account, then settle them with "
                "--mark-posted or --requeue."
            )
        say(f"Result: {result.result} (exit status {int(result.exit_code)})")

    # -- status --------------------------------------------------------------------------------

    def status(self) -> int:
        """Show everything, change nothing (A13.1 to A13.3)."""
        from engine.commandline.status_report import collect, show

        report = collect(
            settings=self.settings,
            work_dir=self.work_dir,
            run_dir=self.run_dir,
            lock=self.lock,
            ledger=self.ledger,
            workload=self.workload,
        )
        say_json(report) if self.arguments.json else show(report)
        return ExitCode.FAILED if report["ledger"]["problem"] else ExitCode.DONE

    # -- stop ----------------------------------------------------------------------------------

    def stop_all(self) -> int:
        """Stop everything that is ours and say what could not be stopped (A13.4)."""
        report = StopAll(
            settings=self.settings,
            run_dir=self.run_dir,
            lock=self.lock,
            ledger=self.ledger,
            workload=self.workload,
            exclusive=self._exclusive,
            say=self._say,
        ).carry_out()
        label = self.workload.resource_label
        if report.ledger_problem:
            complain(report.ledger_problem)
        if report.not_released or report.still_ours:
            complain(f"A {label} of ours may still be on; try --stop-all again in a minute.")
        else:
            self._say(f"Everything of ours is stopped; no {label} that we started is on.")
        self._say_json("stop_all", report.to_dict())
        return report.exit_code

    # -- the day -------------------------------------------------------------------------------

    def seed_only(self) -> int:
        """Make the ledger and print the plan; start nothing (A5.3.2, A13.6)."""
        with self._exclusive():
            return self._day.seed(anew=self.arguments.force_reseed)

    def force_reseed(self) -> int:
        """Archive what is there and seed anew."""
        with self._exclusive():
            return self._day.seed(anew=True)

    def reset_day(self) -> int:
        """Archive the ledger and start an empty one (A7)."""
        if not self.ledger.exists():
            raise InputError(f"There is nothing to reset: {self.ledger.path} does not exist.")
        with self._exclusive():
            self._day.archive()
        return ExitCode.DONE

    @property
    def _day(self) -> DayCommands:
        return DayCommands(
            ledger=self.ledger,
            workload=self.workload,
            as_json=self.arguments.json,
            confirmed=self.arguments.yes,
        )

    # -- single jobs ---------------------------------------------------------------------------

    def retry_all_failed(self) -> int:
        """Requeue what may be tried again; also while a run is live (A13.7)."""
        self._need_ledger()
        report = self.ledger.requeue_all(
            include_non_retryable=self.arguments.retry_include_non_retryable
        )
        self._say(f"Requeued {len(report.requeued)} failed jobs.")
        for category, count in sorted(report.left.items()):
            self._say(f"Left alone: {count} {category}.")
        self._say_json("requeued", {"jobs": list(report.requeued), "left": dict(report.left)})
        return ExitCode.DONE

    def change_jobs(self, name: str) -> int:
        """Requeue, skip, unskip or mark posted the named jobs."""
        self._need_ledger()
        ids: list[str] = list(getattr(self.arguments, name))
        if name in ("mark_posted", "requeue"):
            self._settle_foreign_claims()
        if self.arguments.where is not None:
            ids += self._matching(self.arguments.where)
            if not ids:
                raise InputError(f"No job matches --where {self.arguments.where!r}.")
        change = job_control.change(name, ids, self.ledger, self.workload)
        for job_id, result in change.results.items():
            self._say(f"{job_id}: {result}")
        self._say(change.detail)
        answer = {"ok": change.ok, "results": dict(change.results), "changed": list(change.changed)}
        self._say_json(name, answer)
        return ExitCode.DONE if change.ok else ExitCode.FAILED

    def _matching(self, expression: str) -> list[str]:
        """Jobs that ``--where`` means; what comes next for each is as the live run has it."""
        live, held = self.lock.holder() is not None, self.run_dir.read_control().held_keys
        status = self.run_dir.read_status()
        policy = Policy.of(self.settings, live=live, status=status, held_keys=held)
        jobs, held_now = self.ledger.jobs().values(), self.workload.resources(ask=False)
        return choose(jobs, expression, policy, now=self.ledger.now(), resources=held_now)

    def _settle_foreign_claims(self) -> None:
        """With no run live, every claim is a dead one: it is settled before a person judges it."""
        with suppress(LiveRunError), self._exclusive():
            self.ledger.settle_dead(lambda _job: False)

    def export(self) -> int:
        """Write the ledger with one row a job, for other tools."""
        self._need_ledger()
        target: Path = self.arguments.export.absolute()
        if target.exists() and (target.samefile(self.ledger.path) or not _is_export(target)):
            raise InputError(f"{target} exists and is no export: name another file.")
        count = self.ledger.export(target)
        self._say(f"Wrote {count} jobs to {target}.")
        self._say_json("exported", {"jobs": count, "path": str(target)})
        return ExitCode.DONE

    # -- the live run --------------------------------------------------------------------------

    def send(self) -> int:
        """Send a command to the live run and print its answer."""
        command = _command(self.arguments.send)
        if self.lock.holder() is None:
            raise InputError("No run is live here, so there is nobody to take the command.")
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
        if self.arguments.json:
            say_json(answer)
        else:
            for name, result in dict(answer.get("results") or {}).items():
                say(f"{name}: {result}")
            say(f"{answer.get('detail', '')} (command {command.id})")
        return ExitCode.DONE if answer.get("ok") else ExitCode.FAILED

    # -- shared --------------------------------------------------------------------------------

    def list_campaigns(self) -> int:
        """Name, state and size of every campaign."""
        from engine.campaign import list_campaigns

        rows = list_campaigns(self.settings, self.work_dir)
        if self.arguments.json:
            for row in rows:
                self._say_json("campaign", row.to_dict())
        elif rows:
            table(
                "Campaigns",
                ("name", "enabled", "accounts", "videos", "ledger"),
                [
                    (row.name, "yes" if row.enabled else "no", row.accounts, row.videos, row.ledger)
                    for row in rows
                ],
            )
            for row in rows:
                if row.problem:
                    say(f"{row.name} cannot be seeded: {row.problem}")
        else:
            say(f"There is no campaign below {self.work_dir / self.settings.paths.campaigns}.")
        return ExitCode.DONE

    def _say(self, text: str) -> None:
        """Talk for a person; out of the way of a program that reads our output."""
        complain(text) if self.arguments.json else say(text)

    def _say_json(self, event: str, answer: Mapping[str, Any]) -> None:
        if self.arguments.json:
            say_json({"event": event, **answer})

    def _need_ledger(self) -> None:
        if not self.ledger.exists():
            raise InputError(
                f"There is no ledger {self.ledger.path}; make one with --seed-only or --run, "
                "or name its campaign with --campaign."
            )

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Nobody else runs, seeds or resets meanwhile. Raises LiveRunError naming who does."""
        try:
            self.lock.acquire()
            self.ledger_lock.acquire()
        except AlreadyRunningError as exc:
            self.lock.release()
            raise LiveRunError(str(exc)) from exc
        try:
            yield
        finally:
            self.ledger_lock.release()
            self.lock.release()


def perform(command: str, arguments: argparse.Namespace, settings: Settings, work_dir: Path) -> int:
    """Carry out one command; returns its exit status. Raises EngineError."""
    operations = Operations(arguments, settings, work_dir)
    if command in JOB_COMMANDS:
        return operations.change_jobs(command)
    action: Callable[[], int] = getattr(operations, command)
    return action()


def _command(words: list[str]) -> Command:
    name, rest = words[0], words[1:]
    fields: dict[str, Any] = {"sent_by": "--send"}
    if name in ("stop_worker", "restart_worker", "set_workers"):
        if len(rest) != 1 or not rest[0].isdecimal():
            raise InputError(f"{name} takes one number.")
        fields["count" if name == "set_workers" else "slot"] = int(rest[0])
    elif name in ("hold", "release"):
        fields["target"] = " ".join(rest)
    elif name == "undo":
        fields["undo_of"] = " ".join(rest)
    else:
        fields["ids"] = tuple(rest)
    known = get_args(CommandName)
    if name not in known:
        raise InputError(f"Unknown command {name!r}; known are {', '.join(known)}.")
    return Command.model_validate({"name": name, **fields})


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline().startswith(b"job_id,")
