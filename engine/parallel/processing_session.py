"""``ProcessingSession``: a list of orders done, in parallel where that is wanted and fits, else one
after the other, under its contract's name (behaviour C5)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine import logs
from engine.config import Settings
from engine.downloads.folders import OrderFolders
from engine.downloads.orders import OrderList
from engine.downloads.page import page_address
from engine.downloads.profiles import ProfileManager
from engine.downloads.tries import most_attempts
from engine.errors import EngineError, InputError
from engine.host.sizing import Sizing
from engine.logger import get_logger
from engine.parallel.errors import ProfileCorruptedError
from engine.parallel.local_run import LocalRun
from engine.parallel.order_input import GivenOrders, Refused, given, given_in
from engine.parallel.place import WorkPlace, settle
from engine.parallel.pool_settings import (
    DOWNLOADS,
    MOST_WORKERS,
    BrowserConfig,
    resolved,
    task_limit,
    with_base_profile,
    without_profiles,
)
from engine.parallel.pool_status import PoolState, WorkerInstance
from engine.parallel.progress_bell import ProgressBell
from engine.parallel.resource_monitor import ResourceMonitor
from engine.parallel.session_report import (
    Mode,
    SessionProgress,
    SessionReport,
    SessionState,
    outcomes_of,
)
from engine.parallel.session_work import SessionWork, as_given, most_workers
from engine.parallel.task_figures import QueueStatus
from engine.parallel.task_queue import TaskQueue
from engine.parallel.worker_pool import TASK_SECONDS, WorkerPool
from engine.private_files import explain

log = get_logger(__name__)

STOP_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.1
_LOOKS: Final = 3
"""At a host that does not answer in time."""
_UNKNOWN: Final = 2
"""Workers on a host of which nothing is known: it is too busy to tell."""


class ProcessingSession:
    """Does lists of orders, one list at a time. Who does not ask for parallel work gets one order
    after the other in his own process."""

    def __init__(
        self,
        enable_parallel: bool = False,
        max_workers: int = 4,
        *,
        browser_config: BrowserConfig | None = None,
        profile_manager: ProfileManager | None = None,
        task_timeout: float = TASK_SECONDS,
        out: Path | None = None,
        work_dir: Path | None = None,
        settings: Settings | None = None,
        monitor: ResourceMonitor | None = None,
        progress: Callable[[SessionProgress], object] | None = None,
        progress_seconds: float = 1.0,
        workload: str = DOWNLOADS,
    ) -> None:
        """``work_dir``: keeps ledgers, logs and evidence, a folder for each list; without one they
        go with the work. More than 8 workers are 8, which the report says. ``progress`` is called
        every ``progress_seconds`` (1 to 2) from a thread of its own. Raises TypeError, ValueError,
        SettingsError."""
        logs.within_a_program()
        if not isinstance(enable_parallel, bool):
            raise TypeError(
                f"enable_parallel must be True or False, not {type(enable_parallel).__name__}."
            )
        self.enable_parallel = enable_parallel
        self.max_workers, self._too_many = most_workers(max_workers)
        if not 1 <= progress_seconds <= 2:
            raise ValueError(f"progress_seconds is {progress_seconds:g}: allowed is 1 to 2.")
        found = resolved(
            browser_config=browser_config,
            task_timeout=task_limit(task_timeout),
            out=out,
            settings=settings,
            workload=workload,
        )
        if profile_manager is not None:
            if not isinstance(profile_manager, ProfileManager):
                raise TypeError(
                    f"profile_manager must be a ProfileManager, not "
                    f"{type(profile_manager).__name__}."
                )
            found = with_base_profile(found, profile_manager.base_profile)
        self._settings = found
        self._work_dir = work_dir
        self._profiles = profile_manager
        self._monitor = monitor or ResourceMonitor(found.host, max_workers=self.max_workers)
        self._progress = progress
        self._progress_seconds = progress_seconds
        self._busy = threading.Lock()
        self._free = threading.Event()
        self._free.set()
        self._stopping = threading.Event()
        self._seeing = threading.Lock()
        """What is under way is counted either there or among the outcomes."""
        self._work: SessionWork | None = None
        self._pool: WorkerPool | None = None
        self._local: tuple[LocalRun, TaskQueue] | None = None

    # -- what the contract names -------------------------------------------------------------------

    def get_processing_mode(self, count: int) -> Mode:
        """For so many orders, as the host is now: parallel if that is enabled, there is more than
        one order, and at least two workers fit."""
        sizing = self._sizing(count)
        return "parallel" if sizing is not None and _fitting(sizing) > 1 else "sequential"

    def process_pos(
        self, po_list: Iterable[Mapping[str, object]]
    ) -> tuple[int, int, SessionReport]:
        """Do all of them; (ok, failed, report), where ok + failed = distinct orders given, whatever
        happens. An item that is no order counts as one that failed, with its reason.

        Raises RuntimeError while another list is done, TypeError for what is no list. A
        KeyboardInterrupt goes on to the caller when all that was started has ended.
        """
        if isinstance(po_list, str | bytes | Mapping) or not isinstance(po_list, Iterable):
            raise TypeError(f"po_list must be a list of orders, not {type(po_list).__name__}.")
        return self._process(given(po_list))

    def process_list(self, found: OrderList) -> tuple[int, int, SessionReport]:
        """The same with a list that was read from a file. Raises RuntimeError."""
        return self._process(given_in(found))

    def get_progress(self) -> SessionProgress:
        """How far the present list is, or how the last one ended."""
        work = self._work
        if work is None:
            return SessionProgress()
        with self._seeing:
            now, workers = self._figures_now()
            return work.progress(now, workers)

    def stop_processing(self, timeout: float = STOP_SECONDS) -> bool:
        """End the list that is done now: what is in work is finished or given back, the rest counts
        as failed. Whether it has ended in time; True where nothing is done. From any thread."""
        self._stopping.set()
        local = self._local
        if local is not None:
            local[0].stop()
        return self._free.wait(timeout)

    # -- the work ----------------------------------------------------------------------------------

    def _process(self, found: GivenOrders) -> tuple[int, int, SessionReport]:
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("The session is at work: wait for it, or stop it first.")
        try:
            self._free.clear()
            self._stopping.clear()
            work = self._work = self._taken(found)
            with ProgressBell(self.get_progress, self._progress, self._progress_seconds) as bell:
                self._do(work)
            report = work.report()
            bell.once()
            return report.ok, report.failed, report
        finally:
            self._busy.release()
            self._free.set()

    def _taken(self, found: GivenOrders) -> SessionWork:
        refused = list(found.refused)
        if self._settings.run.workload == DOWNLOADS:
            for place, order in enumerate(found.orders.values(), start=1):
                try:
                    page_address(order, self._settings.downloads)
                except InputError as exc:
                    refused.append(Refused(place=place, po_number=order.po_number, reason=str(exc)))
        work = SessionWork(found, tuple(refused))
        if self._too_many:
            work.notes.append(
                f"At most {MOST_WORKERS} workers are used, not {self._too_many} as asked for."
            )
        return work

    def _do(self, work: SessionWork) -> None:
        try:
            work.status = SessionState.RUNNING
            workers = self._workers_for(work)
            if work.left and workers > 1:
                work.begun_as = work.mode = "parallel"
                work.workers = workers
                self._in_parallel(work, workers)
            if work.left and not work.why and not self._stopping.is_set():
                work.mode = "sequential"
                self._one_by_one(work)
        except Exception as exc:
            log.exception("session_failed")
            work.why = f"An error of our own ({type(exc).__name__}); the log has it."
        finally:
            if work.left and not work.why:
                work.why = "the session was stopped before"
            work.status = SessionState.FAILED if work.left else SessionState.COMPLETED
            work.ended = time.monotonic()
            self._pool = self._local = None

    def _workers_for(self, work: SessionWork) -> int:
        sizing = self._sizing(len(work.left))
        if sizing is None:
            return 1
        fit = max(1, _fitting(sizing))
        if fit < sizing.wanted:
            why = "more do not fit on this host now"
            if sizing.by_memory is None:
                why = "the free memory of this host cannot be read now"
            work.notes.append(f"{fit} instead of {sizing.wanted} workers: {why}.")
        return fit

    def _sizing(self, count: int) -> Sizing | None:
        """None where one order comes after the other anyway."""
        if not self.enable_parallel or count < 2:
            return None
        wanted = min(self.max_workers, count)
        sizing = self._monitor.size(wanted)
        for _ in range(_LOOKS - 1):
            if sizing.by_memory is not None:
                break
            sizing = self._monitor.size(wanted)  # a look that took too long
        return sizing

    def _in_parallel(self, work: SessionWork, workers: int) -> None:
        pool = self._pool = WorkerPool(
            workers,
            profile_manager=self._profiles,
            task_timeout=self._settings.downloads.task_timeout_seconds,
            work_dir=self._place_for("parallel"),
            settings=self._settings,
            workload=self._settings.run.workload,
        )
        collapsed = ""
        try:
            if pool.start_processing(as_given(work.left)):
                collapsed = self._await_pool(work, pool)
            else:
                collapsed = pool.get_status().error
        except ProfileCorruptedError as exc:
            work.why = str(exc)  # copies of it would be damaged too (behaviour C6.7)
        except EngineError as exc:
            collapsed = str(exc)
        except Exception as exc:
            log.exception("parallel_failed")
            collapsed = f"An error of our own ({type(exc).__name__}); the log has it."
        finally:
            gone = pool.stop()
            ended = outcomes_of(pool.tasks(), "parallel", self._folders)
            with self._seeing:
                work.take(ended)
                self._pool = None
        if not gone:
            work.notes.append("Not all of the parallel work is seen gone; the next start ends it.")
        if collapsed and work.left:
            work.fell_back = True
            work.notes.append(
                f"Parallel work ended early: {collapsed} The remaining {len(work.left)} orders "
                "are done one after the other."
            )

    def _await_pool(self, work: SessionWork, pool: WorkerPool) -> str:
        """Until all is done, or the session is stopped; else why it goes on no more."""
        while not self._stopping.wait(_LOOK_SECONDS):
            status = pool.get_status()
            if status.status is PoolState.ERROR:
                return status.error
            if status.status is PoolState.PAUSED and status.error:
                # Only a person can put it right, and none is here.
                work.why = status.error
                return ""
            if not status.pending and not status.active:
                return ""
        return ""

    def _one_by_one(self, work: SessionWork) -> None:
        settings = self._settings
        if settings.downloads.base_profile is None:
            settings = without_profiles(settings)
        try:
            place = WorkPlace(self._place_for("sequential"))
        except OSError as exc:
            work.why = explain(exc)
            return
        try:
            self._run_here(work, place, settings)
        except EngineError as exc:
            work.why = str(exc)
        except OSError as exc:
            work.why = explain(exc)
        finally:
            place.remove()

    def _run_here(self, work: SessionWork, place: WorkPlace, settings: Settings) -> None:
        run = LocalRun(place, settings)
        queue = TaskQueue(
            run.ledger_path, settings=settings, max_retries=most_attempts(settings.downloads) - 1
        )
        try:
            queue.add_tasks(as_given(work.left))
            self._local = run, queue
            if self._stopping.is_set():
                return
            run.run()
            work.why = run.why
        finally:
            ended = outcomes_of(queue.tasks(), "sequential", self._folders)
            with self._seeing:
                work.take(ended)
                self._local = None
            queue.close()

    def _place_for(self, mode: Mode) -> Path | None:
        """A folder of its own in the caller's, named by the moment; None for a private one."""
        if self._work_dir is None:
            return None
        for earlier in self._work_dir.glob("*-*"):
            settle(earlier)
        moment = datetime.now(UTC)
        return self._work_dir / f"{moment:%Y%m%dT%H%M%S.%f}-{mode}"

    # -- what is seen ------------------------------------------------------------------------------

    @property
    def _folders(self) -> OrderFolders | None:
        if self._settings.run.workload != DOWNLOADS:
            return None
        return OrderFolders(self._settings.downloads.out)

    def _figures_now(self) -> tuple[QueueStatus, tuple[WorkerInstance, ...]]:
        """Of the work that is going on."""
        pool, local = self._pool, self._local
        if pool is not None:
            status = pool.get_status()
            return status.tasks, tuple(status.workers)
        return (local[1].get_status() if local is not None else QueueStatus()), ()


def _fitting(sizing: Sizing) -> int:
    """Workers to begin with; few on a host that does not say what it has."""
    return sizing.proposed if sizing.by_memory is not None else min(sizing.proposed, _UNKNOWN)
