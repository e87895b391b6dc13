"""A worker's next job: claimed and begun with early, performed later or given back untouched."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from engine.channel import WorkerChannel
from engine.claim_holder import ClaimHolder
from engine.config import Run
from engine.errors import PhoneError
from engine.jobs import Claim, Failure, Job, JobStatus, Outcome, Success
from engine.next_job import NextJob
from engine.workloads.base import Report
from tests.ledger_days import claimed, job, seeded, settings

BOUND = 20.0
"""Seconds after which a wait that should end has failed."""
NEXT = "v1.mp4_camp"


class Lamp:
    """What is lit for the next job; how long it idles only the test says."""

    idle_seconds = 0.0
    ends = 0

    def end(self) -> None:
        self.ends += 1


class LampSession:
    """A session that lights a lamp for the next job."""

    lead_seconds = 0.0
    looks_ahead = True

    def __init__(self) -> None:
        self.lamp = Lamp()
        self.begun: list[str] = []
        self.refusal: Exception | None = None

    def prepare_next(self, job: Job, alarm: Callable[[str], None]) -> Lamp:
        if self.refusal is not None:
            raise self.refusal
        self.begun.append(job.job_id)
        return self.lamp

    def perform(self, job: Job, report: Report) -> Outcome:
        return Success(evidence="lit")

    def recover(self) -> None:
        return

    def close(self) -> None:
        return


class Bench:
    """A worker with a job in hand, and one more in the ledger."""

    def __init__(self, folder: Path, *accounts: str, **run: float) -> None:
        names = accounts or ("a", "b")
        jobs = [job(number, account) for number, account in enumerate(names)]
        short = {"renew_seconds": 0.05}
        self.ledger = seeded(folder / "progress.csv", jobs, ledger=short)
        self.ledger.pass_number = 1
        reading, writing = os.pipe()
        self._worker_end = os.fdopen(reading, "rb")
        self._supervisor_end = os.fdopen(writing, "wb", buffering=0)
        self.said = io.BytesIO()
        self.channel = WorkerChannel(self._worker_end, self.said)
        self.channel.start()
        self.tell(stage=1)
        self.session = LampSession()
        log = structlog.get_logger("test")
        claims = ClaimHolder(self.ledger, settings(ledger=short).ledger, log)
        bounds = Run.model_validate({"delay_between_jobs_seconds": 0} | run)
        self.next = NextJob("0", self.ledger, claims, self.channel, bounds, log)
        self.in_hand = claimed(self.ledger)

    def tell(self, **orders: object) -> None:
        version = self.channel.orders
        self._supervisor_end.write(json.dumps(orders).encode() + b"\n")
        assert self.channel.wait_until(lambda orders: orders is not version, BOUND)

    def close(self) -> None:
        self.next.drop()
        self._supervisor_end.close()

    @property
    def told(self) -> list[str]:
        """Jobs that the supervisor heard of as the next one; empty for none any more."""
        messages = [json.loads(line) for line in self.said.getvalue().splitlines()]
        return [message["job"] for message in messages if message["event"] == "next"]

    def status(self, job_id: str = NEXT) -> JobStatus:
        found = self.ledger.get(job_id)
        assert found is not None
        return found.status

    def given_back(self) -> None:
        """Wait until the next job is pending again; nothing is left of it then."""
        deadline = time.monotonic() + BOUND
        while self.status() is not JobStatus.PENDING:
            assert time.monotonic() < deadline, "it was never given back"
            time.sleep(0.01)
        found = self.ledger.get(NEXT)
        assert found is not None
        assert (found.attempts, found.worker_id, self.session.lamp.ends) == (0, "", 1)
        assert self.next.take() is None
        assert self.told == [NEXT, ""]
        assert self.status("v0.mp4_camp") is JobStatus.CLAIMED, "the job in hand goes on"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def test_the_next_job_is_claimed_and_begun_with_once_and_then_performed(bench: Bench) -> None:
    bench.next.begin(bench.session)
    bench.next.begin(bench.session)
    claim = bench.next.take()
    assert isinstance(claim, Claim)
    assert (claim.job_id, claim.worker_id) == (NEXT, "0")
    assert bench.session.begun == [NEXT]
    assert (bench.session.lamp.ends, bench.told) == (0, [NEXT])
    assert not bench.next.held
    bench.ledger.mark_submitted(claim)
    assert bench.ledger.succeed(claim).status is JobStatus.SUCCESS
    assert bench.ledger.succeed(bench.in_hand).status is JobStatus.SUCCESS


def test_both_claims_have_a_fencing_and_signs_of_life_of_their_own(bench: Bench) -> None:
    bench.next.begin(bench.session)
    rows = len(bench.ledger.history(NEXT))
    deadline = time.monotonic() + BOUND
    while len(bench.ledger.history(NEXT)) == rows:
        assert time.monotonic() < deadline, "its claim gave no sign of life"
        time.sleep(0.01)
    failure = Failure(error="x", category="infrastructure", error_type="adb")  # type: ignore[arg-type]
    bench.ledger.fail(bench.in_hand, failure)
    assert bench.next.take() is not None


@pytest.mark.parametrize(
    "orders", [{"stop": True}, {"finish": True}, {"paused": True}, {"stage": 0}, {"stage": 2}]
)
def test_a_worker_that_is_told_to_claim_no_more_gives_it_back_at_once(
    bench: Bench, orders: dict[str, object]
) -> None:
    bench.next.begin(bench.session)
    bench.tell(**orders)
    bench.given_back()


@pytest.mark.parametrize("orders", [{"stop": True}, {"paused": True}, {"stage": 0}])
def test_a_worker_that_may_claim_no_more_looks_for_no_next_job(
    bench: Bench, orders: dict[str, object]
) -> None:
    bench.tell(**orders)
    bench.next.begin(bench.session)
    assert (bench.session.begun, bench.told, bench.status()) == ([], [], JobStatus.PENDING)


def test_a_key_that_the_operator_holds_gives_it_back(bench: Bench) -> None:
    bench.next.begin(bench.session)
    bench.tell(held_keys=["b"])
    bench.given_back()


def test_what_costs_for_too_long_without_being_used_gives_it_back(bench: Bench) -> None:
    bench.next.begin(bench.session)
    bench.session.lamp.idle_seconds = 31.0
    bench.given_back()


def test_what_idles_within_the_bound_is_used(bench: Bench) -> None:
    bench.session.lamp.idle_seconds = 29.0
    bench.next.begin(bench.session)
    assert bench.next.take() is not None
    assert bench.session.lamp.ends == 0


def test_a_job_in_hand_that_was_not_done_gives_it_back(bench: Bench) -> None:
    bench.next.begin(bench.session)
    bench.next.drop()
    bench.given_back()


def test_a_claim_that_was_taken_back_ends_what_was_begun(bench: Bench) -> None:
    bench.next.begin(bench.session)
    bench.ledger.settle_dead(lambda found: found.job_id != NEXT)
    other = claimed(bench.ledger, "1")
    assert other.job_id == NEXT
    deadline = time.monotonic() + BOUND
    while not bench.session.lamp.ends:
        assert time.monotonic() < deadline, "it never noticed"
        time.sleep(0.01)
    assert bench.next.take() is None
    assert bench.ledger.succeed(other).worker_id == "1"


def test_a_job_that_cannot_be_begun_with_is_performed_as_ever(bench: Bench) -> None:
    bench.session.refusal = PhoneError("No capacity.", retry_soon=True)
    bench.next.begin(bench.session)
    claim = bench.next.take()
    assert claim is not None
    assert claim.job_id == NEXT
    assert bench.session.lamp.ends == 0


def test_a_bug_in_looking_ahead_does_not_reach_the_job_in_hand(bench: Bench) -> None:
    bench.session.refusal = AttributeError("'NoneType' object has no attribute 'light'")
    bench.next.begin(bench.session)
    bench.next.drop()
    assert bench.status() is JobStatus.PENDING


def test_the_same_account_is_never_looked_ahead_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, "a", "a")
    bench.next.begin(bench.session)
    assert (bench.session.begun, bench.next.held, bench.told) == ([], False, [])
    bench.close()


@pytest.mark.parametrize(("idle", "pause"), [(0, 0), (20, 20), (30, 300)])
def test_without_time_to_idle_beside_the_pause_nobody_looks_ahead(
    tmp_path: Path, idle: float, pause: float
) -> None:
    bench = Bench(tmp_path, ahead_idle_seconds=idle, delay_between_jobs_seconds=pause)
    bench.next.begin(bench.session)
    assert bench.session.begun == []
    bench.close()


def test_a_session_that_cannot_look_ahead_claims_nothing(bench: Bench) -> None:
    bench.session.looks_ahead = False
    bench.next.begin(bench.session)
    assert bench.status() is JobStatus.PENDING
