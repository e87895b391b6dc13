"""Tasks in lists of boxes, and how marks of ``[P]`` make groups of them (B1.6, B1.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.roadmap.document import Task
from engine.roadmap.markdown import Item
from engine.roadmap.task_forms import Refusal, box_progress, head

_LETTERS = 26


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedTask:
    """A task of a list, with what decides which ones run beside it."""

    task: Task
    letters: str
    """The letters of its id."""
    beside: bool
    """Marked ``[P]``: may run beside its neighbours."""
    section: int
    """Which stretch between headings it stands in; neighbours stand in the same."""


def listed_task(item: Item, section: int, refuse: Refusal) -> ListedTask | None:
    """The task of a box, or None where the box is something else. Raises InputError."""
    if item.box is None:
        return None
    found = head(item.words, loose=True)
    if found is None:
        return None
    if not found.title:
        refuse(item.line, f"task {found.id} has no title.")
    progress = box_progress(item.box, item.line, refuse)
    task = Task(
        id=found.id,
        title=found.title,
        description=found.rest,
        specification="",
        done=progress.done,
        partial=progress.partial,
        line=item.line,
    )
    return ListedTask(task=task, letters=found.letters, beside=found.beside, section=section)


def mentioned_task(item: Item) -> str:
    """The id of the task that a point without a box begins with in bold type; else empty."""
    found = head(item.words, loose=False) if item.words.strong else None
    return "" if found is None else found.id


def runs(tasks: Sequence[ListedTask]) -> list[tuple[Task, ...]]:
    """Neighbours marked ``[P]`` together, every other task alone, in their order."""
    groups: list[list[ListedTask]] = []
    for listed in tasks:
        last = groups[-1][-1] if groups else None
        if last is not None and last.beside and listed.beside and last.section == listed.section:
            groups[-1].append(listed)
        else:
            groups.append([listed])
    return [tuple(listed.task for listed in group) for group in groups]


def group_letters(place: int) -> str:
    """The id of the group at a place from 0: ``A`` to ``Z``, then ``AA``, ``AB``..."""
    letters = ""
    place += 1
    while place:
        place, digit = divmod(place - 1, _LETTERS)
        letters = chr(ord("A") + digit) + letters
    return letters


def group_title(tasks: Sequence[Task]) -> str:
    """What a group without a heading is called."""
    if len(tasks) == 1:
        return tasks[0].title
    return ", ".join(task.id for task in tasks)
