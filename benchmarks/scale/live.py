"""A run by the real command line, from its start until it is told to stop."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import psutil

from benchmarks.scale.trade import GATE, arrivals

ROOT: Final = Path(__file__).resolve().parents[2]
UP_SECONDS: Final = 150.0
"""Within which every worker has its first job."""
END_SECONDS: Final = 90.0


def environment() -> dict[str, str]:
    """Of the engine's processes: bytecode is kept, as on an operator's host."""
    kept = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """CPU seconds so far at one moment."""

    at: float
    supervisor: float
    workers: float
    idle: float
    """Of all cores, nobody's."""


class Run:
    """One live run."""

    def __init__(self, work_dir: Path, process: subprocess.Popen[bytes], began: float) -> None:
        self.work_dir = work_dir
        self.began = began
        """Wall moment of the command."""
        self._process = process
        self.supervisor = psutil.Process(process.pid)
        self._workers: list[psutil.Process] = []

    def wait_for_first_jobs(self, workers: int) -> None:
        """Until each worker holds one. Raises RuntimeError with the run's words."""
        self._until(lambda: len(arrivals(self.work_dir)) >= workers, UP_SECONDS)
        self._workers = [
            child
            for child in self.supervisor.children()
            if "engine.worker" in " ".join(child.cmdline())
        ]

    def open_gate(self) -> None:
        """From now on the workers do one job after the other."""
        (self.work_dir / GATE).touch()

    def used(self) -> Used:
        """By each role, up to now."""
        return Used(
            at=time.time(),
            supervisor=_cpu(self.supervisor),
            workers=sum(map(_cpu, self._workers)),
            idle=psutil.cpu_times().idle,
        )

    def first_event(self, name: str) -> float:
        """Wall moment of the first event of that name."""
        path = self.work_dir / "run" / "events.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["event"] == name:
                return datetime.fromisoformat(event["ts"]).timestamp()
        raise RuntimeError(f"The run told no {name}.")

    def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    (self.work_dir / "output.txt").read_text("utf-8", "replace")[-2000:]
                )
            time.sleep(0.02)


@contextlib.contextmanager
def live_run(work_dir: Path, workers: int) -> Iterator[Run]:
    """Start a run; it is told to stop at the end, and killed where it does not."""
    command = [sys.executable, "-m", "engine.orchestrator", "-C", str(work_dir)]
    with (work_dir / "output.txt").open("wb") as out:
        began = time.time()
        process = subprocess.Popen(
            [*command, "--workers", str(workers), "--run"],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield Run(work_dir, process, began)
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answer(*command: str, cwd: Path = ROOT) -> tuple[float, float, str]:
    """CPU seconds and wall seconds of a command, and what it printed.

    Raises RuntimeError with its words where it fails.
    """
    before, began = os.times(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    clock, after = time.perf_counter() - began, os.times()
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}")
    processor = after.children_user + after.children_system
    return processor - before.children_user - before.children_system, clock, done.stdout


def _cpu(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        used = process.cpu_times()
        return used.user + used.system
    return 0.0
