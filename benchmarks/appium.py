"""Times and memory of the way over real adb and real Appium, on simulated phones.

    python -m benchmarks.appium --workers 5 --jobs 15

A day is run by the real command line; in the middle of a job one Appium is killed. Read from the
workers' logs: the time from a job's claim to the first touch in the app, by step; how long Appium
takes to be ready and a session to open on a prepared phone; how long after the kill the worker
touches the app again. The phones' own times (boot, transfer) are the farm's, shortened by its time
scale. The last line is for programs; the exit status is 1 where a figure misses its limit.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median

import psutil

from engine.config import Settings
from engine.log_stream.wording import fields
from engine.phones.adb_version import PORT_VARIABLE
from simulator.compare import compare, report
from simulator.demo import farm_process
from simulator.farm_file import FARM_FILE
from simulator.truth import read_truth
from simulator.work_directory import Wishes, new_directory

LIMITS = {"session_s": 2.0, "appium_start_s": 2.0, "recover_s": 8.0, "worker_mb": 300.0}
STEPS = ("check", "find", "boot", "connect", "session", "open", "upload", "navigate")
"""Phases of an attempt up to its first touch."""
LOOK_SECONDS = 0.25
KILL_AFTER_JOBS = 3
"""An Appium is killed once so many jobs have been running: all is warm then."""
Line = Mapping[str, str]


@dataclass
class Day:
    """What was seen of one run."""

    work_dir: Path
    status: int = 0
    killed_slot: int = -1
    killed_at: float = 0.0
    most_mb: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    """Worker with its Appium and all below, by slot."""
    leftovers: list[str] = field(default_factory=list)

    def lines(self, slot: int) -> list[Line]:
        path = self.work_dir / "logs" / f"worker_{slot}.log"
        return [fields(line) for line in path.read_text(encoding="utf-8").splitlines()]


@contextlib.contextmanager
def farm_of_the_day(workers: int, jobs: int) -> Iterator[Path]:
    """A work directory for real adb and Appium, with its farm running."""
    with tempfile.TemporaryDirectory(prefix="appium-") as folder:
        work_dir = Path(folder) / "W"
        wishes = Wishes(
            accounts=jobs, workers=workers, time_scale=20, infrastructure=0, appium=True
        )
        new_directory(work_dir, wishes)
        path = work_dir / FARM_FILE
        text = path.read_text(encoding="utf-8")
        steady = "[delays]\nidle_shutdown = 1e7\nglogin_life = 1e7\nboot = [20, 30]\n"
        path.write_text(text.replace("[delays]\n", steady), encoding="utf-8")
        with farm_process(work_dir):
            yield work_dir


def run_day(work_dir: Path, workers: int) -> Day:
    """Run the day, kill one Appium, look at memory all the time."""
    day = Day(work_dir)
    command = [sys.executable, "-m", "engine.orchestrator", "-C", str(work_dir), "--run"]
    command += ["--workers", str(workers)]
    with (work_dir / "output.txt").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        while process.poll() is None:
            _weigh(day)
            if day.killed_slot < 0:
                _kill_one(day)
            time.sleep(LOOK_SECONDS)
    day.status = process.returncode
    day.leftovers = leftovers(work_dir)
    return day


def _records(work_dir: Path) -> list[dict[str, object]]:
    found = []
    for path in (work_dir / "run" / "processes").glob("*.json"):
        with contextlib.suppress(OSError, ValueError):
            found.append(json.loads(path.read_text(encoding="utf-8")))
    return found


def _weigh(day: Day) -> None:
    """Resident memory by slot: the worker, its Appium, its adb server and what they started."""
    now: dict[int, float] = defaultdict(float)
    seen: set[int] = set()
    for record in _records(day.work_dir):
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(int(str(record["pid"])))
            for one in (root, *root.children(recursive=True)):
                if one.pid not in seen:
                    seen.add(one.pid)
                    now[int(str(record["slot"]))] += one.memory_info().rss / 1_048_576
    for slot, size in now.items():
        day.most_mb[slot] = max(day.most_mb[slot], size)


def _kill_one(day: Day) -> None:
    """Kill the Appium of the worker that is in the middle of the third job."""
    path = day.work_dir / "run" / "events.jsonl"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    events = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    running = [event for event in events if event.get("state") == "JOB_RUNNING"]
    if len(running) < KILL_AFTER_JOBS:
        return
    slot = int(running[-1]["worker"])
    for record in _records(day.work_dir):
        if record["role"] == "appium" and record["slot"] == slot:
            psutil.Process(int(str(record["pid"]))).kill()
            day.killed_slot, day.killed_at = slot, time.time()


def leftovers(work_dir: Path) -> list[str]:
    """Processes, records and phones that the run should have put away."""
    settings = Settings.load(work_dir)
    slots = range(settings.run.workers)
    ports = {str(settings.get_adb_server_port(slot)) for slot in slots}
    left = [path.name for path in (work_dir / "run" / "processes").glob("*.json")]
    left += [phone.account for phone in read_truth(work_dir).phones_on]
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(PORT_VARIABLE) in ports:
                left.append(" ".join(process.cmdline()))
    return left


# -- reading the logs -----------------------------------------------------------------------------


def _at(line: Line) -> float:
    return datetime.fromisoformat(line["ts"]).timestamp()


def _is_touch(line: Line) -> bool:
    return line.get("event") == "step" and line.get("step", "").startswith("tap ")


def steps_to_first_touch(lines: Sequence[Line]) -> list[dict[str, float]]:
    """Seconds of each step of every job, from its claim to its first touch."""
    jobs: list[dict[str, float]] = []
    phase, since = "", 0.0
    now: dict[str, float] | None = None
    for line in lines:
        event = line.get("event")
        if event == "job_claimed":
            now, phase, since = {}, "", _at(line)
        elif now is not None and (event == "phase" or _is_touch(line)):
            if phase:
                now[phase] = now.get(phase, 0.0) + _at(line) - since
            phase, since = line.get("phase", ""), _at(line)
            if _is_touch(line):
                jobs.append(now)
                now = None
    return jobs


def milliseconds(lines: Sequence[Line], event: str) -> list[float]:
    return [float(line["ms"]) / 1000 for line in lines if line.get("event") == event]


def recover_seconds(day: Day) -> float:
    """From the kill to the killed worker's next touch of the app, in whatever attempt."""
    lines = day.lines(day.killed_slot)
    died = next(
        (place for place, line in enumerate(lines) if line.get("event") == "appium died"), None
    )
    after = lines[died:] if died is not None else lines
    touches = [_at(line) for line in after if _is_touch(line) and _at(line) > day.killed_at]
    return touches[0] - day.killed_at if touches else float("inf")


def figures(day: Day, workers: int) -> dict[str, float]:
    """The figures of the last line, and the table before it."""
    lines = {slot: day.lines(slot) for slot in range(workers)}
    jobs = [job for of_slot in lines.values() for job in steps_to_first_touch(of_slot)]
    print(f"{'from claim to first touch':<28}{'median':>9}{'longest':>9}")
    for step in STEPS:
        spent = [job.get(step, 0.0) for job in jobs]
        print(f"  {step:<26}{median(spent):>7.2f} s{max(spent):>7.2f} s")
    whole = [sum(job.values()) for job in jobs]
    print(f"  {'in all':<26}{median(whole):>7.2f} s{max(whole):>7.2f} s  ({len(jobs)} attempts)")
    return {
        "session_s": median(s for of in lines.values() for s in milliseconds(of, "session open")),
        "appium_start_s": median(
            s for of in lines.values() for s in milliseconds(of, "appium ready")
        ),
        "recover_s": recover_seconds(day),
        "worker_mb": max(day.most_mb.values()),
        "leftovers": len(day.leftovers),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.appium", description=__doc__)
    parser.add_argument("--workers", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=15)
    options = parser.parse_args(arguments)
    with farm_of_the_day(options.workers, options.jobs) as work_dir:
        day = run_day(work_dir, options.workers)
        comparison = compare(work_dir)
        if day.status != 0 or not comparison.agrees or day.killed_slot < 0:
            print((work_dir / "output.txt").read_text("utf-8", "replace"), report(comparison))
            return 1
        found = figures(day, options.workers)
    for what in day.leftovers:
        print(f"left behind: {what}")
    print(f"{os.cpu_count()} cores, {options.workers} workers and as many Appium servers")
    print(" ".join(f"{name}={figure:.2f}".removesuffix(".00") for name, figure in found.items()))
    within = all(found[name] <= limit for name, limit in LIMITS.items())
    return 0 if within and not day.leftovers else 1


if __name__ == "__main__":
    sys.exit(main())
