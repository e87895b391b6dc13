"""``TaskQueue``: orders handed out to workers, under its contract's name (behaviour C4).

A thin front on the ledger: a task is a job, a hand-out a claim, priority the ledger's rank. So
several processes may share one queue, and what was written is there after any crash.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from engine import logs
from engine.config import Settings
from engine.downloads.details import LEAST_URGENT, MOST_URGENT, USUAL_PRIORITY, details
from engine.downloads.orders import Order
from engine.downloads.page import page_address
from engine.errors import ClaimLostError, InputError, LedgerError
from engine.jobs import Claim, ErrorCategory, Failure, Job, JobStatus, NewJob
from engine.ledger.operator_desk import SKIPPED
from engine.output import one_line
from engine.parallel.errors import TaskQueueError
from engine.parallel.order_input import order_of
from engine.parallel.task_events import EventName, Listener, Listeners, TaskEvent
from engine.parallel.task_reader import TaskReader, worker_name
from engine.parallel.tasks import (
    IN_WORK,
    NO_RESULT,
    ProcessingTask,
    TaskState,
    rank_of,
)
from engine.private_files import make_private_dir
from engine.progress import ProgressTracker, utc_now

MAX_RETRIES: Final = 3
"""Four attempts (behaviour C4.5)."""
RETRY_SECONDS: Final = 5.0
"""Before the first retry; doubles with each one."""
_LEDGER: Final = "tasks.csv"


class TaskQueue(TaskReader):
    """Tasks by priority (1 first), then arrival; threads and processes may share one.

    Every change is durable when its call returns. Raises LedgerError where the ledger behind it
    cannot be read or written; nothing is changed then.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        settings: Settings | None = None,
        max_retries: int = MAX_RETRIES,
        retry_seconds: float = RETRY_SECONDS,
        now: Callable[[], datetime] = utc_now,
        needs_pages: bool = False,
    ) -> None:
        """``path``: the ledger, made where there is none; without one it is private, and gone with
        the queue. With ``needs_pages`` an order whose page has no address is refused. Raises
        ValueError, TypeError for a wrong limit, OSError where the folder cannot be made."""
        logs.within_a_program()
        _require_limits(max_retries, retry_seconds)
        self._needs_pages = needs_pages
        self.max_retries = max_retries
        self._retry_seconds = retry_seconds
        folder = None if path is not None else Path(tempfile.mkdtemp(prefix="geelark-queue-"))
        self.path = path if path is not None else Path(folder or "") / _LEDGER
        make_private_dir(self.path.parent)
        self._settings = _without_passes(settings or Settings())
        super().__init__(
            ProgressTracker(self.path, settings=self._settings, now=now, cap=0, rank=rank_of)
        )
        self._ledger.seed(lambda _known: [])
        self._close = weakref.finalize(self, _close, self._ledger, folder)
        self._claims: dict[str, Claim] = {}
        """Of the tasks that were handed out here."""
        self._deaths: Counter[str] = Counter()
        """Workers that were lost over each task."""
        self._listeners = Listeners()

    # -- what the contract names -------------------------------------------------------------------

    def add_task(self, task: Mapping[str, object], priority: int = USUAL_PRIORITY) -> str:
        """Add an order (``po_number``, and ``supplier``, ``url``, ``amount`` where known); its id.

        An order that was cleared comes back, with the priority that it had. Raises TypeError and
        ValueError for what is no order or no priority, TaskQueueError for an order that is here.
        """
        return self.add_tasks([task], priority)[0]

    def add_tasks(
        self, tasks: Iterable[Mapping[str, object]], priority: int = USUAL_PRIORITY
    ) -> Sequence[str]:
        """Add several at once, all or none. Raises as ``add_task``."""
        _require_priority(priority)
        given = list(tasks)
        orders = [order_of(task) for task in given]
        wanted = {order.po_number: self._job_of(order, priority) for order in orders}
        if len(wanted) < len(orders):
            twice = Counter(order.po_number for order in orders).most_common(1)[0][0]
            raise TaskQueueError(f"Order {one_line(twice)} is given twice: give it once.")
        with self._lock:
            again = self._cleared(wanted)
            self._ledger.unskip(again)
            self._ledger.seed(
                lambda known: [job for key, job in wanted.items() if key not in known]
            )
            for order, task in zip(orders, given, strict=True):
                self._given[order.po_number] = dict(task)
                self._results.pop(order.po_number, None)
        for task_id in wanted:
            self._tell("task_added", task_id)
        return list(wanted)

    def get_next_task(self, worker: str) -> ProcessingTask | None:
        """Hand out the first task that may be had now; None only where none may be.

        That is: none waits, those that do wait for their time, or the queue is paused.
        """
        name = worker_name(worker)
        with self._lock:
            if self._paused:
                return None
            found = self._ledger.claim(name)
            if not isinstance(found, Claim):
                return None
            self._claims[found.job_id] = found
            self._begun.discard(found.job_id)
            task = self._task(found.job, TaskState.ASSIGNED)
        self._tell("task_assigned", found.job_id, name)
        return task

    def start_task(self, task_id: str, worker: str) -> None:
        """The worker has begun: ASSIGNED becomes PROCESSING. Raises TaskQueueError."""
        with self._lock:
            claim = self._held(task_id, worker_name(worker))
            self._write(lambda: self._ledger.renew(claim))
            self._begun.add(task_id)
        self._tell("task_started", task_id, claim.worker_id)

    def complete_task(
        self, task_id: str, worker: str, result: Mapping[str, object] | None = None
    ) -> None:
        """Record the outcome; ``{"success": False, "error": …}`` is a failure, else it is done.

        Raises TaskQueueError for an unknown task, another worker's, or one that has ended: a task
        has one outcome.
        """
        found = dict(result or {})
        if found.get("success", True):
            with self._lock:
                claim = self._held(task_id, worker_name(worker))
                self._write(lambda: self._ledger.succeed(claim))
                self._end(task_id, found)
            self._tell("task_completed", task_id, claim.worker_id)
            return
        with self._lock:
            claim = self._held(task_id, worker_name(worker))
            self._write(lambda: self._ledger.fail(claim, _failure(found)))
            self._end(task_id, found)
        self._tell("task_failed", task_id, claim.worker_id, _said(found))

    def retry_task(self, task_id: str, details: Mapping[str, object] | None = None) -> bool:
        """The attempt failed: try the task again later. False where that was its last attempt: it
        has failed then. ``details``: ``error``, ``error_type``. Raises TaskQueueError."""
        found = dict(details or {})
        with self._lock:
            claim = self._held(task_id, None)
            pause = self._retry_seconds * 2.0**claim.job.attempts
            job = self._write(lambda: self._ledger.fail(claim, _failure(found, pause)))
            again = job.status is JobStatus.RETRYING
            self._end(task_id, NO_RESULT if again else found)
        name: EventName = "task_retry_scheduled" if again else "task_failed"
        self._tell(name, task_id, claim.worker_id, _said(found))
        return again

    def worker_gone(self, worker: str) -> Sequence[str]:
        """What this worker had goes back into the queue, untried; which.

        A task over which more workers were lost than it may have retries has failed: it would go
        round for ever.
        """
        name = worker_name(worker)
        with self._lock:
            ended = self._ledger.settle_dead(lambda job: job.worker_id != name, self._blame)
            back = [job.job_id for job in ended if job.status is JobStatus.PENDING]
            for job in ended:
                self._end(job.job_id, NO_RESULT)
        for job in ended:
            gave_back = job.status is JobStatus.PENDING
            self._tell("task_returned" if gave_back else "task_failed", job.job_id, name, job.error)
        return back

    # -- the whole queue ---------------------------------------------------------------------------

    def pause(self) -> None:
        """Hand out nothing until ``resume``; what is in work goes on."""
        self._paused = True
        self._tell("queue_paused")

    def resume(self) -> None:
        """Hand out tasks again."""
        self._paused = False
        self._tell("queue_resumed")

    def clear(self) -> int:
        """Take out all that waits, also for a retry; how many. What is in work stays."""
        with self._lock:
            waits = (JobStatus.PENDING, JobStatus.RETRYING)
            ids = [job.job_id for job in self._ledger.jobs().values() if job.status in waits]
            gone = [task for task, answer in self._ledger.skip(ids).items() if answer == SKIPPED]
        self._tell("queue_cleared", text=f"{len(gone)} tasks")
        return len(gone)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear what happens here; calling what is returned ends that."""
        return self._listeners.add(listener)

    def close(self) -> None:
        """Close the ledger, and remove it where it was private. Safe to repeat."""
        self._close()

    # -- within ------------------------------------------------------------------------------------

    def _job_of(self, order: Order, priority: int) -> NewJob:
        try:
            address = page_address(order, self._settings.downloads)
        except InputError as exc:
            if self._needs_pages:
                raise ValueError(str(exc)) from None
            address = order.url
        return NewJob(
            job_id=order.po_number,
            account=order.po_number,
            video_path=address,
            caption=details(order, priority),
            max_attempts=self.max_retries + 1,
        )

    def _cleared(self, wanted: Iterable[str]) -> list[str]:
        """Those that were taken out before. Raises TaskQueueError for one that is here."""
        again = []
        for task_id in wanted:
            job = self._ledger.get(task_id)
            if job is None:
                continue
            state = self._state(job, self._ledger.now())
            if state is not None:
                raise TaskQueueError(
                    f"Order {one_line(task_id)} is in the queue already ({state}): an order is one "
                    "task."
                )
            again.append(task_id)
        return again

    def _held(self, task_id: str, worker: str | None) -> Claim:
        """The claim on a task that this worker (None: anybody here) has. Raises TaskQueueError."""
        shown = one_line(str(task_id))
        task = self.get_task(task_id)
        if task is None:
            raise TaskQueueError(f"There is no task {shown} in this queue.")
        if task.status not in IN_WORK:
            raise TaskQueueError(
                f"Task {shown} is {task.status}: only who was handed it may end it, and only once."
            )
        claim = self._claims.get(task_id)
        holder = task.assigned_worker
        if claim is None or (worker is not None and holder != worker):
            raise TaskQueueError(f"Task {shown} is in the work of {one_line(holder)}.")
        return claim

    @staticmethod
    def _write(change: Callable[[], Job | None]) -> Job:
        """Raises TaskQueueError where the task was taken back meanwhile."""
        try:
            job = change()
        except ClaimLostError as exc:
            raise TaskQueueError(str(exc)) from exc
        return job if job is not None else _NOBODY

    def _end(self, task_id: str, result: Mapping[str, object]) -> None:
        """Nobody here has it any more."""
        self._claims.pop(task_id, None)
        self._begun.discard(task_id)
        if result:
            self._results[task_id] = dict(result)

    def _blame(self, job: Job) -> Failure | None:
        self._deaths[job.job_id] += 1
        if self._deaths[job.job_id] <= self.max_retries:
            return None
        return Failure(
            error=f"{self._deaths[job.job_id]} workers were lost over it.",
            category=ErrorCategory.INFRASTRUCTURE,
            error_type="worker_lost",
        )

    def _tell(self, name: EventName, task_id: str = "", worker: str = "", text: str = "") -> None:
        self._listeners.tell(TaskEvent(name=name, task_id=task_id, worker=worker, text=text))


_NOBODY: Final = Job(job_id="", account="", video_path="", caption="", status=JobStatus.CLAIMED)


def _close(ledger: ProgressTracker, folder: Path | None) -> None:
    with contextlib.suppress(LedgerError):
        ledger.close()
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _without_passes(settings: Settings) -> Settings:
    """Retries are the queue's own: none by the ledger's settings beside them."""
    retry = settings.retry.model_copy(update={"attempts_per_pass": 1})
    return settings.model_copy(update={"retry": retry})


def _failure(details: Mapping[str, object], pause: float | None = None) -> Failure:
    return Failure(
        error=_said(details),
        category=ErrorCategory.UNKNOWN,
        error_type=str(details.get("error_type") or "task_failed"),
        retry_after_seconds=pause,
    )


def _said(details: Mapping[str, object]) -> str:
    return str(details.get("error") or "The worker gave no reason.")


def _require_priority(priority: object) -> None:
    if isinstance(priority, bool) or not isinstance(priority, int):
        raise TypeError(f"priority must be a whole number, not {type(priority).__name__}.")
    if not MOST_URGENT <= priority <= LEAST_URGENT:
        raise ValueError(f"priority is {priority}: allowed is {MOST_URGENT} to {LEAST_URGENT}.")


def _require_limits(max_retries: object, retry_seconds: object) -> None:
    if isinstance(max_retries, bool) or not isinstance(max_retries, int):
        raise TypeError(f"max_retries must be a whole number, not {type(max_retries).__name__}.")
    if isinstance(retry_seconds, bool) or not isinstance(retry_seconds, int | float):
        raise TypeError(f"retry_seconds must be a number, not {type(retry_seconds).__name__}.")
    if max_retries < 0 or not 0 <= retry_seconds <= 3600:
        raise ValueError("max_retries must not be negative, retry_seconds must be 0 to 3600.")
