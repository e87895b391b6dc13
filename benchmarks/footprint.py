"""Memory, start-up times and waiting of what the engine and the cockpit are made of.

    python -m benchmarks.footprint --workers 3 --jobs 12 --rows 5000 --times 3

``--help``, ``--status`` of a ledger of ``--rows`` rows (no service is asked) and the cockpit to its
first useful paint are each begun several times. Then a day of ``--jobs`` waiting jobs, behind as
many rows that are done already, is run by the real command line on the simulated farm; once each
worker has had a job it is paused, and what waits is looked at (``footprint_run``).

Seconds of the processor (``cpu``) are what other programs disturb least; ``over_python`` is how
often the same the bare interpreter takes, which no machine disturbs. The last line is for programs;
the exit status is 1 where memory is above its target, since times are noise on a busy machine.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from benchmarks.footprint_run import (
    APPIUM,
    IDLE_SECONDS,
    MEGABYTE,
    SUPERVISOR,
    WORKER,
    FootprintRun,
    RunFigures,
)
from engine.progress import ProgressTracker
from simulator.demo import farm_process
from simulator.farm_file import FARM_FILE
from simulator.work_directory import Wishes, directory_from_ledger

TARGETS: Final[Mapping[str, float]] = {
    "help_cpu_s": 0.25,
    "status_cpu_s": 0.5,
    "first_paint_s": 1.0,
    "first_claim_s": 1.5,
    "supervisor_idle_mb": 60.0,
    "supervisor_idle_core": 1.0,
    "worker_mb": 120.0,
    "cpu_s_per_job": 0.5,
}
"""What is wanted; ``core`` is percent of one."""
DECIDING: Final = ("supervisor_idle_mb", "worker_mb")
"""Above its target, one of these makes the exit status 1."""
NO_BYTECODE: Final = "PYTHONDONTWRITEBYTECODE"
HEADER: Final = ProgressTracker.COLUMNS

Figures = dict[str, float]


def write_ledger(path: Path, *, rows: int, jobs: int) -> None:
    """A ledger as we write it: ``rows`` jobs done, ``jobs`` waiting."""
    now = datetime.now().astimezone().isoformat(timespec="microseconds")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        for number in range(rows + jobs):
            done = number < rows
            writer.writerow(
                {
                    "job_id": f"job{number:06}",
                    "account": f"account{number:06}",
                    "video_path": f"videos/{'done' if done else number}.mp4",
                    "caption": f"Caption of job {number}\n" + "words of some length " * 12,
                    "status": "success" if done else "pending",
                    "worker_id": "0" if done else "",
                    "completed_at": now if done else "",
                    "attempts": "1" if done else "0",
                    "max_attempts": "3",
                    "updated_at": now,
                }
            )


@contextlib.contextmanager
def farm_with_a_day(workers: int, jobs: int, rows: int) -> Iterator[Path]:
    """A work directory with its farm running."""
    with tempfile.TemporaryDirectory(prefix="footprint-") as folder:
        ledger = Path(folder) / "ledger.csv"
        write_ledger(ledger, rows=rows, jobs=jobs)
        work_dir = Path(folder) / "W"
        directory_from_ledger(work_dir, ledger, Wishes(workers=workers, time_scale=200))
        text = (work_dir / FARM_FILE).read_text(encoding="utf-8")
        quick = "[delays]\nidle_shutdown = 1e7\nboot = [10, 20]\n"
        (work_dir / FARM_FILE).write_text(text.replace("[delays]\n", quick), encoding="utf-8")
        with farm_process(work_dir):
            yield work_dir


def answer_seconds(times: int, *arguments: str) -> tuple[float, float]:
    """Median seconds, of the processor and of the clock, until Python has done this so many times,
    after a first one, which may find no bytecode."""
    spent: list[tuple[float, float]] = []
    for _ in range(times + 1):
        before, began = _children_cpu(), time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        clock = time.perf_counter() - began
        spent.append((_children_cpu() - before, clock))
    processors, clocks = zip(*spent[1:], strict=True)
    return median(processors), median(clocks)


def _children_cpu() -> float:
    """CPU seconds of all children that have ended; 0 on Windows, which does not tell."""
    if sys.platform == "win32":
        return 0.0
    import resource  # POSIX only; finer than the clock ticks of os.times

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare_megabytes() -> float:
    """What an interpreter that does nothing has resident."""
    waits = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(waits, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        resident = psutil.Process(process.pid).memory_info().rss / MEGABYTE
        process.stdin.write(b"\n")
    return resident


def commands(folder: Path, rows: int, times: int) -> Figures:
    """``--help`` and ``--status``, beside the bare interpreter."""
    write_ledger(folder / "parallel_progress.csv", rows=rows, jobs=0)
    module = ("-m", "engine.orchestrator")
    asked = {
        "python": ("-c", "pass"),
        "help": (*module, "--help"),
        "status": (*module, "--status", "-C", str(folder)),
    }
    figures: Figures = {}
    for name, arguments in asked.items():
        figures[f"{name}_cpu_s"], figures[f"{name}_s"] = answer_seconds(times, *arguments)
    return figures


def first_paint(folder: Path, rows: int, times: int) -> Figures:
    """The cockpit, from the command to the first useful paint; nothing where there is no POSIX
    terminal to paint on."""
    if sys.platform == "win32":
        return {}
    from benchmarks import console_probes as probe  # POSIX only
    from benchmarks.console_day import make_day

    day = make_day(folder, rows)
    seconds, processor = [], []
    for _ in range(times):
        with probe.cockpit(day, probe.LARGE) as (terminal, first):
            seconds.append(first)
            processor.append(terminal.cpu_seconds())
    return {"first_paint_s": median(seconds), "first_paint_cpu_s": median(processor)}


def of_the_run(found: RunFigures) -> Figures:
    """The figures of a run under the names of the last line."""
    idle, worker = found.idle[SUPERVISOR], found.idle[WORKER]
    figures = {
        "first_claim_s": found.first_claim,
        "first_claim_cpu_s": found.first_claim_cpu,
        "supervisor_idle_mb": idle.resident_mb,
        "supervisor_own_mb": idle.own_mb,
        "supervisor_idle_core": idle.core_percent,
        "worker_idle_mb": worker.resident_mb,
        "worker_own_mb": worker.own_mb,
        "worker_idle_core": worker.core_percent,
        "cpu_s_per_job": (found.cpu[SUPERVISOR] + found.cpu[WORKER]) / max(1, found.jobs),
    }
    for role in (SUPERVISOR, WORKER, APPIUM):
        name = role.replace(" ", "_")
        figures[f"{name}_mb"] = found.most_mb[role]
        figures[f"{name}_start_s"] = found.starts[role]
    return figures


def measure(*, workers: int, jobs: int, rows: int, times: int, idle: float) -> Figures:
    """Everything, one after the other. Raises RuntimeError where the day fails."""
    with tempfile.TemporaryDirectory(prefix="footprint-") as folder:
        figures = commands(Path(folder), rows, times) | first_paint(Path(folder), rows, times)
    with farm_with_a_day(workers, jobs, rows) as work_dir:
        figures |= of_the_run(FootprintRun(work_dir).measure(workers, idle))
    bare = bare_megabytes()
    for name in ("help", "status"):
        bare_cpu = figures["python_cpu_s"] or math.nan
        figures[f"{name}_over_python"] = figures[f"{name}_cpu_s"] / bare_cpu
    for name in ("supervisor_idle", "worker_idle"):
        figures[f"{name}_over_python"] = figures[f"{name}_mb"] / bare
    return figures


def report(figures: Figures) -> int:
    """Print the table and the last line; 1 where memory is above its target."""
    print(f"{'figure':<28}{'measured':>10}{'target':>10}{'of target':>12}")
    for name, figure in figures.items():
        target = TARGETS.get(name)
        beside = "" if target is None else f"{target:>10g}{figure / target:>12.2f}"
        print(f"{name:<28}{figure:>10.2f}{beside}")
    print(" ".join(f"{name}={figure:.3g}" for name, figure in figures.items()))
    return 1 if any(figures[name] > TARGETS[name] for name in DECIDING) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.footprint", description=__doc__)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=12, help="waiting ones")
    parser.add_argument("--rows", type=int, default=5000, help="rows that are done")
    parser.add_argument("--times", type=int, default=3, help="starts of each command")
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds of waiting")
    options = parser.parse_args(arguments)
    # Without bytecode each start would compile everything, which no installation does.
    os.environ.pop(NO_BYTECODE, None)
    return report(measure(**vars(options)))


if __name__ == "__main__":
    sys.exit(main())
