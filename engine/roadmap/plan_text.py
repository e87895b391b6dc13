"""What ``--plan`` prints: phases, groups, tasks, dependencies, and what is done (behaviour B1.10).

Titles were made safe for a terminal when the document was read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from engine.roadmap.document import Group, Phase, Task
from engine.roadmap.selection import Selection


def plan_lines(
    selection: Selection, *, complete: Collection[str] = (), by_hand: Collection[str] = ()
) -> Iterator[str]:
    """The lines; ``complete`` and ``by_hand`` hold names of groups such as ``PHASE_1:A``."""
    document = selection.document
    groups = list(document.groups())
    tasks = [task for _, task in document.tasks()]
    counts = (
        _count(len(document.phases), "phase"),
        _count(len(groups), "group"),
        _count(len(tasks), "task"),
        f"{sum(task.done for task in tasks)} of them done already",
    )
    yield f"{document.path}: {', '.join(counts)}"
    for warning in selection.warnings(complete):
        yield f"Note: {warning}"
    chosen = frozenset(group.name for group in selection.groups)
    for phase in document.phases:
        yield from _phase_lines(phase, chosen, complete, by_hand)


def _phase_lines(
    phase: Phase, chosen: Collection[str], complete: Collection[str], by_hand: Collection[str]
) -> Iterator[str]:
    yield ""
    yield f"Phase {phase.number}" + (f": {phase.title}" if phase.title else "")
    for group in phase.groups:
        remarks = [_count(len(group.tasks), "task")]
        if group.after:
            remarks.append(f"after {', '.join(group.after)}")
        if group.name in by_hand:
            remarks.append("complete, by hand")
        elif group.name in complete:
            remarks.append("complete")
        if group.name not in chosen:
            remarks.append("not in this run")
        yield f"  {_heading(group)} ({'; '.join(remarks)})"
        width = max(len(task.id) for task in group.tasks)
        for task in group.tasks:
            yield f"    {task.id:<{width}}  {task.title}{_remark(task)}"


def _heading(group: Group) -> str:
    return f"Group {group.id}" + (f": {group.title}" if group.title else "")


def _remark(task: Task) -> str:
    if task.done:
        return "  [done]"
    return "  [partly done]" if task.partial else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
