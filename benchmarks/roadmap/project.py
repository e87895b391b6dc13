"""A repository with a roadmap, its remote, and the truth about what a run did in it."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psutil

from engine.roadmap.document import Document, Task
from simulator.coding_agent import agent_command
from tests.roadmaps import as_tables

ROOT: Final = Path(__file__).resolve().parents[2]
GATES: Final = ("typecheck", "test")
BRANCH: Final = "main"
_MARK: Final = "XDG_ROADMAP_BENCHMARK"
"""In the environment of all that a run starts; agents and gates get names of this beginning too."""
_GIT_ENV: Final = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

Steps = Sequence[Mapping[str, object]]
Book = dict[str, "Steps | Sequence[Steps]"]
"""What the agent does at each task, as ``simulator.coding_agent`` reads it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Something that an agent or a gate noted of itself; times as of ``time.time``."""

    name: str
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class Gated:
    """One run of one gate, as it noted it."""

    span: Span
    tree: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A command from its start to its exit."""

    status: int
    began: float
    ended: float
    output: str

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass
class Project:
    """One operator's repository below ``base``, with a bare one as its remote."""

    base: Path
    document: Document
    settings: Mapping[str, object] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def path(self) -> Path:
        return self.base / "project"

    @property
    def remote(self) -> Path:
        return self.base / "remote.git"

    @property
    def script(self) -> Path:
        return self.base / "script.json"

    @property
    def merged(self) -> Path:
        """The tree in which a person resolves a conflict."""
        return self.path / ".worktrees" / "merged"

    # -- made ------------------------------------------------------------------------------------

    def make(self, book: Book) -> None:
        """The repositories with one commit, and the settings."""
        self.base.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", "-b", BRANCH, "remote.git", cwd=self.base)
        self.git("config", "core.logAllRefUpdates", "always", cwd=self.remote)
        self.git("clone", "--quiet", "remote.git", "project", cwd=self.base)
        for name, value in (("user.name", "Operator"), ("user.email", "operator@example.com")):
            self.git("config", name, value)
        self.git("switch", "--quiet", "-c", BRANCH)
        (self.path / "ROADMAP.md").write_text(as_tables(self.document), encoding="utf-8")
        self.git("add", "ROADMAP.md")
        self.git("commit", "--quiet", "-m", "Begin")
        self.git("push", "--quiet", "-u", "origin", BRANCH)
        self.write_script(book)
        (self.path / "geelark.toml").write_text(self._settings(), encoding="utf-8")

    def write_script(self, book: Book) -> None:
        """What agents do from now on."""
        self.script.write_text(json.dumps(book), encoding="utf-8")

    def _settings(self) -> str:
        gate = [sys.executable, "-I", "-S", str(Path(__file__).with_name("gate.py"))]
        lines = ["[roadmap]", f"agent_command = {json.dumps(agent_command(self.script))}"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in self.settings.items()]
        for name in GATES:
            command = json.dumps([*gate, name, str(self._gate_log)])
            lines += ["[[roadmap.gates]]", f'name = "{name}"', f"command = {command}"]
        # A scripted agent is a small Python program.
        return "\n".join([*lines, "[host]", "worker_megabytes = 100", ""])

    # -- run -------------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith(("GEELARK_", "GIT_"))},
            **_GIT_ENV,
            "PYTHONPATH": str(ROOT),
            _MARK: self.token,
        }

    def start(self) -> subprocess.Popen[bytes]:
        """The command as an operator gives it, in a session of its own."""
        with (self.base / "output.txt").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "console", "roadmap", "--headless"],
                cwd=self.path,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *, longest: float) -> Run:
        """From the command to its exit; status -1 where it does not end in time."""
        before, began = len(self.output), time.time()
        popen = self.start()
        try:
            status = popen.wait(longest)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()
            status = -1
        return Run(status, began, time.time(), self.output[before:])

    def git(self, *words: str, cwd: Path | None = None) -> str:
        """What git answers; raises CalledProcessError."""
        done = subprocess.run(
            ["git", *words],
            cwd=self.path if cwd is None else cwd,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip("\n")

    # -- the truth -------------------------------------------------------------------------------

    @property
    def output(self) -> str:
        """All that its runs printed so far."""
        with contextlib.suppress(FileNotFoundError):
            return (self.base / "output.txt").read_text(encoding="utf-8", errors="replace")
        return ""

    @property
    def _attempts(self) -> Path:
        return self.script.with_name(f"{self.script.name}.attempts")

    @property
    def _gate_log(self) -> Path:
        return self.base / "gates.jsonl"

    def gated(self) -> list[Gated]:
        """Every run of a gate that came to its end."""
        return [
            Gated(Span(seen["name"], seen["began"], seen["ended"]), seen["tree"], seen["passed"])
            for seen in map(json.loads, _lines(self._gate_log))
        ]

    def starts(self) -> Counter[str]:
        """How often an agent was started for each task."""
        found: Counter[str] = Counter()
        for path in self._attempts.glob("*"):
            found[path.name] = sum(line.startswith("start ") for line in _lines(path))
        return found

    def agents(self) -> dict[str, Span]:
        """The last attempt of each task that an agent ended by itself with status 0."""
        found = {}
        for path in self._attempts.glob("*"):
            began: dict[str, float] = {}
            for line in _lines(path):
                word, attempt, value, at = line.split()
                if word == "start":
                    began[attempt] = float(at)
                elif value == "0":
                    found[path.name] = Span(path.name, began[attempt], float(at))
        return found

    def happened(self) -> int:
        """How much there is to see of what was done: by git, by agents, by gates."""
        git_log = self.path / "logs" / "orchestrator" / "git.log"
        return len(_lines(git_log)) + len(_lines(self._gate_log)) + 2 * sum(self.starts().values())

    def statuses(self) -> dict[str, list[str]]:
        """Status of every job of each task: the last line that the ledger has of it counts."""
        jobs: dict[str, tuple[str, str]] = {}
        path = self.path / "status" / "roadmap_progress.csv"
        with contextlib.suppress(FileNotFoundError), path.open(newline="") as file:
            for row in csv.DictReader(file):
                jobs[row["job_id"]] = (row["account"], row["status"])
        found: dict[str, list[str]] = {}
        for task, status in jobs.values():
            found.setdefault(task, []).append(status)
        return found

    def overtime(self, task: str, limit: float) -> float:
        """Seconds over its limit after which the last failed attempt of a task had ended.

        As it is known from the agent's own beginning and the ledger; infinite where it is not.
        """
        path = self._attempts / task
        starts = [float(one.split()[3]) for one in _lines(path) if one.startswith("start ")]
        ends: list[float] = []
        with (self.path / "status" / "roadmap_progress.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                if row["account"] == task and row["status"] == "failed":
                    ends.append(datetime.fromisoformat(row["updated_at"]).timestamp())
        found = [end - max(one for one in starts if one < end) - limit for end in ends[:1]]
        return max(found, default=math.inf)

    def merge_by_hand(self, branch: str, name: str, text: str) -> None:
        """As a person resolves a conflict in one file."""
        subprocess.run(
            ["git", "merge", branch],
            cwd=self.merged,
            env=self.environment,
            check=False,
            capture_output=True,
        )
        (self.merged / name).write_text(text, encoding="utf-8")
        self.git("add", name, cwd=self.merged)
        self.git("commit", "--quiet", "--no-edit", cwd=self.merged)

    def complete(self) -> dict[str, str]:
        """Groups that the record calls complete, with the tree that it names for them."""
        groups: dict[str, Any] = {}
        with contextlib.suppress(FileNotFoundError):
            text = (self.path / "status" / "roadmap.json").read_text(encoding="utf-8")
            groups = json.loads(text)["groups"]
        shown = _lines(self.path / "status" / "completed_tasks.txt")
        return {name: groups.get(name, {}).get("tree", "") for name in {*groups, *shown}}

    def false_complete(self) -> list[str]:
        """Groups that are called complete and whose tree the gates did not all pass on, or which
        lacks the work of a task."""
        passed: dict[str, set[str]] = {}
        for one in self.gated():
            if one.passed:
                passed.setdefault(one.tree, set()).add(one.span.name)
        return [
            name
            for name, tree in self.complete().items()
            if passed.get(tree, set()) != set(GATES) or not self._holds(tree, name)
        ]

    def _holds(self, tree: str, group: str) -> bool:
        files = set(self.git("ls-tree", "-r", "--name-only", tree).splitlines())
        return files >= {f"work/{task.id}.txt" for task in self._tasks_of(group)}

    def _tasks_of(self, name: str) -> Sequence[Task]:
        return next(g.tasks for g in self.document.groups() if g.name == name)

    def orphans(self) -> list[str]:
        """Command lines of what its runs started and left."""
        mark = f"{_MARK}={self.token}".encode()
        found = []
        for pid in psutil.pids():
            with contextlib.suppress(psutil.Error, OSError):
                if pid != os.getpid() and mark in Path(f"/proc/{pid}/environ").read_bytes():
                    process = psutil.Process(pid)
                    if process.status() != psutil.STATUS_ZOMBIE:
                        found.append(" ".join(process.cmdline())[:120])
        return found

    def end_orphans(self) -> None:
        """Leave nothing behind, whatever was measured."""
        mark = f"{_MARK}={self.token}".encode()
        for pid in psutil.pids():
            with contextlib.suppress(psutil.Error, OSError):
                if pid != os.getpid() and mark in Path(f"/proc/{pid}/environ").read_bytes():
                    psutil.Process(pid).kill()


def _lines(path: Path) -> list[str]:
    """Whole lines of a file that may be written just now; none where there is no file."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return text[: text.rfind("\n") + 1].splitlines()
