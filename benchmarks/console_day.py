"""A work directory with a day of any size, for looking at by the cockpit."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from engine.config import Settings
from engine.progress import ProgressTracker
from simulator.work_directory import Wishes, directory_from_ledger

LEDGER_NAME = "parallel_progress.csv"
HEADER = ProgressTracker.COLUMNS[:17]
DONE, FAILED = 0.607, 0.05
"""Shares of the day."""
CAPTION = "Caption of job {}, as long as real ones are: " + "words of some length " * 10


@dataclass(frozen=True, kw_only=True)
class Day:
    """What was written."""

    work_dir: Path
    jobs: int

    @property
    def done(self) -> int:
        """How many jobs are done now: the figure that the first useful paint shows."""
        return ProgressTracker(self.work_dir / LEDGER_NAME, settings=Settings()).figures().success


def make_day(folder: Path, jobs: int) -> Day:
    """A day of ``jobs`` jobs: most done, some failed, the rest waiting. Raises FarmError."""
    work_dir, ledger = folder / f"day-{jobs}", folder / f"ledger-{jobs}.csv"
    success, failed = int(jobs * DONE), int(jobs * FAILED)
    now = datetime.now().astimezone()
    with ledger.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        for number in range(jobs):
            row = {
                "job_id": f"job{number:06}",
                "account": f"account{number:06}",
                "video_path": f"videos/{'waiting' if number >= success else 'done'}.mp4",
                "caption": CAPTION.format(number),
                "status": "pending",
                "attempts": "0",
                "max_attempts": "3",
            }
            if number < success + failed:
                row["worker_id"] = str(number % 5)
                row["attempts"] = "1"
                ended = now - timedelta(seconds=(jobs - number) * 10_000 / jobs)
                row["completed_at"] = ended.isoformat(timespec="seconds")
                row["status"] = "success" if number < success else "failed"
            if success <= number < success + failed:
                row["error"] = "Device offline after 90 s"
                row["error_type"] = "adb_timeout"
                row["error_category"] = "infrastructure"
            writer.writerow({name: value for name, value in row.items() if name in HEADER})
    directory_from_ledger(work_dir, ledger, Wishes(workers=10))
    return Day(work_dir=work_dir, jobs=jobs)
