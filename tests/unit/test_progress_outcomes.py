"""What becomes of jobs: outcomes, passes, the operator's hand, seeding and the end of the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import IllegalTransitionError, LedgerError
from engine.jobs import TRANSITIONS, ErrorCategory, Failure, Job, JobStatus, NewJob
from engine.ledger_outcomes import check_transition
from engine.progress import ProgressTracker
from tests.ledger_days import (
    CAPTION,
    COLUMNS,
    LEGACY_13,
    LEGACY_17,
    Clock,
    claimed,
    csv_text,
    job,
    quarantine,
    read_rows,
    row,
    seeded,
    tracker,
)

V0 = "v0.mp4_camp"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


def failure(
    category: ErrorCategory = ErrorCategory.INFRASTRUCTURE,
    error: str = "adb gone",
    *,
    retry_soon: bool = False,
) -> Failure:
    return Failure(error=error, category=category, error_type="some_type", retry_soon=retry_soon)


def failed_once(ledger: ProgressTracker, what: Failure | None = None) -> Job:
    return ledger.fail(claimed(ledger), what or failure())


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


def test_an_impossible_outcome_by_name_is_refused(path: Path) -> None:
    ledger = seeded(path, 1)
    claimed(ledger, "0")

    with pytest.raises(IllegalTransitionError, match="claimed and cannot become skipped"):
        ledger.update_job_status(V0, "skipped", 0)


# -- seeding --------------------------------------------------------------------------------------


def test_seeding_makes_the_file_private_with_all_columns(path: Path) -> None:
    seeded(path, 2)

    assert path.stat().st_mode & 0o777 == 0o600
    rows = read_rows(path)
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["caption"] == CAPTION
    assert [entry["status"] for entry in rows] == ["pending"] * 2


def test_seeding_adds_what_is_new_and_keeps_what_is_there(path: Path) -> None:
    ledger = seeded(path, 2)
    ledger.succeed(claimed(ledger))

    def plan(known: object) -> list[NewJob]:
        assert V0 in known  # type: ignore[operator]  # a mapping, given as object to the test
        return [job(0), job(1), job(2), job(2, "other")]

    added = ledger.seed(plan)

    assert [new.job_id for new in added] == ["v2.mp4_camp"]
    assert ledger.jobs()[V0].status is JobStatus.SUCCESS
    assert len(ledger.jobs()) == 3


@pytest.mark.parametrize("name", ["", "two\nlines", "nul\0", "x" * 1001])
def test_a_name_that_no_ledger_can_hold_is_refused(path: Path, name: str) -> None:
    with pytest.raises(LedgerError, match="Rename it at its source"):
        seeded(path, [job(0), job(1, job_id=name)])

    assert not path.exists()


@pytest.mark.parametrize("name", ['6" phone.mp4"', " padded ", "=sum", 'a"b,c', "é🎬"])
def test_any_other_name_comes_back_as_it_was(path: Path, name: str) -> None:
    seeded(path, [job(0, f" {name}", job_id=name)])

    (found,) = tracker(path).jobs().values()

    assert (found.job_id, found.account) == (name, f" {name}")
    assert tracker(path).quarantined() == 0


# -- the end of the day ---------------------------------------------------------------------------


def test_reset_archives_beside_and_starts_empty(path: Path) -> None:
    clock = Clock(datetime(2026, 3, 2, 23, 30, tzinfo=UTC))  # already the 3rd in Berlin
    ledger = seeded(path, 2, clock)
    ledger.succeed(claimed(ledger))
    before = path.read_bytes()

    report = ledger.reset_day()

    assert report.archive == path.with_name("day_20260303.csv")
    assert report.archive.read_bytes() == before
    assert (report.figures.success, report.figures.pending) == (1, 1)
    assert path.read_bytes() == (",".join(COLUMNS) + "\n").encode()
    assert ledger.exists()
    assert len(ledger.jobs()) == 0
    seeded(path, 1, clock)
    assert len(ledger.jobs()) == 1


def test_no_archive_is_ever_overwritten(path: Path) -> None:
    archives = []
    for number in range(3):
        ledger = seeded(path, [job(number)])
        archives.append(ledger.reset_day().archive)

    assert [archive.name for archive in archives] == [
        "day_20260302.csv",
        "day_20260302_1.csv",
        "day_20260302_2.csv",
    ]
    assert [read_rows(archive)[0]["job_id"] for archive in archives] == [
        f"v{number}.mp4_camp" for number in range(3)
    ]


def test_reset_of_nothing_says_so(path: Path) -> None:
    with pytest.raises(LedgerError, match="nothing to reset"):
        tracker(path).reset_day()

    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("status", ["claimed", "failed"])
def test_reset_waits_for_jobs_in_doubt_unless_told(path: Path, status: str) -> None:
    rows = [row(status=status, error_category="in_doubt" if status == "failed" else "")]
    path.write_bytes(csv_text(LEGACY_17, rows))
    ledger = tracker(path)

    with pytest.raises(LedgerError, match="in doubt"):
        ledger.reset_day()
    assert len(ledger.jobs()) == 1

    assert ledger.reset_day(allow_in_doubt=True).figures.unsettled == 1
    assert len(ledger.jobs()) == 0


def test_the_quarantine_goes_with_its_day(path: Path) -> None:
    path.write_bytes(csv_text(LEGACY_13, [row(), row(status="odd")]))
    ledger = tracker(path)

    archive = ledger.reset_day().archive

    assert ledger.quarantined() == 0
    assert quarantine(path) == []
    assert len(quarantine(archive)) == tracker(archive).quarantined() == 1


def test_the_lock_file_stays(path: Path) -> None:
    ledger = seeded(path, 1)
    lock = path.with_name("day.csv.lock")
    before = lock.stat().st_ino

    ledger.reset_day()

    assert lock.stat().st_ino == before


def test_another_tracker_follows_a_reset(path: Path) -> None:
    ledger, other = seeded(path, 2), tracker(path)
    claim = claimed(other)

    ledger.reset_day()

    assert len(other.jobs()) == 0
    assert other.verify(claim) == "not found"


def test_export_has_one_whole_row_a_job(path: Path) -> None:
    ledger = seeded(path, 3)
    ledger.succeed(claimed(ledger))
    failed_once(ledger, failure(error="=HYPERLINK(1)"))
    target = path.with_name("old tools.csv")

    assert ledger.export(target) == 3

    rows = read_rows(target)
    assert tuple(rows[0]) == COLUMNS
    assert [entry["status"] for entry in rows] == ["success", "failed", "pending"]
    assert [entry["caption"] for entry in rows] == [CAPTION] * 3
    assert rows[1]["error"] == "'=HYPERLINK(1)"
    assert {found.status for found in tracker(target).jobs().values()} == {
        JobStatus.SUCCESS,
        JobStatus.FAILED,
        JobStatus.PENDING,
    }


@pytest.mark.parametrize(
    "use",
    [
        lambda ledger: ledger.claim("0"),
        lambda ledger: ledger.requeue(["x"]),
        lambda ledger: ledger.reset_for_pass(2),
        lambda ledger: ledger.settle_dead(lambda _job: False),
    ],
)
def test_a_change_on_a_missing_ledger_is_a_loud_error(
    path: Path, use: Callable[[ProgressTracker], object]
) -> None:
    with pytest.raises(LedgerError, match="is missing or empty"):
        use(tracker(path))

    assert list(path.parent.iterdir()) == []
