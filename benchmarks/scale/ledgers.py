"""Work directories of the trade that asks for nothing, with ledgers of any length."""

from __future__ import annotations

import csv
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.scale.trade import TRADE
from engine.progress import ProgressTracker

KEYS: Final = 1_000
"""Accounts that share the jobs."""
ROWS_OF_A_DONE_JOB: Final = 3
_CAPTION: Final = 'A caption, as long as real ones, with "quotes" and\na few lines. ' * 5
_COLUMNS: Final = ProgressTracker.COLUMNS
_SETTINGS: Final = f"""\
[run]
workload = "{TRADE}"
max_workers = 200
stagger = "clock"
stagger_seconds = 0
delay_between_jobs_seconds = 0
worker_start_seconds = 120
supervisor_poll_seconds = {{poll}}

[host]
worker_megabytes = 30
worker_cores = 0
"""


def work_directory(path: Path, *, rows: int, waiting: int | None = None, poll: float = 1.0) -> Path:
    """A work directory whose ledger has so many rows.

    ``waiting`` of them are jobs that nobody tried yet, half of all where it is not said; the others
    are the three rows each of jobs that are done. ``poll`` is the supervisor's.
    """
    path.mkdir()
    (path / "geelark.toml").write_text(_SETTINGS.format(poll=poll), encoding="utf-8")
    (path / "jobs.txt").write_text("", encoding="utf-8")
    fresh = rows // 2 if waiting is None else waiting
    write_ledger(
        path / "parallel_progress.csv", done=(rows - fresh) // ROWS_OF_A_DONE_JOB, waiting=fresh
    )
    return path


def write_ledger(path: Path, *, done: int, waiting: int) -> None:
    """As a day's run would have left it: all seeded first, then claims and successes."""
    now = datetime.now(UTC).astimezone()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        seeded = (now - timedelta(minutes=10)).isoformat(timespec="microseconds")
        for number in range(done + waiting):
            fresh = {"status": "pending", "updated_at": seeded} | _material(number)
            writer.writerow(_row(number, fresh))
        for number in range(done):
            at = now - timedelta(minutes=9) + timedelta(milliseconds=number)
            claimed = at.isoformat(timespec="microseconds")
            ended = (at + timedelta(milliseconds=1)).isoformat(timespec="microseconds")
            hold = {"worker_id": str(number % 5), "claimed_at": claimed, "run_id": "earlier"}
            writer.writerow(_row(number, hold | {"status": "claimed", "updated_at": claimed}))
            success = {"status": "success", "completed_at": ended, "updated_at": ended}
            writer.writerow(_row(number, hold | success))
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o600)


def _row(number: int, cells: dict[str, str]) -> list[str]:
    row = {
        "job_id": f"video_{number:07d}.mp4_bench",
        "account": f"account{number % KEYS:04d}",
        "attempts": "0",
        "max_attempts": "3",
        "pass_number": "1",
    } | cells
    return [row.get(name, "") for name in _COLUMNS]


def _material(number: int) -> dict[str, str]:
    """What only a job's first row has."""
    return {
        "video_path": f"C:\\campaigns\\bench\\videos\\show\\video_{number:07d}.mp4",
        "caption": _CAPTION,
        "video_id": f"sha256:{number:032x}",
    }
