"""The supervisor process: stages in order, workers kept alive, one way to stop.

It holds the single-instance lock, starts workers staggered, settles what a dead one left, obeys the
run directory's commands and writes what the console shows. It knows the trade only through the
workload (architecture 2, 6, 7). ``python -m engine.orchestrator`` is the headless command line.
"""

from __future__ import annotations

if __name__ == "__main__":  # before all that follows, of which most commands need nothing
    from engine.collector import quick_start

    quick_start()
    from engine.commandline.cli import process

    process()

import queue
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from engine import retention
from engine.aftermath import Aftermath, end_left_processes
from engine.commands import CommandDesk
from engine.config import Settings
from engine.control import StandingOrders
from engine.display import Display
from engine.errors import LedgerUnreadableError
from engine.guards import Guards
from engine.insight.paced import SHARE
from engine.instance import InstanceLock, run_lock
from engine.jobs import Job
from engine.ledger_patience import LedgerPatience
from engine.leftovers import half_written
from engine.logger import get_logger
from engine.news import News
from engine.private_files import explain, write_atomically
from engine.processes import ProcessRegistry
from engine.progress import ProgressTracker
from engine.retry import STOPPED
from engine.run_forecast import RunForecast
from engine.run_hold import hold, lift_earlier
from engine.run_result import RunResult
from engine.run_seeding import seed
from engine.run_state import RunDirectory, RunRecord
from engine.stage_loop import StageLoop
from engine.status import publish, snapshot, totals_line
from engine.supervision import WAKE, Message, Workers, worker_command
from engine.workloads.base import Receipt, Stage, StagePlan, Workload

T = TypeVar("T")
log = get_logger(__name__)

STATUS_SECONDS = 2.0
"""The snapshot is rewritten at least this often (architecture 7)."""

TURN_SECONDS = 0.05
"""Between two turns that messages begin: a turn looks after everything, however little was said."""

TOLD = frozenset({"hello", "job", "state", "submitted", "outcome", "exit"})
"""What a worker says that becomes an event."""

BACKGROUND_POLL_SECONDS = 0.05
"""Between two turns while something slow is done on another thread."""

ENDING = frozenset({"stopping", "finishing"})
"""Phases in which no worker comes back."""


class Orchestrator:
    """One run, from taking the lock to the last phone seen off."""

    def __init__(
        self,
        *,
        settings: Settings,
        work_dir: Path,
        workload: Workload,
        ledger_path: Path,
        display: Display,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings
        self.work_dir = work_dir
        self.workload = workload
        self.ledger_path = ledger_path
        self.display = display
        self.now = now
        self.run_dir = RunDirectory(work_dir / settings.paths.run)
        self.registry = ProcessRegistry(self.run_dir.processes_path)
        self.phase = "starting"
        self.stage: Stage | None = None
        self.plan: StagePlan | None = None
        self.waiting_until: datetime | None = None
        self.between_stages = False
        """The plan is at work: it ends a stage, or looks for the next one."""
        self.stop_asked = 0
        self._all_done = False
        """Every stage has ended by itself: nobody has a job in hand."""
        self.started_at = now()
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._next: dict[str, float] = {}
        self._next_turn = self._status_from = 0.0

    # -- the run -------------------------------------------------------------------------------

    def run(self) -> RunResult:
        """Publish what the ledger has, to the end or until stopped.

        Raises EngineError when it may not or cannot start; nothing is changed then.
        """
        stale = self.settings.run.heartbeat_stale_seconds
        self.lock = InstanceLock(self.run_dir.lock_path, stale_after=stale)
        ledger_lock = run_lock(self.ledger_path, stale_after=stale)
        self.run_dir.create()
        self.lock.acquire()
        try:
            ledger_lock.acquire()
            self._open_run()
            try:
                return self._conclude(self._run_to_the_end())
            except Exception as exc:
                self._fail(exc)
                raise
        finally:
            ledger_lock.release()
            self.lock.release()

    def _run_to_the_end(self) -> list[Receipt]:
        """Whatever happens, nothing of ours outlives it (A12.7)."""
        try:
            self._clean_up_earlier()
            self._tidy()
            if not self.stopping():
                seed(self)
            if not self.stopping():
                self._all_done = StageLoop(self).run()
        finally:
            receipts = self._shut_down()
            self.guards.close()
        return receipts

    def stopping(self) -> bool:
        """The operator wants the run to end."""
        return self.stop_asked > 0

    def request_stop(self) -> None:
        """Ask for the clean stop; asked again, it waits less (A12.6). Safe in a signal handler."""
        self.stop_asked += 1

    def _open_run(self) -> None:
        """Continue the run that crashed or was stopped on this ledger, or begin a new one."""
        earlier = self.run_dir.read_run()
        ledger = str(self.ledger_path)
        if earlier is not None and earlier.unfinished and earlier.ledger == ledger:
            self.record = earlier.model_copy(update={"ended_at": None, "result": ""})
        else:
            self.record = RunRecord.begin(
                self.now(), self.workload.name, campaign=self.settings.campaign, ledger=ledger
            )
        self.run_dir.write_run(self.record)
        self.run_dir.limit_events(int(self.settings.logs.events_megabytes * 1024 * 1024))
        write_atomically(self.run_dir.settings_path, self.settings.to_json())
        self.ledger = ProgressTracker(
            self.ledger_path,
            settings=self.settings,
            run_id=self.record.run_id,
            refuse=self._refuse,
            cap=self.workload.daily_cap,
            rank=self.workload.rank,
        )
        self.workload.attach(self.ledger)
        self.news = News(self.run_dir, self.display, self.record.run_id, self.now)
        self.patience = LedgerPatience(self.news.alarm)
        self.aftermath = Aftermath(
            settings=self.settings,
            registry=self.registry,
            workload=self.workload,
            ledger=self.ledger,
            news=self.news,
            run_id=self.record.run_id,
            half_written=half_written(self.work_dir, self.settings, self.ledger_path),
        )
        self.workers = Workers(
            self.settings.run.workers,
            run=self.settings.run,
            command=self._worker_command,
            registry=self.registry,
            logs=self.work_dir / self.settings.paths.logs,
            inbox=self._inbox,
        )
        self.aftermath.when_done = self.workers.wake
        self.control = StandingOrders(self.run_dir, self.workers, self.ledger.ask_again)
        lift_earlier(self.control)
        self.guards = Guards(self)
        self.forecast = RunForecast(self)
        self.desk = CommandDesk(self)
        self.desk.refuse_left_over("It was sent before this run began.")
        self.news.emit(
            "run_started", continued=earlier is not None and self.record.run_id == earlier.run_id
        )
        if self.control.paused:
            text = "Claims are paused, as they were left; resume (--send resume) to go on."
            self.news.emit("paused", text=text)

    def _refuse(self, job: Job) -> str | None:
        if job.account in self.control.held_keys:
            return "held by the operator"
        return self.workload.refuse(job)

    def _worker_command(self, slot: int) -> list[str]:
        """Raises OSError where the settings are gone with the run directory and stay so."""
        if not self.run_dir.settings_path.exists():
            self.run_dir.create()
            write_atomically(self.run_dir.settings_path, self.settings.to_json())
        return worker_command(
            slot,
            workers=self.settings.run.workers,
            work_dir=self.work_dir,
            ledger=self.ledger_path,
            settings=self.run_dir.settings_path,
            run_id=self.record.run_id,
        )

    # -- one turn ------------------------------------------------------------------------------

    def tick(self, seconds: float | None = None) -> None:
        """Hear workers, settle deaths, obey commands, show what is true; at most one poll long."""
        self._hear(self.settings.run.supervisor_poll_seconds if seconds is None else seconds)
        try:
            self._turn()
        except LedgerUnreadableError as exc:
            self.patience.bear(exc)

    def _turn(self) -> None:
        self.guards.turn()
        for worker in self.workers.end_overdue():
            self.news.emit(
                "worker_killed", worker=worker.slot, text="It did not stop or start in time."
            )
        ended = self.workers.reap()
        if ended:
            self._hear_all()
        for worker, clean in ended:
            self.aftermath.bury(worker, clean=clean)
        self.aftermath.finish_burials(self.workers, stopping=self.phase in ENDING)
        self.aftermath.settle_dead(self.workers)
        self.desk.serve()
        if self._due("stale", self.settings.ledger.renew_seconds):
            self.aftermath.take_back_stale(self.workers)
        if self._due("heartbeat", self.settings.run.heartbeat_seconds):
            self.lock.beat()
        if self._due("status", STATUS_SECONDS):
            self.write_status()
        if self._due("line", self.settings.run.status_line_seconds):
            self._progress_line()

    def _due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._next.setdefault(what, now + (every if what != "status" else 0)):
            return False
        self._next[what] = now + every
        return True

    def _hear(self, seconds: float) -> None:
        try:
            message = self._inbox.get(timeout=max(seconds, 0.01))
        except queue.Empty:
            return
        if message != WAKE:
            time.sleep(max(0.0, self._next_turn - time.monotonic()))
        self._next_turn = time.monotonic() + TURN_SECONDS
        with self.news.together():
            self._heard(*message)
            self._hear_all()

    def _hear_all(self) -> None:
        for _ in range(self._inbox.qsize()):
            self._heard(*self._inbox.get_nowait())

    def _heard(self, slot: int, generation: int, message: dict[str, Any] | None) -> None:
        worker = self.workers.slots.get(slot)
        if worker is None or worker.generation != generation or message is None:
            return
        kind = worker.hear(message, self.now())
        self.guards.watchdog.heard(worker, kind, message)
        self.forecast.heard(slot, kind, message)
        if kind == "alarm":
            self.news.alarm(str(message.get("text")), worker=slot)
        elif kind == "hold":
            hold(self, slot, message, ending=self.phase in ENDING)
        elif kind in TOLD:
            name = kind if kind == "outcome" else f"worker_{kind}"
            self.news.emit(name, worker=slot, **message)
            self._next["status"] = self._status_from

    def meanwhile(self, work: Callable[[], T]) -> T:
        """Do something slow on another thread: commands are heard and the status stays true."""
        future = self.aftermath.in_background(work)
        while not future.done():
            self._tick_briefly()
        return future.result()

    def _tick_briefly(self) -> None:
        self.tick(BACKGROUND_POLL_SECONDS)

    def release_all(self, *, why: str) -> None:
        self.aftermath.release_all(self._tick_briefly, why=why)

    # -- before the first stage ------------------------------------------------------------------

    def _clean_up_earlier(self) -> None:
        """Put right what a crashed run left: processes, resources, claims (A12.1)."""
        self.phase = "cleaning up"
        self.meanwhile(
            lambda: end_left_processes(
                self.registry, self.settings, self.news.emit, give_up=lambda: self.stop_asked > 1
            )
        )
        self.aftermath.remove_half_written()
        self.release_all(why="left by an earlier run")
        if self.ledger.exists():
            self.aftermath.settle_all()

    def _tidy(self) -> None:
        """Keep what earlier days left within the settings' limits (A14.8)."""
        removed = retention.tidy(self.work_dir, self.settings, self.ledger_path)
        if removed:
            self.news.line(removed)

    # -- the one way to stop -------------------------------------------------------------------

    def _shut_down(self) -> list[Receipt]:
        """No new claims, workers finish or give back, everything of ours released and seen gone."""
        self.phase = "finishing" if self._all_done else "stopping"
        if self.plan is not None and self.stop_asked:
            self.plan.stop()
        self.workers.stop_all(order="finish" if self._all_done else "stop")
        try:
            self._wait_for_workers()
        except Exception:
            # What disturbs the supervisor must not let a worker or a phone outlive it.
            log.exception("shutdown_disturbed")
            for worker in self.workers.alive:
                self.workers.kill(worker)
        return self.aftermath.last(self._tick_anyhow)

    def _wait_for_workers(self) -> None:
        hurried = 1
        deadline = time.monotonic() + self.workers.longest_stop_seconds
        while (self.workers.unreaped or self.aftermath.busy) and time.monotonic() < deadline:
            if self.stop_asked > hurried:
                hurried = self.stop_asked
                self.workers.hurry()
            self.tick(0.2)

    def _tick_anyhow(self) -> None:
        try:
            self.tick(BACKGROUND_POLL_SECONDS)
        except Exception:
            log.exception("turn_failed")
            time.sleep(BACKGROUND_POLL_SECONDS)

    def _fail(self, exc: Exception) -> None:
        """The run ends before its end: say so to whoever watches; the exception goes on."""
        self.phase = "failed"
        text = explain(exc) if isinstance(exc, OSError) else str(exc)
        self.record = self.record.model_copy(update={"ended_at": self.now()})
        try:
            self.desk.answer_stop("failed")
            self.news.emit("run_failed", text=text, kind=type(exc).__name__)
            self.write_status()
            self.run_dir.write_run(self.record)
        except Exception:
            log.exception("failure_not_told")

    def _conclude(self, receipts: list[Receipt]) -> RunResult:
        plan = self.plan
        result = STOPPED if plan is None else plan.result
        summary = dict(plan.summary()) if plan is not None else {}
        totals = self.ledger.figures().to_dict()
        self.record = self.record.model_copy(
            update={"ended_at": self.now(), "result": result, "summary": summary}
        )
        self.run_dir.write_run(self.record)
        self.phase = "ended"
        self.desk.answer_stop(result)
        self.news.emit("run_ended", result=result, passes=len(summary.get("passes", ())), **totals)
        self.write_status()
        return RunResult(
            result=result,
            summary=summary,
            totals=totals,
            not_released=[receipt for receipt in receipts if not receipt.released],
            forced=self.stop_asked > 1,
        )

    # -- told to the operator ------------------------------------------------------------------

    def write_status(self) -> None:
        began = time.monotonic()
        try:
            self.run_dir.write_status(snapshot(self))
        except OSError as exc:
            # A full disk must not end the run that may be the only one to stop the phones.
            log.warning("status_not_written", error=explain(exc))
        publish(self.workload, self.ledger)
        # Many workers, or a long ledger, make it dear: news alone do not have it written so often.
        took = time.monotonic() - began
        self._status_from = began + min(STATUS_SECONDS, took * SHARE)

    def _progress_line(self) -> None:
        text = totals_line(self)
        log.info("progress", text=text)
        self.display.status(text, self.ledger.figures().to_dict())
