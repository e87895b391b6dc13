"""How cost grows with rows, workers, phones and days kept, and what 50 workers reach.

    python -m benchmarks.scale [--quick] [--only rows,workers,phones,days]

Everything goes through the real command line on real files: runs of a trade that asks for nothing,
ledgers of 5,000, 50,000 and 200,000 rows (half of them jobs that wait, the rest three rows a done
job, 1,000 accounts), farms of 100 and 1,000 phones, a year of archived days with 36,500 posts.

- *rows*: a claim with its completion, a run's start until its first claim, ``--status``, the
  cockpit's looks, and memory. CPU milliseconds where nothing else is said.
- *workers*: jobs a second of the whole engine, durable as the ledger has it, beside three limits
  measured with it: durable writes that one process reaches on this disk over those that a job
  needs; as many processes that only claim and complete; cores over CPU seconds a job.
- *phones* and *days*: CPU milliseconds of what might grow with them.

On two idle cores the command ends within three minutes, with ``--quick`` (fewer rows and workers)
within one. The last line is for programs; the exit status is 1 where a job was claimed twice or
lost, or a run failed.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from benchmarks.scale import tables
from benchmarks.scale.by_days import DayCost, cost_of_days
from benchmarks.scale.by_phones import PhoneCost, cost_of_phones
from benchmarks.scale.by_rows import RowCost, cost_of_rows
from benchmarks.scale.by_workers import WorkerRate, rate_of_workers
from simulator.errors import FarmError

PARTS: Final = ("rows", "workers", "phones", "days")
ROWS: Final = (5_000, 50_000, 200_000)
WORKERS: Final = (1, 5, 10, 50)
PHONES: Final = (100, 1_000)
DAYS: Final = (0, 365)
SECONDS: Final = 5.0
QUICK_ROWS: Final = (5_000, 50_000)
QUICK_WORKERS: Final = (1, 10)
QUICK_SECONDS: Final = 2.0


def measure(folder: Path, parts: Sequence[str], *, quick: bool) -> int:
    """Measure and print; the exit status."""
    rows: list[RowCost] = []
    workers: list[WorkerRate] = []
    phones: list[PhoneCost] = []
    days: list[DayCost] = []
    if "rows" in parts:
        rows = [cost_of_rows(folder, count) for count in (QUICK_ROWS if quick else ROWS)]
        print(f"\n{tables.rows_table(rows)}", flush=True)
    if "workers" in parts:
        seconds = QUICK_SECONDS if quick else SECONDS
        counts = QUICK_WORKERS if quick else WORKERS
        workers = [rate_of_workers(folder, count, seconds) for count in counts]
        print(f"\n{tables.workers_table(workers)}", flush=True)
    if "phones" in parts:
        phones = [cost_of_phones(folder, count) for count in PHONES]
        print(f"\n{tables.phones_table(phones)}", flush=True)
    if "days" in parts:
        days = [cost_of_days(folder, count) for count in DAYS]
        print(f"\n{tables.days_table(days)}", flush=True)
    print(f"\n{tables.last_line(rows, workers, phones, days)}")
    return int(any(one.double_claims or one.lost for one in workers))


def _parts(text: str) -> list[str]:
    chosen = text.split(",")
    if unknown := set(chosen) - set(PARTS):
        raise argparse.ArgumentTypeError(f"not known: {', '.join(sorted(unknown))}")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="fewer rows, workers and seconds")
    parser.add_argument("--only", type=_parts, default=PARTS, help=f"of {','.join(PARTS)}")
    parser.add_argument("--folder", type=Path, help="where to work; its disk is measured")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    print(
        f"{platform.system()}, {psutil.cpu_count()} cores, Python {platform.python_version()}, "
        f"load {psutil.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory(prefix="scale-", dir=chosen.folder) as name:
        try:
            status = measure(Path(name), chosen.only, quick=chosen.quick)
        except (RuntimeError, FarmError) as exc:
            print(exc, file=sys.stderr)
            return 1
    print(f"took {time.monotonic() - began:.0f} s", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
