"""The scale benchmark's own ledgers, and what it takes for a job claimed twice."""

from __future__ import annotations

from pathlib import Path

from benchmarks.ledger import read_back
from benchmarks.scale.ledgers import KEYS, work_directory
from benchmarks.scale.tables import table
from engine.config import Settings
from engine.jobs import Claim, JobStatus
from engine.progress import ProgressTracker


def opened(work_dir: Path) -> ProgressTracker:
    path = work_dir / "parallel_progress.csv"
    return ProgressTracker(path, settings=Settings(), run_id="r", cap=0)


def test_a_ledger_has_as_many_rows_as_wished_half_of_them_jobs_that_wait(tmp_path: Path) -> None:
    ledger = opened(work_directory(tmp_path / "W", rows=60))
    assert sum(1 for _ in ledger.events()) == 60
    figures = ledger.figures()
    assert (figures.pending, figures.success, figures.quarantined) == (30, 10, 0)
    jobs = list(ledger.jobs().values())
    assert len({job.account for job in jobs}) == min(KEYS, len(jobs))
    assert ledger.history(jobs[0].job_id)[-1].video_id == jobs[0].video_id != ""


def test_a_job_that_was_given_back_is_not_claimed_twice(tmp_path: Path) -> None:
    work_dir = work_directory(tmp_path / "W", rows=1, waiting=1)
    ledger = opened(work_dir)
    first = ledger.claim("0")
    assert isinstance(first, Claim)
    ledger.release(first)
    second = ledger.claim("1")
    assert isinstance(second, Claim)
    assert ledger.succeed(second).status is JobStatus.SUCCESS
    truth = read_back(work_dir / "parallel_progress.csv")
    assert (truth.double_claims, len(truth.successes)) == (0, 1)


def test_a_claim_over_a_claim_is_found(tmp_path: Path) -> None:
    work_dir = work_directory(tmp_path / "W", rows=1, waiting=1)
    path, ledger = work_dir / "parallel_progress.csv", opened(work_dir)
    ledger.claim("0")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines, lines[-1]]), encoding="utf-8")
    assert read_back(path).double_claims == 1


def test_columns_of_a_table_stand_below_each_other() -> None:
    text = table(["a", "long name"], [["1", "2"], ["1,000", "3"]])
    assert len({len(line) for line in text.splitlines()}) == 1
    assert text.splitlines()[-1] == "| 1,000 |         3 |"
