"""What the Ledger's lower panes show, asked on the feed's thread: values of the engine in one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.insight.values import Attempt, EvidenceFile, JobLine, PhaseTimes
from engine.jobs import JobStatus
from engine.undo import Undoable, UndoableName, UndoBook

if TYPE_CHECKING:
    from engine.insight.watch import Watch
    from engine.log_stream import LogStream

_UNDONE: Final[frozenset[UndoableName]] = frozenset(
    {"requeue", "skip", "unskip", "hold", "release"}
)
"""What ``u`` takes back (console-features 6.3)."""
_AFTER: Final = {
    "requeue": frozenset({JobStatus.RETRYING, JobStatus.PENDING}),
    "skip": frozenset({JobStatus.SKIPPED}),
    "unskip": frozenset({JobStatus.PENDING}),
}
"""Statuses in which a job still is as the command left it."""
_NEAR_SECONDS: Final = 60
"""A log line further away than this from an outcome tells of something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """Everything about the job at the cursor."""

    line: JobLine
    attempts: Sequence[Attempt] = ()
    times: Sequence[PhaseTimes] = ()
    evidence: Sequence[EvidenceFile] = ()
    posts_today: int = 0
    cap: int = 0
    """Posts a day that an account may have; 0 = no limit."""
    log: tuple[str, int] | None = None
    """File and line of its last outcome."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """The marked jobs."""

    lines: Sequence[JobLine] = ()
    accounts: int = 0
    under_cap: int = 0
    """Accounts of theirs that may still have a post today."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LastAct:
    """What ``u`` would take back."""

    entry: Undoable
    left: int
    """Jobs that can still be taken back."""
    claimed: int
    """Jobs that went on meanwhile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """One look."""

    detail: Detail | None = None
    marked: Marked = Marked()
    last: LastAct | None = None


def look(watch: Watch, job_id: str | None, marked: Collection[str], now: datetime) -> Facts:
    """Ask for all of it; ``now`` carries the operator's zone. Reads small files."""
    line = None if job_id is None else watch.line(job_id)
    chosen = [found for key in marked if (found := watch.line(key)) is not None]
    accounts = {found.job.account for found in chosen if found.job.account}
    wanted = accounts if line is None else accounts | {line.job.account}
    posts = posts_today(watch.job_lines(), wanted, now) if wanted else {}
    cap = watch.workload.daily_cap
    detail = None
    if line is not None:
        detail = Detail(
            line=line,
            attempts=watch.attempts(line.job.job_id),
            times=watch.times(line.job.job_id),
            evidence=watch.evidence(line.job.job_id),
            posts_today=posts.get(line.job.account, 0),
            cap=cap,
        )
    return Facts(
        detail=detail,
        marked=Marked(
            lines=chosen,
            accounts=len(accounts),
            under_cap=sum(1 for name in accounts if not cap or posts.get(name, 0) < cap),
        ),
        last=_last_act(watch),
    )


def posts_today(
    lines: Sequence[JobLine], accounts: Collection[str], now: datetime
) -> dict[str, int]:
    """Of these accounts, what counts against today's cap: successes, and jobs in doubt."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found: dict[str, int] = {}
    for line in lines:
        job = line.job
        if job.account not in accounts:
            continue
        if job.status is JobStatus.SUCCESS or job.in_doubt:
            when = job.completed_at or job.updated_at
            if when is None or when >= midnight:
                found[job.account] = found.get(job.account, 0) + 1
    return found


def log_place(stream: LogStream, detail: Detail) -> tuple[str, int] | None:
    """File and line where the log tells of its last outcome; None where no log is near it."""
    attempt = detail.attempts[-1] if detail.attempts else None
    if attempt is None:
        return None
    when = attempt.ended_at or attempt.claimed_at
    record = stream.find_time(when, {f"W{attempt.worker}"})
    if record is None or record.ts is None or record.line is None:
        return None
    if abs((record.ts - when).total_seconds()) > _NEAR_SECONDS:
        return None
    return record.path.name, record.line


def _last_act(watch: Watch) -> LastAct | None:
    entries = UndoBook(watch.run_dir).all()
    entry = next((entry for entry in entries if entry.name in _UNDONE), None)
    if entry is None:
        return None
    wanted = _AFTER.get(entry.name)
    if wanted is None:
        return LastAct(entry=entry, left=1, claimed=0)
    lines = [watch.line(job_id) for job_id in entry.jobs]
    left = sum(1 for line in lines if line is not None and line.job.status in wanted)
    return LastAct(entry=entry, left=left, claimed=len(lines) - left)
