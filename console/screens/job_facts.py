"""What the Job screen shows of one job, asked on the feed's threads: values of the engine in one.

Nothing here is made up: what neither ledger, events, evidence, logs nor the video's file tell is
left out (console-features 6.10).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.screens.ledger_facts import Detail, look
from engine.errors import EngineError
from engine.insight.day_figures import UNCLASSIFIED
from engine.insight.values import (
    Attempt,
    Cluster,
    EvidenceFile,
    Overview,
    PhaseTimes,
    Tally,
    UsualTimes,
    WorkerLine,
)
from engine.insight.what_next import what_next
from engine.jobs import Job, JobStatus
from engine.log_stream import Level
from engine.sources.video import find_video

if TYPE_CHECKING:
    from engine.insight.watch import Watch
    from engine.log_stream import LogStream, Record

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp"})
"""Endings of evidence files that are pictures."""
_BEFORE_SECONDS: Final = 5.0
_AFTER_SECONDS: Final = 60.0
"""Around an attempt: a line outside tells of something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobFacts:
    """One look at one job."""

    detail: Detail
    history: Sequence[Job] = ()
    """Its rows in the ledger, oldest first."""
    usual: UsualTimes = field(default_factory=UsualTimes)
    following: Sequence[str] = ()
    """Sentences of *What happens next*."""
    last_post: datetime | None = None
    """When its account's latest other post of this ledger was made."""
    guard: str = ""
    """What speaks against claiming it now: posted before, cap used up."""
    guarded_at: datetime | None = None
    """When that was asked; None where it was not."""
    same: Cluster | None = None
    """Attempts of this run that failed as its last failed attempt did."""
    tally: Tally | None = None
    """Its account in this run and in thirty days."""

    @property
    def latest(self) -> Attempt | None:
        """The attempt under way, or the last that ended."""
        return self.detail.attempts[-1] if self.detail.attempts else None

    @property
    def failure(self) -> Attempt | None:
        """The last attempt that failed."""
        failed = (JobStatus.FAILED, JobStatus.RETRYING)
        return next((one for one in reversed(self.detail.attempts) if one.status in failed), None)

    @property
    def evidence(self) -> Sequence[EvidenceFile]:
        """Files of the last failed attempt; of the last attempt that left any, without one."""
        files, failure = self.detail.evidence, self.failure
        folders = list(dict.fromkeys(file.attempt for file in files))
        if failure is not None:
            number = str(failure.number)
            folders = [name for name in folders if name.partition("-")[0] == number] or folders
        return [file for file in files if folders and file.attempt == folders[-1]]

    @property
    def screenshot(self) -> EvidenceFile | None:
        """The last screen that the attempt left as a picture."""
        pictures = [one for one in self.evidence if one.path.suffix.lower() in PICTURES]
        return pictures[-1] if pictures else None

    def times_of(self, attempt: Attempt) -> PhaseTimes | None:
        """What one attempt spent in its phases, where the events tell."""
        return next(
            (one for one in self.detail.times if one.claimed_at == attempt.claimed_at), None
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoFile:
    """The video as this host has it."""

    path: Path | None
    size: int = 0
    """Bytes."""


def gather(watch: Watch, job_id: str, overview: Overview | None, now: datetime) -> JobFacts | None:
    """Ask for all of it; None where the ledger does not know the job. ``now`` has a zone.

    Raises EngineError and OSError for what cannot be read.
    """
    detail = look(watch, job_id, (), now).detail
    if detail is None:
        return None
    failed = [one for one in detail.attempts if one.status is JobStatus.FAILED or one.category]
    cluster, tally = _in_this_run(watch, detail, failed[-1] if failed else None)
    guard, asked = _guard(watch, detail.line.job)
    return JobFacts(
        detail=detail,
        history=watch.ledger.history(job_id),
        usual=watch.usual(),
        following=_following(watch, detail, overview),
        last_post=_last_post(watch, detail.line.job),
        guard=guard,
        guarded_at=now if asked else None,
        same=cluster,
        tally=tally,
    )


def _following(watch: Watch, detail: Detail, overview: Overview | None) -> Sequence[str]:
    statuses = {} if overview is None else overview.by_status
    return what_next(
        detail.line,
        watch.policy,
        starts=None if overview is None else overview.forecast.next_pass_at,
        claimed=statuses.get("claimed", 0),
        waiting=statuses.get("pending", 0),
        labels=watch.workload.labels,
    )


def _guard(watch: Watch, job: Job) -> tuple[str, bool]:
    """What the workload has against it, and whether it was asked: not of what is done."""
    if job.status is JobStatus.SUCCESS or not job.account:
        return "", False
    try:
        return watch.workload.refuse(job) or "", True
    except EngineError as exc:
        return str(exc), True


def _last_post(watch: Watch, job: Job) -> datetime | None:
    posts = [
        when
        for line in watch.job_lines()
        if line.job.account == job.account
        and line.job.status is JobStatus.SUCCESS
        and line.job.job_id != job.job_id
        and (when := line.job.completed_at or line.job.updated_at) is not None
    ]
    return max(posts, default=None) if job.account else None


def _in_this_run(
    watch: Watch, detail: Detail, failure: Attempt | None
) -> tuple[Cluster | None, Tally | None]:
    report = watch.pass_report()
    account = detail.line.job.account
    tally = next((one for one in report.keys if one.name == account), None)
    if failure is None:
        return None, tally
    why = failure.error_type or UNCLASSIFIED
    return next((one for one in report.attempts_failed if one.why == why), None), tally


def worker_at(overview: Overview | None, job: Job) -> WorkerLine | None:
    """The worker that has the job in hands now, as its own words tell."""
    if overview is None or job.status is not JobStatus.CLAIMED:
        return None
    return next((line for line in overview.workers if line.job_id == job.job_id), None)


def video_file(recorded: str, work_dir: Path, video_root: Path | None) -> VideoFile:
    """Look for the video as a worker would; may read whole folders."""
    path = find_video(recorded, work_dir, video_root)
    try:
        return VideoFile(path=path, size=0 if path is None else path.stat().st_size)
    except OSError:
        return VideoFile(path=None)


def log_lines(stream: LogStream, facts: JobFacts, most: int) -> Sequence[Record]:
    """Lines of its worker's log around the end of its last attempt; of one under way, the newest.

    At most ``most``; none where the log does not reach back so far.
    """
    attempt = facts.latest
    if attempt is None or not attempt.worker:
        return ()
    ended = attempt.ended_at
    first = attempt.claimed_at.timestamp() - _BEFORE_SECONDS
    last = float("inf") if ended is None else ended.timestamp() + _AFTER_SECONDS
    found = [
        record for record in stream.records({f"W{attempt.worker}"}) if first <= record.place <= last
    ]
    if ended is None:
        return found[-most:]
    end = bisect_right([record.place for record in found], ended.timestamp())
    anchor = next(
        (place for place in range(end - 1, -1, -1) if found[place].level is Level.ERROR), end - 1
    )
    begin = max(0, min(anchor - most * 5 // 8, len(found) - most))
    return found[begin : begin + most]
