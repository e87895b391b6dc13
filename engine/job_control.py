"""Requeue, skip, take back a skip, mark posted: the operator's word on single jobs, and its undo.

The same for a live run and for the command line without one; each job gets its own answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.errors import InputError
from engine.jobs import JobStatus
from engine.progress import MARKED_POSTED, REQUEUED, SKIPPED, UNDONE, UNSKIPPED

if TYPE_CHECKING:
    from engine.progress import ProgressTracker
    from engine.undo import Undoable
    from engine.workloads.base import Workload

_STAYS: Final = "was failed, stays skipped; --unskip makes it pending"
_UNDOABLE: Final = frozenset({"requeue", "skip", "unskip"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What became of each named job."""

    results: Mapping[str, str]
    changed: Sequence[str]
    detail: str
    fixed: Sequence[str] = ()
    """Changed jobs that an undo cannot bring back as they were."""
    undoable: bool = False

    @property
    def ok(self) -> bool:
        return len(self.changed) == len(self.results) and bool(self.results)


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """What an undo could still take back."""

    results: Mapping[str, str]
    undone: int
    left: int
    """Jobs that went on meanwhile, or cannot come back."""
    detail: str


def change(
    name: str,
    named: Sequence[str],
    ledger: ProgressTracker,
    workload: Workload,
    *,
    matched: Sequence[str] = (),
) -> Change:
    """Apply one of ``requeue``, ``skip``, ``unskip``, ``mark_posted`` to each job.

    ``matched`` were chosen by a filter: a job in doubt among them is not requeued, because it may
    be published and nobody looked at it. Raises InputError when there is no job, LedgerError when
    the ledger cannot be written.
    """
    ids = list(dict.fromkeys([*named, *matched]))
    unnamed = frozenset(matched) - frozenset(named)
    if not ids:
        raise InputError("No job is named: give job ids, or choose jobs with --where.")
    actions: dict[str, tuple[Callable[[Sequence[str]], Mapping[str, str]], str]] = {
        "requeue": (lambda chosen: _requeue(chosen, unnamed, ledger, workload), REQUEUED),
        "skip": (ledger.skip, SKIPPED),
        "unskip": (ledger.unskip, UNSKIPPED),
        "mark_posted": (lambda chosen: _mark_posted(chosen, ledger, workload), MARKED_POSTED),
    }
    action, done = actions[name]
    failed = {job_id for job_id in ids if _is_failed(ledger, job_id)}
    results = action(ids)
    changed = [job_id for job_id, what in results.items() if what == done]
    return Change(
        results=results,
        changed=changed,
        detail=f"{name}: {len(changed)} of {len(results)} jobs.",
        # A final failure that was skipped must not come back as a job to do.
        fixed=[job_id for job_id in changed if name == "skip" and job_id in failed],
        undoable=bool(changed) and name in _UNDOABLE,
    )


def take_back(entry: Undoable, ledger: ProgressTracker) -> Undone:
    """Undo a change of jobs, as far as nothing else became of them since.

    Raises InputError for jobs of another ledger, LedgerError.
    """
    if entry.ledger and entry.ledger != str(ledger.path):
        raise InputError(
            f"The {entry.name} was of jobs in {entry.ledger}: take it back with its own campaign."
        )
    reverse: dict[str, tuple[Callable[[Sequence[str]], Mapping[str, str]], str]] = {
        "requeue": (ledger.undo_requeue, UNDONE),
        "skip": (ledger.unskip, UNSKIPPED),
        "unskip": (ledger.skip, SKIPPED),
    }
    action, done = reverse[entry.name]
    went_on = _changed_since(entry, ledger)
    results = dict(
        action([name for name in entry.jobs if name not in entry.fixed and name not in went_on])
    )
    undone = sum(what == done for what in results.values())
    results |= dict.fromkeys(entry.fixed, _STAYS) | went_on
    left = [job_id for job_id, what in results.items() if what != done]
    detail = f"{entry.name} taken back: {undone} of {len(results)} jobs"
    detail += f"; {len(left)} left ({_standing(left, ledger)})." if left else "."
    return Undone(results=results, undone=undone, left=len(left), detail=detail)


def _changed_since(entry: Undoable, ledger: ProgressTracker) -> dict[str, str]:
    """Jobs of which something became after the command: another command, an attempt, a new day.

    What stands there now is not what the command left, so that to reverse it could make a final
    failure a job to do.
    """
    found = {}
    for job_id in entry.jobs:
        job = ledger.get(job_id)
        if job is not None and job.updated_at is not None and job.updated_at > entry.at:
            found[job_id] = f"went on since (it is {job.status})"
    return found


def _standing(job_ids: Sequence[str], ledger: ProgressTracker) -> str:
    """``3 claimed, 1 success``."""
    found = (ledger.get(job_id) for job_id in job_ids)
    counts = Counter("gone" if job is None else str(job.status) for job in found)
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def _is_failed(ledger: ProgressTracker, job_id: str) -> bool:
    job = ledger.get(job_id)
    return job is not None and job.status is JobStatus.FAILED


def _requeue(
    ids: Sequence[str], unnamed: frozenset[str], ledger: ProgressTracker, workload: Workload
) -> Mapping[str, str]:
    """The record that outlives the day is written first, or it would put the job in doubt again."""
    for job_id in ids:
        job = ledger.get(job_id)
        if job is not None and job.in_doubt and job_id not in unnamed:
            workload.not_done(job)
    return ledger.requeue(ids, not_doubtful=unnamed)


def _mark_posted(
    ids: Sequence[str], ledger: ProgressTracker, workload: Workload
) -> Mapping[str, str]:
    """The record that outlives the day is written first, so that no crash can lose the post."""
    for job_id in ids:
        job = ledger.get(job_id)
        if job is not None and (job.in_doubt or job.status is JobStatus.SUCCESS):
            workload.confirmed(job)
    return ledger.mark_posted(ids)
