"""Jobs of a later stage: they wait, and are neither open nor blocked (behaviour E2.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.jobs import ErrorCategory, Failure, JobStatus, NewJob, Nothing
from engine.progress import ProgressTracker
from tests.ledger_days import claimed, tracker

GONE = Failure(error="gone", category=ErrorCategory.INFRASTRUCTURE, error_type="adb_timeout")


def staged(path: Path, **jobs: int) -> ProgressTracker:
    """Jobs by name and stage, each with a key of its own."""
    ledger = tracker(path)
    new = [
        NewJob(job_id=name, account=name, video_path="", caption="", stage=stage)
        for name, stage in jobs.items()
    ]
    ledger.seed(lambda _known: new)
    return ledger


def test_a_job_is_claimed_in_its_own_stage_or_a_later_one(tmp_path: Path) -> None:
    ledger = staged(tmp_path / "day.csv", c=3, b=2, a=1)
    ledger.pass_number = 1
    assert ledger.succeed(claimed(ledger)).job_id == "a"
    assert isinstance(ledger.claim("0"), Nothing)
    ledger.pass_number = 3
    assert [claimed(ledger).job.pass_number for _ in range(2)] == [3, 3]


def test_a_job_behind_one_of_a_later_stage_is_not_kept_waiting_by_it(tmp_path: Path) -> None:
    ledger = tracker(tmp_path / "day.csv")
    ledger.seed(
        lambda _known: [
            NewJob(job_id=name, account="a", video_path=name, caption="", stage=stage)
            for name, stage in (("late", 2), ("early", 1))
        ]
    )
    ledger.pass_number = 1
    claim = claimed(ledger)
    assert claim.job_id == "early"
    ledger.fail(claim, GONE)
    ledger.pass_number = 2
    assert claimed(ledger).job_id == "late"


def test_what_waits_for_a_later_stage_is_neither_open_nor_blocked(tmp_path: Path) -> None:
    ledger = staged(tmp_path / "day.csv", a=1, b=2, c=2)
    assert (ledger.open_jobs(), ledger.later()) == (3, 0), "no stage has begun"
    ledger.pass_number = 1
    assert (ledger.open_jobs(), ledger.claimable(), ledger.later()) == (1, 1, 2)
    ledger.succeed(claimed(ledger))
    answer = ledger.claim("0")
    assert isinstance(answer, Nothing)
    assert (answer.all_complete, answer.blocked) == (True, 0)
    assert ledger.open_jobs(at_most=1) == 0
    figures = ledger.figures()
    assert (figures.pending, figures.later, dict(figures.blocked)) == (2, 2, {})
    assert ledger.figures(blocked={}).later == 2
    ledger.pass_number = 2
    assert (ledger.open_jobs(), ledger.figures().later) == (2, 0)


@pytest.mark.parametrize("again", ["one", "all"])
def test_a_requeued_job_belongs_to_the_stage_that_it_was_seeded_for(
    tmp_path: Path, again: str
) -> None:
    ledger = staged(tmp_path / "day.csv", a=1, b=4)
    for stage in (1, 4):
        ledger.pass_number = stage
        ledger.fail(claimed(ledger), GONE)
    requeued = ledger.requeue(["a", "b"]) if again == "one" else ledger.requeue_all()
    assert requeued
    assert [(job.status, job.pass_number) for job in ledger.jobs().values()] == [
        (JobStatus.RETRYING, 1),
        (JobStatus.RETRYING, 4),
    ]


def test_the_row_of_a_job_of_the_first_stage_is_as_it_always_was(tmp_path: Path) -> None:
    staged(tmp_path / "day.csv", a=1, b=2)
    rows = (tmp_path / "day.csv").read_text(encoding="utf-8").splitlines()
    header = rows[0].split(",")
    places = [row.split(",")[header.index("pass_number")] for row in rows[1:]]
    assert places == ["", "2"]
