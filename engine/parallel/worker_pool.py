"""``WorkerPool``: several browsers at work on one queue, under its contract's name (behaviour C2).

A thin front: the work is done by the engine's own supervisor and workers, below this process. They
end with it, however it dies.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine import logs, workloads
from engine.config import Settings
from engine.downloads.profile_making import require_available
from engine.downloads.profiles import ProfileManager
from engine.downloads.tries import most_attempts
from engine.errors import EngineError
from engine.parallel.engine_run import EngineRun
from engine.parallel.errors import ProfileCreationError, ProfileError, WorkerError
from engine.parallel.order_input import given
from engine.parallel.place import WorkPlace, run_directory
from engine.parallel.pool_settings import (
    DOWNLOADS,
    BrowserConfig,
    checked_size,
    resolved,
    task_limit,
    with_base_profile,
    with_workers,
)
from engine.parallel.pool_status import LIVE, PoolState, PoolStatus
from engine.parallel.pool_watch import PoolWatch
from engine.parallel.task_queue import TaskQueue
from engine.parallel.tasks import ProcessingTask
from engine.private_files import explain
from engine.run_state import Command, CommandName, Control
from engine.workloads.base import WorldContext

STOP_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 10.0
"""Longest wait for the run to say that an order is carried out."""
SCALE_SECONDS: Final = 1.0
"""The same for a number of workers; a refusal comes at once."""
TASK_SECONDS: Final = 300.0


class WorkerPool:
    """A number of workers and a queue of orders. Browsers are started with the first order, and are
    gone when none is left; the pool takes more until it is stopped."""

    def __init__(
        self,
        pool_size: int = 4,
        browser_config: BrowserConfig | None = None,
        profile_manager: ProfileManager | None = None,
        task_timeout: float = TASK_SECONDS,
        *,
        out: Path | None = None,
        work_dir: Path | None = None,
        settings: Settings | None = None,
        workload: str = DOWNLOADS,
    ) -> None:
        """``profile_manager``: its base profile is what workers get copies of. ``out``: where the
        orders' folders go. ``work_dir``: is kept; without one a private one is made at each start.
        ``settings`` replace the built-in ones. Raises TypeError, ValueError, SettingsError."""
        logs.within_a_program()
        self._size = checked_size(pool_size)
        if profile_manager is not None and not isinstance(profile_manager, ProfileManager):
            raise TypeError(
                f"profile_manager must be a ProfileManager, not {type(profile_manager).__name__}."
            )
        self._profiles = profile_manager
        self._work_dir = work_dir
        self._settings = resolved(
            browser_config=browser_config,
            task_timeout=task_limit(task_timeout),
            out=out,
            settings=settings,
            workload=workload,
        )
        self._changing = threading.RLock()
        """Held by who starts, stops or scales; never by who only asks."""
        self._watch: PoolWatch | None = None
        self._place: WorkPlace | None = None
        self._last = PoolStatus()
        self._tasks: list[ProcessingTask] = []
        """Of the last start, once it was stopped."""

    @property
    def pool_size(self) -> int:
        """Workers that the pool has at most."""
        return self._size

    # -- start and stop ----------------------------------------------------------------------------

    def start(self) -> None:
        """Be ready for tasks. Raises RuntimeError where it is running or in error,
        ProfileCreationError where workers could have no profile, WorkerError; nothing is left
        running then."""
        with self._changing:
            state = self.get_status().status
            if state is not PoolState.IDLE:
                raise RuntimeError(f"The pool is {state.value}: stop it before it is started.")
            self._last = PoolStatus(status=PoolState.STARTING)
            try:
                self._open()
            except BaseException:
                self._close(0.0)
                raise

    def start_processing(self, po_list: Iterable[Mapping[str, object]]) -> bool:
        """Start with these orders; repetitions are done once. False where no worker could begin
        (``get_status().error`` says why).

        Raises as ``start``, and ValueError for a list that is empty or holds what is no order.
        """
        if isinstance(po_list, str | bytes | Mapping) or not isinstance(po_list, Iterable):
            raise ValueError(f"po_list must be a list of orders, not {type(po_list).__name__}.")
        items = list(po_list)
        found = given(items)
        if not items:
            raise ValueError("po_list is empty: give at least one order.")
        if found.refused:
            first = found.refused[0]
            raise ValueError(f"Item {first.place} of po_list: {first.reason}")
        with self._changing:
            self.start()
            watch = self._begun()
            firsts = {str(item["po_number"]).strip(): item for item in reversed(items)}
            try:
                watch.queue.add_tasks([firsts[number] for number in found.orders])
            except BaseException:
                self._close(0.0)
                raise
            return self._first_run(watch)

    def stop(self, timeout: float = STOP_SECONDS) -> bool:
        """End all work, within the timeout; True where no browser, driver or profile of the pool is
        left. What was not done stays pending. Safe to repeat."""
        with self._changing:
            if self._watch is None:
                self._last = replace(self._last, status=PoolState.IDLE)
                return True
            return self._close(timeout)

    def stop_processing(self, timeout: float = STOP_SECONDS) -> bool:
        """The same."""
        return self.stop(timeout)

    # -- tasks and orders --------------------------------------------------------------------------

    def add_task(self, task: Mapping[str, object], priority: int = 5) -> str:
        """Add an order to a running pool; its id. Raises RuntimeError where it is not running, and
        as ``TaskQueue.add_task``."""
        with self._changing:
            watch = self._begun()
            task_id = watch.queue.add_task(task, priority)
            watch.look()
            return task_id

    def pause(self) -> None:
        """Begin no more tasks; those in work go on. Raises RuntimeError, WorkerError."""
        self._order_pause(paused=True)

    def resume(self) -> None:
        """Begin tasks again, whoever paused."""
        self._order_pause(paused=False)

    def scale_workers(self, count: int) -> None:
        """Have so many workers (1 to 8); who has to go finishes its task first. Raises TypeError,
        ValueError, WorkerError."""
        size = checked_size(count, "count")
        with self._changing:
            self._size = size
            # It is answered when those who have to go have gone, which may take a task's time.
            self._tell("set_workers", count=size, seconds=SCALE_SECONDS, must_answer=False)

    # -- what is seen ------------------------------------------------------------------------------

    def get_status(self) -> PoolStatus:
        """What was seen last; at most a few tenths of a second old, and never waited for."""
        watch = self._watch
        if watch is None or self._last.status is PoolState.STOPPING:
            return self._last
        return watch.seen

    def get_results(self) -> tuple[int, int, dict[str, float]]:
        """(completed, failed, performance), also after the stop."""
        watch = self._watch
        tasks = self._last.tasks if watch is None else watch.queue.get_status()
        work = self._last.performance if watch is None else watch.queue.get_performance()
        return tasks.completed, tasks.failed, work.to_dict()

    def tasks(self) -> list[ProcessingTask]:
        """Every task as it stands, also after the stop."""
        watch = self._watch
        return list(self._tasks) if watch is None else watch.queue.tasks()

    @property
    def work_dir(self) -> Path | None:
        """Where it works; None where it does not."""
        return self._place.path if self._place is not None else None

    def __enter__(self) -> WorkerPool:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    # -- within ------------------------------------------------------------------------------------

    def _begun(self) -> PoolWatch:
        watch = self._watch
        if watch is None or watch.seen.status not in LIVE:
            raise RuntimeError(f"The pool is {self.get_status().status.value}: start it first.")
        return watch

    def _open(self) -> None:
        """Raises ProfileCreationError, WorkerError."""
        settings = self._with_profile()
        try:
            self._place = place = WorkPlace(self._work_dir)
        except OSError as exc:
            raise WorkerError(f"The pool has no place to work: {explain(exc)}") from exc
        context = WorldContext(settings=settings, work_dir=place.path)
        ledger = workloads.load(settings.run.workload, context).ledger_path
        queue = TaskQueue(
            ledger,
            settings=settings,
            max_retries=most_attempts(settings.downloads) - 1,
            needs_pages=settings.run.workload == DOWNLOADS,
        )
        self._watch = PoolWatch(queue, lambda: EngineRun(place, with_workers(settings, self._size)))
        self._watch.start()

    def _with_profile(self) -> Settings:
        """Whether profiles can be made is tried before anything is started."""
        manager = self._profiles
        settings = self._settings
        if manager is not None:
            try:
                manager.cleanup_profile(manager.create_profile("pool-start"))
            except ProfileCreationError:
                raise
            except ProfileError as exc:
                raise ProfileCreationError(str(exc)) from exc
            settings = with_base_profile(settings, manager.base_profile)
        elif settings.downloads.base_profile is not None:
            require_available(settings.downloads.base_profile)
        return settings

    def _first_run(self, watch: PoolWatch) -> bool:
        try:
            watch.ensure_run()
            run = watch.run
            if run is not None:
                run.await_begun()
        except EngineError as exc:
            self._close(1.0)
            self._last = replace(self._last, status=PoolState.IDLE, error=str(exc))
            return False
        watch.look()
        return True

    def _close(self, timeout: float) -> bool:
        watch, place = self._watch, self._place
        error = self.get_status().error
        self._last = replace(self.get_status(), status=PoolState.STOPPING)
        gone = True
        try:
            if watch is not None:
                gone = watch.stop(max(timeout, 1.0))
                self._take_down(watch.queue)
        finally:
            if watch is not None:
                watch.queue.close()
            gone = (place is None or place.remove()) and gone
            self._watch = self._place = None
            self._last = replace(self._last, status=PoolState.IDLE, workers=(), error=error)
        return gone

    def _take_down(self, queue: TaskQueue) -> None:
        """What the queue says at last; what was in work of workers that are gone is pending."""
        for holder in {task.assigned_worker for task in queue.get_tasks_by_status("assigned")}:
            queue.worker_gone(holder)
        self._tasks = queue.tasks()
        self._last = replace(
            self._last, tasks=queue.get_status(), performance=queue.get_performance()
        )

    def _order_pause(self, *, paused: bool) -> None:
        with self._changing:
            watch = self._begun()
            if watch.run is None or not watch.run.alive:
                self._keep_pause(paused=paused)
            else:
                self._tell("pause" if paused else "resume")
            watch.pause(paused=paused)

    def _keep_pause(self, *, paused: bool) -> None:
        """For the next run."""
        if self._place is None:
            return
        directory = run_directory(self._place.path, self._settings)
        directory.create()
        directory.write_control(Control(paused=paused))

    def _tell(
        self,
        name: CommandName,
        *,
        count: int | None = None,
        seconds: float = ANSWER_SECONDS,
        must_answer: bool = True,
    ) -> None:
        """Raises WorkerError where the live run refuses, or does not answer."""
        run = self._watch.run if self._watch is not None else None
        if run is None or not run.alive:
            return
        answer = run.send(Command(name=name, count=count, sent_by="WorkerPool"), seconds)
        if answer is None and must_answer and run.alive:
            raise WorkerError(f"The workers did not answer within {seconds:g} s.")
        if answer is not None and not answer.get("ok"):
            raise WorkerError(str(answer.get("detail")))
