"""Requeue, skip, take back a skip, mark posted: the operator's word on single jobs.

The same for a live run and for the command line without one; each job gets its own answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.jobs import JobStatus
from engine.progress import MARKED_POSTED, REQUEUED, SKIPPED, UNSKIPPED

if TYPE_CHECKING:
    from engine.progress import ProgressTracker
    from engine.workloads.base import Workload


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What became of each named job."""

    results: Mapping[str, str]
    changed: Sequence[str]
    detail: str
    undo: Callable[[], Mapping[str, Any]] | None = None

    @property
    def ok(self) -> bool:
        return len(self.changed) == len(self.results) and bool(self.results)


def change(name: str, ids: Sequence[str], ledger: ProgressTracker, workload: Workload) -> Change:
    """Apply one of ``requeue``, ``skip``, ``unskip``, ``mark_posted`` to each job.

    Raises InputError when no job is named, LedgerError when the ledger cannot be written.
    """
    if not ids:
        raise InputError("No job is named: give job ids, or choose jobs with --where.")
    actions: dict[str, tuple[Callable[[Sequence[str]], Mapping[str, str]], str]] = {
        "requeue": (ledger.requeue, REQUEUED),
        "skip": (ledger.skip, SKIPPED),
        "unskip": (ledger.unskip, UNSKIPPED),
        "mark_posted": (lambda chosen: _mark_posted(chosen, ledger, workload), MARKED_POSTED),
    }
    action, done = actions[name]
    failed = {job_id for job_id in ids if _is_failed(ledger, job_id)}
    results = action(ids)
    changed = [job_id for job_id, what in results.items() if what == done]
    reverse = {"requeue": ledger.undo_requeue, "skip": ledger.unskip, "unskip": ledger.skip}
    undo = None
    if changed and name in reverse:

        def undo() -> Mapping[str, Any]:
            # A final failure that was skipped must not come back as a job to do.
            kept = [job_id for job_id in changed if name == "skip" and job_id in failed]
            back = dict(reverse[name]([job_id for job_id in changed if job_id not in kept]))
            back |= dict.fromkeys(kept, "was failed, stays skipped; --unskip makes it pending")
            return {"ok": not kept, "results": back, "detail": f"{name} taken back."}

    detail = f"{name}: {len(changed)} of {len(results)} jobs."
    return Change(results=results, changed=changed, detail=detail, undo=undo)


def _is_failed(ledger: ProgressTracker, job_id: str) -> bool:
    job = ledger.get(job_id)
    return job is not None and job.status is JobStatus.FAILED


def _mark_posted(
    ids: Sequence[str], ledger: ProgressTracker, workload: Workload
) -> Mapping[str, str]:
    """The record that outlives the day is written first, so that no crash can lose the post."""
    for job_id in ids:
        job = ledger.get(job_id)
        if job is not None and (job.in_doubt or job.status is JobStatus.SUCCESS):
            workload.confirmed(job)
    return ledger.mark_posted(ids)
