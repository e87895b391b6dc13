"""What ledger and attempts say of each task, for the status files (behaviour B4.1, B4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.jobs import Job, JobStatus
from engine.progress import ProgressTracker
from engine.roadmap.facts import TaskFact, TaskState
from engine.roadmap.jobs_of_groups import tasks_of
from engine.roadmap.place import Place
from engine.roadmap.record import Record

_STATES: Final[Mapping[JobStatus, TaskState]] = {
    JobStatus.PENDING: TaskState.PENDING,
    JobStatus.RETRYING: TaskState.PENDING,
    JobStatus.CLAIMED: TaskState.RUNNING,
    JobStatus.SUCCESS: TaskState.SUCCEEDED,
    JobStatus.FAILED: TaskState.FAILED,
    JobStatus.SKIPPED: TaskState.SKIPPED,
}


def task_facts(place: Place, ledger: ProgressTracker, record: Record) -> dict[str, TaskFact]:
    """By the id of the task's first job, ``PHASE_1:A:A1``, whichever time it is done."""
    if not ledger.exists():
        return {}
    return {
        group.job_id(task): _fact(place, job)
        for group in place.document.groups()
        for task, job in tasks_of(group, ledger, record)
        if job is not None
    }


def _fact(place: Place, job: Job) -> TaskFact:
    state = _STATES[job.status]
    if state not in (TaskState.SUCCEEDED, TaskState.FAILED):
        return TaskFact(state=state)
    left = place.attempts_left.of(job.job_id)
    seconds = None
    if job.claimed_at is not None and job.completed_at is not None:
        seconds = max(0.0, (job.completed_at - job.claimed_at).total_seconds())
    if left is None or left.succeeded is not (state is TaskState.SUCCEEDED):
        return TaskFact(state=state, seconds=seconds, result=job.error)
    return TaskFact(
        state=state,
        seconds=left.seconds,
        result=job.error or left.result,
        summary=left.summary,
        branch=left.branch,
        log=left.log,
    )
