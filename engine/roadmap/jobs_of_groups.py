"""Which job of the ledger stands for which task; a group that is done again has jobs of its own."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import InputError
from engine.jobs import Job, JobStatus, NewJob
from engine.progress import ProgressTracker
from engine.roadmap.document import Document, Group, Task
from engine.roadmap.record import Record

OPEN = frozenset({JobStatus.PENDING, JobStatus.CLAIMED, JobStatus.RETRYING})
SETTLED = frozenset({JobStatus.SUCCESS, JobStatus.SKIPPED})
"""Done, or left out by hand: neither keeps a group from being complete."""


def job_id_of(group: Group, task: Task, record: Record) -> str:
    """``PHASE_1:A:A1``, the second time ``PHASE_1:A:A1@2``."""
    number = record.round(group.name)
    return group.job_id(task) + (f"@{number}" if number > 1 else "")


def tasks_of(
    group: Group, ledger: ProgressTracker, record: Record
) -> Iterator[tuple[Task, Job | None]]:
    """Tasks that the document does not call done, each with its job as far as there is one."""
    for task in group.tasks:
        if not task.done:
            yield task, ledger.get(job_id_of(group, task, record))


def new_jobs(document: Document, record: Record) -> list[NewJob]:
    """A job for each task that is still to be done, the groups one stage after the other."""
    return [
        _new_job(group, task, record)
        for group in document.groups()
        if group.name not in record.complete
        for task in group.tasks
        if not task.done
    ]


def _new_job(group: Group, task: Task, record: Record) -> NewJob:
    description = f": {task.description}" if task.description else ""
    job_id = job_id_of(group, task, record)
    return NewJob(
        job_id=job_id,
        account=task.id,
        video_path=task.specification,
        # Else the success of an earlier time blocks the task of a group that is done again.
        video_id=job_id,
        caption=f"{task.title}{description}",
        stage=group.ordinal,
    )


def refuse_reordered(document: Document, ledger: ProgressTracker, record: Record) -> None:
    """A group that changed its place would run in another's turn. Raises InputError."""
    if not ledger.exists():
        return
    for group in document.groups():
        for task, job in tasks_of(group, ledger, record):
            if job is not None and job.status in OPEN and job.pass_number != group.ordinal:
                raise InputError(
                    f"Task {task.id} was recorded for the {job.pass_number}. group of "
                    f"{document.path} and stands in the {group.ordinal}. now: put the groups back "
                    f"into their order, or have {ledger.path} archived and begun anew with "
                    "--reset-day (groups that are complete stay so)."
                )
