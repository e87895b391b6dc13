"""Memory and start-up times of a run's processes while they post on the simulated farm.

    python -m benchmarks.footprint --workers 3 --jobs 9 --rows 4660

A day of ``--jobs`` waiting jobs, behind ``--rows`` jobs that are done already, is run by the real
command line. Each process is looked at all the time: what counts is the most that any process of a
role ever had resident, a worker from its first job on. Before it, ``--help`` and ``--status`` of as
long a ledger alone (no service is asked) are each asked several times: seconds of the processor,
which other programs on the machine disturb less, and of the clock. The last line is for programs;
the exit status is 1 when a worker took more than its limit.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

import psutil

from engine.progress import ProgressTracker
from simulator.demo import farm_process
from simulator.farm_file import FARM_FILE
from simulator.work_directory import Wishes, directory_from_ledger

WORKER_LIMIT_MB = 120.0
LOOK_SECONDS = 0.05
ROLES = {
    "engine.orchestrator": "supervisor",
    "engine.worker": "worker",
    "simulator.appium": "light appium",
}
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
ASKED = 5
"""Times that a command is asked after a first one, which may find no bytecode."""
HEADER = ProgressTracker.COLUMNS[:17]


def write_ledger(path: Path, *, rows: int, jobs: int) -> None:
    """A ledger of an older system: ``rows`` jobs done, ``jobs`` waiting."""
    now = datetime.now().astimezone().isoformat(timespec="seconds")
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


def most_resident(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """Megabytes by role until the run ends."""
    most: dict[str, float] = defaultdict(float)
    root = psutil.Process(process.pid)
    while process.poll() is None:
        with contextlib.suppress(psutil.Error):
            for one in (root, *root.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    role = next((ROLES[word] for word in one.cmdline() if word in ROLES), "")
                    most[role] = max(most[role], one.memory_info().rss / 1_048_576)
        time.sleep(LOOK_SECONDS)
    most.pop("", None)
    return most


def start_seconds(work_dir: Path, began: float) -> dict[str, float]:
    """From the command to the run, from a worker's start to its word, from Appium's to ready."""
    lines = (work_dir / "run" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]

    def times(name: str) -> dict[object, float]:
        found: dict[object, float] = {}
        for event in events:
            if event["event"] == name:
                moment = datetime.fromisoformat(event["ts"]).timestamp()
                found.setdefault(event.get("worker"), moment)
        return found

    started, heard = times("worker_started"), times("worker_hello")
    logs = "".join(path.read_text("utf-8") for path in (work_dir / "logs").glob("worker_?.log"))
    ready = [int(ms) / 1000 for ms in re.findall(r'event="appium ready".* ms=(\d+)', logs)]
    return {
        "supervisor": times("run_started")[None] - began,
        "worker": median(heard[slot] - started[slot] for slot in heard),
        "light appium": median(ready),
    }


def answer_seconds(*flags: str) -> tuple[float, float]:
    """Median seconds, of the processor and of the clock, until a command has answered."""
    command = [sys.executable, "-m", "engine.orchestrator", *flags]
    # Without bytecode each start would compile everything, which no installation does.
    environment = {key: text for key, text in os.environ.items() if key != NO_BYTECODE}
    spent: list[tuple[float, float]] = []
    for _ in range(ASKED + 1):
        before, began = os.times(), time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        clock, after = time.perf_counter() - began, os.times()
        processor = after.children_user + after.children_system
        processor -= before.children_user + before.children_system
        spent.append((processor, clock))
    processors, clocks = zip(*spent[1:], strict=True)
    return median(processors), median(clocks)


@dataclass(frozen=True)
class Measured:
    """What one day showed."""

    memory: dict[str, float]
    """Most megabytes, by role."""
    starts: dict[str, float]
    """Seconds to start, by role."""
    answers: dict[str, tuple[float, float]]
    """Seconds of processor and clock, by command."""


def measure(*, workers: int, jobs: int, rows: int) -> Measured:
    """Raises RuntimeError where the day fails."""
    with tempfile.TemporaryDirectory(prefix="footprint-") as folder:
        write_ledger(Path(folder) / "parallel_progress.csv", rows=rows, jobs=jobs)
        answers = {
            "help": answer_seconds("--help"),
            "status": answer_seconds("--status", "-C", folder),
        }
    with farm_with_a_day(workers, jobs, rows) as work_dir:
        command = [sys.executable, "-m", "engine.orchestrator", "-C", str(work_dir), "--run"]
        began = time.time()
        with (work_dir / "output.txt").open("wb") as out:
            process = subprocess.Popen(
                command, stdout=out, stderr=out, env={**os.environ, "PYTHONUNBUFFERED": "1"}
            )
            memory = most_resident(process)
        if process.returncode != 0:
            raise RuntimeError((work_dir / "output.txt").read_text("utf-8", "replace"))
        return Measured(memory, start_seconds(work_dir, began), answers)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.footprint", description=__doc__)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=9)
    parser.add_argument("--rows", type=int, default=4660)
    options = parser.parse_args(arguments)
    found = measure(workers=options.workers, jobs=options.jobs, rows=options.rows)
    print(f"{'process':<14}{'most resident':>16}{'start':>10}")
    for role in ROLES.values():
        print(f"{role:<14}{found.memory[role]:>13.1f} MB{found.starts[role]:>8.2f} s")
    print(f"{'command':<14}{'processor':>16}{'clock':>10}")
    for name, (processor, clock) in found.answers.items():
        print(f"--{name:<12}{processor:>14.2f} s{clock:>8.2f} s")
    names = {role: role.replace(" ", "_") for role in ROLES.values()}
    figures = [f"{name}_mb={found.memory[role]:.1f}" for role, name in names.items()]
    figures += [f"{name}_start_s={found.starts[role]:.2f}" for role, name in names.items()]
    for name, (processor, clock) in found.answers.items():
        figures.append(f"{name}_s={clock:.2f} {name}_cpu_s={processor:.2f}")
    print(" ".join(figures), f"limit_mb={WORKER_LIMIT_MB:g}")
    return 0 if found.memory["worker"] < WORKER_LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
