"""Who may claim what, and what a claim is worth afterwards (behaviour A4, A6)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from engine.errors import ClaimLostError
from engine.jobs import ErrorCategory, Failure, Job, JobStatus, Nothing
from engine.progress import ProgressTracker, Verification
from tests.ledger_days import (
    COLUMNS,
    LEGACY_17,
    Clock,
    claimed,
    csv_text,
    job,
    read_rows,
    row,
    seeded,
    tracker,
)

INFRASTRUCTURE = Failure(
    error="adb gone", category=ErrorCategory.INFRASTRUCTURE, error_type="adb_timeout"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


def nothing(ledger: ProgressTracker) -> Nothing:
    answer = ledger.claim("0")
    assert isinstance(answer, Nothing), answer
    return answer


# -- which job ------------------------------------------------------------------------------------


def test_jobs_are_claimed_in_file_order(path: Path) -> None:
    ledger = seeded(path, 3)

    assert [claimed(ledger).job_id for _ in range(3)] == [f"v{n}.mp4_camp" for n in range(3)]


def test_a_claim_names_worker_and_moment_and_clears_retry_at(path: Path) -> None:
    clock = Clock()
    path.write_bytes(csv_text(LEGACY_17, [row(status="retrying", retry_at="2026-03-01T09:00:00")]))
    ledger = tracker(path, clock)

    claim = claimed(ledger, "7")

    assert claim.job.status is JobStatus.CLAIMED
    assert (claim.job.worker_id, claim.job.claimed_at) == ("7", clock.time)
    assert claim.job.retry_at is None
    assert claim.attempt == 1
    last = read_rows(path)[-1]
    assert last["claimed_at"] == "2026-03-02T13:00:00.000000+01:00"
    assert last["run_id"] == "run-1"


def test_due_retries_come_before_pending_jobs(path: Path) -> None:
    rows = [
        row(job_id="pending", account="a"),
        row(job_id="due2", account="b", status="retrying", retry_at="2026-03-02T12:59:00"),
        row(job_id="due1", account="c", status="retrying"),
        row(job_id="later", account="d", status="retrying", retry_at="2026-03-02T13:05:00"),
    ]
    path.write_bytes(csv_text(LEGACY_17, rows))
    ledger = tracker(path, Clock())

    assert [claimed(ledger).job_id for _ in range(3)] == ["due2", "due1", "pending"]
    answer = nothing(ledger)
    assert answer.open_jobs == 4
    assert answer.next_due == datetime(2026, 3, 2, 12, 5, tzinfo=UTC)
    assert not answer.all_complete


def test_no_claim_takes_a_job_before_its_time(path: Path) -> None:
    clock = Clock()
    path.write_bytes(csv_text(LEGACY_17, [row(status="retrying", retry_at="2026-03-02T13:05:00")]))
    ledger = tracker(path, clock)

    clock.forward(minutes=4, seconds=59)
    nothing(ledger)
    clock.forward(seconds=1)

    assert claimed(ledger).job_id == "v1.mp4_camp"


def test_due_retries_outlive_a_clock_that_is_set_back(path: Path) -> None:
    clock = Clock()
    due = "2026-03-02T12:59:00"
    jobs = {"x": "a", "y": "b", "z": "c"}
    rows = [row(job_id=name, account=jobs[name], status="retrying", retry_at=due) for name in jobs]
    path.write_bytes(csv_text(LEGACY_17, rows))
    ledger = tracker(path, clock)
    assert [claimed(ledger).job_id for _ in range(2)] == ["x", "y"]

    clock.forward(minutes=-10)
    assert nothing(ledger).open_jobs == 3
    clock.forward(minutes=10)

    assert claimed(ledger).job_id == "z"


def test_an_unreadable_retry_at_is_due_and_reported_once(path: Path) -> None:
    rows = [row(job_id="x", status="retrying", retry_at="sometime"), row(job_id="y", account="b")]
    path.write_bytes(csv_text(LEGACY_17, rows))
    ledger = tracker(path)

    with capture_logs() as logs:
        assert claimed(ledger).job_id == "x"
        claimed(ledger)

    assert [entry["job"] for entry in logs if entry["event"] == "retry_at_unreadable"] == ["x"]


def test_an_account_is_in_one_claim_at_a_time(path: Path) -> None:
    ledger = seeded(path, [job(0, "a"), job(1, "a"), job(2, "b")], cap=0)

    first, second = claimed(ledger), claimed(ledger)

    assert (first.job_id, second.job_id) == ("v0.mp4_camp", "v2.mp4_camp")
    assert nothing(ledger).open_jobs == 3
    ledger.fail(first, INFRASTRUCTURE)
    assert claimed(ledger).job_id == "v1.mp4_camp"


def test_a_job_without_account_is_never_claimed_but_blocked(path: Path) -> None:
    ledger = seeded(path, [job(0, "")])

    answer = nothing(ledger)

    assert (answer.open_jobs, answer.blocked) == (0, 1)
    assert answer.all_complete
    assert ledger.figures().blocked == {"no account": 1}


def test_a_released_job_keeps_its_place_in_the_file(path: Path) -> None:
    ledger = seeded(path, 3)
    first = claimed(ledger)
    claimed(ledger)

    ledger.release(first)

    assert claimed(ledger).job_id == first.job_id


# -- daily cap ------------------------------------------------------------------------------------


def test_claim_skips_account_at_daily_cap(path: Path) -> None:
    ledger = seeded(path, [job(0, "a"), job(1, "a"), job(2, "b")])
    ledger.succeed(claimed(ledger))

    assert claimed(ledger).job_id == "v2.mp4_camp"
    answer = nothing(ledger)
    assert (answer.open_jobs, answer.blocked) == (1, 1)
    assert ledger.figures().blocked == {"daily cap reached": 1}


@pytest.mark.parametrize(("cap", "posts"), [(1, 1), (2, 2), (3, 3), (0, 4)])
def test_a_cap_lets_so_many_succeed_a_day(path: Path, cap: int, posts: int) -> None:
    ledger = seeded(path, [job(n, "a") for n in range(4)], cap=cap)

    for _ in range(posts):
        ledger.succeed(claimed(ledger))

    assert nothing(ledger).blocked == 4 - posts


def test_the_cap_is_the_settings_cap_unless_given(path: Path) -> None:
    jobs = [job(n, "a") for n in range(3)]
    ledger = seeded(path, jobs, posting={"max_posts_per_account_per_day": 2})

    ledger.succeed(claimed(ledger))
    ledger.succeed(claimed(ledger))

    assert nothing(ledger).blocked == 1


def test_yesterdays_success_does_not_block_today(path: Path) -> None:
    clock = Clock(datetime(2026, 3, 2, 22, 30, tzinfo=UTC))  # 23:30 in Berlin
    ledger = seeded(path, [job(0, "a"), job(1, "a")], clock)
    ledger.succeed(claimed(ledger))
    nothing(ledger)

    clock.forward(hours=1)

    assert claimed(ledger).job_id == "v1.mp4_camp"


def test_a_success_of_unknown_day_counts_today(path: Path) -> None:
    rows = [row(job_id="done", status="success"), row(job_id="next", video_path="w.mp4")]
    path.write_bytes(csv_text(LEGACY_17, rows))

    assert nothing(tracker(path)).blocked == 1


def test_a_job_in_doubt_counts_against_the_cap(path: Path) -> None:
    ledger = seeded(path, [job(0, "a"), job(1, "a")])
    claim = claimed(ledger)
    ledger.mark_submitted(claim)
    ledger.fail(claim, INFRASTRUCTURE)

    assert nothing(ledger).blocked == 1
    ledger.requeue([claim.job_id])
    assert claimed(ledger).job_id == claim.job_id


def test_a_foreign_claim_keeps_its_account_until_it_is_settled(path: Path) -> None:
    rows = [row(job_id="left", status="claimed", claimed_at="2025-12-22T18:54:11"), row(job_id="b")]
    path.write_bytes(csv_text(LEGACY_17, rows))
    ledger = tracker(path)

    assert nothing(ledger).open_jobs == 2
    (settled,) = ledger.settle_dead(lambda _job: False)

    assert settled.in_doubt
    assert nothing(ledger).blocked == 1


# -- done before ----------------------------------------------------------------------------------


def test_the_same_video_never_goes_to_the_same_account_again(path: Path) -> None:
    clock = Clock()
    same = job(1, "a", video_id=job(0).video_id, video_path="elsewhere/other name.mp4")
    ledger = seeded(path, [job(0, "a"), same, job(2, "a")], clock)
    ledger.succeed(claimed(ledger))
    clock.forward(days=2)

    assert claimed(ledger).job_id == "v2.mp4_camp"
    assert ledger.figures().blocked == {"already done for this account": 1}


def test_old_rows_know_their_video_by_its_file_name(path: Path) -> None:
    done = row(job_id="old", status="success", completed_at="2025-12-22T18:54:11")
    again = row(job_id="new", video_path="D:/other/place/v1.mp4")
    path.write_bytes(csv_text(LEGACY_17, [done, again]))

    assert nothing(tracker(path)).blocked == 1


def test_a_success_hidden_by_a_later_foreign_row_is_still_known(path: Path) -> None:
    done = row(status="success", completed_at="2025-12-22T18:54:11")
    path.write_bytes(csv_text(LEGACY_17, [done, row()]))

    answer = nothing(tracker(path))

    assert (answer.open_jobs, answer.blocked) == (0, 1)


# -- the workload's word --------------------------------------------------------------------------


def test_a_job_that_the_workload_refuses_is_passed_over_and_blocked(path: Path) -> None:
    def refuse(candidate: Job) -> str | None:
        return "posted elsewhere" if candidate.account == "acct000" else None

    ledger = seeded(path, 2, refuse=refuse)

    assert claimed(ledger).job_id == "v1.mp4_camp"
    assert nothing(ledger).blocked == 1
    assert ledger.figures().blocked == {"posted elsewhere": 1}


def test_an_objection_is_asked_for_once_while_it_is_fresh(path: Path) -> None:
    asked: list[str] = []

    def refuse(candidate: Job) -> str | None:
        asked.append(candidate.job_id)
        return "held" if candidate.account == "acct000" else None

    ledger = seeded(path, 3, refuse=refuse, run={"idle_poll_seconds": 1000})
    for _ in range(2):
        ledger.fail(claimed(ledger), INFRASTRUCTURE)

    assert asked.count("v0.mp4_camp") == 1


def test_an_objection_that_is_gone_lets_the_job_through(path: Path) -> None:
    held = {"acct000"}
    ledger = seeded(
        path,
        1,
        refuse=lambda candidate: "held" if candidate.account in held else None,
        run={"idle_poll_seconds": 1e-9},
    )
    assert nothing(ledger).blocked == 1

    held.clear()

    assert claimed(ledger).job_id == "v0.mp4_camp"


def test_who_knows_that_an_objection_is_gone_has_it_asked_for_at_once(path: Path) -> None:
    held = {"acct000"}
    ledger = seeded(
        path,
        2,
        refuse=lambda candidate: "held" if candidate.account in held else None,
        run={"idle_poll_seconds": 1000},
    )
    ledger.fail(claimed(ledger), INFRASTRUCTURE)
    assert nothing(ledger).blocked == 1
    assert ledger.figures().blocked == {"held": 1}

    held.clear()
    ledger.ask_again()

    assert ledger.figures().blocked == {}
    assert ledger.open_jobs() == 1
    assert claimed(ledger).job_id == "v0.mp4_camp"


# -- the lease ------------------------------------------------------------------------------------


def test_every_claim_of_a_job_is_later_than_the_one_before(path: Path) -> None:
    ledger = seeded(path, 1)
    moments = []
    for _ in range(3):
        claim = claimed(ledger)
        moments.append(claim.claimed_at)
        ledger.release(claim)

    assert moments == sorted(set(moments))


def test_a_worker_whose_claim_was_taken_back_can_do_nothing_with_it(path: Path) -> None:
    ledger = seeded(path, 1)
    lost = claimed(ledger, "3")
    ledger.settle_dead(lambda _job: False)
    held = claimed(ledger, "3")  # the same worker number, started again

    for attempt in (
        lambda: ledger.succeed(lost),
        lambda: ledger.fail(lost, INFRASTRUCTURE),
        lambda: ledger.release(lost),
        lambda: ledger.renew(lost),
        lambda: ledger.mark_submitted(lost),
    ):
        with pytest.raises(ClaimLostError, match=r"v0\.mp4_camp"):
            attempt()
    assert ledger.verify(held) is Verification.OK
    assert len(ledger.history("v0.mp4_camp")) == 4


def test_a_late_success_is_told_loudly(path: Path) -> None:
    ledger = seeded(path, 1)
    lost = claimed(ledger)
    ledger.settle_dead(lambda _job: False)

    with capture_logs() as logs, pytest.raises(ClaimLostError):
        ledger.succeed(lost)

    assert [(entry["event"], entry["log_level"]) for entry in logs] == [
        ("late_success_refused", "error")
    ]


def test_verification_tells_its_reasons_apart(path: Path) -> None:
    ledger = seeded(path, [job(0), job(1), job(2), job(3, "acct002", video_path="videos/v2.mp4")])
    first = claimed(ledger, "1")
    assert ledger.verify(first) is Verification.OK
    ledger.release(first)
    assert ledger.verify(first) is Verification.BACK_TO_PENDING
    second = claimed(ledger, "2")
    assert ledger.verify(first) is Verification.CLAIMED_BY_OTHER
    ledger.fail(second, INFRASTRUCTURE)
    assert ledger.verify(second) is Verification.OTHER_STATUS
    third = claimed(ledger)
    ledger.succeed(third)
    assert ledger.verify(third) is Verification.ALREADY_SUCCESS
    path.write_bytes(csv_text(COLUMNS, []))
    assert ledger.verify(third) is Verification.NOT_FOUND


def test_verification_sees_a_success_of_the_same_by_another_way(path: Path) -> None:
    ledger = seeded(path, [job(0, "a")])
    claim = claimed(ledger)
    twin = row(job_id="twin", account="a", video_path="v0.mp4", status="success")
    with path.open("ab") as file:
        file.write(csv_text(COLUMNS, [twin]).split(b"\n", 1)[1])

    assert ledger.verify(claim) is Verification.DUPLICATE_SUCCESS
    with pytest.raises(ClaimLostError, match="done before"):
        ledger.mark_submitted(claim)


def test_a_sign_of_life_changes_nothing_but_its_time(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 1, clock)
    claim = claimed(ledger)
    clock.forward(minutes=5)

    ledger.renew(claim)

    renewed = ledger.jobs()["v0.mp4_camp"]
    assert renewed.updated_at == clock.time
    assert (renewed.claimed_at, renewed.status) == (claim.claimed_at, JobStatus.CLAIMED)
    assert ledger.verify(claim) is Verification.OK


def test_a_stale_claim_is_taken_back_by_age_of_its_last_sign(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 2, clock)
    silent, living = claimed(ledger, "1"), claimed(ledger, "2")
    clock.forward(seconds=500)
    ledger.renew(living)
    clock.forward(seconds=101)

    (released,) = ledger.release_stale_claims(lambda _job: False)

    assert released.job_id == silent.job_id
    assert (released.status, released.worker_id, released.claimed_at) == ("pending", "", None)
    assert ledger.verify(living) is Verification.OK


def test_a_claim_of_a_living_worker_is_never_taken_back(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 1, clock)
    claim = claimed(ledger)
    clock.forward(days=1)

    assert ledger.release_stale_claims(lambda _job: True) == []
    assert ledger.settle_dead(lambda _job: True) == []
    assert ledger.verify(claim) is Verification.OK


@pytest.mark.parametrize("when", ["", "unreadable"])
def test_a_claim_without_readable_time_is_stale(path: Path, when: str) -> None:
    path.write_bytes(csv_text(LEGACY_17, [row(status="claimed", worker_id="1", claimed_at=when)]))
    ledger = tracker(path)

    assert ledger.release_stale_claims(lambda _job: True) == []
    (released,) = ledger.release_stale_claims(lambda _job: False)
    assert released.in_doubt


# -- the point of no return -----------------------------------------------------------------------


def test_a_submitted_job_without_outcome_is_in_doubt(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, 1, clock)
    claim = claimed(ledger, "4")
    ledger.mark_submitted(claim)
    submitted_at = clock.time
    clock.forward(minutes=1)

    (settled,) = ledger.settle_dead(lambda _job: False)

    assert settled.in_doubt
    assert (settled.submitted_at, settled.attempts) == (submitted_at, 1)
    assert "Worker 4" in settled.error
    assert ledger.reset_for_pass(2) == []
    assert ledger.requeue_all(include_non_retryable=True).requeued == []
    assert ledger.figures().in_doubt == 1


@pytest.mark.parametrize("category", list(ErrorCategory))
def test_every_failure_after_the_point_of_no_return_is_in_doubt(
    path: Path, category: ErrorCategory
) -> None:
    ledger = seeded(path, 1, retry={"attempts_per_pass": 5})
    claim = claimed(ledger)
    ledger.mark_submitted(claim)

    ended = ledger.fail(
        claim, Failure(error="boom", category=category, error_type="x", retry_soon=True)
    )

    assert ended.in_doubt
    assert ended.error == "boom"


def test_a_claim_given_back_after_the_point_of_no_return_is_in_doubt(path: Path) -> None:
    ledger = seeded(path, 1)
    claim = claimed(ledger)
    ledger.mark_submitted(claim)

    assert ledger.release(claim).in_doubt


def test_success_after_the_point_of_no_return_is_success(path: Path) -> None:
    ledger = seeded(path, 1)
    claim = claimed(ledger)
    ledger.mark_submitted(claim)
    ledger.mark_submitted(claim)

    assert ledger.succeed(claim).status is JobStatus.SUCCESS
    assert [entry["status"] for entry in read_rows(path)] == [
        "pending",
        "claimed",
        "claimed",
        "success",
    ]


def test_a_new_attempt_has_not_been_submitted(path: Path) -> None:
    ledger = seeded(path, 1)
    claim = claimed(ledger)
    ledger.mark_submitted(claim)
    ledger.fail(claim, INFRASTRUCTURE)
    ledger.requeue([claim.job_id])

    again = claimed(ledger)

    assert again.job.submitted_at is None
    assert ledger.release(again).status is JobStatus.PENDING


def test_claims_of_two_trackers_exclude_each_other(path: Path) -> None:
    one = seeded(path, 2)
    two = tracker(path)

    claims = [claimed(one, "1"), claimed(two, "2")]

    assert len({claim.job_id for claim in claims}) == 2
    nothing(one)
    nothing(two)
    two.succeed(claims[1])
    assert one.jobs()[claims[1].job_id].status is JobStatus.SUCCESS
