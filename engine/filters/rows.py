"""What jobs and resources are called in a filter (console-features 6.4, 6.9)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final

from engine.filters.fields import Fields
from engine.insight.values import Actor, JobLine, ResourceLine
from engine.jobs import ErrorCategory, Job, JobStatus

NO_MARKS: Final = (
    "is:marked means the rows that are marked in the cockpit; on the command line name the jobs, "
    "or choose them with another filter."
)
UNCLASSIFIED: Final = "unclassified"
"""What WHY says where nothing is known about a failure."""


def job_fields(
    *,
    now: datetime,
    marked: Collection[str] | None = (),
    states: Mapping[str, str] | None = None,
) -> Fields[JobLine]:
    """Fields of jobs. ``now`` carries the operator's zone; ages count from it, so a filter with an
    age is made anew when time has passed. ``marked`` are job ids, None where nobody marks;
    ``states`` says in which state a key's resource is."""
    zone = now.tzinfo
    known = {} if states is None else states
    marks: Mapping[str, Callable[[JobLine], bool]] = {}
    if marked is not None:
        ids = marked if isinstance(marked, (set, frozenset)) else frozenset(marked)
        marks = {"marked": lambda line: line.job.job_id in ids}
    return Fields(
        texts={
            "status": lambda line: line.job.status,
            "why": lambda line: why(line.job),
            "class": lambda line: _category(line.job),
            "account": lambda line: line.job.account,
            "worker": lambda line: line.job.worker_id,
            "next": lambda line: line.next,
            "when": lambda line: _clock(changed_at(line.job), zone),
            "took": lambda line: _span(line.took),
            "error": lambda line: line.job.error,
            "phone": lambda line: line.job.account,
            "state": lambda line: known.get(line.job.account, ""),
            "job": lambda line: line.job.job_id,
        },
        numbers={
            "pass": lambda line: line.job.pass_number,
            "try": lambda line: line.job.attempts,
            "worker": lambda line: _decimal(line.job.worker_id),
        },
        spans={"took": lambda line: line.took},
        times={"when": lambda line: changed_at(line.job)},
        flags={
            "retry": lambda line: line.glyph == "~",
            "final": lambda line: line.glyph == "x",
            "doubt": lambda line: line.glyph == "?",
            "person": lambda line: line.actor is Actor.PERSON,
            "held": lambda line: line.held,
            **marks,
        },
        now=now,
        anywhere=lambda line: _joined(line, known.get(line.job.account, "")),
        clocks=frozenset({"when", "took"}),
        choices={"status": [*JobStatus], "class": [*ErrorCategory]},
        refused={} if marked is not None else {"is:marked": NO_MARKS},
    )


def resource_fields(*, now: datetime, marked: Collection[str] = ()) -> Fields[ResourceLine]:
    """Fields of resources; ``marked`` are their ids, or their labels."""
    zone = now.tzinfo
    ids = marked if isinstance(marked, (set, frozenset)) else frozenset(marked)
    return Fields(
        texts={
            "phone": lambda line: line.label,
            "account": lambda line: line.label,
            "state": lambda line: line.state,
            "job": lambda line: line.job_id,
            "worker": lambda line: "" if line.slot is None else str(line.slot),
            "phase": lambda line: line.phase,
            "when": lambda line: _clock(line.since, zone),
            "last": lambda line: line.last_result,
            "note": lambda line: line.note,
            "code": lambda line: line.code,
            "id": lambda line: line.id,
        },
        numbers={
            "est": lambda line: line.cost,
            "minutes": lambda line: line.minutes,
            "posts": lambda line: line.posts_today,
            "rate": lambda line: line.rate_30_days,
            "worker": lambda line: line.slot,
        },
        spans={"on": lambda line: _age(line.since, now)},
        times={"when": lambda line: line.since},
        flags={
            "ours": lambda line: line.ours,
            "campaign": lambda line: line.in_campaign,
            "orphan": lambda line: line.orphan,
            "marked": lambda line: line.id in ids or line.label in ids,
        },
        now=now,
    )


def changed_at(job: Job) -> datetime | None:
    """When a job came to its present status: column WHEN. Signs of life do not count."""
    if job.status is JobStatus.CLAIMED:
        return job.claimed_at or job.updated_at
    if job.status in (JobStatus.SUCCESS, JobStatus.FAILED):
        return job.completed_at or job.updated_at
    return job.updated_at


def why(job: Job) -> str:
    """The type of its failure, or that nothing is known about it; empty without one."""
    return job.error_type or (UNCLASSIFIED if _failed(job) else "")


def _joined(line: JobLine, state: str) -> str:
    """The texts of a job but for its times, in one, so that a bare word is looked for once."""
    job = line.job
    names = f"{job.job_id}\0{job.account}\0{job.status}\0{job.worker_id}\0{line.next}\0{state}"
    return f"{names}\0{why(job)}\0{_category(job)}\0{job.error}"


def _category(job: Job) -> str:
    return job.error_category or (ErrorCategory.UNKNOWN if _failed(job) else "")


def _failed(job: Job) -> bool:
    """A requeued job keeps its last error for people, but its tries begin anew."""
    return job.status is JobStatus.FAILED or bool(job.error and job.attempts)


def _clock(moment: datetime | None, zone: tzinfo | None) -> str:
    return "" if moment is None else f"{moment.astimezone(zone):%H:%M:%S}"


def _span(seconds: float | None) -> str:
    """As the column shows it: ``4:40``, ``1:04:40``."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else (now - since).total_seconds()


def _decimal(text: str) -> float | None:
    return float(text) if text.isdecimal() and len(text) < 16 else None


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

JOB_WORDS: Final = job_fields(now=_EPOCH).names
"""Every field of jobs and every word behind ``is:``, for help and completion."""
WHERE_WORDS: Final = job_fields(now=_EPOCH, marked=None).names
"""Those that ``--where`` takes."""
RESOURCE_WORDS: Final = resource_fields(now=_EPOCH).names
"""The same as ``JOB_WORDS`` for resources."""
