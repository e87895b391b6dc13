"""Real days of older systems, through the command line: read as they are, continued, exported."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.jobs import Claim, JobStatus
from engine.progress import ProgressTracker
from tests import prepared
from tests.shared_data import shared_data

ROOT = Path(__file__).resolve().parents[2]
STATUSES = frozenset(status.value for status in JobStatus)
REAL_DAYS = {
    "day_13col.csv": ({"pending": 854, "success": 70, "failed": 17, "retrying": 1}, 10),
    "day_15col.csv": ({"success": 67, "failed": 31, "claimed": 2}, 0),
    "day_17col.csv": ({"pending": 63, "failed": 17, "claimed": 8, "success": 3}, 0),
    "day_17col_corrupt.csv": ({"success": 91, "pending": 2, "claimed": 1}, 15),
}
"""By the README of the data: jobs by status, and rows that are fragments of others."""


class OldDay:
    """A copy of a real ledger in a work directory of its own; no token, no network, no phone."""

    def __init__(self, work_dir: Path, name: str) -> None:
        self.work_dir = work_dir
        self.ledger_path = work_dir / "parallel_progress.csv"
        shutil.copyfile(shared_data("ledgers") / name, self.ledger_path)
        with self.ledger_path.open(encoding="utf-8", newline="") as file:
            self.rows = [row for row in csv.DictReader(file) if row["status"] in STATUSES]

    def engine(self, *flags: object) -> str:
        """Output of a command that must succeed."""
        env = {name: value for name, value in os.environ.items() if "GEELARK" not in name}
        done = prepared.run("engine.orchestrator", "-C", self.work_dir, *flags, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        ledger: dict[str, Any] = json.loads(self.engine("--status", "--json"))["ledger"]
        return ledger

    def exported(self) -> dict[str, dict[str, str]]:
        target = self.work_dir / "export.csv"
        self.engine("--export", target)
        with target.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len({row["job_id"] for row in rows}) == len(rows), "one row a job"
        return {row["job_id"]: row for row in rows}


@pytest.fixture(params=REAL_DAYS)
def named(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, OldDay]:
    name = str(request.param)
    return name, OldDay(tmp_path, name)


def counts(status: dict[str, Any]) -> dict[str, int]:
    return {name: status[name] for name in STATUSES if status[name]}


def test_status_counts_a_real_day_right_and_leaves_no_trace(named: tuple[str, OldDay]) -> None:
    name, day = named
    before = day.ledger_path.read_bytes()
    status = day.status()
    assert (counts(status), status["quarantined"]) == REAL_DAYS[name]
    assert status["foreign_claims"] == REAL_DAYS[name][0].get("claimed", 0)
    assert day.ledger_path.read_bytes() == before
    assert [path.name for path in day.work_dir.iterdir()] == [day.ledger_path.name]


def test_export_of_a_real_day_has_every_job_as_it_was(named: tuple[str, OldDay]) -> None:
    _, day = named
    exported = day.exported()
    assert list(exported) == [row["job_id"] for row in day.rows]
    for row in day.rows:
        found = exported[row["job_id"]]
        assert {column: found[column] for column in row} == row


def test_a_real_day_is_continued_and_exported_without_loss(named: tuple[str, OldDay]) -> None:
    name, day = named
    before, quarantined = REAL_DAYS[name]
    ledger = ProgressTracker(day.ledger_path, settings=Settings())
    done: dict[str, str] = {}
    while isinstance(claim := ledger.claim("0"), Claim):
        assert claim.job.account not in done.values(), "more than the cap of one a day"
        ledger.mark_submitted(claim)
        ledger.succeed(claim)
        done[claim.job_id] = claim.job.account
    ledger.close()

    waiting = [row for row in day.rows if row["status"] in {"pending", "retrying"}]
    assert set(done) <= {row["job_id"] for row in waiting}
    assert done or not any(row["account"] for row in waiting)
    status = day.status()
    after = Counter(before)
    for row in waiting:
        if row["job_id"] in done:
            after[row["status"]] -= 1
            after["success"] += 1
    assert (counts(status), status["quarantined"]) == (dict(+after), quarantined)
    assert sum(status["blocked"].values()) == status["pending"] + status["retrying"]
    exported = day.exported()
    assert list(exported) == [row["job_id"] for row in day.rows]
    for row in day.rows:
        found = exported[row["job_id"]]
        fixed = ("account", "video_path", "caption")
        assert [found[column] for column in fixed] == [row[column] for column in fixed]
        assert found["status"] == ("success" if row["job_id"] in done else row["status"])
