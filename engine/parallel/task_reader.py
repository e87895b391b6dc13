"""What may be asked of a queue without changing it (behaviour C4.1)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from engine.jobs import Job
from engine.parallel.task_export import FORMATS
from engine.parallel.task_figures import (
    ErrorSummary,
    Performance,
    QueueStatus,
    errors_of,
    performance_of,
    status_of,
)
from engine.parallel.tasks import NO_RESULT, ProcessingTask, TaskState, state_of, task_of
from engine.private_files import write_atomically
from engine.progress import ProgressTracker


class TaskReader:
    """The reading half of ``engine.parallel.task_queue.TaskQueue``."""

    def __init__(self, ledger: ProgressTracker) -> None:
        self._ledger = ledger
        self._lock = threading.RLock()
        self._begun: set[str] = set()
        """Tasks whose worker said that it has begun."""
        self._given: dict[str, Mapping[str, object]] = {}
        """Orders as they were added here."""
        self._results: dict[str, Mapping[str, object]] = {}
        self._paused = False

    def get_status(self) -> QueueStatus:
        """How many tasks are in which state."""
        return status_of(self._ledger.figures(blocked={}), paused=self._paused)

    def tasks(self) -> list[ProcessingTask]:
        """All that were added and not taken out, in the order of their arrival."""
        with self._lock:
            now = self._ledger.now()
            found = ((job, self._state(job, now)) for job in self._ledger.jobs().values())
            return [self._task(job, state) for job, state in found if state is not None]

    def get_task(self, task_id: str) -> ProcessingTask | None:
        """One task, or None where there is none of that id."""
        with self._lock:
            job = self._ledger.get(task_id)
            state = self._state(job, self._ledger.now()) if job else None
            return self._task(job, state) if job and state else None

    def get_tasks_by_status(self, status: TaskState | str) -> list[ProcessingTask]:
        """Raises ValueError for a state that there is not."""
        wanted = TaskState(status)
        return [one for one in self.tasks() if one.status is wanted]

    def get_tasks_by_worker(self, worker: str) -> list[ProcessingTask]:
        """What a worker has, or had last."""
        name = worker_name(worker)
        return [one for one in self.tasks() if one.assigned_worker == name]

    def find_tasks(self, wanted: Callable[[ProcessingTask], bool]) -> list[ProcessingTask]:
        """Those for which ``wanted`` says so."""
        return [one for one in self.tasks() if wanted(one)]

    def get_performance(self) -> Performance:
        """How the work went so far."""
        return performance_of(self.tasks())

    def get_error_summary(self) -> ErrorSummary:
        """What went wrong with tasks that failed or wait for another try."""
        return errors_of(self.tasks())

    def export(self, kind: str = "json", path: Path | None = None) -> str:
        """All tasks as ``json``, ``csv`` or ``yaml``; written to ``path`` too where one is given.

        Raises ValueError for another kind, OSError where the file cannot be written.
        """
        if kind not in FORMATS:
            raise ValueError(f"{kind!r} is no form of export: choose one of {', '.join(FORMATS)}.")
        text = FORMATS[kind](self.tasks())
        if path is not None:
            write_atomically(path, text)
        return text

    def _state(self, job: Job, now: datetime) -> TaskState | None:
        return state_of(job, now, begun=job.job_id in self._begun)

    def _task(self, job: Job, state: TaskState) -> ProcessingTask:
        known = self._given.get(job.job_id)
        result = self._results.get(job.job_id, NO_RESULT)
        return task_of(job, state, po_data=known, result=result)


def worker_name(worker: object) -> str:
    """Raises TypeError, ValueError for what names no worker."""
    if isinstance(worker, bool) or not isinstance(worker, str | int):
        raise TypeError(f"a worker is named by text, not {type(worker).__name__}.")
    name = str(worker).strip()
    if not name or not name.isprintable():
        raise ValueError("a worker must have a name.")
    return name
