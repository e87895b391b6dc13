"""How a task can fail, each with its log and the last lines of it (behaviour B7).

Only what may pass by itself is tried again by the engine (a time-out, a service that is down); all
else waits for a person, since a second agent would meet the same task (behaviour E2.4, E4.8).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.errors import InfrastructureError, InputError, JobError
from engine.jobs import ErrorCategory
from engine.roadmap.log_tail import SHOWN_LINES

_SHOWN_WORDS: Final = 200
"""Characters of a log that stand in the sentence itself."""


class AgentMissingError(InputError):
    """The agent's command is not there; says how it is set."""


class TaskFault:
    """What every failure of a task has beside its sentence."""

    log: Path | None = None
    tail: tuple[str, ...] = ()
    """Last lines of the log, at most ``SHOWN_LINES``, fit to be shown."""

    def seen_in(self, log: Path, tail: tuple[str, ...]) -> None:
        self.log = log
        self.tail = tail[-SHOWN_LINES:]


class TaskTimeoutError(TaskFault, InfrastructureError):
    """The agent was ended at its limit."""

    default_type = "task_timeout"


class AgentUnavailableError(TaskFault, InfrastructureError):
    """The agent's service is down, overloaded or limits calls, or the host could not start it."""

    default_type = "agent_unavailable"


class PreparationFailedError(TaskFault, InfrastructureError):
    """A command of ``roadmap.prepare`` failed in the task's new worktree."""

    default_type = "preparation_failed"


class TaskNeedsPersonError(TaskFault, JobError):
    """The fault lies with this task: leave it alone until somebody looked (behaviour E2.4)."""

    category = ErrorCategory.ACCOUNT


class AgentRefusedError(TaskNeedsPersonError):
    """The agent's service takes no work from this login."""

    default_type = "agent_refused"


class AgentFailedError(TaskNeedsPersonError):
    """The agent ended with another status than 0, or had to be ended."""

    default_type = "agent_failed"


class NothingDoneError(TaskNeedsPersonError):
    """Status 0, no file changed, no summary: that is no success (behaviour B2.6, B-D13)."""

    default_type = "nothing_done"


def with_log(sentence: str, log: Path, tail: tuple[str, ...] = ()) -> str:
    """The sentence with its log, and the last line of that where it says something."""
    last = f": {tail[-1][:_SHOWN_WORDS]}" if tail else ""
    return f"{sentence} (log: {log}){last}"
