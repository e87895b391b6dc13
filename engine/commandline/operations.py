"""What the command line does: one function a command, over the same parts as the supervisor.

What only one command needs is imported there: ``--status`` is asked often, and waits for nothing
else. It is imported before the command begins: a host in trouble may open no file any more.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.commandline.command_names import CONTROL_COMMANDS
from engine.commandline.figures_text import passes_table, show_totals
from engine.commandline.work_place import WorkPlace
from engine.config import Settings
from engine.errors import ExitCode, InputError
from engine.output import complain, say, say_json, table
from engine.start_checks import refuse_earlier_day, refuse_other_keys, refuse_where_no_room

if TYPE_CHECKING:
    from engine.commandline.day_commands import DayCommands
    from engine.run_result import RunResult


class Operations(WorkPlace):
    """Run, status, stop, the day, and what is only read."""

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
        if self.workload.daily and not self.arguments.continue_day:
            refuse_earlier_day(self.ledger, self.settings)
        refuse_other_keys(self.ledger, self.settings)
        self.workload.check_workers(self.settings.run.workers)
        room = refuse_where_no_room(self.settings)
        self.workload.check()
        for sentence in (*self.workload.notices(), *room):
            self.say(sentence)
        self.ledger.close()  # the run reads it for itself, and holds it once
        from engine.collector import settled
        from engine.commandline.signals import stop_signals
        from engine.display import display_for
        from engine.orchestrator import Orchestrator

        self.forget_ledger()
        display = display_for(as_json=self.arguments.json)
        orchestrator = Orchestrator(
            settings=self.settings,
            work_dir=self.work_dir,
            workload=self.workload,
            ledger_path=self.workload.ledger_path,
            display=display,
        )
        try:
            settled()
            with stop_signals(orchestrator.request_stop):
                result = orchestrator.run()
        finally:
            display.close()
        self._final_block(orchestrator.record.run_id, result)
        return result.exit_code

    def dry_run(self) -> int:
        """Say what ``run`` would do; starts and writes nothing."""
        from engine.commandline.dry_run import show
        from engine.plan import plan

        arguments = self.arguments
        found = plan(self.work_dir, self.settings, continue_day=arguments.continue_day)
        self.say_json("plan", found.to_dict())
        if not arguments.json:
            show(found)
        return ExitCode.FAILED if found.problems else ExitCode.DONE

    def _final_block(self, run_id: str, result: RunResult) -> None:
        minutes = self.workload.minutes_used(run_id)
        label = self.workload.labels.resource
        if self.arguments.json:
            self.say_json(
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
        passes_table(result.summary, self.workload.labels.stage)
        show_totals(result.totals)
        say(f"{label} minutes: {minutes:.1f}")
        in_doubt, key = result.totals["in_doubt"], self.workload.labels.key
        if in_doubt:
            say(
                f"{in_doubt} jobs are in doubt: look at each {key}, then settle them with "
                "--mark-posted or --requeue."
            )
        if result.why:
            say(result.why)
        say(f"Result: {result.result} (exit status {int(result.exit_code)})")

    # -- status --------------------------------------------------------------------------------

    def status(self) -> int:
        """Show everything, change nothing (A13.1 to A13.3)."""
        from engine.commandline.status_report import collect
        from engine.commandline.status_text import show
        from engine.insight.watch import Watch

        report = collect(Watch(self.work_dir, self.settings, workload=self.workload))
        say_json(report) if self.arguments.json else show(report)
        return ExitCode.FAILED if report["ledger"]["problem"] else ExitCode.DONE

    def watch(self) -> int:
        """Tell every change until it is interrupted, or nobody reads any more."""
        from engine.commandline.status_watch import follow
        from engine.insight.watch import Watch

        watch = Watch(self.work_dir, self.settings, workload=self.workload)
        return follow(watch, as_json=self.arguments.json)

    # -- stop ----------------------------------------------------------------------------------

    def stop_all(self) -> int:
        """Stop everything that is ours and say what could not be stopped (A13.4)."""
        from engine.commandline.stop_all import StopAll
        from engine.leftovers import half_written

        report = StopAll(
            settings=self.settings,
            run_dir=self.run_dir,
            lock=self.lock,
            ledger=self.ledger,
            workload=self.workload,
            exclusive=self.exclusive,
            half_written=half_written(self.work_dir, self.settings, self.ledger.path),
            say=self.say,
            tell=self.say_json,
        ).carry_out()
        label = self.workload.labels.resource
        if report.ledger_problem:
            complain(report.ledger_problem)
        if report.not_released or report.still_ours:
            complain(f"A {label} of ours may still be on; try --stop-all again in a minute.")
        else:
            self.say(f"Everything of ours is stopped; no {label} that we started is on.")
        if report.seen.get("receipt"):
            self.say(f"Receipt: {report.seen['receipt']}")
        self.say_json("stop_all", report.to_dict())
        return report.exit_code

    # -- the day -------------------------------------------------------------------------------

    def seed_only(self) -> int:
        """Make the ledger and print the plan; start nothing (A5.3.2, A13.6)."""
        with self.exclusive():
            return self._day.seed(anew=self.arguments.force_reseed)

    def force_reseed(self) -> int:
        """Archive what is there and seed anew."""
        with self.exclusive():
            return self._day.seed(anew=True)

    def reset_day(self) -> int:
        """Archive the ledger and start an empty one (A7)."""
        if not self.ledger.exists():
            raise InputError(f"There is nothing to reset: {self.ledger.path} does not exist.")
        with self.exclusive():
            self._day.archive()
        return ExitCode.DONE

    @property
    def _day(self) -> DayCommands:
        from engine.commandline.day_commands import DayCommands

        return DayCommands(
            ledger=self.ledger,
            workload=self.workload,
            as_json=self.arguments.json,
            confirmed=self.arguments.yes,
        )

    # -- lists ---------------------------------------------------------------------------------

    def export(self) -> int:
        """Write the ledger with one row a job, for other tools."""
        self.need_ledger()
        target: Path = self.arguments.export.absolute()
        if target.exists() and (target.samefile(self.ledger.path) or not _is_export(target)):
            raise InputError(f"{target} exists and is no export: name another file.")
        count = self.ledger.export(target)
        self.say(f"Wrote {count} jobs to {target}.")
        self.say_json("exported", {"jobs": count, "path": str(target)})
        return ExitCode.DONE

    def list_campaigns(self) -> int:
        """Name, state and size of every campaign."""
        from engine.campaign import list_campaigns

        rows = list_campaigns(self.settings, self.work_dir)
        if self.arguments.json:
            for row in rows:
                self.say_json("campaign", row.to_dict())
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


def perform(command: str, arguments: argparse.Namespace, settings: Settings, work_dir: Path) -> int:
    """Carry out one command; returns its exit status. Raises EngineError."""
    if command in CONTROL_COMMANDS:
        from engine.commandline.control_commands import ControlCommands

        return ControlCommands(arguments, settings, work_dir).perform(command)
    action: Callable[[], int] = getattr(Operations(arguments, settings, work_dir), command)
    return action()


def _is_export(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline().startswith(b"job_id,")
