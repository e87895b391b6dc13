"""How near a day comes to what its phones allow, what it costs, and where the rest goes.

    python -m benchmarks.day --workers 1,2,5,10 --jobs 3 --scale 12

For each number of workers a day of ``--jobs`` jobs a worker is run by the real command line on a
farm whose phones take as long as real ones (boot 30 to 90 s, adb 3 to 8 s, session, transfer by
size, page sources, screens, publishing), ``--scale`` times as fast. Beside each, up to five
workers, runs the same with the fixed waits of earlier systems (``plans.FIXED``), and beside the
first one a day with faults in a tenth of the boots.

- *limit*: what the phones alone would have taken, by the farm's own truth, in a good packing of
  the jobs over so many workers, each with one phone at a time: boot, then adb, session and app
  beside the video's way, then the screens walked with one look at each, then publishing. *bound*
  is the part that no packing can go below. *efficiency* is limit over wall, from the command to
  its exit.
- *billed*: phone minutes billed, by the farm's rule (begun minutes count whole, from started to
  off), over those of the same chain with the shutdown; *in seconds* is the same without rounding.
- *gain*: wall with the fixed waits over the engine's at the same time; of all counts the smallest.
- *limit* has each worker hold one phone at a time: where phones boot ahead, it can be outdone.

How large the distortion is. Only the phones are compressed: the engine, and the Python stand-ins
for adb and Appium, run at this host's own speed, so at scale F their time looks F times as dear.
The sentence below the tables says how many CPU seconds a job takes of this host and by how much
that lowers the efficiency *as measured*. *at scale 1* is an estimate for real phones and an idle
host: from the wall are taken (F - 1) times the CPU seconds of worker, light Appium and light adb
(which wait for one another) and of the supervisor's start, and F times what these waited for a
free core, as far as the system tells it of the workers' main threads. Nothing else is taken off:
not the farm's own time, not the supervisor's later one. A short day (few jobs a worker) makes
starts, stagger and the uneven end weigh more than a whole one does. Not modelled: the wait for the
provider's budget of calls (the column calls/min marks with ! what would have had to wait), the
driver's own work on the host, and that between two status snapshots of the supervisor F times as
much simulated time passes.

CPU: all that supervisor and workers used, over the jobs done; *starting* is the workers' part up to
their first claim, which a whole day divides by more jobs.

On an idle machine with two cores the command ends within four minutes. The last line is for
programs; the exit status is 1 where a day fails.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import psutil

from benchmarks.day import tables
from benchmarks.day.measured import Measured, Order, prepare, run_day, warm_up
from benchmarks.day.plans import ENGINE, FIXED

FAULTS: Final = 0.1
FAULTY_WORKERS: Final = 5
FAULTY_JOBS: Final = 4
"""Of each worker on the day with faults: fewer would hardly meet one."""
MOST_AT_ONCE: Final = 10
"""Workers that are run side by side: with these two cores are mostly idle."""
MOST_FIXED: Final = 5
"""With more workers the stagger of the fixed waits outlasts a short day."""


def orders(
    workers: Sequence[int], jobs: int, scale: float, *, engine_only: bool
) -> list[list[Order]]:
    """What to measure, in groups that are run side by side.

    A day with fixed waits runs beside the engine's own of the same size, so that whatever else the
    machine does meets both.
    """
    pairs = [_pair(count, jobs, scale, engine_only=engine_only) for count in sorted(workers)]
    groups: list[list[Order]] = []
    for pair in pairs:
        if not groups or sum(one.workers for one in (*groups[-1], *pair)) > MOST_AT_ONCE:
            groups.append([])
        groups[-1] += pair
    if not engine_only:
        count = min(FAULTY_WORKERS, max(workers))
        jobs = FAULTY_JOBS * count
        faulty = Order(plan=ENGINE, workers=count, jobs=jobs, scale=scale, faults=FAULTS)
        groups[0].append(faulty)
    return groups


def _pair(count: int, jobs: int, scale: float, *, engine_only: bool) -> list[Order]:
    plans = [ENGINE] if engine_only or count > MOST_FIXED else [ENGINE, FIXED]
    return [Order(plan=plan, workers=count, jobs=count * jobs, scale=scale) for plan in plans]


def measure(groups: Sequence[Sequence[Order]]) -> list[Measured]:
    """Run the groups one after the other. Raises RuntimeError where a day fails."""
    days: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="day-") as folder:
        warm_up(Path(folder), groups[0][0])
        for group in groups:
            places = [Path(folder) / f"{len(days)}-{place}" for place in range(len(group))]
            for place, order in zip(places, group, strict=True):
                prepare(place, order)
            with ThreadPoolExecutor(len(group)) as pool:
                days += pool.map(run_day, places, group)
    return days


def report(days: Sequence[Measured]) -> str:
    """All tables, what is not in them, and the last line."""
    engine = [day for day in days if day.order.plan is ENGINE and not day.order.faults]
    fixed = [day for day in days if day.order.plan is FIXED]
    faulty = next((day for day in days if day.order.faults), None)
    shown = [*engine, *fixed, *([faulty] if faulty else [])]
    parts = [
        tables.day_table(shown),
        tables.usage_table(shown),
        tables.cause_table(shown),
        "Of the polling slack:\n" + tables.slack_table(shown),
        tables.job_seconds(engine[-1]),
    ]
    if gone := FIXED.gone():
        parts.append(f"Settings that the engine has no more, not modelled: {', '.join(gone)}.")
    return "\n\n".join([*parts, tables.last_line(engine, fixed, faulty)])


def _counts(text: str) -> list[int]:
    return sorted({int(word) for word in text.split(",")})


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.day",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workers", type=_counts, default=[1, 2, 5, 10], help="such as 1,2,5,10")
    parser.add_argument("--jobs", type=int, default=3, help="jobs of each worker")
    parser.add_argument("--scale", type=float, default=12.0, help="how much faster phones are")
    parser.add_argument(
        "--engine-only", action="store_true", help="no fixed waits to compare with, no faults"
    )
    options = parser.parse_args(arguments)
    began = time.monotonic()
    groups = orders(options.workers, options.jobs, options.scale, engine_only=options.engine_only)
    try:
        days = measure(groups)
    except RuntimeError as exc:
        print(exc, file=sys.stderr)
        return 1
    print(
        f"{platform.system()}, {psutil.cpu_count()} cores, Python {platform.python_version()}, "
        f"load {psutil.getloadavg()[0]:.1f}, scale {options.scale:g}, "
        f"{time.monotonic() - began:.0f} s"
    )
    print(report(days))
    return 0


if __name__ == "__main__":
    sys.exit(main())
