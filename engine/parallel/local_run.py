"""Orders one after the other, by the engine's own worker in this process and on this thread.

Nothing is started but the browser: no supervisor, no worker process, no thread that would drive it
(behaviour C5.6, C6.10). The caller's signal handlers and his Ctrl-C stay his (C-D8).
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from engine import workloads
from engine.channel import WorkerChannel
from engine.config import Settings
from engine.errors import EngineError
from engine.jobs import Job
from engine.logger import get_logger
from engine.parallel.place import WorkPlace, end_everything, run_directory, write_settings
from engine.private_files import explain
from engine.processes import ProcessRegistry
from engine.progress import ProgressTracker
from engine.run_state import RunRecord
from engine.slot_processes import SlotProcesses
from engine.worker import CLEAN_EXITS, Worker
from engine.workloads.base import Stage, WorkerSlot, Workload, WorldContext

log = get_logger(__name__)

SLOT: Final = 0
_PAUSE_SECONDS: Final = 0.1


class LocalChannel(WorkerChannel):
    """A worker's channel without a supervisor at its other end."""

    def __init__(self, hear: Callable[[str, Mapping[str, Any]], None]) -> None:
        super().__init__(io.BytesIO(), io.BytesIO())
        self._hear = hear

    def order(self, **changes: object) -> None:
        """Change the worker's orders, from any thread."""
        self._apply(changes)

    def send(self, event: str, **fields: Any) -> None:
        """What the worker says is heard at once, on its own thread."""
        self._hear(event, fields)
        self.move()


class _Talk:
    """The plan's news: to the log."""

    @staticmethod
    def line(text: str) -> None:
        log.info("plan", text=text)

    @staticmethod
    def alarm(text: str, **fields: Any) -> None:
        log.warning("plan_alarm", text=text, **fields)

    @staticmethod
    def emit(event: str, **fields: Any) -> None:
        log.info(event, **fields)


class LocalRun:
    """All that waits in one ledger, to the end or until it is stopped."""

    def __init__(self, place: WorkPlace, settings: Settings) -> None:
        """Raises SettingsError for a trade that there is not."""
        self._place = place
        self._settings = settings
        context = WorldContext(settings=settings, work_dir=place.path)
        self._workload: Workload = workloads.load(settings.run.workload, context)
        self._channel: LocalChannel | None = None
        self._stopped = False
        self.why = ""
        """Why it ended before all was done; empty where it did not."""
        self.task = ""
        """What it is at now."""

    @property
    def ledger_path(self) -> Path:
        """Where the orders are looked for."""
        return self._workload.ledger_path

    def run(self) -> None:
        """Do it. Raises EngineError where it may not or cannot begin; ends all it started, however
        it ends itself."""
        self._workload.check_workers(1)
        self._workload.check()
        directory = run_directory(self._place.path, self._settings)
        try:
            directory.create()
            write_settings(self._place.path, self._settings)  # for who comes after a crash
        except OSError as exc:
            raise EngineError(explain(exc)) from exc
        ledger = ProgressTracker(
            self._workload.ledger_path,
            settings=self._settings,
            refuse=self._workload.refuse,
            cap=self._workload.daily_cap,
            rank=self._workload.rank,
        )
        self._workload.attach(ledger)
        run_id = RunRecord.begin(
            ledger.now(), self._workload.name, campaign="", ledger=str(ledger.path)
        ).run_id
        try:
            for stage in self._workload.stages(ledger, run_id, _Talk()):
                if self._stopped or not self._wait(stage.delay_seconds):
                    break
                self._stage(stage, ledger, run_id)
                if self.why:
                    break
        finally:
            self.task = ""
            end_everything(self._place.path, self._settings)
            ledger.settle_dead(_nobody_lives)
            ledger.close()

    def stop(self) -> None:
        """Finish or give back what is in hand, and end; from any thread."""
        self._stopped = True
        channel = self._channel
        if channel is not None:
            channel.order(stop=True)

    # -- within ------------------------------------------------------------------------------------

    def _stage(self, stage: Stage, ledger: ProgressTracker, run_id: str) -> None:
        """One stage; a worker that breaks down is begun again, a few times."""
        for _ in range(self._settings.run.max_restarts + 1):
            channel = self._channel = LocalChannel(self._heard)
            channel.order(stage=stage.number, stop=self._stopped)
            ledger.settle_dead(_nobody_lives)
            try:
                reason = Worker(self._slot(channel, run_id), self._workload, ledger, channel).run()
            except EngineError as exc:
                reason = str(exc)
            finally:
                self._channel = None
            if self.why or self._stopped or reason in CLEAN_EXITS:
                return
            log.warning("worker_ended_early", reason=reason)
        self.why = f"The worker broke down again and again ({reason})."

    def _slot(self, channel: LocalChannel, run_id: str) -> WorkerSlot:
        directory = run_directory(self._place.path, self._settings)
        return WorkerSlot(
            index=SLOT,
            settings=self._settings,
            work_dir=self._place.path,
            run_id=run_id,
            log=get_logger("engine.worker").bind(worker=SLOT),
            processes=SlotProcesses(ProcessRegistry(directory.processes_path), SLOT),
            should_stop=lambda: channel.orders.must_stop,
        )

    def _heard(self, event: str, fields: Mapping[str, Any]) -> None:
        channel = self._channel
        if event == "idle" and fields.get("all_complete") and channel is not None:
            channel.order(finish=True)
        elif event == "hold" and channel is not None:
            # Nobody is here who could put it right and resume.
            self.why = str(fields.get("text"))
            channel.order(stop=True)
        elif event == "alarm":
            log.warning("worker_alarm", text=str(fields.get("text")))
        elif event == "job":
            self.task = str(fields.get("job"))
        elif event == "outcome":
            self.task = ""

    def _wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self._stopped and time.monotonic() < until:
            time.sleep(_PAUSE_SECONDS)
        return not self._stopped


def _nobody_lives(_job: Job) -> bool:
    return False
