"""Values that every other module speaks in: a job, its status, what became of it.

Nothing here opens a file, asks a clock or knows a workload. ``account`` is the *exclusive key* of a
job (two jobs with one key never run at the same time); the workload gives it its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class JobStatus(StrEnum):
    """The six statuses of a job, as written in the ledger (behaviour A3.1)."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    RETRYING = "retrying"


class ErrorCategory(StrEnum):
    """Who or what is at fault; it alone decides whether a failure is tried again (A9.2)."""

    ACCOUNT = "account"
    """The job's key: leave it alone, a person must look. Never retried."""
    CONTENT = "content"
    """The job's own material (its video or caption). Never retried."""
    INFRASTRUCTURE = "infrastructure"
    """Phones, network, drivers. Retried up to its limit."""
    INTERNAL = "internal"
    """Our bug or a wrong configuration. Never retried, and loud."""
    IN_DOUBT = "in_doubt"
    """Past the point of no return without proof of the outcome. Only the operator settles it."""
    UNKNOWN = "unknown"
    """Nothing known about it. Retried at most once more, unless switched off."""


TRANSITIONS: Final[Mapping[JobStatus | None, frozenset[JobStatus]]] = MappingProxyType(
    {
        None: frozenset({JobStatus.PENDING}),
        JobStatus.PENDING: frozenset({JobStatus.CLAIMED, JobStatus.SKIPPED}),
        JobStatus.RETRYING: frozenset({JobStatus.CLAIMED, JobStatus.FAILED, JobStatus.SKIPPED}),
        JobStatus.CLAIMED: frozenset(
            {JobStatus.SUCCESS, JobStatus.RETRYING, JobStatus.FAILED, JobStatus.PENDING}
        ),
        JobStatus.FAILED: frozenset(
            {JobStatus.PENDING, JobStatus.RETRYING, JobStatus.SKIPPED, JobStatus.SUCCESS}
        ),
        JobStatus.SKIPPED: frozenset({JobStatus.PENDING}),
        JobStatus.SUCCESS: frozenset(),
    }
)
"""Every allowed change of status (A3.2); ``failed → success`` only for a job in doubt."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJob:
    """A job as its source names it, before the ledger knows it."""

    job_id: str
    account: str
    """The exclusive key; empty = nobody assigned, never claimable (shown as blocked)."""
    video_path: str
    caption: str
    video_id: str = ""
    """Stable identity of the content; empty where it could not be read."""
    max_attempts: int = 3
    stage: int = 1
    """Number of the stage that it belongs to at first; until then it waits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One job as its latest ledger row has it; all times carry a zone."""

    job_id: str
    account: str
    video_path: str
    caption: str
    status: JobStatus
    worker_id: str = ""
    """Who holds or last held it; text, because old files hold names as well as numbers."""
    claimed_at: datetime | None = None
    completed_at: datetime | None = None
    error: str = ""
    attempts: int = 0
    """Attempts that ended in failure."""
    max_attempts: int = 3
    retry_at: datetime | None = None
    error_type: str = ""
    error_category: ErrorCategory | None = None
    """``None`` = empty in the file; reads as unknown (A8.6)."""
    pass_number: int = 1
    """The stage that it waits for, or was last claimed in."""
    run_id: str = ""
    video_id: str = ""
    submitted_at: datetime | None = None
    """Set durably just before the irreversible step: the point of no return was reached."""
    updated_at: datetime | None = None
    """When this row was written; empty in files of older systems."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Columns that we do not know; they survive every write."""

    @property
    def foreign_claim(self) -> bool:
        """Claimed by a system that recorded no point of no return (so possibly done)."""
        return self.status is JobStatus.CLAIMED and self.updated_at is None

    @property
    def in_doubt(self) -> bool:
        """Ended without proof either way; waits for the operator."""
        return self.status is JobStatus.FAILED and self.error_category is ErrorCategory.IN_DOUBT


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A lease on one job with its fencing token: (worker, moment of the claim).

    The moment is strictly later than any earlier claim of the same job, so a worker whose claim was
    taken back, even one of the same number, can never be mistaken for the present holder.
    """

    job: Job
    worker_id: str
    claimed_at: datetime

    @property
    def job_id(self) -> str:
        return self.job.job_id

    @property
    def attempt(self) -> int:
        """Number of this attempt, from 1."""
        return self.job.attempts + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """Why a worker got no job: nothing is claimable at this moment."""

    open_jobs: int
    """Of the present stage, claimed by others or not yet due: it pays to wait."""
    next_due: datetime | None
    """Earliest ``retry_at`` among the waiting ones."""
    blocked: int
    """Pending jobs that can never be claimed today (no account, cap reached, held)."""

    @property
    def all_complete(self) -> bool:
        return self.open_jobs == 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Success:
    """The workload saw proof that the job is done."""

    evidence: str
    """One line: what was seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An attempt that ended without success; category and type say what may follow."""

    error: str
    category: ErrorCategory
    error_type: str
    retry_soon: bool = False
    """Try again inside this pass after a delay (no capacity, rate limit), A3.5."""
    retry_after_seconds: float | None = None
    """The trade wants another attempt of this stage after so long, whatever its category; only
    while the job has attempts left (``max_attempts``)."""


Outcome = Success | Failure


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """A lasting sign, kept outside the ledger, that a job may be done; nobody has settled it."""

    key: str
    fits: Callable[[Job], bool]
    """Whether it is a sign of this job, which has that key."""
    when: datetime | None
    """When the job was about to pass its point of no return, where that is known."""
    text: str
    """What the sign says: one sentence."""

    def is_of(self, job: Job) -> bool:
        """Whether it is a sign of this job."""
        return self.key == job.account and self.fits(job)
