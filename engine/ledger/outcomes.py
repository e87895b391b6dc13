"""What becomes of a job after an attempt: values in, values out (behaviour A3.4 to A3.7, A8.6).

``Changes`` are the cells of a job's next row that differ from its latest one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.config import Retry
from engine.errors import IllegalTransitionError
from engine.jobs import TRANSITIONS, ErrorCategory, Failure, Job, JobStatus
from engine.ledger.rows import (
    ATTEMPTS,
    CLAIMED_AT,
    COMPLETED_AT,
    ERROR,
    ERROR_CATEGORY,
    ERROR_LIMIT,
    ERROR_TYPE,
    PASS_NUMBER,
    RETRY_AT,
    STATUS,
    SUBMITTED_AT,
    WORKER_ID,
    safe_text,
    stamp,
)
from engine.spreadsheet import inert
from engine.taxonomy.types import retry_decision

Changes = dict[int, str]
UNCONFIRMED = "unconfirmed"
_POSTPONEMENTS_PER_ATTEMPT = 4


def check_transition(job_id: str, old: JobStatus, new: JobStatus, *, in_doubt: bool) -> None:
    """Raise IllegalTransitionError unless the table (A3.2) allows the change."""
    allowed = new in TRANSITIONS[old]
    if old is JobStatus.FAILED and new is JobStatus.SUCCESS and not in_doubt:
        allowed = False
    if not allowed:
        raise IllegalTransitionError(
            f"Job {job_id} is {old.value} and cannot become {new.value}: "
            "nothing was changed; reload and choose another action."
        )


def claimed(worker_id: str, claimed_at: datetime, pass_number: int = 0) -> Changes:
    """``pass_number`` 0 leaves the one that the job has."""
    stage = {PASS_NUMBER: str(pass_number)} if pass_number else {}
    return stage | {
        STATUS: JobStatus.CLAIMED,
        WORKER_ID: worker_id,
        CLAIMED_AT: stamp(claimed_at),
        RETRY_AT: "",
        SUBMITTED_AT: "",
    }


def succeeded(now: datetime) -> Changes:
    return {
        STATUS: JobStatus.SUCCESS,
        COMPLETED_AT: stamp(now),
        ERROR: "",
        ERROR_TYPE: "",
        ERROR_CATEGORY: "",
        RETRY_AT: "",
    }


def released() -> Changes:
    return {STATUS: JobStatus.PENDING, WORKER_ID: "", CLAIMED_AT: "", RETRY_AT: ""}


def reset(pass_number: int) -> Changes:
    return released() | {PASS_NUMBER: str(pass_number)}


def requeued(stage: str = "") -> Changes:
    """The operator wants another try: everything starts anew, whatever happened before (A3.7).

    ``stage`` is the one that the job was seeded for, as its first row has it.
    """
    empty = (
        WORKER_ID,
        CLAIMED_AT,
        COMPLETED_AT,
        RETRY_AT,
        ERROR_TYPE,
        ERROR_CATEGORY,
        SUBMITTED_AT,
    )
    anew = {STATUS: JobStatus.RETRYING, ATTEMPTS: "0", PASS_NUMBER: stage}
    return anew | dict.fromkeys(empty, "")


def requeue_undone(before: Job) -> Changes:
    """Failed again, as it was before the operator's requeue."""
    return {
        STATUS: JobStatus.FAILED,
        WORKER_ID: before.worker_id,
        CLAIMED_AT: stamp(before.claimed_at) if before.claimed_at else "",
        COMPLETED_AT: stamp(before.completed_at) if before.completed_at else "",
        ERROR: inert(before.error),
        ERROR_TYPE: before.error_type,
        ERROR_CATEGORY: before.error_category or "",
        ATTEMPTS: str(before.attempts),
        PASS_NUMBER: str(before.pass_number),
        SUBMITTED_AT: stamp(before.submitted_at) if before.submitted_at else "",
        RETRY_AT: "",
    }


def failed(job: Job, failure: Failure, now: datetime) -> Changes:
    """The attempt failed; past the point of no return nobody knows, whatever the reason was."""
    doubt = job.submitted_at is not None or failure.category is ErrorCategory.IN_DOUBT
    category = ErrorCategory.IN_DOUBT if doubt else failure.category
    error_type = failure.error_type
    if doubt and failure.category is not ErrorCategory.IN_DOUBT:
        error_type = UNCONFIRMED
    return {
        STATUS: JobStatus.FAILED,
        COMPLETED_AT: stamp(now),
        ERROR: inert(safe_text(failure.error))[:ERROR_LIMIT],
        ERROR_CATEGORY: category,
        ERROR_TYPE: safe_text(error_type, 100).replace("\n", " ").replace("\t", " "),
        ATTEMPTS: str(job.attempts + 1),
        RETRY_AT: "",
    }


def after_failure(history: Sequence[Job], failure: Failure, retry: Retry, now: datetime) -> Changes:
    """``failed``, or ``retrying`` where the trade or the settings want another try inside this pass
    (A3.5).

    No capacity and rate limits postpone without using an attempt up, with growing delays; after
    so many in a row they are a failure like any other.
    """
    job = history[-1]
    changes = failed(job, failure, now)
    if changes[ERROR_CATEGORY] == ErrorCategory.IN_DOUBT:
        return changes
    if failure.retry_after_seconds is not None and job.attempts + 1 < job.max_attempts:
        due = now + timedelta(seconds=failure.retry_after_seconds)
        return changes | {STATUS: JobStatus.RETRYING, RETRY_AT: stamp(due)}
    postponed = postponements(history)
    limit = retry.infrastructure_limit * _POSTPONEMENTS_PER_ATTEMPT
    retryable = failure.category in (ErrorCategory.INFRASTRUCTURE, ErrorCategory.UNKNOWN)
    if failure.retry_soon and retryable and postponed < limit:
        wait = min(retry.capacity_delay_seconds * 2.0**postponed, retry.capacity_delay_max_seconds)
        delay = timedelta(seconds=wait * random.uniform(0.5, 1.0))
        return changes | {
            STATUS: JobStatus.RETRYING,
            ATTEMPTS: str(job.attempts),
            RETRY_AT: stamp(now + delay),
        }
    used = job.attempts + 1 - attempts_before_pass(history)
    if used < retry.attempts_per_pass and retry_decision(failure.category, job.attempts + 1, retry):
        later = now + timedelta(minutes=retry.in_pass_delay_minutes)
        return changes | {STATUS: JobStatus.RETRYING, RETRY_AT: stamp(later)}
    return changes


def postponements(history: Sequence[Job]) -> int:
    """How often in a row the job was put off without an attempt being counted."""
    number = 0
    before: Job | None = None
    for row in history:
        if row.status is JobStatus.RETRYING and before is not None:
            put_off = before.status is JobStatus.CLAIMED and row.attempts == before.attempts
            number = number + 1 if put_off else 0
        elif row.status not in (JobStatus.CLAIMED, JobStatus.PENDING):
            number = 0
        before = row
    return number


def attempts_before_pass(history: Sequence[Job]) -> int:
    """``attempts`` when the job was last seeded, reset for a pass, or requeued."""
    start = 0
    before: JobStatus | None = None
    for row in history:
        fresh = before in (None, JobStatus.FAILED, JobStatus.SKIPPED)
        if fresh and row.status in (JobStatus.PENDING, JobStatus.RETRYING):
            start = row.attempts
        before = row.status
    return start
