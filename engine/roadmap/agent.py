"""A coding agent as a process of its own: started, watched, ended with all that it started.

The engine knows only a command: any program that reads a task from its standard input, works in
the folder that it was started in and exits is an agent (behaviour B2.4 to B2.6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from engine.errors import InternalError
from engine.private_files import explain
from engine.processes import ProgramError
from engine.roadmap.agent_errors import (
    AgentFailedError,
    AgentMissingError,
    AgentUnavailableError,
    TaskTimeoutError,
    with_log,
)
from engine.roadmap.agent_result import AgentResult, read_result
from engine.roadmap.bounded import GRACE_SECONDS, BoundedProcess, Ending, Pause
from engine.roadmap.log_tail import last_lines, read_end
from engine.roadmap.surroundings import resolved
from engine.workloads.base import ProcessKeeper

ROLE: Final = "agent"
_MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentLimits:
    """What one agent may take."""

    seconds: float
    log_megabytes: float
    grace_seconds: float = GRACE_SECONDS
    """From the request to end until the kill."""

    @property
    def log_bytes(self) -> int:
        return int(self.log_megabytes * _MEGABYTE)


def check_agent(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Refuse before anything starts what could not run. Raises AgentMissingError (B2.1)."""
    if resolved(command, env) is None:
        raise _missing(command)


def _missing(command: Sequence[str]) -> AgentMissingError:
    name = "Claude Code CLI" if command[0] == "claude" else f"The agent's command {command[0]!r}"
    return AgentMissingError(
        f"{name} not found! Install it so that it is on PATH, or set roadmap.agent_command."
    )


class AgentProcess(BoundedProcess):
    """One agent at work on one task."""

    @classmethod
    def begin(
        cls,
        keeper: ProcessKeeper,
        command: Sequence[str],
        *,
        prompt: str,
        task: str,
        cwd: Path,
        env: Mapping[str, str],
        log: Path,
        marker: str,
        scratch: Path | None = None,
    ) -> Self:
        """Start an agent in its worktree with its prompt on standard input.

        ``env`` is all that it gets, with its marker; ``scratch`` is where the prompt's private
        file lies until the agent has it. Raises AgentMissingError where the program is
        not there, AgentUnavailableError where the host cannot start it just now, InternalError
        without a worktree.
        """
        if not cwd.is_dir():
            raise InternalError(f"The worktree {cwd} of task {task} is not there.")
        found = resolved(command, env)
        if found is None:
            raise _missing(command)
        try:
            return cls.start(
                keeper,
                ROLE,
                found,
                cwd=cwd,
                env=env,
                log=log,
                marker=marker,
                text=prompt,
                scratch=scratch,
            )
        except ProgramError:
            raise _missing(command) from None
        except OSError as exc:
            raise AgentUnavailableError(
                f"The agent of task {task} could not be started just now: {explain(exc)}"
            ) from exc

    def finish(self, *, task: str, limits: AgentLimits, pause: Pause) -> AgentResult:
        """Wait for the agent's end; whatever happens, nothing of it is left then.

        Raises TaskTimeoutError and AgentFailedError (a log without end), and what ``pause`` raises
        when the task is to stop.
        """
        ending = self.wait(
            limit_seconds=limits.seconds,
            most_log_bytes=limits.log_bytes,
            pause=pause,
            grace_seconds=limits.grace_seconds,
        )
        if ending is Ending.EXITED:
            return self.result()
        tail = last_lines(read_end(self.log))
        fault: TaskTimeoutError | AgentFailedError
        if ending is Ending.TIMED_OUT:
            said = f"Task {task} timed out after {limits.seconds:g}s"
            fault = TaskTimeoutError(with_log(said, self.log))
        else:
            said = (
                f"Task {task} failed: its agent was ended because its log grew beyond "
                f"{limits.log_megabytes:g} MB"
            )
            fault = AgentFailedError(with_log(said, self.log))
        fault.seen_in(self.log, tail)
        raise fault

    def result(self) -> AgentResult:
        """What an agent that ended by itself came to."""
        status = self.exit_status
        return read_result(
            self.log, exit_status=1 if status is None else status, seconds=self.seconds
        )
