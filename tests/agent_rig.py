"""A place to run scripted agents in: a worktree, a log, a keeper of processes, short limits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from engine.marked import VARIABLE, new_marker
from engine.processes import ProcessRegistry
from engine.roadmap.agent import AgentLimits, AgentProcess
from engine.roadmap.agent_result import AgentResult
from engine.roadmap.run_logs import agent_log
from engine.roadmap.surroundings import allowed_environment
from engine.settings_roadmap import AGENT_ENV
from engine.slot_processes import SlotProcesses
from simulator.coding_agent import agent_command

PROMPT = "Task: A1\n"


class AgentRig:
    """Runs task A1 by a script of steps, as worker 0 of a work directory."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self.tree = work_dir / "tree"
        self.tree.mkdir()
        self.script = work_dir / "script.json"
        self.registry = ProcessRegistry(work_dir / "run" / "processes")
        self.marker = new_marker(work_dir, 0)
        self.command: Sequence[str] = agent_command(self.script)

    def begin(
        self,
        *steps: Mapping[str, Any],
        prompt: str = PROMPT,
        env: Mapping[str, str] | None = None,
    ) -> AgentProcess:
        self.script.write_text(json.dumps({"A1": list(steps)}), encoding="utf-8")
        return AgentProcess.begin(
            SlotProcesses(self.registry, 0),
            self.command,
            prompt=prompt,
            task="A1",
            cwd=self.tree,
            env=allowed_environment(AGENT_ENV) if env is None else env,
            log=agent_log(self.work_dir / "logs", phase="1", group="A", task="A1"),
            marker=self.marker,
        )

    def run(
        self,
        *steps: Mapping[str, Any],
        seconds: float = 30,
        log_megabytes: float = 50,
        pause: Callable[[float], None] = time.sleep,
        prompt: str = PROMPT,
    ) -> AgentResult:
        limits = AgentLimits(seconds=seconds, log_megabytes=log_megabytes, grace_seconds=0.2)
        return self.begin(*steps, prompt=prompt).finish(task="A1", limits=limits, pause=pause)

    def wait_for_words(self, words: str) -> None:
        """Until the agent has printed this."""
        logs = self.work_dir / "logs" / "orchestrator"
        while not any(words in log.read_text(encoding="utf-8") for log in logs.glob("*.log")):
            time.sleep(0.01)

    def told(self, name: str) -> str:
        """What an agent wrote into a file beside its script."""
        return (self.work_dir / name).read_text(encoding="utf-8")

    def alive(self) -> list[int]:
        """Every living process that an agent of this rig started, whoever its parent is."""
        return marked_alive(self.marker)


def marked_alive(marker: str) -> list[int]:
    """Processes with this marker, or one that begins so, found without the code under test."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = marker in process.environ().get(VARIABLE, "")
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found
