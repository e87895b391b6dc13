"""Columns of a table, and which of them a width has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from console.plain import Align, fit


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``width`` cells, or at least so many where ``flex`` takes what is left."""

    key: str
    title: str
    width: int
    align: Align = "left"
    flex: bool = False
    priority: int = 0
    """The highest number falls away first where room is short; among equals the rightmost."""


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column that has room, and the cells that it got."""

    column: Column
    width: int


Sorting = tuple[str, Literal["^", "v"]]
"""Key of the column that the rows are in order of, and the sign of the direction: ``^`` smallest
first, ``v`` largest first."""


def arrange(columns: Sequence[Column], room: int, gap: int) -> tuple[ShownColumn, ...]:
    """The columns that fit into ``room`` cells, ``gap`` apart; never none, and never wrapped."""
    kept = list(columns)

    def needed() -> int:
        return sum(column.width for column in kept) + gap * (len(kept) - 1)

    while len(kept) > 1 and needed() > room:
        kept.remove(max(reversed(kept), key=lambda column: column.priority))
    left = room - needed()
    if left < 0:
        return tuple(ShownColumn(column, max(0, room)) for column in kept)
    flexible = sum(column.flex for column in kept)
    shown = []
    for column in kept:
        extra = 0
        if column.flex:
            extra = left // flexible
            left -= extra
            flexible -= 1
        shown.append(ShownColumn(column, column.width + extra))
    return tuple(shown)


def header(shown: Sequence[ShownColumn], gap: int, sorting: Sorting | None) -> str:
    """The titles above their columns, with the sign behind that of the sorted one."""
    blank = " " * gap
    parts = []
    for place in shown:
        column = place.column
        title = fit(column.title, place.width, column.align) + blank
        if sorting and sorting[0] == column.key:
            end = len(title.rstrip()) if column.align == "left" else place.width
            spaced = column.align == "left" and end + 1 < place.width
            end += spaced
            # The sign may stand in the gap, and takes the title's last letter only without one.
            end = min(end, max(0, len(title) - 1))
            title = title[:end] + sorting[1] + title[end + 1 :]
        parts.append(title)
    return "".join(parts)
