"""The counts of a long ledger, before its jobs are read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.config import Settings
from engine.insight.glance import LONG_BYTES
from engine.insight.watch import Watch
from engine.ledger.rows import COLUMNS

KINDS = (
    {"status": "success", "attempts": "0"},
    {"status": "pending", "attempts": "0"},
    {"status": "skipped", "attempts": "0"},
    {"status": "failed", "attempts": "1", "error_type": "adb_timeout"}
    | {"error_category": "infrastructure"},
    {"status": "failed", "attempts": "9", "error_type": "adb_timeout"}
    | {"error_category": "infrastructure"},
    {"status": "failed", "attempts": "1", "error_type": "banned", "error_category": "account"},
    {"status": "failed", "attempts": "1", "error_category": "in_doubt"},
)
COUNTED = ("total", "by_status", "to_retry", "final", "retry_why", "final_why", "percent", "word")


def long_ledger(work_dir: Path, *, status: str = "") -> Watch:
    """A ledger of all kinds of jobs, the first of which have a second row."""
    path, caption = work_dir / "parallel_progress.csv", "words, and a break\n" * 60
    rows = LONG_BYTES // len(caption) + 1
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for number in range(rows):
            names = {"job_id": f"job{number}", "account": f"acct{number}", "caption": caption}
            writer.writerow(names | KINDS[number % len(KINDS)])
        for number in range(40):
            names = {"job_id": f"job{number}", "account": f"acct{number}"}
            writer.writerow(names | KINDS[0] | ({"status": status} if status else {}))
    return Watch(work_dir, Settings.load(work_dir))


def test_a_glance_counts_what_the_look_finds(tmp_path: Path) -> None:
    watch = long_ledger(tmp_path)
    glance = watch.glance()
    assert glance is not None
    look = watch.refresh()
    assert glance.overview.counting
    assert not look.overview.counting
    for name in COUNTED:
        assert getattr(glance.overview, name) == getattr(look.overview, name), name


def test_a_glance_says_nothing_of_single_jobs(tmp_path: Path) -> None:
    glance = long_ledger(tmp_path).glance()
    assert glance is not None
    assert not glance.overview.attention
    assert glance.revision is None


def test_after_a_look_there_is_nothing_to_glance_at(tmp_path: Path) -> None:
    watch = long_ledger(tmp_path)
    watch.refresh()
    assert watch.glance() is None


def test_a_short_ledger_is_looked_at_instead(tmp_path: Path) -> None:
    watch = long_ledger(tmp_path)
    watch.ledger.path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    assert watch.glance() is None


def test_what_a_glance_cannot_understand_is_left_to_the_look(tmp_path: Path) -> None:
    assert long_ledger(tmp_path, status="finished").glance() is None


@pytest.mark.parametrize("header", ["", "job_id;status\n", "job_id,status\n", "job_id,job_id\n"])
def test_another_kind_of_file_is_left_to_the_look(tmp_path: Path, header: str) -> None:
    watch = long_ledger(tmp_path)
    watch.ledger.path.write_text(header + "x,y\n" * (LONG_BYTES // 4 + 1), encoding="utf-8")
    assert watch.glance() is None
