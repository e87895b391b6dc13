"""One job of a ledger as the fold keeps it: its rows as their bytes, and what decisions need."""

from __future__ import annotations

from typing import NamedTuple

from engine.jobs import Job, JobStatus


class Content(NamedTuple):
    """What a job is about, as far as it tells that it was done before."""

    video_id: str
    name: str
    """Of the video's file."""


class Entry:
    """One job: its rows, and of the latest one what decisions need."""

    __slots__ = (
        "account",
        "attempts",
        "carried",
        "claimed_at",
        "content",
        "in_doubt",
        "job",
        "job_id",
        "last_claim",
        "order",
        "ours",
        "pass_number",
        "retry_at",
        "rows",
        "status",
        "submitted",
        "worker_id",
    )

    def __init__(self, job_id: str, order: int, raw: bytes) -> None:
        self.job_id = job_id
        self.order = order
        """Its place among the jobs."""
        self.rows = [raw]
        self.account = self.worker_id = self.claimed_at = self.last_claim = self.retry_at = ""
        self.status = JobStatus.PENDING
        self.attempts = 0
        self.pass_number = 1
        self.submitted = self.ours = self.in_doubt = False
        self.job: Job | None = None
        """The latest row as a value, once it was asked for."""
        self.carried: tuple[str, ...] = ()
        """The columns that later rows leave empty, once they were asked for."""
        self.content: Content | None = None
        """Once it was asked for."""

    @property
    def foreign_claim(self) -> bool:
        return self.status is JobStatus.CLAIMED and not self.ours
