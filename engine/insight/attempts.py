"""Every claim of a job and what came of it, folded from the ledger's rows as they come (A8.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sys import intern
from typing import TYPE_CHECKING, Final

from engine.insight.values import Attempt
from engine.jobs import ErrorCategory, Job, JobStatus

if TYPE_CHECKING:
    from engine.progress import ProgressTracker, RowMark

OUTCOMES: Final = frozenset({JobStatus.SUCCESS, JobStatus.FAILED, JobStatus.RETRYING})
"""Statuses that end an attempt with a result; an attempt that ends otherwise was given back."""
_AT_A_TIME: Final = 2_000
"""Rows that are held as values at one moment."""


@dataclass(slots=True)
class PassHistory:
    """What happened in one pass of one run."""

    outcomes: dict[str, Attempt] = field(default_factory=dict)
    """Last outcome of each job in this pass."""
    start: datetime | None = None
    """When its first job was claimed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedJob:
    """A job that is failed at this moment, without what only a table of jobs needs."""

    job_id: str
    key: str
    worker: str
    category: ErrorCategory | None
    error_type: str
    error: str
    attempts: int
    """Attempts that ended in failure."""
    at: datetime | None


class AttemptFold:
    """The attempts of one ledger. Each row is looked at once, so asking costs only what is new.

    Only a claim that is seen in the rows happened in a pass. A ledger of an older system holds one
    row a job, which tells of the last attempt only: it is an attempt, and in no pass. An operator's
    *mark posted* turns the attempt in doubt into a success, his other rows change no attempt.
    """

    def __init__(self, *, since: RowMark | None = None) -> None:
        """``since``: earlier rows are not looked at, as long as the file is the same."""
        self._mark = since
        self._start_over()

    def _start_over(self) -> None:
        self._attempts: list[Attempt] = []
        self._places: dict[str, int | tuple[int, ...]] = {}
        """Of each job; most have one, and a tuple of one is twice as large as all else here."""
        self._under_way: dict[str, int] = {}
        self._failed: dict[str, FailedJob] = {}
        self._runs: dict[str, dict[int, PassHistory]] = {}
        self._last_run = ""

    def update(self, ledger: ProgressTracker) -> bool:
        """Take what is new; True if anything changed. Raises LedgerUnreadableError."""
        changed = False
        while True:
            before = self._mark
            self._mark, rows = ledger.rows_since(before, at_most=_AT_A_TIME)
            if before is not None and before[0] != self._mark[0]:
                self._start_over()
                changed = True
            for row in rows:
                self._apply(row)
            changed = changed or bool(rows)
            if len(rows) < _AT_A_TIME:
                return changed

    # -- what is known -----------------------------------------------------------------------------

    @property
    def attempts(self) -> Sequence[Attempt]:
        """All, in the order of their claims."""
        return self._attempts

    @property
    def last_run_id(self) -> str:
        """The run that made the latest claim; empty where rows name none."""
        return self._last_run

    @property
    def failed(self) -> Mapping[str, FailedJob]:
        """Jobs whose latest row says failed, the longest failed first."""
        return self._failed

    def of_job(self, job_id: str) -> Sequence[Attempt]:
        """The job's attempts, oldest first."""
        return [self._attempts[place] for place in self._places_of(job_id)]

    def passes(self, run_id: str) -> dict[int, PassHistory]:
        """Every pass of a run so far, by number."""
        return self._runs.get(run_id, {})

    # -- rows --------------------------------------------------------------------------------------

    def _apply(self, row: Job) -> None:
        status, job_id = row.status, row.job_id
        if status is JobStatus.CLAIMED:
            self._claim(row)
        elif job_id in self._under_way:
            self._end(self._under_way.pop(job_id), row)
        elif status in OUTCOMES:
            self._without_claim(row)
        if status is JobStatus.FAILED:
            self._failed.pop(job_id, None)
            self._failed[job_id] = _failed_job(row)
        elif job_id in self._failed:
            del self._failed[job_id]

    def _claim(self, row: Job) -> None:
        place = self._under_way.get(row.job_id)
        if place is not None:
            known = self._attempts[place]
            if known.worker == row.worker_id and row.claimed_at in (None, known.claimed_at):
                if row.submitted_at is not None and not known.submitted:
                    self._attempts[place] = _attempt(row, known=known)
                return
            # Claimed anew without a word on what became of the claim before.
            self._attempts[place] = _attempt(
                row,
                known=known,
                status=JobStatus.PENDING,
                ended_at=row.claimed_at or row.updated_at or known.claimed_at,
            )
        if row.claimed_at is None and row.updated_at is None:
            return  # an older system's claim, of no known moment: its outcome tells of it
        attempt = _attempt(row)
        self._under_way[row.job_id] = self._add(attempt)
        self._last_run = attempt.run_id or self._last_run
        past = self._pass_of(attempt)
        past.start = past.start or attempt.claimed_at

    def _end(self, place: int, row: Job) -> None:
        known = self._attempts[place]
        ended = row.updated_at or row.completed_at or known.claimed_at
        status = row.status if row.status in OUTCOMES else JobStatus.PENDING
        attempt = _attempt(row, known=known, status=status, ended_at=ended)
        self._attempts[place] = attempt
        if status in OUTCOMES:
            self._pass_of(attempt).outcomes[attempt.job_id] = attempt

    def _without_claim(self, row: Job) -> None:
        """The operator's word on an attempt, or the one row that an older system left of it."""
        places = self._places_of(row.job_id)
        last = self._attempts[places[-1]] if places else None
        when = row.claimed_at or row.completed_at
        if last is None or (when and all(self._attempts[p].claimed_at != when for p in places)):
            if when is not None:
                ended = row.completed_at or row.updated_at or when
                self._add(_attempt(row, status=row.status, ended_at=ended))
        elif row.status is JobStatus.SUCCESS and last.in_doubt:
            attempt = _attempt(row, known=last, status=row.status, ended_at=last.ended_at)
            self._attempts[places[-1]] = attempt
            outcomes = self._pass_of(attempt).outcomes
            if outcomes.get(row.job_id) is last:
                outcomes[row.job_id] = attempt

    def _add(self, attempt: Attempt) -> int:
        place = len(self._attempts)
        self._attempts.append(attempt)
        before = self._places_of(attempt.job_id)
        self._places[attempt.job_id] = (*before, place) if before else place
        return place

    def _places_of(self, job_id: str) -> tuple[int, ...]:
        places = self._places.get(job_id, ())
        return places if isinstance(places, tuple) else (places,)

    def _pass_of(self, attempt: Attempt) -> PassHistory:
        passes = self._runs.setdefault(attempt.run_id, {})
        return passes.setdefault(attempt.pass_number, PassHistory())


def _attempt(
    row: Job,
    *,
    known: Attempt | None = None,
    status: JobStatus = JobStatus.CLAIMED,
    ended_at: datetime | None = None,
) -> Attempt:
    """The attempt that a row tells of; ``known`` is what was known of it before this row."""
    bad = status in (JobStatus.FAILED, JobStatus.RETRYING)
    if known is None:
        claimed_at = row.claimed_at or ended_at or row.completed_at or row.updated_at
        assert claimed_at is not None  # checked by whoever calls
        counted = row.attempts - 1 if bad else row.attempts
        job_id, key, worker = row.job_id, intern(row.account), intern(row.worker_id)
        run_id, pass_number, number = intern(row.run_id), row.pass_number, max(0, counted) + 1
    else:
        claimed_at, job_id, key, worker = known.claimed_at, known.job_id, known.key, known.worker
        run_id, pass_number, number = known.run_id, known.pass_number, known.number
    return Attempt(
        job_id=job_id,
        key=key,
        worker=worker,
        run_id=run_id,
        pass_number=pass_number,
        number=number,
        claimed_at=claimed_at,
        ended_at=ended_at,
        status=status,
        category=row.error_category if bad else None,
        error_type=intern(row.error_type) if bad else "",
        error=intern(row.error) if bad else "",
        submitted=row.submitted_at is not None or (known is not None and known.submitted),
    )


def _failed_job(row: Job) -> FailedJob:
    return FailedJob(
        job_id=row.job_id,
        key=intern(row.account),
        worker=intern(row.worker_id),
        category=row.error_category,
        error_type=intern(row.error_type),
        error=intern(row.error),
        attempts=row.attempts,
        at=row.completed_at or row.updated_at,
    )
