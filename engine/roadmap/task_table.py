"""Tasks in a table: Feature, Complexity, Spec, Description, and Status where it has one (B1.2)."""

from __future__ import annotations

from typing import Final

from engine.roadmap.document import Task
from engine.roadmap.markdown import Row, Table
from engine.roadmap.task_forms import (
    Progress,
    Refusal,
    box_progress,
    head_in_cell,
    optional,
    status_progress,
)
from engine.roadmap.words import Words

_FEATURE: Final = ("feature", "task")
_STATUS: Final = ("status",)
_COMPLEXITY: Final = ("complexity",)
_SPECIFICATION: Final = ("spec", "specification")
_DESCRIPTION: Final = ("description",)
_BESIDES: Final = (*_STATUS, *_COMPLEXITY, *_SPECIFICATION, *_DESCRIPTION)
_NOTHING: Final = Words(text="")


def is_task_table(table: Table) -> bool:
    """Whether its columns are those of a table of tasks."""
    return any(name in table.columns for name in _FEATURE) and any(
        name in table.columns for name in _BESIDES
    )


def table_tasks(table: Table, refuse: Refusal) -> list[Task]:
    """Its tasks. Raises InputError for a row that is none: nothing is passed over in silence."""
    tasks = []
    for row in table.rows:
        if not any(cell.text for cell in row.cells):
            continue
        task = _task(table, row, refuse)
        if task is None:
            refuse(row.line, f"the row {_feature(table, row).text!r} does not begin with a task.")
        tasks.append(task)
    return tasks


def named_tasks(table: Table) -> list[tuple[str, int]]:
    """Ids and lines of the tasks that a table outside a group mentions."""
    heads = ((head_in_cell(_feature(table, row)), row.line) for row in table.rows)
    return [(found.id, line) for found, line in heads if found is not None]


def _task(table: Table, row: Row, refuse: Refusal) -> Task | None:
    found = head_in_cell(_feature(table, row))
    if found is None:
        return None
    if not found.title:
        refuse(row.line, f"task {found.id} has no title.")
    progress = Progress()
    if found.box is not None:
        progress = box_progress(found.box, row.line, refuse)
    if _STATUS[0] in table.columns:
        progress = status_progress(_cell(table, row, _STATUS), row.line, refuse)
    specification = _cell(table, row, _SPECIFICATION)
    described = optional(_cell(table, row, _DESCRIPTION))
    return Task(
        id=found.id,
        title=found.title,
        description="; ".join(part for part in (found.rest, described) if part),
        specification=specification.link or optional(specification),
        done=progress.done,
        partial=progress.partial,
        line=row.line,
        complexity=optional(_cell(table, row, _COMPLEXITY)),
    )


def _feature(table: Table, row: Row) -> Words:
    return _cell(table, row, _FEATURE)


def _cell(table: Table, row: Row, names: tuple[str, ...]) -> Words:
    for name in names:
        if name in table.columns:
            return row.cells[table.columns.index(name)]
    return _NOTHING
