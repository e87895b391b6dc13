"""What a supervisor asks at every turn costs no value of every job, and is true."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.jobs import ErrorCategory, Failure, JobStatus
from engine.run_history import RunHistory
from tests.ledger_days import Clock, claimed, csv_text, job, row, seeded, tracker

GONE = Failure(error="gone", category=ErrorCategory.ACCOUNT, error_type="suspended")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


def test_a_ledger_without_jobs_has_none(path: Path) -> None:
    assert not tracker(path).has_jobs()
    ledger = seeded(path, 1)
    assert ledger.has_jobs()
    ledger.reset_day()
    assert not ledger.has_jobs()


def test_failed_jobs_come_in_file_order_whoever_failed_first(path: Path) -> None:
    ledger = seeded(path, 3)
    claims = [claimed(ledger) for _ in range(3)]
    for claim in (claims[2], claims[0]):
        ledger.fail(claim, GONE)
    ledger.succeed(claims[1])
    assert [one.job_id for one in ledger.failed()] == [claims[0].job_id, claims[2].job_id]
    assert ledger.statuses() == {JobStatus.FAILED, JobStatus.SUCCESS}
    ledger.requeue([claims[0].job_id])
    assert [one.job_id for one in ledger.failed()] == [claims[2].job_id]
    assert ledger.figures().by_worker["0"].failed == 1


def test_the_highest_pass_is_that_of_jobs_that_wait_or_are_at_work(path: Path) -> None:
    rows = [
        row(job_id="done", account="a", status="success", pass_number="9"),
        row(job_id="at work", account="b", status="claimed", worker_id="0", pass_number="2"),
        row(job_id="waits", account="c", pass_number=""),
    ]
    path.write_bytes(csv_text(tracker(path).COLUMNS, rows))
    assert tracker(path).highest_open_pass() == 2


def test_the_passes_of_a_run_begin_with_its_own_rows(path: Path) -> None:
    ledger = seeded(path, 2)
    ledger.succeed(claimed(ledger))
    ledger.pass_number = 1
    assert ledger.mark_before("another run")[1] == len(list(ledger.events()))
    assert list(RunHistory(ledger, "another run").passes()) == []
    mine = RunHistory(tracker(path), "run-1").passes()
    assert [len(one.outcomes) for one in mine.values()] == [1]


def test_the_day_of_a_ledger_is_that_of_its_latest_moment_in_any_zone(path: Path) -> None:
    rows = [
        row(job_id="a", updated_at="2026-03-02T01:00:00.000000+05:00"),
        row(job_id="b", updated_at="2026-03-01T22:30:00.000000+00:00"),
        row(job_id="c", updated_at="2026-03-02T00:00:00.000000+05:00"),
        row(job_id="d", claimed_at="2026-02-28T12:00:00"),
    ]
    path.write_bytes(csv_text(tracker(path).COLUMNS, rows))
    day = tracker(path).ledger_day()
    assert day == datetime(2026, 3, 1, tzinfo=UTC).date()


def test_a_ledger_that_was_closed_is_read_again(path: Path) -> None:
    ledger = seeded(path, [job(0), job(1)], Clock())
    claim = claimed(ledger)
    ledger.close()
    assert tracker(path).succeed(claim).status is JobStatus.SUCCESS
    assert [one.status for one in ledger.jobs().values()] == [JobStatus.SUCCESS, JobStatus.PENDING]
