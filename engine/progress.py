"""The day's ledger, the one place where jobs change (architecture 3, behaviour A2 to A8).

``ProgressTracker`` is what every other part sees. The ledger is opened by nothing but this module
and the package ``engine.ledger`` behind it: ``book`` (file, fold and quarantine in step),
``claims`` (who may claim what), ``outcomes`` (what becomes of an attempt), ``operator_desk`` (the
operator's word on single jobs).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from engine.config import Settings
from engine.errors import ClaimLostError, LedgerError
from engine.jobs import Claim, ErrorCategory, Failure, Job, JobStatus, NewJob, Nothing, Trace
from engine.ledger import lost_doubts, outcomes
from engine.ledger.access import LedgerAccess, Verification
from engine.ledger.claims import ClaimDesk, never
from engine.ledger.export import write_export
from engine.ledger.figures import Figures, RequeueReport, ResetReport, WorkerFigures
from engine.ledger.file import archive_name
from engine.ledger.fold import Entry
from engine.ledger.operator_desk import (
    MARKED_POSTED,
    REQUEUED,
    SKIPPED,
    UNDONE,
    UNSKIPPED,
    OperatorDesk,
)
from engine.ledger.outcomes import Changes
from engine.ledger.reader import LedgerReader, RowMark
from engine.ledger.rows import (
    COLUMNS,
    ERROR_CATEGORY,
    LEGACY_ACCOUNT_TYPES,
    RETRY_AT,
    STATUS,
    SUBMITTED_AT,
    moment,
    stamp,
)
from engine.logger import get_logger

log = get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class ProgressTracker(LedgerReader):
    """One process's view of the ledger, and every change that it may make.

    Reading takes no lock and never sees half a row. Every change takes the ledger's lock, catches
    up with what others appended, decides, appends and flushes to disk. Threads may share one.

    Any method raises LedgerUnreadableError for a ledger that cannot be read; any change raises
    LedgerLockedError when the lock is not had in time and LedgerWriteError when the write failed,
    both with the ledger unchanged.
    """

    COLUMNS: ClassVar[tuple[str, ...]] = COLUMNS
    STATUS_PENDING: ClassVar[str] = JobStatus.PENDING.value
    STATUS_CLAIMED: ClassVar[str] = JobStatus.CLAIMED.value
    STATUS_SUCCESS: ClassVar[str] = JobStatus.SUCCESS.value
    STATUS_FAILED: ClassVar[str] = JobStatus.FAILED.value
    STATUS_SKIPPED: ClassVar[str] = JobStatus.SKIPPED.value
    STATUS_RETRYING: ClassVar[str] = JobStatus.RETRYING.value
    NON_RETRYABLE_ERRORS: ClassVar[frozenset[str]] = LEGACY_ACCOUNT_TYPES

    def __init__(
        self,
        path: Path,
        *,
        settings: Settings,
        run_id: str = "",
        now: Callable[[], datetime] = utc_now,
        refuse: Callable[[Job], str | None] = never,
        cap: int | None = None,
        rank: Callable[[Job], int] | None = None,
    ) -> None:
        """``refuse`` is the workload's word on whether a job may be claimed now. ``cap`` is the
        most successes of one account a day, 0 = no limit, None = as the settings say. ``rank``:
        of the jobs that wait the lower one first, equal ones in file order; None = file order."""
        desk = ClaimDesk(
            cap=settings.posting.max_posts_per_account_per_day if cap is None else cap,
            refuse=refuse,
            recheck_seconds=settings.run.idle_poll_seconds,
        )
        super().__init__(LedgerAccess(path, settings, run_id, now, rank), desk, settings)
        self.path = path
        self._operator = OperatorDesk(self._ledger)

    def used_by(self, key: str) -> Sequence[Job]:
        """What of one key succeeded, is in doubt or is claimed, in file order.

        As of the last reading: a workload that is asked about a job while others are looked at
        must not change what is looked at. Only a ledger that was never read is read.
        """
        with self._ledger.threads:
            book = self._ledger.book
            fold = book.fold if book.present else self._ledger.reading()
            found = [
                entry  # some succeeded once and no longer do, or did for another key
                for entry in fold.spent(key)
                if (entry.status is JobStatus.SUCCESS or entry.in_doubt) and entry.account == key
            ]
            if fold.busy(key):
                found += [entry for entry in fold.claimed.values() if entry.account == key]
            return [fold.job(entry) for entry in sorted(found, key=lambda entry: entry.order)]

    # -- workers -----------------------------------------------------------------------------------

    def claim(self, worker_id: str) -> Claim | Nothing:
        """Lease the next job: due ones first, then pending ones, in file order (A4.1 to A4.4); a
        rank goes before all of that (C4.3)."""
        with self._ledger.threads:
            with self._ledger.writing() as now:
                fold = self._ledger.book.fold
                entry = self._desk.choose(fold, now)
                if entry is None:
                    return self._desk.nothing(fold, now)
                claimed_at = now
                last = moment(entry.last_claim, fold.zone)
                if last is not None and last >= now:
                    claimed_at = self._settings.local(last) + timedelta(microseconds=1)
                changes = outcomes.claimed(str(worker_id), claimed_at, self.pass_number)
                entry = self._ledger.change(entry, changes, now)
            job = self._ledger.book.fold.job(entry)
        return Claim(job=job, worker_id=str(worker_id), claimed_at=claimed_at)

    def verify(self, claim: Claim) -> Verification:
        """Whether the claim is still held and nothing like it succeeded before; no lock taken."""
        with self._ledger.threads:
            return self._ledger.verification(self._ledger.reading(), claim)

    def renew(self, claim: Claim) -> None:
        """Leave a sign of life. Raises ClaimLostError."""
        with self._ledger.writing() as now:
            self._ledger.append([(self._ledger.owned(claim), {})], now)

    def mark_submitted(self, claim: Claim) -> None:
        """Write the point of no return durably; directly afterwards comes the irreversible step.

        Raises ClaimLostError when the claim is lost or the same was done before (A4.8).
        """
        with self._ledger.writing() as now:
            answer = self._ledger.verification(self._ledger.book.fold, claim)
            if answer is not Verification.OK:
                raise ClaimLostError(
                    f"Job {claim.job_id} must not be submitted by worker {claim.worker_id}: "
                    f"{answer.value}; the job is dropped without an outcome."
                )
            entry = self._ledger.owned(claim)
            if not entry.submitted:
                self._ledger.append([(entry, {SUBMITTED_AT: stamp(now)})], now)

    def succeed(self, claim: Claim) -> Job:
        """Record proof of success. Raises ClaimLostError, and says so loudly: a real result may
        stand behind a late success (A3.4)."""
        try:
            return self._ledger.end_claim(claim, lambda _, now: outcomes.succeeded(now))
        except ClaimLostError:
            log.error("late_success_refused", job=claim.job_id, worker=claim.worker_id)
            raise

    def fail(self, claim: Claim, failure: Failure) -> Job:
        """Record a failed attempt: failed, retrying, or in doubt (A3.5, A8.6).
        Raises ClaimLostError."""

        def changes(entry: Entry, now: datetime) -> Changes:
            history = self._ledger.book.fold.history(entry)
            return outcomes.after_failure(history, failure, self._settings.retry, now)

        return self._ledger.end_claim(claim, changes)

    def release(self, claim: Claim) -> Job:
        """Give a claim back untried. Raises ClaimLostError; past the point of no return the job
        ends in doubt instead."""
        return self._ledger.end_claim(claim, self._ledger.given_back)

    def update_job_status(  # noqa: PLR0917 - the seeds call it by position
        self,
        job_id: str,
        status: str,
        worker_id: object = None,
        error: str = "",
        error_category: str | None = None,
        error_type: str = "",
        retry_delay_minutes: float | None = None,
    ) -> bool:
        """Write an outcome by names, as the day-to-day scripts do (A2.10).

        False where the job is missing or the caller does not hold its claim. Raises
        IllegalTransitionError for a status that may not follow and ValueError for an unknown one.
        """
        wanted = JobStatus(status)
        with self._ledger.writing() as now:
            entry = self._ledger.book.fold.entries.get(job_id)
            holder = None if worker_id is None else str(worker_id)
            if entry is None or entry.status is not JobStatus.CLAIMED or entry.worker_id != holder:
                log.warning("outcome_refused", job=job_id, status=status, worker=holder)
                return False
            category = ErrorCategory(error_category) if error_category else ErrorCategory.UNKNOWN
            failure = Failure(error=error, category=category, error_type=error_type)
            job = self._ledger.job(entry)
            if wanted is JobStatus.SUCCESS:
                changes = outcomes.succeeded(now)
            elif wanted is JobStatus.PENDING:
                changes = self._ledger.given_back(entry, now)
            else:
                changes = outcomes.failed(job, failure, now)
                if wanted is not JobStatus.FAILED and (
                    changes[ERROR_CATEGORY] != ErrorCategory.IN_DOUBT
                ):
                    delay = self._settings.retry.in_pass_delay_minutes
                    minutes = delay if retry_delay_minutes is None else retry_delay_minutes
                    due = stamp(now + timedelta(minutes=minutes))
                    changes |= {STATUS: wanted, RETRY_AT: due}
            self._ledger.change(entry, changes, now)
            return True

    # -- supervisor --------------------------------------------------------------------------------

    def settle_dead(
        self,
        alive: Callable[[Job], bool],
        verdict: Callable[[Job], Failure | None] = lambda _job: None,
    ) -> Sequence[Job]:
        """End the claims whose owner is known to be dead (A4.10): pending again, or in doubt.

        ``verdict`` may call the attempt failed instead of giving the job back: a job that kills
        one worker after the other must not go round for ever.
        """
        lost = self._ledger.job
        return self._ledger.take_back(lambda entry, now: not alive(lost(entry)), verdict)

    def restore_doubts(self, traces: Callable[[], Sequence[Trace]]) -> Sequence[Job]:
        """Put in doubt again what ``traces`` say may be done and the ledger takes for undone."""
        return lost_doubts.restore(self._ledger, traces)

    def mend(self) -> int:
        """Write back what a file that was cut off lost and this process had read; how many rows
        it has written back so far. Raises LedgerError."""
        self._ledger.reading()
        if self._ledger.book.cut_off:
            with self._ledger.writing():
                pass  # whoever writes mends first
        return self._ledger.mended

    def release_stale_claims(self, alive: Callable[[Job], bool]) -> Sequence[Job]:
        """End the claims without sign of life for too long, unless their owner lives (A4.9,
        A4.11)."""
        bound = timedelta(seconds=self._settings.ledger.stale_claim_seconds)

        def stale(entry: Entry, now: datetime) -> bool:
            job = self._ledger.job(entry)
            seen = job.updated_at or job.claimed_at
            return (seen is None or now - seen > bound) and not alive(job)

        return self._ledger.take_back(stale)

    def reset_for_pass(
        self, pass_number: int, retryable: Callable[[Job], bool] | None = None
    ) -> Sequence[Job]:
        """Failed jobs that may be tried again become pending, for this pass (A8.7).

        ``retryable`` replaces the settings' limits where a run has its own.
        """
        wanted = retryable or self.retryable
        with self._ledger.writing() as now:
            fold = self._ledger.book.fold
            chosen = [
                entry
                for entry in fold.in_file_order(fold.failed)
                if wanted(self._ledger.job(entry))
            ]
            return self._ledger.change_all(chosen, lambda _: outcomes.reset(pass_number), now)

    # -- operator ----------------------------------------------------------------------------------

    def requeue(
        self, job_ids: Iterable[str], *, not_doubtful: Collection[str] = ()
    ) -> dict[str, str]:
        """Failed jobs, also those in doubt, become claimable anew; answer for each id (A3.7).

        Of ``not_doubtful`` those in doubt are left: nobody named them.
        """
        return self._operator.requeue(job_ids, not_doubtful)

    def requeue_all(self, include_non_retryable: bool = False) -> RequeueReport:
        """All failed jobs of retryable kinds, on request of all kinds; never in doubt (A3.8)."""
        return self._operator.requeue_all(include_non_retryable)

    def undo_requeue(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Requeued jobs that nobody claimed yet are failed again, as they were."""
        return self._operator.undo_requeue(job_ids)

    def skip(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Pending, retrying and failed jobs are left out; one in doubt must be settled first."""
        return self._operator.skip(job_ids)

    def unskip(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Skipped jobs are pending again."""
        return self._operator.unskip(job_ids)

    def mark_posted(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Jobs in doubt of which the operator knows that they were done become success."""
        return self._operator.mark_posted(job_ids)

    # -- seeding and day ---------------------------------------------------------------------------

    def seed(self, plan: Callable[[Mapping[str, Job]], Sequence[NewJob]]) -> Sequence[NewJob]:
        """Append the jobs that ``plan`` wants, given the jobs that are there; makes the file.

        ``plan`` runs under the ledger's lock (A5.2.15). Ids that are there already are left out.
        Raises LedgerError for an id that no ledger could hold.
        """
        with self._ledger.writing(needs_ledger=False) as now:
            known = self._ledger.view()
            new: dict[str, NewJob] = {}
            for job in plan(known):
                if job.job_id not in known:
                    new.setdefault(job.job_id, job)
            rows = [self._ledger.seed_row(job, now) for job in new.values()]
            self._ledger.book.seed(rows, now)
        return list(new.values())

    def reset_day(self, *, allow_in_doubt: bool = False) -> ResetReport:
        """Archive the ledger and start an empty one (A7). Raises LedgerError while a job is in
        doubt, unless that is allowed; whether a run is live the caller knows."""
        with self._ledger.threads:
            if not self.exists():
                raise LedgerError(f"{self.path} does not exist: there is nothing to reset.")
            with self._ledger.writing() as now:
                self._ledger.book.put_in_order(now)
                figures = self.figures()
                if figures.unsettled and not allow_in_doubt:
                    raise LedgerError(
                        f"{self.path} has {figures.unsettled} job(s) in doubt: mark them posted or "
                        "requeue them first, or confirm that they may be archived as they are."
                    )
                day = self._settings.day_of(now)
                wanted = archive_name(self._ledger.path, day)
                return ResetReport(archive=self._ledger.book.start_empty(wanted), figures=figures)

    def export(self, target: Path) -> int:
        """Write one row a job for older tools, atomically; number of jobs written."""
        with self._ledger.threads:
            fold = self._ledger.reading()
            return write_export(fold, target)

    def close(self) -> None:
        """Close files and forget what was read; the tracker reads it again when it is used."""
        with self._ledger.threads:
            self._ledger.close()


__all__ = [
    "MARKED_POSTED",
    "REQUEUED",
    "SKIPPED",
    "UNDONE",
    "UNSKIPPED",
    "Figures",
    "ProgressTracker",
    "RequeueReport",
    "ResetReport",
    "RowMark",
    "Verification",
    "WorkerFigures",
]
