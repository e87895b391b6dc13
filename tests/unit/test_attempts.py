"""Attempts as the ledger's own rows tell of them."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.insight.attempts import OUTCOMES, AttemptFold
from engine.jobs import Claim, ErrorCategory, JobStatus
from engine.progress import ProgressTracker
from tests.ledger_days import (
    COLUMNS,
    LEGACY_13,
    V0,
    Clock,
    claimed,
    csv_text,
    failed_once,
    failure,
    row,
    seeded,
    settings,
    tracker,
)

DOUBT = failure(ErrorCategory.IN_DOUBT)


def folded(ledger: ProgressTracker) -> AttemptFold:
    fold = AttemptFold()
    fold.update(ledger)
    return fold


def test_an_attempt_tells_who_made_it_when_and_what_came_of_it(tmp_path: Path) -> None:
    clock = Clock()
    ledger = seeded(tmp_path / "l.csv", 1, clock)
    ledger.pass_number = 2
    start = clock()
    claim = claimed(ledger, "4")
    clock.forward(seconds=90)
    ledger.fail(claim, failure())
    (attempt,) = folded(ledger).attempts
    assert (attempt.job_id, attempt.key, attempt.worker) == (V0, "acct000", "4")
    assert (attempt.run_id, attempt.pass_number, attempt.number) == ("run-1", 2, 1)
    assert (attempt.claimed_at, attempt.seconds) == (start, 90.0)
    assert attempt.status is JobStatus.FAILED
    assert (attempt.category, attempt.error_type, attempt.error) == (
        ErrorCategory.INFRASTRUCTURE,
        "some_type",
        "adb gone",
    )


def test_an_attempt_under_way_has_no_end_and_its_renewals_are_no_attempts(tmp_path: Path) -> None:
    clock = Clock()
    ledger = seeded(tmp_path / "l.csv", 1, clock)
    claim = claimed(ledger)
    fold = folded(ledger)
    clock.forward(seconds=30)
    ledger.renew(claim)
    ledger.mark_submitted(claim)
    assert fold.update(ledger)
    (attempt,) = fold.attempts
    assert (attempt.status, attempt.ended_at, attempt.submitted) == (JobStatus.CLAIMED, None, True)
    assert not fold.update(ledger), "nothing happened since"


def test_a_job_that_is_given_back_keeps_its_number(tmp_path: Path) -> None:
    ledger = seeded(tmp_path / "l.csv", 1)
    failed_once(ledger)
    ledger.reset_for_pass(2)
    ledger.release(claimed(ledger))
    ledger.succeed(claimed(ledger))
    tries = folded(ledger).of_job(V0)
    assert [one.status.value for one in tries] == ["failed", "pending", "success"]
    assert [one.number for one in tries] == [1, 2, 2]
    assert (tries[1].category, tries[1].error) == (None, ""), "the failure before was not its own"


def test_marking_posted_makes_the_attempt_in_doubt_a_success_at_its_own_time(
    tmp_path: Path,
) -> None:
    clock = Clock()
    ledger = seeded(tmp_path / "l.csv", 1, clock)
    failed_once(ledger, DOUBT)
    fold = folded(ledger)
    assert fold.attempts[0].in_doubt
    before = fold.attempts[0].ended_at
    clock.forward(hours=5)
    ledger.mark_posted([V0])
    fold.update(ledger)
    (attempt,) = fold.attempts
    assert (attempt.status, attempt.ended_at) == (JobStatus.SUCCESS, before)
    assert fold.passes("run-1")[1].outcomes[V0] is attempt
    assert not fold.failed


def test_an_operators_requeue_and_its_undo_change_no_attempt(tmp_path: Path) -> None:
    ledger = seeded(tmp_path / "l.csv", 1)
    failed_once(ledger)
    fold = folded(ledger)
    before = list(fold.attempts)
    ledger.requeue([V0])
    fold.update(ledger)
    assert not fold.failed
    assert fold.passes("run-1")[1].outcomes == {V0: before[0]}
    ledger.undo_requeue([V0])
    fold.update(ledger)
    assert list(fold.attempts) == before
    assert fold.failed[V0].attempts == 1


def test_a_claim_that_another_run_settles_stays_the_attempt_of_the_run_that_made_it(
    tmp_path: Path,
) -> None:
    ledger = seeded(tmp_path / "l.csv", 1)
    ledger.mark_submitted(claimed(ledger))
    later = ProgressTracker(tmp_path / "l.csv", settings=settings(), run_id="run-2")
    later.settle_dead(lambda _job: False)
    fold = folded(later)
    assert fold.attempts[0].in_doubt
    assert fold.passes("run-2") == {}
    assert fold.last_run_id == "run-1"


def test_a_day_that_is_reset_begins_anew(tmp_path: Path) -> None:
    ledger = seeded(tmp_path / "l.csv", 1)
    ledger.succeed(claimed(ledger))
    fold = folded(ledger)
    ledger.reset_day()
    assert fold.update(ledger)
    assert (list(fold.attempts), list(fold.of_job(V0))) == ([], [])


def test_a_missing_ledger_has_no_attempts(tmp_path: Path) -> None:
    fold = AttemptFold()
    assert not fold.update(tracker(tmp_path / "none.csv"))
    assert not fold.attempts


def test_the_one_row_that_an_older_system_left_is_an_attempt_of_no_pass(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    began, ended = "2025-12-26T10:00:00", "2025-12-26T10:05:00"
    rows = [
        row(job_id="a", status="success", claimed_at=began, completed_at=ended, worker_id="3"),
        row(job_id="b", status="failed", completed_at=ended, attempts="2", error_type="captcha"),
        row(job_id="c", status="failed", attempts="1", error="nobody knows when"),
        row(job_id="d", status="claimed", claimed_at=began, worker_id="1"),
        row(job_id="e", status="pending"),
    ]
    path.write_bytes(csv_text((*LEGACY_13, "colour"), rows))
    fold = folded(tracker(path))
    done, bad = fold.of_job("a")[0], fold.of_job("b")[0]
    assert (done.status, done.seconds, done.run_id) == (JobStatus.SUCCESS, 300.0, "")
    assert (bad.number, bad.category) == (2, ErrorCategory.ACCOUNT)
    assert not fold.of_job("c"), "of no known moment"
    assert fold.of_job("d")[0].ended_at is None
    assert list(fold.failed) == ["b", "c"]
    assert not any(past.outcomes for past in fold.passes("").values())


def test_a_claim_that_was_written_over_ended_when_the_next_one_began(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    times = ["2025-12-26T10:00:00+00:00", "2025-12-26T10:09:00+00:00"]
    rows = [
        row(status="claimed", claimed_at=at, worker_id=worker)
        for at, worker in zip(times, "12", strict=True)
    ]
    path.write_bytes(csv_text(LEGACY_13, rows))
    first, second = folded(tracker(path)).of_job("v1.mp4_camp")
    assert (first.status, first.seconds) == (JobStatus.PENDING, 540.0)
    assert (second.status, second.worker) == (JobStatus.CLAIMED, "2")


OUTCOME_STEPS = ("success", "infrastructure", "account", "in_doubt", "soon", "release", "submit")
OTHER_STEPS = ("requeue", "undo", "skip", "unskip", "posted", "reset", "leave", "settle")
STEPS = st.lists(st.sampled_from((*OUTCOME_STEPS, *OTHER_STEPS)), max_size=40)


def act(ledger: ProgressTracker, step: str) -> None:
    """One thing that may happen in a day."""
    ids = list(ledger.jobs())
    match step:
        case "requeue":
            ledger.requeue(ids)
        case "undo":
            ledger.undo_requeue(ids)
        case "skip":
            ledger.skip(ids[:1])
        case "unskip":
            ledger.unskip(ids)
        case "posted":
            ledger.mark_posted(ids)
        case "reset":
            ledger.reset_for_pass(2)
        case "settle":
            ledger.settle_dead(lambda _job: False)
        case _:
            work(ledger, step)


def work(ledger: ProgressTracker, step: str) -> None:
    claim = ledger.claim("0")
    if not isinstance(claim, Claim) or step == "leave":
        return
    if step == "success":
        ledger.succeed(claim)
    elif step == "release":
        ledger.release(claim)
    elif step == "submit":
        ledger.mark_submitted(claim)
        ledger.release(claim)
    elif step == "soon":
        ledger.fail(claim, failure(retry_soon=True))
    else:
        ledger.fail(claim, failure(ErrorCategory(step)))


@hypothesis_settings(max_examples=80, deadline=None)
@given(steps=STEPS)
def test_every_claim_is_an_attempt_and_every_outcome_ends_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    clock = Clock()
    ledger = seeded(tmp_path_factory.mktemp("fold") / "l.csv", 3, clock, cap=0)
    fold = AttemptFold()
    for step in steps:
        clock.forward(minutes=7)
        act(ledger, step)
        fold.update(ledger)
    claims, outcomes, before = set(), 0, dict[str, JobStatus]()
    for found in ledger.events():
        if found.status is JobStatus.CLAIMED:
            claims.add((found.job_id, found.claimed_at))
        elif found.status in OUTCOMES and before.get(found.job_id) is JobStatus.CLAIMED:
            outcomes += 1
        before[found.job_id] = found.status
    ends = [one for one in fold.attempts if one.status in OUTCOMES]
    assert {(one.job_id, one.claimed_at) for one in fold.attempts} == claims
    assert len(fold.attempts) == len(claims)
    assert len(ends) == outcomes
    assert list(fold.attempts) == list(folded(ledger).attempts), "step by step as at once"
    figures = ledger.figures()
    types = Counter(job.error_type or "unclassified" for job in fold.failed.values())
    assert types == figures.by_type
    assert sum(one.ended_at is None for one in fold.attempts) == figures.claimed


def big_ledger(path: Path, jobs: int) -> None:
    """Each job seeded, claimed, submitted and ended."""
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def at(number: int, seconds: int) -> str:
        return (start + timedelta(seconds=number + seconds)).isoformat(timespec="microseconds")

    rows = []
    for n in range(jobs):
        seed = {"job_id": f"v{n}", "account": f"a{n}", "attempts": "0", "run_id": "r"}
        claim = seed | {"worker_id": "1", "claimed_at": at(n, 0), "video_path": "", "caption": ""}
        rows.append(row(**seed, updated_at=at(0, 0)))
        rows.append(row(**claim, status="claimed", updated_at=at(n, 0)))
        rows.append(row(**claim, status="claimed", submitted_at=at(n, 5), updated_at=at(n, 5)))
        rows.append(row(**claim, status="success", completed_at=at(n, 9), updated_at=at(n, 9)))
    path.write_bytes(csv_text(COLUMNS, rows))


def test_fifty_thousand_rows_are_folded_in_about_a_second_of_processor_time(
    tmp_path: Path,
) -> None:
    big_ledger(tmp_path / "l.csv", 12_500)
    ledger = tracker(tmp_path / "l.csv")
    ledger.revision()
    fold = AttemptFold()
    before = time.process_time()
    fold.update(ledger)
    spent = time.process_time() - before
    assert len(fold.attempts) == 12_500
    assert spent < 3, "three times what it takes on a slow machine"
    before = time.process_time()
    fold.update(ledger)
    assert time.process_time() - before < 0.05, "nothing new costs nothing"
