"""Which jobs a row of the Passes screen stands for, and what else keys may act on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from console.selection import Selection
from engine.filters import job_fields, parse
from engine.insight.values import Cluster, JobLine, PassLine, PassReport, Tally
from engine.insight.watch import Watch
from engine.jobs import JobStatus


def selection_of(
    rows: Sequence[Any], *, marked: bool, report: PassReport, workers: bool
) -> Selection:
    """What is known of the rows without asking; of causes the jobs that are failed now."""
    first = rows[0] if rows else None
    if isinstance(first, Cluster):
        failed = {job for one in report.failed_now for job in one.job_ids}
        jobs = dict.fromkeys(job for one in rows for job in one.job_ids if job in failed)
        last = first.last.isoformat() if first.last and not jobs else ""
        return Selection(jobs=tuple(jobs), marked=marked, time=last)
    if isinstance(first, PassLine):
        return Selection(marked=marked, time=first.started.isoformat() if first.started else "")
    if isinstance(first, Tally) and workers:
        slot = int(first.name) if first.name.isdecimal() else None
        return Selection(marked=marked, slot=slot)
    if isinstance(first, Tally):
        return Selection(marked=marked, keys=tuple(one.name for one in rows))
    return Selection()


def matching(expression: str, now: datetime, *, failed: bool) -> Callable[[Watch], list[str]]:
    """A question to the engine: ids of the jobs that a filter finds, of the ``failed`` ones only.

    Raises FilterError.
    """
    holds = parse(expression, job_fields(now=now))

    def wanted(line: JobLine) -> bool:
        return (not failed or line.job.status is JobStatus.FAILED) and holds(line)

    return lambda watch: [line.job.job_id for line in watch.job_lines() if wanted(line)]
