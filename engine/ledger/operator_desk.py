"""The operator's word on jobs: tried again, left out, settled (behaviour A3.7, A3.8).

Each call takes the ledger's lock once and answers for each job by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from engine.jobs import ErrorCategory, Job, JobStatus
from engine.ledger import outcomes
from engine.ledger.access import LedgerAccess
from engine.ledger.figures import RequeueReport
from engine.ledger.fold import Entry
from engine.ledger.outcomes import Changes
from engine.ledger.rows import RETRY_AT, STATUS

REQUEUED: Final = "requeued"
SKIPPED: Final = "skipped"
UNSKIPPED: Final = "pending again"
MARKED_POSTED: Final = "marked posted"
UNDONE: Final = "failed again"
NAME_IT: Final = "in doubt, it may be published: look, then requeue it by its id"


class OperatorDesk:
    """What a person may change in one ledger."""

    def __init__(self, ledger: LedgerAccess) -> None:
        self._ledger = ledger

    def requeue(self, job_ids: Iterable[str], not_doubtful: Collection[str] = ()) -> dict[str, str]:
        """Failed jobs become claimable anew; those in doubt among ``not_doubtful`` are left."""

        def objection(entry: Entry) -> str | None:
            if entry.in_doubt and entry.job_id in not_doubtful:
                return NAME_IT
            return None if entry.status is JobStatus.FAILED else _is(entry, "not failed")

        return self._ledger.change_named(
            job_ids, objection, lambda entry, now: self._requeued(entry), REQUEUED
        )

    def _requeued(self, entry: Entry) -> Changes:
        return outcomes.requeued(self._ledger.book.fold.own_stage(entry))

    def requeue_all(self, include_non_retryable: bool) -> RequeueReport:
        """All failed jobs of retryable kinds, on request of all kinds; never in doubt."""
        kinds = {ErrorCategory.INFRASTRUCTURE, ErrorCategory.UNKNOWN}
        if include_non_retryable:
            kinds = set(ErrorCategory) - {ErrorCategory.IN_DOUBT}
        left: dict[str, int] = {}
        chosen = []
        with self._ledger.writing() as now:
            for entry in self._ledger.book.fold.by_order:
                if entry.status is JobStatus.FAILED:
                    category = self._ledger.job(entry).error_category or ErrorCategory.UNKNOWN
                    if category in kinds:
                        chosen.append(entry)
                    else:
                        left[category.value] = left.get(category.value, 0) + 1
            jobs = self._ledger.change_all(chosen, self._requeued, now)
        return RequeueReport(requeued=[job.job_id for job in jobs], left=left)

    def undo_requeue(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Requeued jobs that nobody claimed yet are failed again, as they were."""

        def before(entry: Entry) -> Job | None:
            history = self._ledger.book.fold.history(entry)
            waits = entry.status is JobStatus.RETRYING and len(history) > 1
            return history[-2] if waits and history[-2].status is JobStatus.FAILED else None

        def changes(entry: Entry, _now: datetime) -> Changes:
            failed = before(entry)
            return outcomes.requeue_undone(failed) if failed else {}

        return self._ledger.change_named(
            job_ids,
            lambda entry: None if before(entry) else _is(entry, "not just requeued"),
            changes,
            UNDONE,
        )

    def skip(self, job_ids: Iterable[str]) -> dict[str, str]:
        """What waits or failed is left out; a job in doubt must be settled first."""

        def objection(entry: Entry) -> str | None:
            if entry.in_doubt:
                return "in doubt: mark it posted or requeue it"
            waiting = entry.status in (JobStatus.PENDING, JobStatus.RETRYING, JobStatus.FAILED)
            return None if waiting else _is(entry, "cannot be skipped")

        changes = {STATUS: JobStatus.SKIPPED.value, RETRY_AT: ""}
        return self._ledger.change_named(job_ids, objection, lambda entry, now: changes, SKIPPED)

    def unskip(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Skipped jobs are pending again."""
        return self._ledger.change_named(
            job_ids,
            lambda entry: None if entry.status is JobStatus.SKIPPED else _is(entry, "not skipped"),
            lambda entry, now: outcomes.released(),
            UNSKIPPED,
        )

    def mark_posted(self, job_ids: Iterable[str]) -> dict[str, str]:
        """Jobs in doubt become success; done at the moment they were submitted, or at least
        claimed, where that is known."""

        def changes(entry: Entry, now: datetime) -> Changes:
            job = self._ledger.job(entry)
            return outcomes.succeeded(job.submitted_at or job.claimed_at or now)

        return self._ledger.change_named(
            job_ids,
            lambda entry: None if entry.in_doubt else _is(entry, "not in doubt"),
            changes,
            MARKED_POSTED,
        )


def _is(entry: Entry, problem: str) -> str:
    return f"{problem} (it is {entry.status.value})"
