"""A work directory of the toy trade, and real supervisor processes in it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.config import Settings
from engine.jobs import Job
from engine.progress import ProgressTracker
from tests import prepared
from tests.toy_workload import write_jobs

ROOT = Path(__file__).resolve().parents[2]

IDLE_POLL = "idle_poll_seconds = 0.2"

SETTINGS = f"""\
[run]
workload = "tests.toy_workload:ToyWorkload"
stagger_seconds = 0.05
delay_between_jobs_seconds = 0.01
{IDLE_POLL}
supervisor_poll_seconds = 0.1
restart_backoff_seconds = 0.1
recovery_step_seconds = 0.02
shutdown_timeout_seconds = 10
submitted_shutdown_timeout_seconds = 20
forced_shutdown_timeout_seconds = 0.5
status_line_seconds = 1

[retry]
delay_seconds = 0.2
capacity_delay_seconds = 0.2
"""


class ToyFarm:
    """One work directory; ``run`` and ``start`` are what an operator types."""

    def __init__(self, work_dir: Path, *jobs: str, settings: str = "") -> None:
        self.work_dir = work_dir
        (work_dir / "geelark.toml").write_text(SETTINGS + settings, encoding="utf-8")
        write_jobs(work_dir, *jobs)

    def poll_idly(self, *, seconds: float) -> None:
        """Look again for what may have changed without a row this seldom only."""
        path = self.work_dir / "geelark.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace(IDLE_POLL, f"idle_poll_seconds = {seconds:g}"), encoding="utf-8"
        )

    @classmethod
    def at(cls, work_dir: Path) -> ToyFarm:
        """The operator's doors to a work directory that is there already, of whichever trade."""
        farm = cls.__new__(cls)
        farm.work_dir = work_dir
        return farm

    def command(self, *flags: str) -> list[str]:
        return [sys.executable, "-m", "engine.orchestrator", "-C", str(self.work_dir), *flags]

    @staticmethod
    def environment() -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}

    def start(self, *flags: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*flags),
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *flags: str) -> subprocess.CompletedProcess[str]:
        if not begins_a_run(flags):
            return prepared.run(
                "engine.orchestrator", *self.command(*flags)[3:], env=self.environment()
            )
        process = self.start(*flags)
        out, err = process.communicate(timeout=90)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    # -- what is true afterwards -------------------------------------------------------------------

    @property
    def ledger_path(self) -> Path:
        return self.work_dir / "parallel_progress.csv"

    def jobs(self) -> dict[str, Job]:
        settings = Settings.load(self.work_dir)
        return dict(ProgressTracker(self.ledger_path, settings=settings).jobs())

    def statuses(self) -> dict[str, str]:
        return {job_id: str(job.status) for job_id, job in self.jobs().items()}

    def done(self) -> list[str]:
        """What really happened: ids in the order of their irreversible acts."""
        path = self.work_dir / "done.log"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def rows(self) -> list[dict[str, str]]:
        with self.ledger_path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def events(self, name: str = "") -> list[dict[str, Any]]:
        path = self.work_dir / "run" / "events.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        events = [json.loads(line) for line in lines if line.endswith("}")]
        return [event for event in events if not name or event["event"] == name]

    def told(self) -> dict[str, Any]:
        """What the supervisor says is true."""
        path = self.work_dir / "run" / "status.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def lamps(self) -> list[str]:
        return [path.name for path in (self.work_dir / "lamps").glob("*.json")]

    def processes(self) -> list[str]:
        return [path.name for path in (self.work_dir / "run" / "processes").glob("*.json")]

    def wait_for(self, condition: Callable[[], object], seconds: float = 60) -> None:
        """Until something is true; fails with the supervisor's last words."""
        for _ in _until(seconds):
            if condition():
                return
        raise AssertionError(f"It never became true; last events: {self.events()[-5:]}")


def kill_at_once(*pids: int) -> None:
    """Held first, so that no worker sees its supervisor die and gives its job back."""
    for how in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, how)


def begins_a_run(flags: Sequence[str]) -> bool:
    """Whether a supervisor comes of it, which is known by its command line as long as it lives."""
    return "--run" in flags and "--dry-run" not in flags


def _until(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.02)
