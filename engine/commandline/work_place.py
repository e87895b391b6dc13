"""One work directory as a command of the command line finds it: settings, trade, ledger, locks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine import workloads
from engine.config import Settings
from engine.errors import AlreadyRunningError, EngineError, InputError
from engine.instance import InstanceLock, run_lock
from engine.jobs import Job
from engine.output import complain, say, say_json
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory
from engine.workloads.base import Workload, WorldContext


class LiveRunError(InputError):
    """Somebody else is at work here; says who."""


class WorkPlace:
    """What every command needs."""

    def __init__(self, arguments: argparse.Namespace, settings: Settings, work_dir: Path) -> None:
        self.arguments = arguments
        self.settings = settings
        self.work_dir = work_dir
        self.run_dir = RunDirectory(work_dir / settings.paths.run)
        self.workload: Workload = workloads.load(
            settings.run.workload, WorldContext(settings=settings, work_dir=work_dir)
        )
        self.forget_ledger()
        stale = settings.run.heartbeat_stale_seconds
        self.lock = InstanceLock(self.run_dir.lock_path, stale_after=stale)
        self.ledger_lock = run_lock(self.workload.ledger_path, stale_after=stale)

    def forget_ledger(self) -> None:
        """Keep nothing of what was read of the ledger; asked again, it is read again."""
        self.ledger = ProgressTracker(
            self.workload.ledger_path,
            settings=self.settings,
            refuse=self._objection,
            cap=self.workload.daily_cap,
        )
        self.workload.attach(self.ledger)

    def _objection(self, job: Job) -> str | None:
        """The workload's; what it cannot read is an objection too, so that figures are shown."""
        try:
            return self.workload.refuse(job)
        except EngineError as exc:
            return str(exc)

    def say(self, text: str) -> None:
        """Talk for a person; out of the way of a program that reads our output."""
        complain(text) if self.arguments.json else say(text)

    def say_json(self, event: str, answer: Mapping[str, Any]) -> None:
        if self.arguments.json:
            say_json({"event": event, **answer})

    def need_ledger(self) -> None:
        if not self.ledger.exists():
            raise InputError(
                f"There is no ledger {self.ledger.path}; make one with --seed-only or --run, "
                "or name its campaign with --campaign."
            )

    @contextmanager
    def exclusive(self) -> Iterator[None]:
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
