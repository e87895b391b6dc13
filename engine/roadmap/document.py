"""What a roadmap says: phases of groups of tasks, as values (behaviour B1).

Phases run one after the other, groups of a phase one after the other, tasks of a group at the same
time (B1.1). Nothing here reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import InputError

GROUP_PREFIX: Final = "PHASE_"
_ROUND: Final = re.compile(r"@[0-9]+\Z")
"""What is added to the id of a job when its group is run again: ``PHASE_1:A:A1@2``."""
_PARTS: Final = re.compile(r"[0-9]+|[A-Z]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One piece of work for one agent."""

    id: str
    """Unique in the document: ``A1``, ``AA2``, ``T005``."""
    title: str
    description: str
    specification: str
    """Where it is specified, as the document names it; empty where it names nothing."""
    done: bool
    """The document says that it is done: it is not run."""
    partial: bool
    """The document says that a part is done: it is run, with a note of that."""
    line: int
    """In the document, from 1."""
    complexity: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Tasks that run at the same time, and the barrier behind them."""

    phase: str
    """The number of its phase, exactly as the document writes it: ``1``, ``3.1``."""
    id: str
    """Capital letters."""
    title: str
    """Empty where the document gives none."""
    tasks: tuple[Task, ...]
    after: tuple[str, ...]
    """Ids of the groups that the document names as needed before; all of them stand above."""
    ordinal: int
    """Its place in the document, from 1."""
    line: int

    @property
    def name(self) -> str:
        """As it stands in ``completed_tasks.txt``: ``PHASE_1:A``."""
        return f"{GROUP_PREFIX}{self.phase}:{self.id}"

    @property
    def label(self) -> str:
        """As it stands within a sentence: ``phase 1 group A``."""
        return f"phase {self.phase} group {self.id}"

    def job_id(self, task: Task) -> str:
        """``PHASE_1:A:A1`` (behaviour E1)."""
        return f"{self.name}:{task.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """Groups that are committed together."""

    number: str
    """Exactly as the document writes it."""
    title: str
    groups: tuple[Group, ...]
    line: int

    @property
    def label(self) -> str:
        """As it stands within a sentence: ``phase 1``."""
        return f"phase {self.number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A roadmap that was read and found sound: no phase and no group is without tasks."""

    path: Path
    phases: tuple[Phase, ...]

    def groups(self) -> Iterator[Group]:
        """Every group, in the order of the document."""
        return (group for phase in self.phases for group in phase.groups)

    def tasks(self) -> Iterator[tuple[Group, Task]]:
        """Every task with its group, in the order of the document."""
        return ((group, task) for group in self.groups() for task in group.tasks)

    def phase(self, number: str) -> Phase:
        """Raises InputError naming the phases that there are."""
        for phase in self.phases:
            if phase.number == number:
                return phase
        there = ", ".join(phase.number for phase in self.phases)
        raise InputError(f"{self.path} has no phase {number!r}; its phases are {there}.")

    def group(self, name: str) -> Group:
        """The group of a name such as ``1:D`` or ``PHASE_1:D``, matched exactly (B4.4).

        Raises InputError naming the groups that there are.
        """
        wanted = GROUP_PREFIX + name.removeprefix(GROUP_PREFIX)
        for group in self.groups():
            if group.name == wanted:
                return group
        there = ", ".join(group.name.removeprefix(GROUP_PREFIX) for group in self.groups())
        raise InputError(f"{self.path} has no group {name!r}; its groups are {there}.")

    def task(self, job_id: str) -> Task:
        """The task of a job, also of one that is run again (``PHASE_1:A:A1@2``).

        Raises InputError when the document has no such task (any more).
        """
        wanted = _ROUND.sub("", job_id)
        for group, task in self.tasks():
            if group.job_id(task) == wanted:
                return task
        raise InputError(f"{self.path} has no task {job_id!r}; list its tasks with --plan.")


def phase_order(number: str) -> tuple[int, ...]:
    """Sorts phase numbers as numbers: ``3.2`` before ``3.10`` before ``11``."""
    return tuple(int(part) for part in number.split("."))


def natural_order(name: str) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Sorts names of groups and tasks as people do: ``Z`` before ``AA``, ``A9`` before ``A10``."""
    return tuple(
        tuple(
            (0, int(part), part) if part.isdigit() else (1, len(part), part)
            for part in _PARTS.findall(segment)
        )
        for segment in name.removeprefix(GROUP_PREFIX).split(":")
    )
