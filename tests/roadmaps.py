"""Roadmaps for tests and benchmarks: documents made by rule, written in each of the grammars."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from engine.errors import InputError
from engine.roadmap.document import Document, Group, Phase, Task
from engine.roadmap.grammar import parse

LARGE: Final = ("ABCD", "EFGH", "IJKLM", "NOPQ")
"""The groups of the large plan's phases: 4 phases, 17 groups."""
LARGE_TASKS: Final = 61

HEAD: Final = "| Feature | Complexity | Spec | Description |\n|---|---|---|---|\n"
A1: Final = "| **A1: Log in** | High | `docs/a1.md` | Names and passwords |\n"
START: Final = "## Phase 1: Base\n\n### Group A (Parallel)\n\n"
SOUND: Final = START + HEAD + A1
"""The smallest sound roadmap, and what it is made of: one phase, one group, one task."""

_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")
_STATUS: Final = {
    (True, False): "✅ Done",
    (False, True): "🔶 Partial",
    (False, False): "❌ Needed",
}

_Writer = Callable[[Group], Iterator[str]]


def large_roadmap(path: Path = Path("ROADMAP.md")) -> Document:
    """The plan of 4 phases, 17 groups A to Q and 61 tasks; groups follow one another."""
    groups = sum(len(letters) for letters in LARGE)
    each, more = divmod(LARGE_TASKS, groups)
    return roadmap(LARGE, [each + (place < more) for place in range(groups)], path=path)


def roadmap(
    phases: Sequence[str], sizes: Sequence[int], *, path: Path = Path("ROADMAP.md")
) -> Document:
    """A plan whose phases have these letters as groups, and its groups so many tasks in turn."""
    made: list[Phase] = []
    ordinal = 0
    for number, letters in enumerate(phases, start=1):
        groups = []
        for place, letter in enumerate(letters):
            tasks = tuple(_task(letter, n) for n in range(1, sizes[ordinal] + 1))
            ordinal += 1
            groups.append(
                Group(
                    phase=str(number),
                    id=letter,
                    title=f"Part {letter}",
                    tasks=tasks,
                    after=(letters[place - 1],) if place else (),
                    ordinal=ordinal,
                    line=0,
                )
            )
        made.append(Phase(number=str(number), title=f"Step {number}", groups=tuple(groups), line=0))
    return Document(path=path, phases=tuple(made))


def _task(letters: str, number: int) -> Task:
    task_id = f"{letters}{number}"
    return Task(
        id=task_id,
        title=f"Feature {task_id}",
        description=f"Writes the file of {task_id}",
        specification=f"docs/specs/{task_id.lower()}.md",
        done=False,
        partial=False,
        line=0,
        complexity="Medium",
    )


def as_tables(document: Document) -> str:
    """Grammar with ``### Group X (Parallel, after Y)``; says neither titles nor what is done."""
    return "\n".join(_lines(document, _plain_group)) + "\n"


def as_status_tables(document: Document) -> str:
    """Grammar with ``### Group A: Title`` and a column Status; says no specification."""
    return "\n".join(_lines(document, _status_group)) + "\n"


def as_boxes(document: Document) -> str:
    """Groups as lists of boxes; says neither what is partial nor specification nor complexity."""
    return "\n".join(_lines(document, _box_group)) + "\n"


def as_task_list(document: Document) -> str:
    """Grammar with ``- [ ] **T005** [P] text``; every group is a stretch below a heading."""
    return "\n".join(_lines(document, _listed_group)) + "\n"


def _lines(document: Document, write: _Writer) -> Iterator[str]:
    yield "# Roadmap"
    for phase in document.phases:
        yield ""
        yield f"## Phase {phase.number}: {escaped(phase.title)}"
        for group in phase.groups:
            yield ""
            yield from write(group)


def _plain_group(group: Group) -> Iterator[str]:
    after = f", after {', '.join(group.after)}" if group.after else ""
    yield f"### Group {group.id} (Parallel{after})"
    yield ""
    yield "| Feature | Complexity | Spec | Description |"
    yield "|---|---|---|---|"
    for task in group.tasks:
        yield _row(
            f"**{task.id}: {escaped(task.title)}**",
            escaped(task.complexity),
            escaped(task.specification),
            escaped(task.description),
        )


def _status_group(group: Group) -> Iterator[str]:
    after = f" (Parallel, after {' and '.join(group.after)})" if group.after else ""
    title = f": {escaped(group.title)}" if group.title or after else ""
    yield f"### Group {group.id}{title}{after}"
    yield ""
    yield "| Feature | Status | Complexity | Description |"
    yield "|---|---|---|---|"
    for task in group.tasks:
        yield _row(
            f"**{task.id}: {escaped(task.title)}**",
            _STATUS[task.done, task.partial],
            escaped(task.complexity),
            escaped(task.description),
        )


def _box_group(group: Group) -> Iterator[str]:
    after = f" (after {', '.join(group.after)})" if group.after else ""
    yield f"### Group {group.id}: {escaped(group.title)}{after}"
    yield ""
    for task in group.tasks:
        described = f" - {escaped(task.description)}" if task.description else ""
        yield f"- [{'x' if task.done else ' '}] **{task.id}: {escaped(task.title)}**{described}"


def _listed_group(group: Group) -> Iterator[str]:
    yield f"### Stretch {group.id}: {escaped(group.title)}"
    yield ""
    beside = "[P] " if len(group.tasks) > 1 else ""
    for task in group.tasks:
        yield f"- [{'x' if task.done else ' '}] **{task.id}** {beside}{escaped(task.title)}"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell or "-" for cell in cells) + " |"


def escaped(text: str) -> str:
    """The text as Markdown that means just it."""
    return _PUNCTUATION.sub(r"\\\1", text)


def refusal(text: str) -> str:
    """What is said of a text that is no roadmap."""
    try:
        parse(text, Path("ROADMAP.md"))
    except InputError as exc:
        return str(exc)
    raise AssertionError(f"not refused: {text!r}")


def tasks(document: Document) -> dict[str, Task]:
    """The tasks of a document by their ids."""
    return {task.id: task for _, task in document.tasks()}
