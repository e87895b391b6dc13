"""What the processes of one short run take: looked at from its start to its end.

In its middle claims are paused until nobody has a job, and the run is left alone for a while: what
supervisor and workers then hold is what waiting costs.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil

from engine.run_state import Command, RunDirectory

SUPERVISOR: Final = "supervisor"
WORKER: Final = "worker"
APPIUM: Final = "light appium"
ROLES: Final[Mapping[str, str]] = {
    "engine.orchestrator": SUPERVISOR,
    "engine.worker": WORKER,
    "simulator.appium": APPIUM,
}
LOOK_SECONDS: Final = 0.05
IDLE_SECONDS: Final = 8.0
"""Four of the supervisor's snapshots."""
PATIENCE_SECONDS: Final = 60.0
MEGABYTE: Final = 1_048_576


@dataclass(frozen=True, kw_only=True, slots=True)
class Idle:
    """One process that waits."""

    resident_mb: float
    own_mb: float
    """What no other process shares; 0 where the system does not tell."""
    core_percent: float


@dataclass(kw_only=True)
class RunFigures:
    """What one run showed."""

    most_mb: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Most that one process of a role ever had resident."""
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """CPU seconds of all processes of a role."""
    idle: dict[str, Idle] = field(default_factory=dict)
    """Of each role, the process that took most."""
    starts: dict[str, float] = field(default_factory=dict)
    """Seconds from a process's start until it is of use."""
    first_claim: float = 0.0
    """Seconds from a worker's start to its first job, median of the workers."""
    first_claim_cpu: float = 0.0
    """CPU seconds of the worker until then."""
    jobs: int = 0


@dataclass
class _Seen:
    process: psutil.Process
    role: str
    most_mb: float = 0.0
    looks: list[tuple[float, float]] = field(default_factory=list)
    """(moment of the wall clock, CPU seconds so far)."""

    def look(self) -> None:
        with self.process.oneshot():
            times = self.process.cpu_times()
            self.looks.append((time.time(), times.user + times.system))
            self.most_mb = max(self.most_mb, self.process.memory_info().rss / MEGABYTE)

    def cpu_until(self, moment: float) -> float:
        """CPU seconds up to the first look at or after a moment."""
        return next((cpu for at, cpu in self.looks if at >= moment), 0.0)

    def idle(self, seconds: float) -> Idle:
        """As it is after ``seconds`` in which nobody looked at it."""
        (began, before), (ended, after) = self.looks[-2:]
        assert ended - began >= seconds  # the two looks around the wait
        own = 0.0
        with contextlib.suppress(psutil.Error, AttributeError):
            own = self.process.memory_full_info().uss / MEGABYTE
        return Idle(
            resident_mb=self.process.memory_info().rss / MEGABYTE,
            own_mb=own,
            core_percent=100 * (after - before) / (ended - began),
        )


class FootprintRun:
    """One run by the real command line, in a work directory that is ready for it."""

    def __init__(self, work_dir: Path) -> None:
        self._run_dir = RunDirectory(work_dir / "run")
        self._logs = work_dir / "logs"
        self._output = work_dir / "output.txt"
        self._command = [sys.executable, "-m", "engine.orchestrator", "-C", str(work_dir), "--run"]
        self._seen: dict[int, _Seen] = {}

    def measure(self, workers: int, idle: float = IDLE_SECONDS) -> RunFigures:
        """``idle``: seconds of the wait in the middle. Raises RuntimeError where the run fails, or
        is over before it could be looked at."""
        self._began = time.time()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        with self._output.open("wb") as out:
            process = subprocess.Popen(self._command, stdout=out, stderr=out, env=environment)
        self._process = process
        figures = RunFigures()
        try:
            self._until(lambda: len(self._first("worker_job")) == workers, "a job for each worker")
            self._order("pause")
            self._until(self._nobody_works, "the end of these jobs")
            figures.idle = self._idle(idle)
            self._order("resume")
            self._until(lambda: process.poll() is not None, "the end", ends=True)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE_SECONDS)
        if process.returncode != 0:
            raise RuntimeError(self._output.read_text("utf-8", "replace"))
        self._sum_up(figures)
        return figures

    # -- the course of it ------------------------------------------------------------------------

    def _until(self, done: Callable[[], bool], what: str, *, ends: bool = False) -> None:
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not done():
            if self._process.poll() is not None and not ends:
                said = self._output.read_text("utf-8", "replace")
                raise RuntimeError(f"The run was over before {what}; give it more jobs.\n{said}")
            if time.monotonic() > give_up:
                raise RuntimeError(f"{what} did not come in time.")
            self._look()
            time.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._process.pid)
            for process in (root, *root.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    # A child that is only just made still has its parent's command line.
                    role = _role(process.cmdline())
                    if role:
                        seen = self._seen.setdefault(process.pid, _Seen(process, role))
                        seen.role = role
                        seen.look()

    def _order(self, name: Any) -> None:
        self._run_dir.send(Command(name=name))

    def _nobody_works(self) -> bool:
        said = self._run_dir.read_status() or {}
        return bool(said.get("paused")) and not any(one["job"] for one in said["workers"])

    def _idle(self, seconds: float) -> dict[str, Idle]:
        time.sleep(1.0)  # what the last job left to do
        self._look()
        time.sleep(seconds)
        self._look()
        found: dict[str, Idle] = {}
        for seen in self._seen.values():
            if seen.process.is_running() and seen.role in (SUPERVISOR, WORKER):
                one = seen.idle(seconds)
                most = found.get(seen.role)
                if most is None or one.resident_mb > most.resident_mb:
                    found[seen.role] = one
        return found

    # -- figures ---------------------------------------------------------------------------------

    def _sum_up(self, figures: RunFigures) -> None:
        for seen in self._seen.values():
            figures.cpu[seen.role] += seen.looks[-1][1]
            figures.most_mb[seen.role] = max(figures.most_mb[seen.role], seen.most_mb)
        started, heard = self._first("worker_started"), self._first("worker_hello")
        claimed = self._first("worker_job")
        pids = {event["worker"]: event["pid"] for event in self._events("worker_hello")}
        figures.first_claim = median(claimed[slot] - started[slot] for slot in claimed)
        figures.first_claim_cpu = median(
            self._seen[pids[slot]].cpu_until(claimed[slot]) for slot in claimed
        )
        figures.jobs = sum(1 for event in self._events("outcome") if event["status"] == "success")
        figures.starts = {
            SUPERVISOR: self._first("run_started")[None] - self._began,
            WORKER: median(heard[slot] - started[slot] for slot in heard),
            APPIUM: median(_appium_seconds(self._logs)),
        }

    def _events(self, name: str) -> Iterable[dict[str, Any]]:
        return (event for event in self._run_dir.events() if event["event"] == name)

    def _first(self, name: str) -> dict[int | None, float]:
        """When each slot first had such an event; None: the supervisor."""
        found: dict[int | None, float] = {}
        for event in self._events(name):
            found.setdefault(event.get("worker"), datetime.fromisoformat(event["ts"]).timestamp())
        return found


def _appium_seconds(logs: Path) -> Iterable[float]:
    """How long each start of Appium took, as the workers tell it."""
    mark = 'event="appium ready"'
    for path in sorted(logs.glob("worker_?.log")):
        for line in path.read_text("utf-8").splitlines():
            if mark in line:
                yield int(line.partition(" ms=")[2].split()[0]) / 1000


def _role(line: Iterable[str]) -> str:
    return next((ROLES[word] for word in line if word in ROLES), "")
