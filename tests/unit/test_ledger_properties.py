"""What must hold whatever happens in whatever order, by several processes' trackers on one file."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from engine.errors import ClaimLostError
from engine.jobs import TRANSITIONS, Claim, ErrorCategory, Failure, Job, JobStatus, NewJob
from engine.ledger.rows import encode, flaw
from engine.ledger.text import RecordReader, split
from engine.progress import ProgressTracker, Verification
from tests.ledger_days import Clock, job, quarantine, read_rows, tracker

GARBAGE = b'half, a "caption" of,another row\n'
TRACKERS = 3
ACCOUNTS = ("a", "b", "c", "")

texts = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('",\n\r;= \0\udcff'), max_size=40
)


class Day(RuleBasedStateMachine):
    """Workers, a supervisor and an operator at one ledger, and crashes in the middle of writes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "day.csv"
        self.clock = Clock()
        self.ledgers: list[ProgressTracker] = []
        self.held: dict[str, Claim] = {}
        self.lost: list[Claim] = []
        self.done: Counter[str] = Counter()
        """How often each job really passed its point of no return."""
        self.acts: Counter[tuple[str, date]] = Counter()
        """The same by account and day."""
        self.allowed: Counter[str] = Counter()
        """How often the operator let a job in doubt be tried again."""
        self.garbage = 0
        self.torn: set[tuple[int, bytes]] = set()
        self.seeded = 0

    def new_tracker(self) -> ProgressTracker:
        limits = {"attempts_per_pass": 2, "infrastructure_limit": 3}
        return tracker(self.path, self.clock, retry=limits)

    @initialize(jobs=st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=6))
    def begin(self, jobs: list[str]) -> None:
        self.ledgers = [self.new_tracker() for _ in range(TRACKERS)]
        self.seed(jobs, self.ledgers[0])

    def seed(self, accounts: list[str], ledger: ProgressTracker) -> None:
        new = [job(self.seeded + n, account) for n, account in enumerate(accounts)]
        self.seeded += len(new)
        assert len(ledger.seed(lambda _known: new)) == len(new)

    def any_of(self, data: st.DataObject) -> ProgressTracker:
        return data.draw(st.sampled_from(self.ledgers), label="tracker")

    # -- workers -----------------------------------------------------------------------------------

    @rule(data=st.data(), worker=st.sampled_from("123"))
    def claim(self, data: st.DataObject, worker: str) -> None:
        claim = self.any_of(data).claim(worker)
        if isinstance(claim, Claim):
            assert claim.job_id not in self.held, "one owner"
            assert claim.job.account
            assert claim.job.account not in {c.job.account for c in self.held.values()}
            assert claim.job.submitted_at is None
            self.held[claim.job_id] = claim

    @precondition(lambda self: self.held)
    @rule(data=st.data(), end=st.sampled_from(["succeed", "release", "renew", "submit"]))
    def go_on(self, data: st.DataObject, end: str) -> None:
        claim = self.held[data.draw(st.sampled_from(sorted(self.held)), label="job")]
        ledger = self.any_of(data)
        assert ledger.verify(claim) is Verification.OK
        if end == "renew":
            ledger.renew(claim)
        elif end == "submit":
            first = self.now(claim.job_id).submitted_at is None
            ledger.mark_submitted(claim)
            self.done[claim.job_id] += first
            self.acts[claim.job.account, ledger.now().date()] += first
        else:
            submitted = self.now(claim.job_id).submitted_at is not None
            ended = ledger.succeed(claim) if end == "succeed" else ledger.release(claim)
            if end == "release":
                assert ended.in_doubt is submitted
            self.lost.append(self.held.pop(claim.job_id))

    @precondition(lambda self: self.held)
    @rule(
        data=st.data(),
        category=st.sampled_from(list(ErrorCategory)),
        soon=st.booleans(),
        error=texts,
    )
    def fail(self, data: st.DataObject, category: ErrorCategory, soon: bool, error: str) -> None:
        claim = self.held.pop(data.draw(st.sampled_from(sorted(self.held)), label="job"))
        submitted = self.now(claim.job_id).submitted_at is not None
        failure = Failure(error=error, category=category, error_type="t", retry_soon=soon)
        ended = self.any_of(data).fail(claim, failure)
        assert ended.in_doubt is (submitted or category is ErrorCategory.IN_DOUBT)
        self.lost.append(claim)

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def a_lost_claim_is_worth_nothing(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.lost), label="claim")
        ledger = self.any_of(data)
        before = self.path.read_bytes()
        assert ledger.verify(claim) is not Verification.OK
        for use in (ledger.succeed, ledger.release, ledger.renew, ledger.mark_submitted):
            try:
                use(claim)
            except ClaimLostError:
                continue
            raise AssertionError("a lost claim was accepted")
        assert self.path.read_bytes() == before

    # -- supervisor and operator -------------------------------------------------------------------

    @rule(data=st.data(), dead=st.sets(st.sampled_from("123")))
    def workers_die(self, data: st.DataObject, dead: set[str]) -> None:
        settled = self.any_of(data).settle_dead(lambda found: found.worker_id not in dead)
        for found in settled:
            self.lost.append(self.held.pop(found.job_id))
        assert not dead & {claim.worker_id for claim in self.held.values()}

    @rule(data=st.data())
    def next_pass(self, data: st.DataObject) -> None:
        for found in self.any_of(data).reset_for_pass(2):
            assert found.status is JobStatus.PENDING
            assert not found.submitted_at or self.done[found.job_id] <= self.allowed[found.job_id]

    @rule(data=st.data(), what=st.sampled_from(["requeue", "skip", "unskip", "mark_posted"]))
    def operator(self, data: st.DataObject, what: str) -> None:
        ids = data.draw(st.sets(st.sampled_from(sorted(self.jobs()))), label="jobs")
        doubtful = {found for found in ids if self.now(found).in_doubt}
        answers = getattr(self.any_of(data), what)(ids)
        assert set(answers) == ids
        if what == "requeue":
            self.allowed.update(doubtful)

    @rule(data=st.data(), everything=st.booleans())
    def requeue_all(self, data: st.DataObject, everything: bool) -> None:
        doubtful = {found.job_id for found in self.jobs().values() if found.in_doubt}
        report = self.any_of(data).requeue_all(include_non_retryable=everything)
        assert not doubtful & set(report.requeued)

    @rule(data=st.data(), accounts=st.lists(st.sampled_from(ACCOUNTS), max_size=2))
    def seed_more(self, data: st.DataObject, accounts: list[str]) -> None:
        self.seed(accounts, self.any_of(data))

    @rule(hours=st.sampled_from([0.1, 1, 13]))
    def time_passes(self, hours: float) -> None:
        self.clock.forward(hours=hours)

    # -- accidents ---------------------------------------------------------------------------------

    @rule(index=st.integers(0, TRACKERS - 1))
    def a_process_starts_again(self, index: int) -> None:
        self.ledgers[index] = self.new_tracker()

    @precondition(lambda self: not self.has_torn_end())
    @rule(index=st.integers(0, TRACKERS - 1), part=st.floats(0, 1))
    def a_write_is_cut_off(self, index: int, part: float) -> None:
        before = self.path.read_bytes()
        if not isinstance(self.ledgers[index].claim("1"), Claim):
            return
        whole = self.path.read_bytes()
        assert whole.startswith(before)
        cut = len(before) + int(part * (len(whole) - len(before) - 2))
        os.truncate(self.path, cut)
        self.ledgers[index] = self.new_tracker()
        if cut > len(before):
            self.torn.add((len(before), whole[len(before) : cut]))

    @precondition(lambda self: not self.has_torn_end())
    @rule()
    def a_strange_row_appears(self) -> None:
        with self.path.open("ab") as file:
            file.write(GARBAGE)
        self.garbage += 1

    def has_torn_end(self) -> bool:
        data = self.path.read_bytes()
        reader = RecordReader(data, lambda _cells: True)
        return not all(item.end for item in reader) or reader.end < len(data)

    # -- what must hold ----------------------------------------------------------------------------

    def jobs(self) -> dict[str, Job]:
        return dict(self.ledgers[0].jobs())

    def now(self, job_id: str) -> Job:
        return self.ledgers[0].jobs()[job_id]

    @invariant()
    def all_see_the_same_and_it_adds_up(self) -> None:
        if not self.ledgers:
            return
        views = [dict(ledger.jobs()) for ledger in self.ledgers]
        assert views[0] == views[1] == views[2]
        for ledger in self.ledgers:
            figures = ledger.figures()
            assert sum(figures.by_status.values()) == figures.total == self.seeded
            assert sum(figures.by_category.values()) == figures.failed
            assert sum(figures.by_type.values()) == figures.failed
        open_claims = {n for n, found in views[0].items() if found.status is JobStatus.CLAIMED}
        assert open_claims == set(self.held)

    @invariant()
    def nothing_is_done_twice(self) -> None:
        for job_id, times in self.done.items():
            assert times <= 1 + self.allowed[job_id]

    @invariant()
    def every_row_may_follow_the_one_before(self) -> None:
        if not self.ledgers:
            return
        for job_id in self.jobs():
            history = self.ledgers[0].history(job_id)
            assert history[0].status is JobStatus.PENDING
            claims = [row.claimed_at for row in history if row.claimed_at]
            assert claims == sorted(claims)
            for old, new in itertools.pairwise(history):
                renewed = old.status is new.status is JobStatus.CLAIMED
                assert renewed or new.status in TRANSITIONS[old.status]
                assert old.status is not JobStatus.SUCCESS

    @invariant()
    def the_cap_holds(self) -> None:
        if not self.ledgers:
            return
        used = Counter(
            (found.account, found.completed_at.date())
            for found in self.jobs().values()
            if found.status is JobStatus.SUCCESS and found.completed_at
        )
        assert max(used.values(), default=0) <= 1
        for (account, _), times in self.acts.items():
            jobs = [found.job_id for found in self.jobs().values() if found.account == account]
            assert times <= 1 + sum(self.allowed[job_id] for job_id in jobs)

    def teardown(self) -> None:
        if self.ledgers:
            self.seed(["z"], self.ledgers[0])
            fresh = self.new_tracker()
            assert fresh.quarantined() == self.garbage + len(self.torn)
            kept = Counter(quarantine(self.path))
            assert kept == Counter({GARBAGE: self.garbage}) + Counter(raw for _, raw in self.torn)
            rows = read_rows(self.path)
            assert len(rows) == len(list(fresh.events())) + self.garbage
        self.folder.cleanup()


TestDay = Day.TestCase
TestDay.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@given(st.lists(texts, min_size=19, max_size=22))
@settings(deadline=None)
def test_any_row_reads_back_as_it_was_written(cells: list[str]) -> None:
    raw = encode(cells)

    assert split(raw) == cells
    (record,) = RecordReader(raw, lambda _cells: True)
    assert getattr(record, "cells", None) == cells
    assert record.end == len(raw)


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_read_to_their_end_without_gap_or_overlap(data: bytes) -> None:
    reader = RecordReader(data, lambda cells: len(cells) > 1)
    at = 0
    for item in reader:
        assert at <= item.start < item.end
        assert data[at : item.start].strip(b"\r\n") == b""
        at = item.end
    assert at <= reader.end <= len(data)


@given(data=st.data(), rows=st.lists(texts, min_size=1, max_size=8))
@settings(deadline=None)
def test_reading_piece_by_piece_is_reading_at_once(data: st.DataObject, rows: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.csv"
        writer, reader = tracker(path), tracker(path)
        writer.seed(lambda _known: [])
        for number, text in enumerate(rows):
            new = NewJob(job_id=f"j{number}", account="", video_path="", caption=text)
            writer.seed(lambda _known, new=new: [new])  # type: ignore[misc]  # bound per round
            if data.draw(st.booleans()):
                reader.revision()
        assert dict(reader.jobs()) == dict(tracker(path).jobs())
        assert [found.caption for found in reader.jobs().values()] == rows


@given(st.lists(texts, min_size=19, max_size=19))
@settings(deadline=None)
def test_judging_a_row_never_fails(cells: list[str]) -> None:
    assert flaw(cells) is None or isinstance(flaw(cells), str)
