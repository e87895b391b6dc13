"""Any roadmap written in one of the grammars is read back as it was (behaviour B1.2 to B1.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roadmap.document import Document, Group, Phase, Task
from engine.roadmap.grammar import parse
from engine.roadmap.task_list import group_letters
from tests.roadmaps import as_boxes, as_status_tables, as_tables, as_task_list

PATH = Path("ROADMAP.md")


def _plain(text: str) -> str:
    """On one line, and beginning with nothing that would be read as a mark."""
    return " ".join(text.split()).lstrip(" :–—-")


_CHARACTERS = st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp"))
_WORDS = st.text(_CHARACTERS, max_size=16).map(_plain)
_TITLES = _WORDS.filter(lambda text: text != "" and not text.startswith("[P]"))
_OPTIONAL = _WORDS.filter(lambda text: text.casefold() not in {"n/a", "none"})
_TASKS = st.builds(
    Task,
    id=st.just(""),
    title=_TITLES,
    description=_OPTIONAL,
    specification=_OPTIONAL,
    done=st.booleans(),
    partial=st.just(False),
    line=st.just(0),
    complexity=st.sampled_from(["", "Low", "Medium", "High"]),
)
_NUMBERS = st.sampled_from(["1", "2", "3.1", "3.10", "11"])
_GROUP_TITLES = _TITLES.filter(lambda text: not text.endswith(")"))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Up to three phases of up to three groups of up to three tasks."""
    phases: list[Phase] = []
    ids: list[str] = []
    for number in draw(st.lists(_NUMBERS, unique=True, min_size=1, max_size=3)):
        groups = []
        for _ in range(draw(st.integers(1, 3))):
            letters = group_letters(len(ids) + draw(st.sampled_from([0, 26])))
            while letters in ids:
                letters += "X"
            drawn = draw(st.lists(_TASKS, min_size=1, max_size=3))
            tasks = tuple(
                replace(task, id=f"{letters}{place}") for place, task in enumerate(drawn, start=1)
            )
            after = tuple(
                draw(st.lists(st.sampled_from(ids), unique=True, max_size=2)) if ids else ()
            )
            ids.append(letters)
            groups.append(
                Group(
                    phase=number,
                    id=letters,
                    title=draw(_GROUP_TITLES),
                    tasks=tasks,
                    after=after,
                    ordinal=len(ids),
                    line=0,
                )
            )
        phases.append(Phase(number=number, title=draw(_TITLES), groups=tuple(groups), line=0))
    return Document(path=PATH, phases=tuple(phases))


def without(document: Document, *, group: dict[str, Any], task: dict[str, Any]) -> Document:
    """The document without its lines, and without what a grammar cannot say."""
    phases = []
    for phase in document.phases:
        groups = tuple(
            replace(
                each,
                line=0,
                tasks=tuple(replace(t, line=0, **task) for t in each.tasks),
                **group,
            )
            for each in phase.groups
        )
        phases.append(replace(phase, line=0, groups=groups))
    return replace(document, phases=tuple(phases))


@pytest.mark.parametrize(
    ("write", "group", "task"),
    [
        (as_tables, {"title": ""}, {"done": False, "partial": False}),
        (as_status_tables, {}, {"specification": ""}),
        (as_boxes, {}, {"specification": "", "complexity": ""}),
    ],
)
@given(document=documents())
def test_what_is_written_in_a_grammar_is_read_back_as_it_was(
    write: Callable[[Document], str],
    group: dict[str, Any],
    task: dict[str, Any],
    document: Document,
) -> None:
    found = parse(write(document), PATH)
    assert without(found, group={}, task={}) == without(document, group=group, task=task)


@given(document=documents())
def test_a_task_list_is_read_back_in_groups_of_neighbours(document: Document) -> None:
    found = parse(as_task_list(document), PATH)
    assert [[(t.id, t.title, t.done) for t in group.tasks] for group in found.groups()] == [
        [(t.id, t.title, t.done) for t in group.tasks] for group in document.groups()
    ]
    assert [phase.number for phase in found.phases] == [p.number for p in document.phases]
