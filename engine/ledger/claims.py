"""Who may claim what now (behaviour A4.2 to A4.4, A4.12, A6.3, A6.7)."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from engine.jobs import Job, JobStatus, Nothing
from engine.ledger.fold import Content, Entry, Fold
from engine.ledger.rows import moment
from engine.logger import get_logger

log = get_logger(__name__)

NO_ACCOUNT = "no account"
CAP_REACHED = "daily cap reached"
ALREADY_DONE = "already done for this account"
_SHARE = 20
"""At most this fraction (1/n) of the time goes into asking about jobs that nobody claims."""


def never(_job: Job) -> str | None:
    """A workload without objections."""
    return None


@dataclass(slots=True)
class Survey:
    """The waiting jobs, none of which is claimable at this moment."""

    open_jobs: int = 0
    next_due: datetime | None = None
    blocked: Counter[str] = field(default_factory=Counter)
    later: int = 0
    """Neither open nor blocked: they wait for a later stage."""


class ClaimDesk:
    """Chooses the next job. Remembers objections for a moment, so that they are not asked again
    with every claim."""

    def __init__(
        self, *, cap: int, refuse: Callable[[Job], str | None], recheck_seconds: float
    ) -> None:
        self.cap = cap
        self.stage = 0
        """The present one: waiting jobs of a later one are not its business; 0 = all are."""
        self._refuse = refuse
        self._recheck = recheck_seconds
        self._patience = recheck_seconds
        """Seconds for which an answer to a mere look stands: long where there are very many."""
        self._surveyed: tuple[object, float, Survey] = (None, 0.0, Survey())
        """What the latest survey depended on, the monotonic time until which it stands, itself."""
        self._fold: Fold | None = None
        self._day: date | None = None
        self._reported: set[str] = set()
        self._objections: dict[str, tuple[str, float]] = {}
        """Reason and monotonic time until which it stands, of jobs set aside."""
        self._later: set[str] = set()
        """Jobs that were set aside until their stage begins."""
        self._later_than = 0
        """The stage that was the present one then."""
        self._asked: dict[str, tuple[str | None, float]] = {}
        """The same for jobs that were only looked at, with None for no objection."""

    def choose(self, fold: Fold, now: datetime) -> Entry | None:
        """The job to claim: due ones first, then pending ones, each in file order.

        With a rank that decides first: due ones go before pending ones of their own rank only.
        """
        self._keep_up(fold, now)
        fold.release_due(now)
        while fold.unreadable_retry:
            job_id = fold.unreadable_retry.pop()
            if job_id not in self._reported:
                self._reported.add(job_id)
                log.warning("retry_at_unreadable", job=job_id, treated_as="due")
        due = self._first(fold, JobStatus.RETRYING, now)
        if due is not None and not fold.ranked:
            return due
        pending = self._first(fold, JobStatus.PENDING, now)
        if due is None or pending is None:
            return due or pending
        return pending if fold.rank(pending) < fold.rank(due) else due

    def _first(self, fold: Fold, kind: JobStatus, now: datetime) -> Entry | None:
        """The first job of one status that may be claimed; it stays in its queue until it is."""
        for entry in fold.candidates(kind, now, self.cap):
            if self._is_later(entry):
                fold.set_aside(entry)
                self._later.add(entry.job_id)
                continue
            reason = self._objection(fold, entry)
            if reason is None:
                return entry
            fold.set_aside(entry)
            self._objections[entry.job_id] = (reason, time.monotonic() + self._recheck)
        return None

    def ask_again(self) -> None:
        """Forget what stood in the way of jobs: it may have changed without a row."""
        self._objections = {job: (why, -math.inf) for job, (why, _) in self._objections.items()}
        self._asked.clear()
        self._surveyed = (None, 0.0, Survey())

    def surveyed(self, fold: Fold, now: datetime) -> Survey:
        """The same for somebody who only shows it: made anew when a row was written, and when what
        blocks jobs may have changed without one."""
        key = (fold, len(fold.log), fold.day_of(now), self.stage)
        if key != self._surveyed[0] or time.monotonic() >= self._surveyed[1]:
            found = self.survey(fold, now)
            self._surveyed = (key, time.monotonic() + self._recheck, found)
        return self._surveyed[2]

    def survey(self, fold: Fold, now: datetime) -> Survey:
        """Why there is nothing to claim: what is open, and what is blocked by what."""
        self._keep_up(fold, now)
        found = Survey(open_jobs=len(fold.claimed))
        today, began = fold.day_of(now), time.monotonic()
        self._count(fold, found, today)
        self._patience = max(self._patience, (time.monotonic() - began) * _SHARE)
        return found

    def _count(self, fold: Fold, found: Survey, today: date) -> None:
        for entry in fold.waiting.values():
            if self._is_later(entry):
                found.later += 1
                continue
            reason = self._blocked_by(fold, entry, today)
            if reason is not None:
                found.blocked[reason] += 1
                continue
            found.open_jobs += 1
            if entry.status is JobStatus.RETRYING:
                due = moment(entry.retry_at, fold.zone)
                if due is not None and (found.next_due is None or due < found.next_due):
                    found.next_due = due

    def open_jobs(self, fold: Fold, now: datetime, at_most: int | None) -> int:
        """Claimed jobs and waiting ones that nothing blocks, counted no further than needed."""
        self._keep_up(fold, now)
        today = fold.day_of(now)
        number = len(fold.claimed)
        for entry in fold.waiting.values():
            if at_most is not None and number >= at_most:
                break
            if not self._is_later(entry):
                number += self._blocked_by(fold, entry, today) is None
        return number

    def later(self, fold: Fold) -> int:
        """Waiting jobs of a later stage than the present one."""
        return sum(map(self._is_later, fold.waiting.values())) if self.stage else 0

    def _is_later(self, entry: Entry) -> bool:
        return 0 < self.stage < entry.pass_number

    def nothing(self, fold: Fold, now: datetime) -> Nothing:
        found = self.survey(fold, now)
        return Nothing(
            open_jobs=found.open_jobs,
            next_due=found.next_due,
            blocked=sum(found.blocked.values()),
        )

    def _keep_up(self, fold: Fold, now: datetime) -> None:
        if fold is not self._fold:
            self._fold, self._day = fold, None
            self._objections.clear()
            self._later.clear()
            self._asked.clear()
        if self._later and self.stage != self._later_than:
            for job_id in self._later:
                fold.offer_again(fold.entries[job_id])
            self._later.clear()
        self._later_than = self.stage
        today = fold.day_of(now)
        if today != self._day:
            self._day = today
            fold.new_day()
        if self._objections:
            present = time.monotonic()
            over = [job for job, (_, until) in self._objections.items() if until <= present]
            for job_id in over:
                del self._objections[job_id]
                fold.offer_again(fold.entries[job_id])

    def _blocked_by(self, fold: Fold, entry: Entry, today: date) -> str | None:
        if not entry.account:
            return NO_ACCOUNT
        if fold.cap_reached(entry.account, today, self.cap):
            return CAP_REACHED
        objection = self._objections.get(entry.job_id)
        return objection[0] if objection else self._ask(fold, entry)

    def _ask(self, fold: Fold, entry: Entry) -> str | None:
        """The objection to a job that nobody is about to claim; may be a moment old."""
        if self._refuse is never and not fold.has_spent(entry.account):
            return None
        present = time.monotonic()
        known = self._asked.get(entry.job_id)
        if known is None or known[1] <= present:
            had = entry.job
            known = (self._objection(fold, entry), present + self._patience)
            self._asked[entry.job_id] = known
            entry.job = had  # values of all that wait would be most of this process's memory
        return known[0]

    def _objection(self, fold: Fold, entry: Entry) -> str | None:
        if done_before(fold, entry):
            return ALREADY_DONE
        return None if self._refuse is never else self._refuse(fold.job(entry))


def done_before(fold: Fold, entry: Entry) -> bool:
    """Whether this job, or the same content for the same key, succeeded before or is in doubt."""
    if fold.succeeded(entry):
        return True
    content = None
    for other in fold.spent(entry.account):
        if other is not entry:
            content = content or fold.content(entry)
            if _same_content(content, fold.content(other)):
                return True
    return False


def _same_content(one: Content, other: Content) -> bool:
    """By identity where both have one, else by file name, as old records know it."""
    if one.video_id and other.video_id:
        return one.video_id == other.video_id
    return bool(one.name) and one.name == other.name
