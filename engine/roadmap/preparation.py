"""What has to be done in a new worktree before its agent begins (``roadmap.prepare``)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.private_files import explain
from engine.roadmap.agent import AgentLimits
from engine.roadmap.agent_errors import PreparationFailedError, with_log
from engine.roadmap.agent_result import how_it_ended
from engine.roadmap.bounded import BoundedProcess, Ending, Pause
from engine.roadmap.log_tail import last_lines, read_end
from engine.roadmap.surroundings import resolved
from engine.workloads.base import ProcessKeeper

ROLE: Final = "preparation"


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """The commands for one worktree; their output goes into the log of the attempt."""

    commands: Sequence[Sequence[str]]
    keeper: ProcessKeeper
    cwd: Path
    env: Mapping[str, str]
    log: Path
    marker: str
    limits: AgentLimits
    """Of each command."""

    def run(self, *, task: str, pause: Pause) -> None:
        """Run them one after the other; nothing of them is left running.

        Raises PreparationFailedError at the first that fails, and what ``pause`` raises.
        """
        for command in self.commands:
            why = self._run(command, pause)
            if why:
                said = f"The worktree of task {task} could not be prepared: `{shlex.join(command)}`"
                tail = last_lines(read_end(self.log))
                fault = PreparationFailedError(with_log(f"{said} {why}", self.log, tail))
                fault.seen_in(self.log, tail)
                raise fault

    def _run(self, command: Sequence[str], pause: Pause) -> str:
        """Why it failed; empty where it did not."""
        found = resolved(command, self.env)
        if found is None:
            return "was not found"
        try:
            process = BoundedProcess.start(
                self.keeper,
                ROLE,
                found,
                cwd=self.cwd,
                env=self.env,
                log=self.log,
                marker=self.marker,
            )
        except OSError as exc:
            return f"could not be started: {explain(exc)}"
        ending = process.wait(
            limit_seconds=self.limits.seconds,
            most_log_bytes=self.limits.log_bytes,
            pause=pause,
            grace_seconds=self.limits.grace_seconds,
        )
        if ending is not Ending.EXITED:
            return f"was ended: {ending.value}"
        status = process.exit_status
        return "" if status == 0 else how_it_ended(1 if status is None else status)
