"""A roadmap while it is read: collects phases, groups and tasks, and checks what they must be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.roadmap.document import Document, Group, Phase, Task, phase_order
from engine.roadmap.headings import PHASE_LEVEL, GroupHeading, PhaseHeading
from engine.roadmap.task_forms import Refusal
from engine.roadmap.task_list import ListedTask, group_letters, group_title, runs

_LETTERS: Final = re.compile(r"[A-Z]+")


@dataclass(kw_only=True)
class _Group:
    """A group with what was read of it so far."""

    heading: GroupHeading
    level: int
    line: int
    tasks: list[Task] = field(default_factory=list)


@dataclass(kw_only=True)
class _Phase:
    """A phase with what was read of it so far."""

    heading: PhaseHeading
    line: int
    groups: list[_Group] = field(default_factory=list)
    listed: list[ListedTask] = field(default_factory=list)
    """Tasks of its lists outside groups."""


class Draft:
    """Takes what is read in its order; ``finish`` makes the document of it.

    Everything here raises InputError for what no roadmap may hold, with its line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._refuse = Refusal(path)
        self._phases: list[_Phase] = []
        self._phase: _Phase | None = None
        self._group: _Group | None = None
        self._numbers: dict[tuple[int, ...], int] = {}
        """Where each phase begins; ``01`` is ``1``."""
        self._letters: dict[str, int] = {}
        """Where each group with a heading begins."""
        self._mentions: list[tuple[str, int]] = []
        """Tasks named where none can stand: they must stand elsewhere too."""

    @property
    def in_group(self) -> bool:
        """Whether a group is open, so that tasks can stand here."""
        return self._group is not None

    def open_phase(self, heading: PhaseHeading, line: int) -> None:
        """A phase begins here, and with it no group (B-D8)."""
        first = self._numbers.setdefault(phase_order(heading.number), line)
        if first != line:
            self._refuse(line, f"phase {heading.number} is there already, in line {first}.")
        self._phase = _Phase(heading=heading, line=line)
        self._phases.append(self._phase)
        self._group = None

    def open_group(self, heading: GroupHeading, level: int, line: int) -> None:
        """A group begins here."""
        if self._phase is None:
            self._refuse(line, f"group {heading.id} stands below no heading of a phase.")
        first = self._letters.setdefault(heading.id, line)
        if first != line:
            self._refuse(line, f"group {heading.id} is there already, in line {first}.")
        self._group = _Group(heading=heading, level=level, line=line)
        self._phase.groups.append(self._group)

    def leave(self, level: int) -> None:
        """Another heading: ends the group it is not below, and the phase likewise."""
        if self._group is not None and level <= self._group.level:
            self._group = None
        if level <= PHASE_LEVEL:
            self._phase = None

    def add(self, task: Task) -> None:
        """A task of the group that is open."""
        assert self._group is not None
        self._group.tasks.append(task)

    def add_listed(self, listed: ListedTask) -> None:
        """A task of a list outside groups."""
        if self._phase is None:
            self.mention(listed.task.id, listed.task.line)
        else:
            self._phase.listed.append(listed)

    def mention(self, task_id: str, line: int) -> None:
        """A task that is named where it cannot stand; an empty id is none."""
        if task_id:
            self._mentions.append((task_id, line))

    def finish(self) -> Document:
        """The document, sound as a whole."""
        if not self._phases:
            self._refuse(1, "there is no phase in it, so nothing would be done.")
        phases: list[Phase] = []
        ordinal = 0
        for draft in self._phases:
            self._check(draft)
            groups = _groups(draft, ordinal)
            ordinal += len(groups)
            phases.append(
                Phase(
                    number=draft.heading.number,
                    title=draft.heading.title.strip(),
                    groups=groups,
                    line=draft.line,
                )
            )
        document = Document(path=self._path, phases=tuple(phases))
        self._check_tasks(document)
        self._check_order(document)
        return document

    def _check(self, phase: _Phase) -> None:
        if not phase.groups and not phase.listed:
            self._refuse(phase.line, f"phase {phase.heading.number} has no tasks.")
        for group in phase.groups:
            if not group.tasks:
                self._refuse(group.line, f"group {group.heading.id} has no tasks.")
            for task in group.tasks:
                letters = _LETTERS.match(task.id)
                if letters is None or letters[0] != group.heading.id:
                    self._refuse(
                        task.line, f"task {task.id} does not belong into group {group.heading.id}."
                    )
        if phase.groups:
            for listed in phase.listed:
                self.mention(listed.task.id, listed.task.line)

    def _check_tasks(self, document: Document) -> None:
        lines: dict[str, int] = {}
        for _, task in document.tasks():
            if task.id in lines:
                self._refuse(
                    task.line,
                    f"task {task.id} is there already, in line {lines[task.id]}.",
                    forms=False,
                )
            lines[task.id] = task.line
        for task_id, line in self._mentions:
            if task_id not in lines:
                self._refuse(line, f"task {task_id} stands in no group and would never be run.")

    def _check_order(self, document: Document) -> None:
        above: dict[str, None] = {}
        for group in document.groups():
            for needed in group.after:
                if needed not in above:
                    there = ", ".join(above) or "none"
                    what = (
                        "stands below it" if needed in self._letters else "is not in the document"
                    )
                    if needed == group.id:
                        what = "is itself"
                    self._refuse(
                        group.line,
                        f"group {group.id} comes after group {needed}, which {what}; the groups "
                        f"above it: {there}.",
                        forms=False,
                    )
            if group.id in self._letters:
                above[group.id] = None


def _groups(draft: _Phase, before: int) -> tuple[Group, ...]:
    if not draft.groups:
        return tuple(
            Group(
                phase=draft.heading.number,
                id=group_letters(place),
                title=group_title(tasks),
                tasks=tasks,
                after=(),
                ordinal=before + place + 1,
                line=tasks[0].line,
            )
            for place, tasks in enumerate(runs(draft.listed))
        )
    return tuple(
        Group(
            phase=draft.heading.number,
            id=group.heading.id,
            title=group.heading.title,
            tasks=tuple(group.tasks),
            after=group.heading.after,
            ordinal=before + place + 1,
            line=group.line,
        )
        for place, group in enumerate(draft.groups)
    )
