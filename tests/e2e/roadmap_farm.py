"""A repository with a roadmap, a bare remote and the scripted agent, and real runs in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.config import Settings
from engine.jobs import Job
from engine.progress import ProgressTracker
from engine.roadmap.document import Document
from simulator.coding_agent import agent_command
from tests import prepared
from tests.e2e.toy_farm import ToyFarm
from tests.roadmap_repository import place, sh
from tests.roadmaps import as_tables, roadmap

ROOT = Path(__file__).resolve().parents[2]
SLOW = 120.0
"""Seconds that no run of a test takes."""

SETTINGS = """\
[run]
stagger_seconds = 0.01
delay_between_jobs_seconds = 0
idle_poll_seconds = 0.05
supervisor_poll_seconds = 0.05
restart_backoff_seconds = 0.05
status_line_seconds = 5
shutdown_timeout_seconds = 5
forced_shutdown_timeout_seconds = 0.5
recovery_step_seconds = 0.02
process_stop_seconds = 0.2
"""
QUICK_GATE: Mapping[str, Sequence[str]] = {"check": ("true",)}
WRITE = {"write": "work/{task}.txt", "text": "{task} {attempt}\n"}
SUMMARY = {"summary": "Did {task}.", "tests": "1 passed"}

Script = Mapping[str, object]


class RoadmapFarm(ToyFarm):
    """One repository; ``roadmap`` and ``begin`` are what an operator types in it."""

    def __init__(
        self,
        top: Path,
        monkeypatch: pytest.MonkeyPatch,
        document: Document | str,
        *,
        script: Script | None = None,
        gates: Mapping[str, Sequence[str]] = QUICK_GATE,
        settings: str = "",
    ) -> None:
        self.git = place(top, monkeypatch)
        for name in ("MAX_PARALLEL_AGENTS", "TASK_TIMEOUT", "DRY_RUN", "GEELARK_TASK"):
            monkeypatch.delenv(name, raising=False)
        self.work_dir = self.git.work
        self.top = self.git.top
        self.script_path = self.top / "script.json"
        self.write_script(script or {})
        self.settings = settings
        self.set_gates(gates)
        text = document if isinstance(document, str) else as_tables(document)
        self.git.commit("ROADMAP.md", text)
        self.git.sh("push", "--quiet", "origin", "main")
        self.first = self.git.sh("rev-parse", "main")

    # -- what an operator prepares -----------------------------------------------------------------

    def write_script(self, script: Script) -> None:
        self.script_path.write_text(json.dumps(script), encoding="utf-8")

    def set_gates(self, gates: Mapping[str, Sequence[str]], seconds: float = 20) -> None:
        """Gates by their names; the settings file is written anew."""
        text = SETTINGS + self.settings
        if "[roadmap]" not in text:
            text += "\n[roadmap]\n"
        if "agent_command" not in text:
            text += f"agent_command = {json.dumps(list(agent_command(self.script_path)))}\n"
        text += "" if gates else "gates = []\n"
        for name, command in gates.items():
            text += f'\n[[roadmap.gates]]\nname = "{name}"\ntimeout_seconds = {seconds}\n'
            text += f"command = {json.dumps(list(command))}\n"
        (self.work_dir / "geelark.toml").write_text(text, encoding="utf-8")

    @property
    def loaded(self) -> Settings:
        """As a run of roadmaps reads them."""
        return Settings.load(self.work_dir, overrides={"run.workload": "roadmap"})

    # -- what an operator types --------------------------------------------------------------------

    def roadmap(
        self, *flags: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A short command of the trade, to its end."""
        return prepared.run(
            "console", "roadmap", *flags, env={**self.environment(), **(env or {})},
            cwd=self.work_dir, seconds=SLOW,
        )  # fmt: skip

    def go(
        self, *flags: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """A run, to its end."""
        process = self.begin(*flags, env=env)
        out, err = process.communicate(timeout=SLOW)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def begin(self, *flags: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """A run under way."""
        return subprocess.Popen(
            [sys.executable, "-m", "console", "roadmap", *flags, "--headless"],
            cwd=self.work_dir,
            env={**self.environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @contextmanager
    def under_way(self, *flags: str) -> Iterator[subprocess.Popen[str]]:
        """A run that is ended, and all that carries its mark, whatever becomes of the test."""
        process = self.begin(*flags)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            try:
                process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            for left in self.marked():
                left.kill()

    # -- what is true afterwards -------------------------------------------------------------------

    @property
    def ledger_path(self) -> Path:
        return self.work_dir / "status" / "roadmap_progress.csv"

    def jobs(self) -> dict[str, Job]:
        settings = Settings.load(self.work_dir)
        return dict(ProgressTracker(self.ledger_path, settings=settings, cap=0).jobs())

    def starts(self, task: str) -> int:
        """How often an agent really began this task."""
        return sum(line.startswith("start ") for line in self._journal(task))

    def ends(self, task: str) -> int:
        """How often an agent came to its own end with it."""
        return sum(line.startswith("end ") for line in self._journal(task))

    def times(self, task: str) -> list[tuple[float, int]]:
        """When agents began (1) and ended (-1) with it."""
        rows = [line.split() for line in self._journal(task)]
        return [(float(row[3]), 1 if row[0] == "start" else -1) for row in rows]

    def agent_pid(self, task: str) -> int:
        """The process of the newest attempt."""
        return int(
            [line for line in self._journal(task) if line.startswith("start ")][-1].split()[2]
        )

    def began(self, task: str, times: int = 1) -> None:
        """Wait until an agent works at it."""
        self.wait_for(lambda: self.starts(task) >= times, 90)

    def _journal(self, task: str) -> list[str]:
        path = self.script_path.with_name("script.json.attempts") / task
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def done(self) -> list[str]:
        """Tasks that an agent ended, whichever way."""
        folder = self.script_path.with_name("script.json.attempts")
        return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []

    def commits(self, *, remote: bool = False) -> list[str]:
        """First lines of the messages after the roadmap's own commit, oldest first."""
        where = self.git.remote if remote else self.work_dir
        found = sh(where, "log", "--format=%s", f"{self.first}..main")
        return list(reversed(found.splitlines()))

    def status(self, name: str) -> list[str]:
        path = self.work_dir / "status" / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def completed(self) -> list[str]:
        return self.status("completed_tasks.txt")

    def page(self, phase: str, group: str) -> str:
        path = self.work_dir / f"PHASE{phase}-GROUP-{group}-STATUS.md"
        return path.read_text(encoding="utf-8")

    def trees(self) -> list[str]:
        """Working trees besides the operator's and the one that groups come together in."""
        lines = self.git.sh("worktree", "list", "--porcelain").splitlines()
        names = [Path(line.split(" ", 1)[1]).name for line in lines if line.startswith("worktree ")]
        return sorted(set(names) - {"work", "merged"})

    @property
    def merged(self) -> Path:
        return self.work_dir / ".worktrees" / "merged"

    def marked(self) -> set[psutil.Process]:
        """Living processes that carry the mark of an agent or a gate of this repository, and all
        that work in it."""
        found = set()
        for process in psutil.process_iter():
            try:
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                inside = Path(process.cwd()).is_relative_to(self.top)
                if inside and "GEELARK_TASK" in process.environ():
                    found.add(process)
            except (psutil.Error, OSError):
                continue
        return found

    def state(self) -> dict[str, Any]:
        """The newest state of the run, as it is on the disk."""
        found: dict[str, Any] = json.loads(
            (self.work_dir / "run" / "supervisor.json").read_text(encoding="utf-8")
        )
        return found


def two_groups() -> Document:
    """One phase: A with two tasks, B with one."""
    return roadmap(["AB"], [2, 1])


def last(result: subprocess.CompletedProcess[str]) -> str:
    """The line that says how a run ended."""
    return result.stdout.splitlines()[-1] if result.stdout else result.stderr
