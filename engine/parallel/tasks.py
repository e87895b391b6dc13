"""``ProcessingTask`` and its states (behaviour C1.3, C1.5): a job of the ledger under the names of
parallel work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from engine.downloads.details import priority_of
from engine.jobs import Job, JobStatus

NO_RESULT: Final[Mapping[str, object]] = MappingProxyType({})


class TaskState(StrEnum):
    """PENDING → ASSIGNED → PROCESSING → COMPLETED, FAILED or RETRY_PENDING → PENDING."""

    PENDING = "pending"
    ASSIGNED = "assigned"
    """A worker has it."""
    PROCESSING = "processing"
    """The worker said that it has begun."""
    COMPLETED = "completed"
    FAILED = "failed"
    RETRY_PENDING = "retry_pending"
    """It is tried again, at its time."""


IN_WORK: Final = frozenset({TaskState.ASSIGNED, TaskState.PROCESSING})


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessingTask:
    """One order as it stands at this moment; later changes do not show in it."""

    task_id: str
    """The purchase order's number."""
    po_data: Mapping[str, object]
    """As it was given; of a queue that was opened again, what the ledger has of it."""
    priority: int
    """1 (first) to 10."""
    status: TaskState
    retry_count: int = 0
    assigned_worker: str = ""
    """Who has it, or had it last."""
    assigned_at: datetime | None = None
    completed_at: datetime | None = None
    """Also of a failure."""
    next_retry_at: datetime | None = None
    last_error: str = ""
    error_type: str = ""
    result: Mapping[str, object] = field(default_factory=lambda: NO_RESULT)

    @property
    def po_number(self) -> str:
        return self.task_id

    def to_dict(self) -> dict[str, Any]:
        """Plain values, one a field."""
        return {
            "task_id": self.task_id,
            "priority": self.priority,
            "status": self.status.value,
            "retry_count": self.retry_count,
            "assigned_worker": self.assigned_worker,
            "assigned_at": _iso(self.assigned_at),
            "completed_at": _iso(self.completed_at),
            "next_retry_at": _iso(self.next_retry_at),
            "last_error": self.last_error,
            "error_type": self.error_type,
            "url": str(self.po_data.get("url") or ""),
            "details": str(self.po_data.get("details") or ""),
        }


def rank_of(job: Job) -> int:
    """Priority 1 comes first (behaviour C4.3); what the ledger hands out jobs by."""
    return priority_of(job.caption)


def state_of(job: Job, now: datetime, *, begun: bool = False) -> TaskState | None:
    """What a job is as a task; None for one that was taken out of the queue."""
    if job.status is JobStatus.CLAIMED:
        return TaskState.PROCESSING if begun else TaskState.ASSIGNED
    if job.status is JobStatus.RETRYING:
        waits = job.retry_at is not None and job.retry_at > now
        return TaskState.RETRY_PENDING if waits else TaskState.PENDING
    return {
        JobStatus.PENDING: TaskState.PENDING,
        JobStatus.SUCCESS: TaskState.COMPLETED,
        JobStatus.FAILED: TaskState.FAILED,
    }.get(job.status)


def retries_of(job: Job) -> int:
    """Attempts after the first one that were made or are due; never below 0 (C-D14)."""
    made = job.attempts - 1 if job.status is JobStatus.FAILED else job.attempts
    return max(0, made)


def task_of(
    job: Job,
    state: TaskState,
    *,
    po_data: Mapping[str, object] | None = None,
    result: Mapping[str, object] = NO_RESULT,
) -> ProcessingTask:
    """A job as a task in that state."""
    known = po_data if po_data is not None else {"po_number": job.job_id, "url": job.video_path}
    waits = state is TaskState.RETRY_PENDING
    return ProcessingTask(
        task_id=job.job_id,
        po_data=MappingProxyType({**known, "details": job.caption}),
        priority=rank_of(job),
        status=state,
        retry_count=retries_of(job),
        assigned_worker=job.worker_id,
        assigned_at=job.claimed_at,
        completed_at=job.completed_at if state in (TaskState.COMPLETED, TaskState.FAILED) else None,
        next_retry_at=job.retry_at if waits else None,
        last_error=job.error,
        error_type=job.error_type,
        result=result,
    )


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
