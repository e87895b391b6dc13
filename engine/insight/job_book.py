"""The jobs of a ledger as lines, kept up to date: only what changed is made anew.

A viewer compares objects: an unchanged job keeps its very ``JobLine``, an unchanged ledger its very
list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.insight.outlook import Policy, outlook
from engine.insight.standing import Standing
from engine.insight.values import JobLine
from engine.jobs import Job, JobStatus

if TYPE_CHECKING:
    from engine.progress import ProgressTracker, RowMark


class JobBook:
    """Lines of one ledger and how they stand."""

    def __init__(self, *, cap: int, day_of: Callable[[datetime], date], now: datetime) -> None:
        self._cap = cap
        self._day_of = day_of
        self._mark: RowMark | None = None
        self._policy: Policy | None = None
        self._by_id: dict[str, JobLine] = {}
        """In file order, as are the lines."""
        self._due: dict[str, datetime] = {}
        """Jobs that wait for a moment, and the moment."""
        self._lines: list[JobLine] = []
        self.version = 0
        """Grows with every change of any line."""
        self.standing = self._nothing(now)

    @property
    def lines(self) -> Sequence[JobLine]:
        """In file order; the same list while nothing changed."""
        return self._lines

    def line(self, job_id: str) -> JobLine | None:
        return self._by_id.get(job_id)

    def update(self, ledger: ProgressTracker, policy: Policy, now: datetime) -> bool:
        """Take what changed in the ledger, in the policy, and with the time; True if anything did.

        Raises LedgerUnreadableError; what was known stays.
        """
        mark = ledger.row_mark()
        if self._mark is None or mark[0] != self._mark[0]:
            changed = self._start_over(list(ledger.jobs().values()), policy, now)
        else:
            wanted: list[Job] = []
            if mark != self._mark:
                rows = ledger.rows_since(self._mark)[1]
                latest = (ledger.get(job_id) for job_id in dict.fromkeys(r.job_id for r in rows))
                wanted = [job for job in latest if job is not None]
            changed = self._change(wanted, policy, now)
        self._mark, self._policy = mark, policy
        if self.standing.today != self._day_of(now):
            self._count_anew(now)
            changed = True
        self.version += changed
        return changed

    def forget(self, now: datetime) -> None:
        """There is no ledger any more."""
        if self._mark is not None:
            self._mark = None
            self._start_over([], self._policy, now)
            self.version += 1

    # -- parts -------------------------------------------------------------------------------------

    def _nothing(self, now: datetime) -> Standing:
        return Standing(cap=self._cap, today=self._day_of(now), day_of=self._day_of)

    def _start_over(self, jobs: Sequence[Job], policy: Policy | None, now: datetime) -> bool:
        """The file was replaced: lines that are the same stay the same objects."""
        before, lines = self._by_id, {}
        for job in jobs:
            assert policy is not None  # without a policy there are no jobs
            line = outlook(job, policy, now=now)
            known = before.get(job.job_id)
            lines[job.job_id] = known if known == line and known is not None else line
        self._by_id, self._lines = lines, list(lines.values())
        self._due = {}
        for line in self._lines:
            self._note_due(line, now)
        self._count_anew(now)
        return True

    def _count_anew(self, now: datetime) -> None:
        self.standing = self._nothing(now)
        for line in self._lines:
            self.standing.replace(None, line)

    def _change(self, jobs: Iterable[Job], policy: Policy, now: datetime) -> bool:
        wanted = {job.job_id: job for job in jobs}
        for job in self._touched_by(policy):
            wanted.setdefault(job.job_id, job)
        for job_id in [job_id for job_id, due in self._due.items() if due <= now]:
            del self._due[job_id]
            wanted.setdefault(job_id, self._by_id[job_id].job)
        changed = [
            line
            for job in wanted.values()
            if (line := outlook(job, policy, now=now)) != self.line(job.job_id)
        ]
        for line in changed:
            self._put(line, now)
        if changed:
            self._lines = list(self._by_id.values())
        return bool(changed)

    def _put(self, line: JobLine, now: datetime) -> None:
        job_id = line.job.job_id
        self.standing.replace(self.line(job_id), line)
        self._by_id[job_id] = line
        self._due.pop(job_id, None)
        self._note_due(line, now)

    def _note_due(self, line: JobLine, now: datetime) -> None:
        due = line.job.retry_at
        if line.job.status is JobStatus.RETRYING and due is not None and due > now:
            self._due[line.job.job_id] = due

    def _touched_by(self, policy: Policy) -> Iterable[Job]:
        """Jobs whose outlook another policy may change: all but those that are done or left out,
        and those whose key is held now or no longer."""
        old = self._policy
        if old is None or old == policy:
            return ()
        keys = old.held_keys ^ policy.held_keys
        if (old.retry, old.current_pass, old.live) == (
            policy.retry,
            policy.current_pass,
            policy.live,
        ):
            return [line.job for line in self._lines if line.job.account in keys]
        settled = (JobStatus.SUCCESS, JobStatus.SKIPPED)
        return [
            line.job
            for line in self._lines
            if line.job.status not in settled or line.job.account in keys
        ]
