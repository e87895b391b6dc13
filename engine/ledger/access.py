"""How the ledger is read and changed: lock, catch up, decide, append, flush, unlock.

``LedgerAccess`` is the only way to the file. It writes rows for whoever decides; what may follow
what is checked here, in one place.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from engine.config import Settings
from engine.errors import (
    ClaimLostError,
    LedgerError,
    LedgerUnreadableError,
    LedgerWriteError,
)
from engine.jobs import Claim, ErrorCategory, Failure, Job, JobStatus, NewJob
from engine.ledger.book import Book
from engine.ledger.claims import done_before
from engine.ledger.fold import Entry, Fold
from engine.ledger.lock import LedgerLock
from engine.ledger.outcomes import UNCONFIRMED, Changes, check_transition, failed, released
from engine.ledger.rows import (
    ACCOUNT,
    ATTEMPTS,
    CAPTION,
    CARRIED,
    JOB_ID,
    MAX_ATTEMPTS,
    PASS_NUMBER,
    RUN_ID,
    STATUS,
    UPDATED_AT,
    VIDEO_ID,
    VIDEO_PATH,
    WIDTH,
    moment,
    name_flaw,
    stamp,
)
from engine.ledger.views import JobView

NOT_FOUND: Final = "not in the ledger"


class Verification(StrEnum):
    """Answer to: may this claim go on to its irreversible step (A4.5, A4.6)?"""

    OK = "ok"
    NOT_FOUND = "not found"
    ALREADY_SUCCESS = "already success"
    CLAIMED_BY_OTHER = "claimed by another"
    BACK_TO_PENDING = "back to pending"
    OTHER_STATUS = "other status"
    DUPLICATE_SUCCESS = "the same was done before"


_ENDED: Final = {
    JobStatus.SUCCESS: Verification.ALREADY_SUCCESS,
    JobStatus.PENDING: Verification.BACK_TO_PENDING,
}


class LedgerAccess:
    """One process's access to one ledger; threads may share it."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        run_id: str,
        now: Callable[[], datetime],
        rank: Callable[[Job], int] | None = None,
    ) -> None:
        # the file itself, so that a link to it stays a link and both names share one lock
        path = path.resolve()
        self.path = path
        self.book = Book(path, settings.zone, rank)
        self.threads = threading.RLock()
        self.clock: Callable[[], datetime] = lambda: settings.local(now())
        """Now, in the operator's zone."""
        self.mended = 0
        """Rows that were written back to a file that had lost its end."""
        self._settings = settings
        self._run_id = run_id
        self._lock = LedgerLock(path, settings.ledger.lock_timeout_seconds, self.clock)
        self._view: tuple[object, weakref.ref[JobView]] | None = None
        """The latest one, as long as anybody has it: of fifty thousand jobs it is 2 MB."""

    def close(self) -> None:
        with self.threads:
            self.book.close()
            self._lock.close()

    # -- reading -----------------------------------------------------------------------------------

    def reading(self) -> Fold:
        """The fold, caught up; takes no lock."""
        with self.threads:
            self.book.catch_up()
            return self.book.fold

    def view(self) -> JobView:
        with self.threads:
            fold, revision = self.reading(), self.book.revision
            known = self._view[1]() if self._view and self._view[0] == revision else None
            if known is None:
                known = JobView(fold, self.threads)
                self._view = revision, weakref.ref(known)
            return known

    def job(self, entry: Entry) -> Job:
        return self.book.fold.job(entry)

    # -- changing ----------------------------------------------------------------------------------

    @contextmanager
    def writing(self, *, needs_ledger: bool = True) -> Iterator[datetime]:
        """Hold the lock, caught up; gives the moment of the change.

        The first reading happens before the lock is had, and more of it while waiting, so that it
        is held for deciding and appending only. What was appended is durable when this ends: a
        flush takes in all that stands before, so one turn of the disk serves all who wrote.
        """
        with self.threads:
            if not self.book.present:
                self.book.catch_up()
                self._demand(needs_ledger)
            try:
                self._lock.acquire(self.book.catch_up)
                self.book.catch_up()
                self._demand(needs_ledger)
                now = self.clock()
                self.mended += self.book.mend(now)
                yield now
            finally:
                self._lock.release()
                self._flush()

    def _flush(self) -> None:
        """Raises LedgerWriteError with every job as it was."""
        try:
            self.book.flush()
        except LedgerWriteError:
            with contextlib.suppress(LedgerError):
                try:
                    self._lock.acquire(lambda: None)
                    self.book.take_back()
                finally:
                    self._lock.release()
            raise

    def _demand(self, needs_ledger: bool) -> None:
        if needs_ledger and not self.book.present:
            raise LedgerUnreadableError(
                f"{self.path} is missing or empty: seed the day first, or restore the file."
            )

    def append(self, changed: Sequence[tuple[Entry, Changes]], now: datetime) -> list[Entry]:
        """Write the next row of each job, all or none.

        Raises IllegalTransitionError where the table of statuses (A3.2) forbids it.
        """
        rows = []
        for entry, changes in changed:
            if STATUS in changes:
                new = JobStatus(changes[STATUS])
                check_transition(entry.job_id, entry.status, new, in_doubt=entry.in_doubt)
            cells = self.book.fold.cells(entry)
            for place in CARRIED:
                cells[place] = ""
            cells[RUN_ID] = self._run_id
            cells[UPDATED_AT] = stamp(now)
            for place, value in changes.items():
                cells[place] = value
            rows.append(cells)
        return self.book.write(rows, now, durable=False) if rows else []

    def change(self, entry: Entry, changes: Changes, now: datetime) -> Entry:
        return self.append([(entry, changes)], now)[0]

    def end_claim(self, claim: Claim, changes: Callable[[Entry, datetime], Changes]) -> Job:
        """Write the outcome of a claim that is still held. Raises ClaimLostError (A3.4)."""
        with self.threads:
            with self.writing() as now:
                entry = self.owned(claim)
                entry = self.change(entry, changes(entry, now), now)
            return self.job(entry)

    def change_all(
        self, entries: Sequence[Entry], changes: Callable[[Entry], Changes], now: datetime
    ) -> list[Job]:
        written = self.append([(entry, changes(entry)) for entry in entries], now)
        return [self.job(entry) for entry in written]

    def change_named(
        self,
        job_ids: Iterable[str],
        objection: Callable[[Entry], str | None],
        changes: Callable[[Entry, datetime], Changes],
        done: str,
    ) -> dict[str, str]:
        """Change the named jobs against which there is no objection; ``done`` or why not."""
        answers: dict[str, str] = {}
        with self.writing() as now:
            chosen = []
            for job_id in dict.fromkeys(job_ids):
                entry = self.book.fold.entries.get(job_id)
                answer = NOT_FOUND if entry is None else objection(entry)
                answers[job_id] = answer or done
                if entry is not None and answer is None:
                    chosen.append((entry, changes(entry, now)))
            self.append(chosen, now)
        return answers

    def take_back(
        self,
        lost: Callable[[Entry, datetime], bool],
        verdict: Callable[[Job], Failure | None] = lambda _job: None,
    ) -> list[Job]:
        """End the claims that are lost; ``verdict`` may call one a failed attempt."""
        with self.writing() as now:
            chosen = [entry for entry in self.book.fold.claimed.values() if lost(entry, now)]
            return self.change_all(chosen, lambda entry: self.given_back(entry, now, verdict), now)

    def given_back(
        self,
        entry: Entry,
        now: datetime,
        verdict: Callable[[Job], Failure | None] = lambda _job: None,
    ) -> Changes:
        """Pending again, or in doubt where the job may have been done (architecture 3)."""
        if not entry.submitted and not entry.foreign_claim:
            job = self.job(entry)
            blamed = verdict(job)
            return failed(job, blamed, now) if blamed else released()
        reason = f"Worker {entry.worker_id or '?'} ended past the point of no return"
        if entry.foreign_claim:
            reason = "Left claimed by a system that recorded no point of no return"
        failure = Failure(
            error=f"{reason}: whether the job was done is not known.",
            category=ErrorCategory.IN_DOUBT,
            error_type=UNCONFIRMED,
        )
        return failed(self.job(entry), failure, now)

    # -- claims ------------------------------------------------------------------------------------

    def holds(self, entry: Entry, claim: Claim) -> bool:
        """Whether this very claim, by worker and moment, is the job's present one."""
        if entry.status is not JobStatus.CLAIMED or entry.worker_id != claim.worker_id:
            return False
        if entry.claimed_at == stamp(claim.claimed_at):
            return True
        return moment(entry.claimed_at, self._settings.zone) == claim.claimed_at

    def owned(self, claim: Claim) -> Entry:
        """The claimed job's entry. Raises ClaimLostError (A3.4)."""
        entry = self.book.fold.entries.get(claim.job_id)
        if entry is None or not self.holds(entry, claim):
            state = "gone" if entry is None else entry.status.value
            raise ClaimLostError(
                f"Worker {claim.worker_id} no longer holds job {claim.job_id} (it is {state}): "
                "its outcome is not recorded; see the job's history."
            )
        return entry

    def verification(self, fold: Fold, claim: Claim) -> Verification:
        """Why a claim must not go on, or OK (A4.5, A4.6)."""
        entry = fold.entries.get(claim.job_id)
        if entry is None:
            return Verification.NOT_FOUND
        if entry.status is not JobStatus.CLAIMED:
            return _ENDED.get(entry.status, Verification.OTHER_STATUS)
        if not self.holds(entry, claim):
            return Verification.CLAIMED_BY_OTHER
        return Verification.DUPLICATE_SUCCESS if done_before(fold, entry) else Verification.OK

    # -- new jobs ----------------------------------------------------------------------------------

    def seed_row(self, job: NewJob, now: datetime) -> list[str]:
        """A job's first row. Raises LedgerError for a name that no ledger can hold."""
        for what, name in (("id", job.job_id), ("account", job.account)):
            flaw = "it is empty" if what == "id" and not name else name_flaw(name)
            if flaw:
                raise LedgerError(
                    f"Job {job.job_id!r} cannot be seeded, its {what} is not usable: {flaw}. "
                    "Rename it at its source."
                )
        cells = [""] * (WIDTH + len(self.book.fold.layout.extra))
        cells[JOB_ID], cells[ACCOUNT] = job.job_id, job.account
        cells[VIDEO_PATH], cells[CAPTION] = job.video_path, job.caption
        cells[VIDEO_ID], cells[STATUS] = job.video_id, JobStatus.PENDING
        cells[ATTEMPTS], cells[MAX_ATTEMPTS] = "0", str(job.max_attempts)
        if job.stage > 1:  # empty is read as the first
            cells[PASS_NUMBER] = str(job.stage)
        cells[RUN_ID], cells[UPDATED_AT] = self._run_id, stamp(now)
        return cells
