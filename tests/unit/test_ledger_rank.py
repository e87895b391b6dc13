"""Jobs by rank: which of those that wait is claimed first (behaviour C4.3, C4.4, C-D3)."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from engine.jobs import Claim, ErrorCategory, Failure, Job, NewJob, Nothing
from engine.progress import ProgressTracker
from tests import ledger_days
from tests.ledger_days import Clock, claimed, job

KEYS = ("a", "b", "c", "")
RETRY_SECONDS = 30.0


def rank_of(job: Job) -> int:
    """As the caption says, which is a whole number here."""
    return int(job.caption)


def ranked(path: Path, clock: Clock | None = None) -> ProgressTracker:
    return ProgressTracker(
        path, settings=ledger_days.settings(), now=clock or Clock(), cap=0, rank=rank_of
    )


def jobs_of(*wanted: tuple[str, int]) -> list[NewJob]:
    return [
        job(number, key, caption=str(rank), max_attempts=9)
        for number, (key, rank) in enumerate(wanted)
    ]


def test_the_lower_rank_comes_first_and_equal_ones_in_file_order(tmp_path: Path) -> None:
    ledger = ranked(tmp_path / "day.csv")
    wanted = jobs_of(("a", 5), ("b", 1), ("c", 5), ("d", -3), ("e", 1))
    ledger.seed(lambda _known: wanted)

    order = [claimed(ledger).job.account for _ in wanted]

    assert order == ["d", "b", "e", "a", "c"]


def test_a_better_job_that_arrives_late_overtakes_those_that_wait(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    ledger = ranked(path)
    ledger.seed(lambda _known: jobs_of(("a", 5), ("b", 5)))
    first = claimed(ledger).job.account
    ranked(path).seed(lambda _known: [job(7, "late", caption="1")])

    assert [first, claimed(ledger).job.account, claimed(ledger).job.account] == ["a", "late", "b"]


def test_a_retry_that_is_due_goes_before_its_equals_and_behind_its_betters(tmp_path: Path) -> None:
    clock = Clock()
    ledger = ranked(tmp_path / "day.csv", clock)
    ledger.seed(lambda _known: jobs_of(("retried", 5), ("equal", 5), ("better", 2)))
    assert claimed(ledger).job.account == "better"
    ledger.fail(claimed(ledger), _again())
    clock.forward(seconds=RETRY_SECONDS)
    ledger.seed(lambda _known: [job(7, "late", caption="2")])

    assert [claimed(ledger).job.account for _ in range(3)] == ["late", "retried", "equal"]


class Line(RuleBasedStateMachine):
    """Jobs that wait in line, against a model that looks at all of them each time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.ledger = ranked(Path(self.folder.name) / "day.csv", self.clock)
        self.jobs: list[NewJob] = []
        self.due: dict[str, datetime | None] = {}
        """Of each that waits: when it may be had; None = it was never put off."""
        self.held: dict[str, Claim] = {}

    @initialize(wanted=st.lists(st.tuples(st.sampled_from(KEYS), st.integers(-2, 3)), max_size=5))
    def begin(self, wanted: list[tuple[str, int]]) -> None:
        self.arrive([("first", 0), *wanted])

    @rule(wanted=st.lists(st.tuples(st.sampled_from(KEYS), st.integers(-2, 3)), max_size=3))
    def arrive(self, wanted: list[tuple[str, int]]) -> None:
        begin = len(self.jobs)
        new = [
            job(begin + number, key, caption=str(rank), max_attempts=99)
            for number, (key, rank) in enumerate(wanted)
        ]
        self.ledger.seed(lambda _known: new)
        self.jobs += new
        self.due |= {one.job_id: None for one in new}

    @rule()
    def claim(self) -> None:
        busy = {claim.job.account for claim in self.held.values()}
        expected = min(
            (
                (int(one.caption), self.due[one.job_id] is None, order, one.job_id)
                for order, one in enumerate(self.jobs)
                if one.job_id in self.due
                and one.account
                and one.account not in busy
                and (self.due[one.job_id] or self.clock.time) <= self.clock.time
            ),
            default=None,
        )
        found = self.ledger.claim("1")
        if expected is None:
            assert isinstance(found, Nothing)
            return
        assert isinstance(found, Claim)
        assert found.job_id == expected[-1]
        del self.due[found.job_id]
        self.held[found.job_id] = found

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["release", "retry", "fail"]))
    def end(self, data: st.DataObject, how: str) -> None:
        claim = self.held.pop(data.draw(st.sampled_from(sorted(self.held)), label="job"))
        if how == "release":
            self.ledger.release(claim)
            self.due[claim.job_id] = None
        elif how == "retry":
            self.ledger.fail(claim, _again())
            self.due[claim.job_id] = self.clock.time + timedelta(seconds=RETRY_SECONDS)
        else:
            self.ledger.fail(claim, _failure(None))

    @rule(seconds=st.sampled_from([1.0, RETRY_SECONDS]))
    def wait(self, seconds: float) -> None:
        self.clock.forward(seconds=seconds)

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()


TestLine = Line.TestCase
TestLine.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


@given(ranks=st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=8))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_any_whole_number_is_a_rank(ranks: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = ranked(Path(folder) / "day.csv")
        wanted = jobs_of(*((f"key{n}", rank) for n, rank in enumerate(ranks)))
        ledger.seed(lambda _known: wanted)

        found = [rank_of(claimed(ledger).job) for _ in ranks]
        ledger.close()

    assert found == sorted(ranks)


def _again() -> Failure:
    return _failure(RETRY_SECONDS)


def _failure(after: float | None) -> Failure:
    return Failure(
        error="Too slow.",
        category=ErrorCategory.CONTENT,
        error_type="test",
        retry_after_seconds=after,
    )
