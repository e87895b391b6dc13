"""What may be asked of a ledger without changing it; takes no lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from engine.config import Settings
from engine.jobs import Job, JobStatus
from engine.ledger.access import LedgerAccess
from engine.ledger.claims import ClaimDesk
from engine.ledger.figures import Figures, figures_of
from engine.ledger.latest import latest_moment
from engine.taxonomy.types import retry_decision

RowMark = tuple[int, int]
"""How far a reader has come: generation of the file, rows of it."""


class LedgerReader:
    """The reading half of ``engine.progress.ProgressTracker``, which says what it may raise."""

    def __init__(self, ledger: LedgerAccess, desk: ClaimDesk, settings: Settings) -> None:
        self._ledger = ledger
        self._desk = desk
        self._settings = settings

    @property
    def pass_number(self) -> int:
        """The present stage: its claims are stamped with it (A8.11), and waiting jobs of a later
        one are neither open nor blocked. 0 = none in particular: every job counts, and a claim
        leaves it the number that it has."""
        return self._desk.stage

    @pass_number.setter
    def pass_number(self, number: int) -> None:
        with self._ledger.threads:
            self._desk.stage = number

    def ask_again(self) -> None:
        """Forget what kept jobs from being claimed: something outside the ledger changed it."""
        with self._ledger.threads:
            self._desk.ask_again()

    def exists(self) -> bool:
        """There is a ledger file with a header, with or without jobs."""
        with self._ledger.threads:
            self._ledger.book.catch_up()
            return self._ledger.book.present

    def jobs(self) -> Mapping[str, Job]:
        """The latest row of every job, in file order; empty where there is no ledger."""
        return self._ledger.view()

    def has_jobs(self) -> bool:
        """There is at least one; costs the same whatever the ledger's length."""
        with self._ledger.threads:
            return bool(self._ledger.reading().entries)

    def get(self, job_id: str) -> Job | None:
        with self._ledger.threads:
            fold = self._ledger.reading()
            entry = fold.entries.get(job_id)
            return fold.job(entry) if entry else None

    def failed(self) -> Sequence[Job]:
        """Jobs whose latest row says so, in file order; no other job becomes a value."""
        with self._ledger.threads:
            fold = self._ledger.reading()
            return [fold.job(entry) for entry in fold.in_file_order(fold.failed)]

    def statuses(self) -> frozenset[JobStatus]:
        """Those that any job has."""
        with self._ledger.threads:
            counts = self._ledger.reading().counts
            return frozenset(status for status, number in counts.items() if number)

    def highest_open_pass(self) -> int:
        """Of the jobs that are claimed or wait; 1 where there are none."""
        with self._ledger.threads:
            return self._ledger.reading().highest_open_pass()

    def history(self, job_id: str) -> Sequence[Job]:
        """Every row of the job, oldest first."""
        with self._ledger.threads:
            fold = self._ledger.reading()
            entry = fold.entries.get(job_id)
            return fold.history(entry) if entry else []

    def events(self) -> Iterator[Job]:
        """Every row in file order, as the ledger stood when this was called."""
        return iter(self.rows_since(None)[1])

    def rows_since(
        self, mark: RowMark | None, at_most: int | None = None
    ) -> tuple[RowMark, list[Job]]:
        """Rows written since ``mark``, oldest first, and the mark to ask from next time.

        All rows when the file was replaced or edited meanwhile; the first parts of the two marks
        then differ.
        """
        with self._ledger.threads:
            fold = self._ledger.reading()
            generation = self._ledger.book.revision[0]
            known = mark[1] if mark is not None and mark[0] == generation else 0
            end = len(fold.log) if at_most is None else min(len(fold.log), known + at_most)
            return (generation, end), [fold.row(number) for number in range(known, end)]

    def row_mark(self) -> RowMark:
        """The mark of a reader who has seen every row, without making them."""
        with self._ledger.threads:
            fold = self._ledger.reading()
            return self._ledger.book.revision[0], len(fold.log)

    def mark_before(self, run_id: str) -> RowMark:
        """The mark of a reader who has seen all that stands before the run's first row."""
        with self._ledger.threads:
            fold = self._ledger.reading()
            return self._ledger.book.revision[0], fold.first_row_of(run_id)

    def revision(self) -> object:
        """Changes whenever the ledger changed."""
        with self._ledger.threads:
            self._ledger.reading()
            return self._ledger.book.revision

    def figures(self, blocked: Mapping[str, int] | None = None) -> Figures:
        """``blocked``: where it is known already; else every waiting job is asked about."""
        with self._ledger.threads:
            fold = self._ledger.reading()
            if blocked is None:
                found = self._desk.surveyed(fold, self._ledger.clock())
                blocked, later = found.blocked, found.later
            else:
                later = self._desk.later(fold)
            return figures_of(
                fold, quarantined=self._ledger.book.quarantined, blocked=blocked, later=later
            )

    def quarantined(self) -> int:
        """Rows that nobody could understand, set aside or still to be."""
        with self._ledger.threads:
            self._ledger.reading()
            return self._ledger.book.quarantined

    def open_jobs(self, at_most: int | None = None) -> int:
        """Jobs that are claimed, or waiting for no later stage and not blocked; counted up to
        ``at_most``."""
        with self._ledger.threads:
            fold, now = self._ledger.reading(), self._ledger.clock()
            if at_most is None:
                return self._desk.surveyed(fold, now).open_jobs
            return self._desk.open_jobs(fold, now, at_most)

    def claimable(self) -> int:
        """Waiting jobs that nothing blocks, due or not yet."""
        with self._ledger.threads:
            return self.open_jobs() - len(self._ledger.reading().claimed)

    def blocked(self) -> Mapping[str, int]:
        """Waiting jobs that cannot be claimed today, by reason (A4.12)."""
        with self._ledger.threads:
            return dict(self._desk.surveyed(self._ledger.reading(), self._ledger.clock()).blocked)

    def later(self) -> int:
        """Waiting jobs of a later stage than the present one; 0 where none is the present one."""
        if not self.pass_number:
            return 0
        with self._ledger.threads:
            return self._desk.later(self._ledger.reading())

    def now(self) -> datetime:
        """The ledger's clock, in the operator's zone."""
        return self._ledger.clock()

    def ledger_day(self) -> date | None:
        """Latest day (operator's zone) recorded in any row; None if there is no time in it."""
        with self._ledger.threads:
            latest = latest_moment(self._ledger.reading())
        return latest and self._settings.day_of(latest)

    def retryable(self, job: Job) -> bool:
        """Failed, and tried again by a later pass (A8.6)."""
        return job.status is JobStatus.FAILED and retry_decision(
            job.error_category, job.attempts, self._settings.retry
        )

    def doubts(self) -> Sequence[Job]:
        """Jobs in doubt, in file order."""
        return [job for job in self.failed() if job.in_doubt]
