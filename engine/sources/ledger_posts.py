"""Posts that one ledger tells of, by account: looked up where they are asked for.

Nothing is copied out of the ledger: what it keeps ready for its own claims answers this too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from engine.config import Settings
from engine.jobs import Job, JobStatus
from engine.progress import ProgressTracker
from engine.sources.posted_lines import Post
from engine.sources.video import file_name

PostOf = Callable[[Job], Post | None]
"""The post behind a job, or None."""


class LedgerPosts:
    """Posts of one ledger file. Every answer may raise LedgerUnreadableError."""

    def __init__(self, tracker: ProgressTracker, post_of: PostOf) -> None:
        self._tracker = tracker
        self._post_of = post_of

    def catch_up(self) -> None:
        """Read what is new."""
        self._tracker.revision()

    def of(self, account: str) -> Iterator[tuple[str, Post]]:
        """Job and post, in file order, as of the last reading."""
        for job in self._tracker.used_by(account) if account else ():
            post = self._post_of(job)
            if post is not None:
                yield job.job_id, post

    def has(self, doubt: Post) -> bool:
        """Whether a job, whatever its status, is about this account and video."""
        named = self._tracker.get(doubt.job_id) if doubt.job_id else None
        if named is not None and _is_about(named, doubt):
            return True
        return any(_is_about(job, doubt) for job in self._tracker.jobs().values())


def archived_posts(path: Path, settings: Settings) -> Mapping[str, Post]:
    """By job, the posts of a ledger that nobody writes any more. Raises LedgerUnreadableError."""
    tracker = ProgressTracker(path, settings=settings)
    found = ((job, may_be_posted(job)) for job in tracker.jobs().values() if job.account)
    return {job.job_id: post for job, post in found if post is not None}


def posted(job: Job) -> Post | None:
    """The post behind a job of this run's ledger: proved, or in doubt."""
    if job.status is JobStatus.SUCCESS:
        return _post(job, job.completed_at or job.updated_at or job.claimed_at)
    if job.in_doubt:
        return _post(job, job.submitted_at or job.claimed_at or job.completed_at)
    return None


def may_be_posted(job: Job) -> Post | None:
    """The same for another ledger, where a claimed job may become a post at any moment."""
    if job.status is JobStatus.CLAIMED:
        return _post(job, job.submitted_at or job.updated_at or job.claimed_at)
    return posted(job)


def _is_about(job: Job, doubt: Post) -> bool:
    return job.account == doubt.account and doubt.of_attempt(
        job.job_id, file_name(job.video_path), job.video_id
    )


def _post(job: Job, when: datetime | None) -> Post:
    return Post(
        account=job.account, name=file_name(job.video_path), when=when, video_id=job.video_id
    )
