"""The fold of a ledger: each job's latest row, and what a claim must know at once.

Every row costs a few microseconds and changes only what it touches, so a claim costs the same on
the first and on the two hundred thousandth job. Rows are kept as their bytes and become ``Job``
values when somebody asks. Knows no file and no lock.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from operator import attrgetter
from pathlib import PureWindowsPath
from sys import intern

from engine.jobs import ErrorCategory, Job, JobStatus
from engine.ledger.entry import Content, Entry
from engine.ledger.queue import KeyedQueue
from engine.ledger.rows import (
    ACCOUNT,
    ATTEMPTS,
    BYTES_AS_THEY_ARE,
    CARRIED,
    CLAIMED_AT,
    COMPLETED_AT,
    CURRENT,
    ENCODING,
    ERROR_CATEGORY,
    JOB_ID,
    PASS_NUMBER,
    RETRY_AT,
    RUN_ID,
    STATUS,
    SUBMITTED_AT,
    UPDATED_AT,
    VIDEO_ID,
    VIDEO_PATH,
    WIDTH,
    WORKER_ID,
    Layout,
    carry,
    count,
    job_of,
    moment,
)
from engine.ledger.text import split

__all__ = ["Content", "Entry", "Fold"]

PENDING, CLAIMED, SUCCESS = JobStatus.PENDING, JobStatus.CLAIMED, JobStatus.SUCCESS
FAILED, RETRYING = JobStatus.FAILED, JobStatus.RETRYING
_STATUS = {status.value: status for status in JobStatus}
_IN_DOUBT = ErrorCategory.IN_DOUBT.value


class Fold:
    """All jobs of one ledger in file order, with what claiming needs kept ready."""

    def __init__(self, zone: tzinfo | None, rank: Callable[[Job], int] | None = None) -> None:
        """``rank``: which of the jobs that wait come first; without one, all in file order."""
        self.zone = zone
        self._rank = rank
        self.layout: Layout = CURRENT
        self.entries: dict[str, Entry] = {}
        self.by_order: list[Entry] = []
        self.log: list[Entry] = []
        """The job of every row, in file order."""
        self._places = array("I")
        """Which of its job's rows each row of the log is."""
        self.counts: Counter[JobStatus] = Counter()
        self.claimed: dict[str, Entry] = {}
        self.waiting: dict[str, Entry] = {}
        """Pending and retrying jobs."""
        self.failed: dict[str, Entry] = {}
        self.of_worker: Counter[tuple[str, JobStatus]] = Counter()
        """Jobs by who holds or last held them, and by status; zeros stay."""
        ranked = None if rank is None else self._rank_at
        self.pending = KeyedQueue(ranked)
        self.due = KeyedQueue(ranked)
        self.unreadable_retry: list[str] = []
        """Jobs whose ``retry_at`` means nothing, to be reported (A4.4)."""
        self._waiting: list[tuple[float, int]] = []
        self._busy: Counter[str] = Counter()
        self._spent: dict[str, dict[str, date | None]] = {}
        self._days: dict[date, date] = {}

    # -- rows in -----------------------------------------------------------------------------------

    def apply(self, cells: Sequence[str], raw: bytes) -> Entry:
        """Take the next credible row of the file."""
        job_id = cells[JOB_ID]
        entry = self.entries.get(job_id)
        if entry is None:
            entry = self.entries[job_id] = Entry(job_id, len(self.by_order), raw)
            self.by_order.append(entry)
        else:
            self._leave(entry)
            entry.rows.append(raw)
        entry.job = entry.content = None
        entry.status = _STATUS[cells[STATUS]]
        entry.account = intern(cells[ACCOUNT])
        entry.worker_id = intern(cells[WORKER_ID])
        entry.claimed_at = cells[CLAIMED_AT]
        entry.retry_at = cells[RETRY_AT]
        entry.attempts = count(cells[ATTEMPTS], 0)
        entry.pass_number = count(cells[PASS_NUMBER], 1) or 1
        entry.submitted = bool(cells[SUBMITTED_AT])
        entry.ours = bool(cells[UPDATED_AT])
        entry.in_doubt = entry.status is FAILED and cells[ERROR_CATEGORY] == _IN_DOUBT
        self.log.append(entry)
        self._places.append(len(entry.rows) - 1)
        self._enter(entry, cells)
        return entry

    def _leave(self, entry: Entry) -> None:
        self.counts[entry.status] -= 1
        self.waiting.pop(entry.job_id, None)
        account = entry.account
        if entry.worker_id:
            self.of_worker[entry.worker_id, entry.status] -= 1
        if entry.status is CLAIMED:
            self.claimed.pop(entry.job_id, None)
            self._busy[account] -= 1
            if not self._busy[account]:
                del self._busy[account]
            self._unpark(account)
        elif entry.status is FAILED:
            del self.failed[entry.job_id]
            if entry.in_doubt:
                self._spent[account].pop(entry.job_id, None)
                self._unpark(account)

    def _enter(self, entry: Entry, cells: Sequence[str]) -> None:
        status, account = entry.status, entry.account
        self.counts[status] += 1
        if entry.worker_id:
            self.of_worker[entry.worker_id, status] += 1
        if status is FAILED:
            self.failed[entry.job_id] = entry
        if status in (PENDING, RETRYING):
            self.waiting[entry.job_id] = entry
        if status is PENDING:
            if account:
                self.pending.push(entry.order, account)
        elif status is RETRYING:
            if account:
                self._wait(entry)
        elif status is CLAIMED:
            self.claimed[entry.job_id] = entry
            self._busy[account] += 1
            if entry.claimed_at:
                entry.last_claim = entry.claimed_at
        elif status is SUCCESS or entry.in_doubt:
            when = moment(cells[COMPLETED_AT] or cells[UPDATED_AT], self.zone)
            day = self._day(when) if when else None
            self._spent.setdefault(account, {})[entry.job_id] = day

    def _wait(self, entry: Entry) -> None:
        order = entry.order
        when = moment(entry.retry_at, self.zone)
        if when is None:
            if entry.retry_at:
                self.unreadable_retry.append(entry.job_id)
            self.due.push(order, entry.account)
        else:
            heapq.heappush(self._waiting, (when.timestamp(), order))

    # -- claiming ----------------------------------------------------------------------------------

    @property
    def ranked(self) -> bool:
        """Jobs that wait are taken by rank, and only equal ones in file order."""
        return self._rank is not None

    def rank(self, entry: Entry) -> int:
        """Lower ones first; 0 for all where there is no rank."""
        if self._rank is None:
            return 0
        had = entry.job
        found = self._rank(self.job(entry))
        entry.job = had  # values of all that wait would be most of this process's memory
        return found

    def _rank_at(self, order: int) -> int:
        return self.rank(self.by_order[order])

    def release_due(self, now: datetime) -> None:
        """Jobs whose ``retry_at`` has passed join the queue of the due ones."""
        limit = now.timestamp()
        while self._waiting and self._waiting[0][0] <= limit:
            _, order = heapq.heappop(self._waiting)
            entry = self.by_order[order]
            if entry.status is RETRYING and self.is_due(entry, limit):
                self.due.push(order, entry.account)

    def is_due(self, entry: Entry, limit: float) -> bool:
        when = moment(entry.retry_at, self.zone)
        return when is None or when.timestamp() <= limit

    def candidates(self, kind: JobStatus, now: datetime, cap: int) -> Iterator[Entry]:
        """Claimable jobs of one status (pending or due), in file order, at most one a key."""
        today, limit = self.day_of(now), now.timestamp()
        queue = self.pending if kind is PENDING else self.due

        def waiting(order: int, key: str) -> bool:
            entry = self.by_order[order]
            if entry.status is not kind or entry.account != key:
                return False
            if kind is PENDING or self.is_due(entry, limit):
                return True
            self._wait(entry)  # put off again, or the clock was set back
            return False

        def usable(key: str) -> bool:
            return key not in self._busy and not self.cap_reached(key, today, cap)

        for order in queue.candidates(waiting, usable):
            yield self.by_order[order]

    def set_aside(self, entry: Entry) -> None:
        """Take a candidate that may not be claimed now out of its queue."""
        queue = self.pending if entry.status is PENDING else self.due
        queue.drop(entry.order, entry.account)

    def offer_again(self, entry: Entry) -> None:
        """Put such a job back, if it is still waiting."""
        order = entry.order
        if entry.status is PENDING and entry.account:
            self.pending.push(order, entry.account)
        elif entry.status is RETRYING and entry.account:
            self._wait(entry)

    def new_day(self) -> None:
        """Caps count anew."""
        self.pending.unpark_all()
        self.due.unpark_all()

    def _unpark(self, account: str) -> None:
        self.pending.unpark(account)
        self.due.unpark(account)

    def busy(self, account: str) -> bool:
        return account in self._busy

    def cap_reached(self, account: str, today: date, cap: int) -> bool:
        """Successes and jobs in doubt of this day (of unknown day too) use the cap up (A6)."""
        spent = self._spent.get(account)
        if not cap or not spent:
            return False
        return sum(1 for day in spent.values() if day is None or day == today) >= cap

    def has_spent(self, account: str) -> bool:
        return account in self._spent

    def spent(self, account: str) -> Iterator[Entry]:
        """Jobs of this key that succeeded, at any time, or are in doubt."""
        for job_id in self._spent.get(account, ()):
            yield self.entries[job_id]

    def succeeded(self, entry: Entry) -> bool:
        """Whether any row of the job says success for its present key."""
        return not entry.in_doubt and entry.job_id in self._spent.get(entry.account, ())

    def _day(self, when: datetime) -> date:
        """The same object for the same day: there are few, and very many jobs."""
        day = self.day_of(when)
        return self._days.setdefault(day, day)

    def day_of(self, when: datetime) -> date:
        return when.astimezone(self.zone).date()

    @staticmethod
    def in_file_order(entries: Mapping[str, Entry]) -> list[Entry]:
        """These jobs as they stand in the ledger."""
        return sorted(entries.values(), key=attrgetter("order"))

    def highest_open_pass(self) -> int:
        """Of the jobs that are claimed or wait; 1 where there are none."""
        waiting, claimed = self.waiting.values(), self.claimed.values()
        return max((entry.pass_number for entry in (*waiting, *claimed)), default=1)

    # -- values out --------------------------------------------------------------------------------

    def cells(self, entry: Entry) -> list[str]:
        """The latest row in our order, carried columns left as written."""
        return self.layout.cells(split(entry.rows[-1]))

    def full_cells(self, entry: Entry) -> list[str]:
        """The latest row in our order, with what it carries over from older ones."""
        cells = self.cells(entry)
        # The same strings as ours: a ledger of fifty thousand jobs holds them once.
        cells[JOB_ID], cells[ACCOUNT] = entry.job_id, entry.account
        if len(entry.rows) == 1:
            return cells
        if entry.carried:
            for place, value in zip(CARRIED, entry.carried, strict=True):
                cells[place] = cells[place] or value
        else:
            older = (self.layout.cells(split(raw)) for raw in reversed(entry.rows[:-1]))
            carry(cells, older)
        entry.carried = tuple(cells[place] for place in CARRIED)
        return cells

    def content(self, entry: Entry) -> Content:
        """What the job is about; costs no value of it."""
        if entry.content is None:
            if entry.job is not None:
                path, identity = entry.job.video_path, entry.job.video_id
            else:
                path, identity = self._carried(entry, VIDEO_PATH), self._carried(entry, VIDEO_ID)
            # This kind of path understands both kinds of separators.
            entry.content = Content(identity, PureWindowsPath(path).name)
        return entry.content

    def _carried(self, entry: Entry, place: int) -> str:
        cells = (self.layout.cells(split(raw)) for raw in reversed(entry.rows))
        return next((found[place] for found in cells if found[place]), "")

    def own_stage(self, entry: Entry) -> str:
        """The stage that the job was seeded for, as its first row has it; empty for the first."""
        first = self.layout.cells(split(entry.rows[0]))
        seeded = first[STATUS] == PENDING.value and count(first[ATTEMPTS], 0) == 0
        return first[PASS_NUMBER] if seeded and count(first[PASS_NUMBER], 1) > 1 else ""

    def job(self, entry: Entry) -> Job:
        if entry.job is None:
            cells = self.full_cells(entry)
            entry.job = job_of(cells, self.layout.extra_names, self.zone)
        return entry.job

    def raw_rows(self) -> Iterator[bytes]:
        """Every row as its bytes, in file order."""
        for entry, place in zip(self.log, self._places, strict=True):
            yield entry.rows[place]

    def last_row(self) -> bytes | None:
        """The bytes of the row that stands last in the file."""
        return self.log[-1].rows[self._places[-1]] if self.log else None

    def first_row_of(self, run_id: str) -> int:
        """Number of the first row that a run wrote, or of the next row where there is none."""
        sought = run_id.encode(ENCODING, BYTES_AS_THEY_ARE)
        for number, raw in enumerate(self.raw_rows()):
            if sought in raw and self.layout.cells(split(raw))[RUN_ID] == run_id:
                return number
        return len(self.log)

    def row(self, number: int) -> Job:
        """One row of the log as a value; of a latest row the one that everybody shares, if anybody
        asked for it: who goes through a whole ledger leaves nothing behind."""
        entry, place = self.log[number], self._places[number]
        if place == len(entry.rows) - 1 and entry.job is not None:
            return entry.job
        older = (self.layout.cells(split(raw)) for raw in reversed(entry.rows[:place]))
        cells = carry(self.layout.cells(split(entry.rows[place])), older)
        return job_of(cells, self.layout.extra_names, self.zone)

    def history(self, entry: Entry) -> list[Job]:
        """Every row of the job as a value, oldest first."""
        jobs = []
        before: Sequence[str] = [""] * WIDTH
        for raw in entry.rows:
            before = carry(self.layout.cells(split(raw)), (before,))
            jobs.append(job_of(before, self.layout.extra_names, self.zone))
        return jobs
