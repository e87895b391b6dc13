"""Passes, leases and commands in any order, with crashes in the middle of any write, keep the day.

``test_ledger_properties`` has the same for a ledger alone; here a supervisor drives passes over it,
claims run out, whole hosts die, and a spreadsheet saves the file in between.
"""

from __future__ import annotations

import csv
import io
import itertools
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

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
from engine.jobs import TRANSITIONS, Claim, ErrorCategory, Failure, Job, JobStatus
from engine.progress import ProgressTracker, Verification
from engine.retry import PassResult, RetryConfig, RetryPassManager
from tests.ledger_days import Clock, failure, job, quarantine, read_rows, seeded, tracker
from tests.ledger_days import settings as ledger_settings

ACCOUNTS = ("a", "b", "c", "d")
WORKERS = ("0", "1", "2")
MAX_PASSES = 3
LEASE = {"stale_claim_seconds": 600, "renew_seconds": 60}


class Run(RuleBasedStateMachine):
    """A supervisor with its passes, three workers, an operator, and everything that may die."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "day.csv"
        self.clock = Clock()
        self.held_keys: set[str] = set()
        self.claims: dict[str, Claim] = {}
        """By worker: what a living worker believes to own."""
        self.dead: set[str] = set()
        """Workers whose end the supervisor has not settled yet."""
        self.acts: Counter[str] = Counter()
        """How often each job was really published."""
        self.acts_of_day: Counter[tuple[str, date]] = Counter()
        self.allowed: Counter[str] = Counter()
        """How often the operator let a job in doubt be tried again."""
        self.added = 0
        self.left_for = 1
        """The latest pass that the run before left jobs for."""
        self.began: set[int] = set()
        """Passes of this run."""
        self.in_pass = False
        self.torn: Counter[bytes] = Counter()
        self.runs = 0

    # -- who takes part ----------------------------------------------------------------------------

    def process(self) -> ProgressTracker:
        """A process that starts now and opens the ledger."""
        return ProgressTracker(
            self.path,
            settings=ledger_settings(ledger=LEASE),
            run_id=f"run-{self.runs}",
            now=self.clock,
            refuse=lambda found: "held" if found.account in self.held_keys else None,
        )

    @initialize(accounts=st.lists(st.sampled_from(ACCOUNTS), min_size=3, max_size=8))
    def begin(self, accounts: list[str]) -> None:
        self.supervisor = self.process()
        new = [job(number, account) for number, account in enumerate(accounts)]
        self.supervisor.seed(lambda _known: new)
        self.total = len(new)
        self.start_run()
        self.begin_pass()

    def start_run(self) -> None:
        """The operator's ``--run`` after everything before has ended."""
        self.runs += 1
        self.began, self.in_pass, self.added = set(), False, 0
        self.start_supervisor()
        self.left_for = self.supervisor.highest_open_pass()

    @property
    def allowed_passes(self) -> int:
        """A run goes on where the one before left jobs for a pass that the operator had added."""
        return max(MAX_PASSES + self.added, self.left_for)

    def start_supervisor(self) -> None:
        self.supervisor = self.process()
        self.workers = {worker: self.process() for worker in WORKERS}
        self.claims, self.dead = {}, set()
        self.auto(lambda: self.supervisor.settle_dead(lambda _job: False))
        self.passes = RetryPassManager(
            self.supervisor,
            RetryConfig(max_passes=MAX_PASSES, infrastructure_retry_limit=2),
            run_id=f"run-{self.runs}",
            now=self.clock,
        )
        for _ in range(self.added):
            self.passes.add_stage()

    def jobs(self) -> dict[str, Job]:
        return dict(self.supervisor.jobs())

    def doubtful(self) -> set[str]:
        return {found.job_id for found in self.jobs().values() if found.in_doubt}

    def auto(self, act: Callable[[], Any]) -> Any:
        """Something that no person asked for: what is in doubt stays so."""
        before = self.doubtful()
        found = act()
        assert before <= self.doubtful(), "retried by itself"
        return found

    # -- passes ------------------------------------------------------------------------------------

    def begin_pass(self) -> bool:
        """The supervisor's next pass, or the operator's next run where none may begin."""
        if self.supervisor.claimable() == 0:
            self.auto(self.start_run)
            return False
        number = self.auto(self.passes.start_new_pass)
        assert number <= self.allowed_passes
        self.began.add(number)
        self.in_pass = True
        for ledger in self.workers.values():
            ledger.pass_number = number
        return True

    @precondition(lambda self: self.in_pass and not self.claims and not self.dead)
    @rule()
    def the_pass_ends(self) -> None:
        result = self.auto(self.passes.end_pass)
        self.in_pass = False
        if result is PassResult.RETRYABLE_REMAINING:
            assert self.supervisor.claimable()
            assert self.passes.current_pass < self.allowed_passes
        else:
            if result is PassResult.ALL_COMPLETE:
                left = {found.status for found in self.jobs().values()}
                assert left <= {JobStatus.SUCCESS, JobStatus.SKIPPED}
            self.auto(self.start_run)

    # -- workers -----------------------------------------------------------------------------------

    @rule(workers=st.sets(st.sampled_from(WORKERS), min_size=1))
    def workers_claim(self, workers: set[str]) -> None:
        for worker in sorted(workers - set(self.claims) - self.dead):
            if self.in_pass or self.begin_pass():
                self.claim(worker)

    def claim(self, worker: str) -> None:
        before = self.doubtful()
        claim = self.workers[worker].claim(worker)
        if isinstance(claim, Claim):
            assert claim.job_id not in before
            assert claim.job.account not in self.held_keys
            owners = [other for other in self.claims.values() if self.is_ours(other)]
            assert claim.job.account not in {other.job.account for other in owners}
            self.claims[worker] = claim

    def is_ours(self, claim: Claim) -> bool:
        return self.supervisor.verify(claim) is Verification.OK

    def worker_goes_on(self, data: st.DataObject, use: Callable[[str, Claim], None]) -> None:
        """One step of a worker that may have lost its claim meanwhile; then it drops the job."""
        worker = data.draw(st.sampled_from(sorted(self.claims)), label="worker")
        claim = self.claims[worker]
        ours = self.is_ours(claim)
        try:
            use(worker, claim)
        except ClaimLostError:
            assert not ours
            del self.claims[worker]
        else:
            assert ours, "a claim that was taken back was of use"

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def it_publishes(self, data: st.DataObject) -> None:
        self.worker_goes_on(data, self.publish)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), how=st.sampled_from(["succeed", "fail", "release"]))
    def it_publishes_and_ends(self, data: st.DataObject, how: str) -> None:
        def use(worker: str, claim: Claim) -> None:
            self.publish(worker, claim)
            self.end(self.workers[worker], claim, how, failure())
            del self.claims[worker]
            assert how == "succeed" or claim.job_id in self.doubtful()

        self.worker_goes_on(data, use)

    def publish(self, worker: str, claim: Claim) -> None:
        done = self.jobs()[claim.job_id].submitted_at is not None
        self.workers[worker].mark_submitted(claim)
        if not done:
            self.acts[claim.job_id] += 1
            self.acts_of_day[claim.job.account, self.clock().date()] += 1

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), how=st.sampled_from(["renew", "succeed", "release", "fail"]))
    def it_goes_on(self, data: st.DataObject, how: str) -> None:
        category = data.draw(st.sampled_from(list(ErrorCategory)), label="category")
        what = Failure(error="no", category=category, error_type="t", retry_soon=False)

        def use(worker: str, claim: Claim) -> None:
            submitted = self.jobs()[claim.job_id].submitted_at is not None
            self.end(self.workers[worker], claim, how, what)
            if how != "renew":
                del self.claims[worker]
                assert how == "succeed" or not submitted or claim.job_id in self.doubtful()

        self.worker_goes_on(data, use)

    @staticmethod
    def end(ledger: ProgressTracker, claim: Claim, how: str, what: Failure) -> None:
        if how == "fail":
            ledger.fail(claim, what)
        else:
            getattr(ledger, how)(claim)

    # -- deaths ------------------------------------------------------------------------------------

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def a_worker_is_killed(self, data: st.DataObject) -> None:
        self.kill(data.draw(st.sampled_from(sorted(self.claims)), label="worker"))

    def kill(self, worker: str) -> None:
        self.claims.pop(worker, None)
        self.dead.add(worker)

    @precondition(lambda self: self.claims)
    @rule(
        data=st.data(),
        how=st.sampled_from(["mark_submitted", "renew", "succeed", "release", "fail"]),
        part=st.floats(0, 1, exclude_max=True),
    )
    def a_worker_is_killed_in_the_middle_of_a_write(
        self, data: st.DataObject, how: str, part: float
    ) -> None:
        worker = data.draw(st.sampled_from(sorted(self.claims)), label="worker")
        before = self.path.read_bytes()
        with suppress(ClaimLostError):
            self.end(self.workers[worker], self.claims[worker], how, failure())
        whole = self.path.read_bytes()
        if whole.startswith(before) and len(whole) > len(before) + 1:
            cut = len(before) + int(part * (len(whole) - len(before) - 1))
            os.truncate(self.path, cut)
            if cut > len(before):
                self.torn[whole[len(before) : cut]] += 1
        self.kill(worker)

    @precondition(lambda self: self.dead)
    @rule()
    def the_supervisor_settles_the_dead(self) -> None:
        self.auto(lambda: self.supervisor.settle_dead(lambda row: row.worker_id not in self.dead))
        for worker in self.dead:
            self.workers[worker] = self.process()
            self.workers[worker].pass_number = self.passes.current_pass
        self.dead = set()

    @precondition(lambda self: self.claims)
    @rule()
    def the_host_dies(self) -> None:
        """Whatever was running; the next start goes on with the same run."""
        self.in_pass = False
        self.start_supervisor()

    @rule(minutes=st.sampled_from([1, 9, 11, 13 * 60]), deaf=st.sets(st.sampled_from(WORKERS)))
    def time_passes_and_claims_run_out(self, minutes: int, deaf: set[str]) -> None:
        """Those of workers that the supervisor takes for dead, rightly or not, are taken back."""
        self.clock.forward(minutes=minutes)
        self.auto(
            lambda: self.supervisor.release_stale_claims(lambda row: row.worker_id not in deaf)
        )

    # -- the operator ------------------------------------------------------------------------------

    @rule(
        data=st.data(),
        what=st.sampled_from(
            ["requeue", "requeue", "skip", "unskip", "mark_posted", "undo_requeue"]
        ),
    )
    def the_operator_changes_jobs(self, data: st.DataObject, what: str) -> None:
        ids = data.draw(
            st.sets(st.sampled_from(sorted(self.jobs())), min_size=1, max_size=2), label="jobs"
        )
        before = self.doubtful()
        assert set(getattr(self.process(), what)(ids)) == ids
        if what == "requeue":
            self.allowed.update(ids & before)

    @rule(
        what=st.sampled_from(["requeue all", "requeue all, final too", "hold c", "release", "add"])
    )
    def the_operator_gives_an_order(self, what: str) -> None:
        if what == "add" and not self.added:
            self.passes.add_stage()
            self.added += 1
        elif what in ("hold c", "release"):
            self.held_keys = {"c"} if what == "hold c" else set()
        else:
            final = what.endswith("too")
            self.auto(lambda: self.process().requeue_all(include_non_retryable=final))

    @precondition(lambda self: self.path.read_bytes().endswith(b"\n"))
    @rule(line_end=st.sampled_from(["\n", "\r\n"]), mark=st.booleans())
    def a_spreadsheet_saves_the_file(self, line_end: str, mark: bool) -> None:
        """The same cells in other bytes."""
        before = self.jobs()
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
        rows = read_rows(self.path)
        writer.writerow(rows[0])
        writer.writerows(row.values() for row in rows)
        saved = self.path.with_suffix(".saved")
        saved.write_bytes(("\ufeff" * mark + text.getvalue()).encode("utf-8", "surrogateescape"))
        saved.replace(self.path)
        assert self.jobs() == before

    # -- what must hold ----------------------------------------------------------------------------

    def begun(self) -> bool:
        return self.runs > 0

    @precondition(begun)
    @invariant()
    def one_owner_a_claim(self) -> None:
        ours = [claim for claim in self.claims.values() if self.is_ours(claim)]
        assert len({claim.job_id for claim in ours}) == len(ours)
        assert len({claim.job.account for claim in ours}) == len(ours)
        claimed = {n for n, found in self.jobs().items() if found.status is JobStatus.CLAIMED}
        assert {claim.job_id for claim in ours} <= claimed

    @precondition(begun)
    @invariant()
    def nothing_is_published_twice_by_itself(self) -> None:
        assert all(times <= 1 + self.allowed[name] for name, times in self.acts.items())
        jobs = self.jobs().values()
        for (account, _), times in self.acts_of_day.items():
            allowed = sum(self.allowed[found.job_id] for found in jobs if found.account == account)
            assert times <= 1 + allowed, "the cap of a day"

    @precondition(begun)
    @invariant()
    def passes_are_counted_and_their_figures_sum_up(self) -> None:
        assert len(self.began) <= self.allowed_passes
        stats = self.passes.stats()
        assert max(stats, default=0) <= self.allowed_passes
        for one in stats.values():
            assert one.succeeded + one.failed <= one.total_jobs
            assert min(one.total_jobs, one.succeeded, one.failed, one.unprocessed) >= 0
            assert one.total_jobs <= self.total
        figures = self.supervisor.figures()
        assert sum(figures.by_status.values()) == figures.total == self.total
        assert sum(figures.by_category.values()) == figures.failed

    @precondition(begun)
    @invariant()
    def every_row_may_follow_the_one_before(self) -> None:
        for name in self.jobs():
            for old, new in itertools.pairwise(self.supervisor.history(name)):
                renewed = old.status is new.status is JobStatus.CLAIMED
                assert renewed or new.status in TRANSITIONS[old.status]

    def teardown(self) -> None:
        if self.runs:
            fresh = self.process()
            fresh.seed(lambda _known: [job(99, "z")])
            assert Counter(quarantine(self.path)) == self.torn
            assert fresh.quarantined() == sum(self.torn.values())
            assert len(read_rows(self.path)) == len(list(fresh.events()))
        self.folder.cleanup()


TestRun = Run.TestCase
TestRun.settings = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


# -- a file that was damaged ----------------------------------------------------------------------


def _day() -> bytes:
    """A day's ledger with quotes, line breaks and every kind of row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.csv"
        ledger = seeded(path, 4)
        for number in range(3):
            claim = ledger.claim(str(number))
            assert isinstance(claim, Claim)
            if number:
                ledger.mark_submitted(claim)
            if number == 1:
                ledger.succeed(claim)
            else:
                ledger.fail(claim, failure(error='said "no",\nthen nothing'))
        return path.read_bytes()


DAY = _day()
BODY = DAY.index(b"\n") + 1
places = st.integers(BODY, len(DAY))
junk = st.binary(max_size=12) | st.sampled_from([b'"', b"\n", b'""', b"\r\n", b",", b"\0", b"\xff"])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The day cut, with a piece lost, doubled or overwritten, or something typed into it."""
    first, second = sorted((draw(places), draw(places)))
    kind = draw(st.sampled_from(["cut", "lost", "doubled", "overwritten", "typed"]))
    if kind == "cut":
        return DAY[:first]
    if kind == "lost":
        return DAY[:first] + DAY[second:]
    if kind == "doubled":
        return DAY[:second] + DAY[first:]
    text = draw(junk)
    end = first + len(text) if kind == "overwritten" else first
    return DAY[:first] + text + DAY[end:]


def _strays(path: Path) -> list[tuple[int, bytes]]:
    """(offset, bytes) of what is in quarantine, in the order of the file."""
    beside = path.with_name(f"{path.stem}.quarantine.csv")
    if not beside.exists():
        return []
    return sorted(
        (int(found["offset"]), found["row"].encode("utf-8", "surrogateescape"))
        for found in read_rows(beside)
    )


def _without(data: bytes, strays: Collection[tuple[int, bytes]]) -> bytes:
    left, at = b"", 0
    for offset, raw in strays:
        assert data[offset : offset + len(raw)] == raw, "kept as it was, where it was"
        assert offset >= at, "no byte is set aside twice"
        left += data[at:offset]
        at = offset + len(raw)
    return left + data[at:]


@given(data=damaged())
@settings(max_examples=150, deadline=None)
def test_every_byte_of_a_damaged_file_is_understood_or_in_quarantine(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.csv"
        path.write_bytes(data)
        ledger = tracker(path)
        known = dict(ledger.jobs())
        promised = ledger.quarantined()
        assert path.read_bytes() == data, "who reads changes nothing"
        ledger.seed(lambda _known: [job(99)])
        strays = _strays(path)
        # An unfinished end may still be in the writing until somebody else writes.
        ends = [raw for offset, raw in strays if offset + len(raw) == len(data)]
        assert promised <= len(strays) <= promised + len(ends)
        rest = _without(data, strays)

        clean = Path(folder) / "clean.csv"
        clean.write_bytes(rest)
        understood = tracker(clean)
        assert understood.quarantined() == 0
        assert dict(understood.jobs()) == known
        assert tracker(path).quarantined() == len(strays), "it is filed once"
