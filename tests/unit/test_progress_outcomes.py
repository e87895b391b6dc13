"""What becomes of jobs: outcomes, passes and the operator's hand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.errors import IllegalTransitionError
from engine.jobs import TRANSITIONS, ErrorCategory, JobStatus, Nothing
from engine.ledger.outcomes import check_transition
from engine.progress import ProgressTracker
from tests.ledger_days import (
    LEGACY_17,
    V0,
    Clock,
    claimed,
    csv_text,
    failed_once,
    failure,
    row,
    seeded,
    tracker,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


# -- outcomes -------------------------------------------------------------------------------------


def test_a_success_clears_the_last_error(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 1, clock)
    failed_once(ledger)
    ledger.reset_for_pass(2)

    done = ledger.succeed(claimed(ledger))

    assert (done.error, done.error_type, done.error_category) == ("", "", None)
    assert (done.completed_at, done.attempts, done.pass_number) == (clock.time, 1, 2)


def test_a_failure_says_what_and_when_and_counts(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 1, clock)

    ended = failed_once(ledger)

    assert (ended.status, ended.attempts, ended.completed_at) == ("failed", 1, clock.time)
    assert (ended.error, ended.error_type) == ("adb gone", "some_type")
    assert ended.error_category is ErrorCategory.INFRASTRUCTURE


def test_an_error_text_is_cut_and_stays_text(path: Path) -> None:
    ledger = seeded(path, 1)

    ended = failed_once(ledger, failure(error="a\x1b[31m\0b\r\nc\td" + "x" * 600))

    assert ended.error.startswith("a\\x1b[31m\\x00b\nc\tdx")
    assert len(ended.error) == 500
    assert not {0, 0x1B, 0x0D} & set(path.read_bytes().split(b"\n", 4)[4])


def test_what_may_follow_what_is_one_table() -> None:
    for old in JobStatus:
        for new in JobStatus:
            if new in TRANSITIONS[old]:
                check_transition("j", old, new, in_doubt=True)
            else:
                with pytest.raises(IllegalTransitionError, match=f"{old.value}.*{new.value}"):
                    check_transition("j", old, new, in_doubt=True)
    with pytest.raises(IllegalTransitionError):
        check_transition("j", JobStatus.FAILED, JobStatus.SUCCESS, in_doubt=False)


# -- inside a pass --------------------------------------------------------------------------------


def test_by_default_a_failure_ends_the_attempt_for_this_pass(path: Path) -> None:
    assert failed_once(seeded(path, 1)).status is JobStatus.FAILED


def test_attempts_inside_a_pass_are_spaced_and_counted_anew_in_the_next(path: Path) -> None:
    clock = Clock()
    limits = {"attempts_per_pass": 2, "infrastructure_limit": 10, "in_pass_delay_minutes": 5}
    ledger = seeded(path, 1, clock, retry=limits)
    for first_attempt in (1, 3):
        again = failed_once(ledger)
        assert (again.status, again.attempts) == ("retrying", first_attempt)
        assert again.retry_at == clock.time + timedelta(minutes=5)
        clock.forward(minutes=5)
        ended = failed_once(ledger)
        assert (ended.status, ended.attempts) == ("failed", first_attempt + 1)
        assert len(ledger.reset_for_pass(2)) == 1


@pytest.mark.parametrize(
    "category", [ErrorCategory.ACCOUNT, ErrorCategory.CONTENT, ErrorCategory.INTERNAL]
)
@pytest.mark.parametrize("retry_soon", [True, False])
def test_some_failures_are_final_whatever_the_settings(
    path: Path, category: ErrorCategory, retry_soon: bool
) -> None:
    ledger = seeded(path, 1, retry={"attempts_per_pass": 5})

    ended = failed_once(ledger, failure(category, retry_soon=retry_soon))

    assert ended.status is JobStatus.FAILED
    assert not ledger.retryable(ended)


def test_a_busy_provider_postpones_without_using_an_attempt_up(path: Path) -> None:
    clock = Clock()
    waits = {"capacity_delay_seconds": 30, "capacity_delay_max_seconds": 100}
    ledger = seeded(path, 1, clock, retry=waits)
    for longest in (30, 60, 100, 100):
        put_off = failed_once(ledger, failure(retry_soon=True))
        assert (put_off.status, put_off.attempts) == ("retrying", 0)
        assert put_off.retry_at is not None
        wait = put_off.retry_at - clock.time
        assert timedelta(seconds=longest / 2) <= wait <= timedelta(seconds=longest)
        clock.forward(seconds=longest)


def test_after_so_many_postponements_in_a_row_it_is_a_failure(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 1, clock, retry={"infrastructure_limit": 2})
    ends = []
    for _ in range(10):
        ends.append(failed_once(ledger, failure(retry_soon=True)).status)
        clock.forward(hours=1)
        if ends[-1] is JobStatus.FAILED:
            ledger.reset_for_pass(2)

    assert ends == ["retrying"] * 8 + ["failed", "retrying"]


@pytest.mark.parametrize("category", [ErrorCategory.ACCOUNT, ErrorCategory.INFRASTRUCTURE])
def test_a_trade_says_when_an_attempt_is_made_again_as_long_as_there_are_any(
    path: Path, category: ErrorCategory
) -> None:
    clock = Clock()
    ledger = seeded(path, 1, clock)  # three attempts
    for used, pause in ((1, 3), (2, 6)):
        again = failed_once(ledger, failure(category, retry_after_seconds=pause))
        assert (again.status, again.attempts) == ("retrying", used)
        assert again.retry_at == clock.time + timedelta(seconds=pause)
        clock.forward(seconds=pause - 1)
        assert isinstance(ledger.claim("0"), Nothing)
        clock.forward(seconds=1)
    ended = failed_once(ledger, failure(category, retry_after_seconds=9))
    assert (ended.status, ended.attempts) == ("failed", 3)


# -- passes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("category", "attempts", "again"),
    [
        ("infrastructure", "2", True),
        ("infrastructure", "3", False),
        ("unknown", "1", True),
        ("unknown", "2", False),
        ("", "1", True),
        ("", "2", False),
        ("account", "0", False),
        ("content", "0", False),
        ("internal", "0", False),
        ("in_doubt", "0", False),
    ],
)
def test_what_a_pass_resets(path: Path, category: str, attempts: str, again: bool) -> None:
    rows = [row(status="failed", error_category=category, attempts=attempts, worker_id="1")]
    path.write_bytes(csv_text(LEGACY_17, rows))
    ledger = tracker(path)
    assert ledger.retryable(next(iter(ledger.jobs().values()))) is again

    reset = ledger.reset_for_pass(4)

    assert len(reset) == again
    if again:
        (found,) = reset
        assert (found.status, found.pass_number, found.attempts) == ("pending", 4, int(attempts))
        assert (found.worker_id, found.claimed_at) == ("", None)


def test_unknown_failures_can_be_made_final(path: Path) -> None:
    path.write_bytes(csv_text(LEGACY_17, [row(status="failed", attempts="1")]))

    assert tracker(path, retry={"retry_unknown": False}).reset_for_pass(2) == []


def test_a_claim_carries_the_number_of_its_pass(path: Path) -> None:
    ledger = seeded(path, 1)
    ledger.pass_number = 3

    assert claimed(ledger).job.pass_number == 3


# -- operator -------------------------------------------------------------------------------------


def test_requeue_starts_a_failed_job_anew(path: Path) -> None:
    ledger = seeded(path, 2)
    failed_once(ledger)

    answers = ledger.requeue([V0, "v1.mp4_camp", "nobody"])

    assert answers[V0] == "requeued"
    assert "pending" in answers["v1.mp4_camp"]
    assert answers["nobody"] == "not in the ledger"
    found = ledger.jobs()[V0]
    assert (found.status, found.attempts, found.error_type) == ("retrying", 0, "")
    assert (found.worker_id, found.completed_at, found.error_category) == ("", None, None)
    assert claimed(ledger).job_id == V0


def test_requeue_all_leaves_what_may_not_be_retried_and_says_how_many(path: Path) -> None:
    rows = [
        row(job_id="infra", status="failed", error_category="infrastructure", attempts="9"),
        row(job_id="old", status="failed"),
        row(job_id="acct", status="failed", error_category="account"),
        row(job_id="legacy", status="failed", error_type="loggedout"),
        row(job_id="content", status="failed", error_category="content"),
        row(job_id="doubt", status="failed", error_category="in_doubt"),
        row(job_id="fine", status="success"),
    ]
    path.write_bytes(csv_text(LEGACY_17, rows))
    ledger = tracker(path)

    report = ledger.requeue_all()
    assert list(report.requeued) == ["infra", "old"]
    assert report.left == {"account": 2, "content": 1, "in_doubt": 1}

    report = ledger.requeue_all(include_non_retryable=True)
    assert list(report.requeued) == ["acct", "legacy", "content"]
    assert report.left == {"in_doubt": 1}


def test_a_requeue_can_be_undone_until_somebody_claims(path: Path) -> None:
    ledger = seeded(path, 1)
    before = failed_once(ledger)
    ledger.requeue([V0])

    assert ledger.undo_requeue([V0])[V0] != "not in the ledger"

    found = ledger.jobs()[V0]
    assert (found.status, found.error, found.attempts) == ("failed", before.error, 1)
    ledger.requeue([V0])
    claimed(ledger)
    assert "claimed" in ledger.undo_requeue([V0])[V0]


def test_skip_and_unskip(path: Path) -> None:
    ledger = seeded(path, 3)
    claimed(ledger)

    answers = ledger.skip([V0, "v1.mp4_camp", "v1.mp4_camp"])

    assert "claimed" in answers[V0]
    assert ledger.jobs()["v1.mp4_camp"].status is JobStatus.SKIPPED
    assert ledger.unskip([V0, "v1.mp4_camp"])["v1.mp4_camp"] == "pending again"
    assert claimed(ledger).job_id == "v1.mp4_camp"


def test_a_job_in_doubt_is_settled_and_not_skipped(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 2, clock)
    claim = claimed(ledger)
    ledger.mark_submitted(claim)
    submitted = clock.time
    ledger.settle_dead(lambda _job: False)
    clock.forward(hours=3)

    assert "in doubt" in ledger.skip([V0])[V0]
    assert ledger.mark_posted([V0, "v1.mp4_camp"]) == {
        V0: "marked posted",
        "v1.mp4_camp": "not in doubt (it is pending)",
    }
    found = ledger.jobs()[V0]
    assert (found.status, found.completed_at) == (JobStatus.SUCCESS, submitted)


def test_nothing_leaves_success(path: Path) -> None:
    ledger = seeded(path, 1)
    claim = claimed(ledger)
    ledger.succeed(claim)
    before = path.read_bytes()

    ledger.requeue([V0])
    ledger.skip([V0])
    ledger.unskip([V0])
    ledger.mark_posted([V0])
    ledger.reset_for_pass(2)
    ledger.settle_dead(lambda _job: False)
    ledger.requeue_all(include_non_retryable=True)
    assert not ledger.update_job_status(V0, "failed", 0, "late")

    assert path.read_bytes() == before


# -- the scripts' interface -----------------------------------------------------------------------


def test_an_outcome_by_name_needs_the_claims_holder(path: Path) -> None:
    ledger = seeded(path, 2)
    claimed(ledger, "0")

    assert not ledger.update_job_status(V0, "success", worker_id=1)
    assert not ledger.update_job_status(V0, "success")
    assert not ledger.update_job_status("nobody", "success", worker_id=0)
    assert not ledger.update_job_status("v1.mp4_camp", "success", worker_id=0)
    assert ledger.update_job_status(V0, ProgressTracker.STATUS_SUCCESS, worker_id=0)
    assert ledger.jobs()[V0].status is JobStatus.SUCCESS


def test_an_outcome_by_name_carries_error_and_delay(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 1, clock)
    claimed(ledger, "0")

    assert ledger.update_job_status(
        V0, "retrying", 0, "timeout", "infrastructure", "adb_timeout", retry_delay_minutes=7
    )

    found = ledger.jobs()[V0]
    assert (found.status, found.attempts, found.error) == ("retrying", 1, "timeout")
    assert found.retry_at == clock.time + timedelta(minutes=7)
    assert found.error_category is ErrorCategory.INFRASTRUCTURE


def test_an_outcome_in_doubt_by_name_is_never_tried_again(path: Path) -> None:
    ledger = seeded(path, 1)
    claimed(ledger, "0")

    assert ledger.update_job_status(V0, "retrying", 0, "no word", "in_doubt")

    assert ledger.jobs()[V0].in_doubt


def test_an_impossible_outcome_by_name_is_refused(path: Path) -> None:
    ledger = seeded(path, 1)
    claimed(ledger, "0")

    with pytest.raises(IllegalTransitionError, match="claimed and cannot become skipped"):
        ledger.update_job_status(V0, "skipped", 0)
