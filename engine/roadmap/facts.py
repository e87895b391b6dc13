"""What was observed of a run's tasks and gates, for the status files to say (behaviour B4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.roadmap.document import Group, Task
from engine.roadmap.record import GateResult


class TaskState(StrEnum):
    """Where a task stands."""

    PENDING = "pending"
    """Not started."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    """An operator said that it is not to be done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskFact:
    """What was seen of one task; empty texts and None stand for what was not."""

    state: TaskState
    seconds: float | None = None
    """Of the attempt that ended it."""
    result: str = ""
    """How it ended, in a word or a sentence."""
    summary: str = ""
    """What its agent said at the end: outside text."""
    branch: str = ""
    log: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the ledger and the gates of this run say; what is not named was not seen."""

    tasks: Mapping[str, TaskFact] = field(default_factory=dict)
    """By the id of the job, ``PHASE_1:A:A1``; also what was seen of a later round of its group."""
    gates: Mapping[str, tuple[GateResult, ...]] = field(default_factory=dict)
    """By the name of a group that is not complete (the record knows those that are)."""
    commits: Mapping[str, str] = field(default_factory=dict)
    """What those gates ran on, by the name of the group."""

    def of(self, group: Group, task: Task) -> TaskFact:
        """What was seen of a task; nothing seen means not started."""
        return self.tasks.get(group.job_id(task), TaskFact(state=TaskState.PENDING))
