"""A table of keyed rows with a cursor, marks and columns that fall away (console-features 6.6).

What is in it and how it is painted is :mod:`console.widgets.row_view`; here is how it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from console.widgets.columns import Column
from console.widgets.row_paint import CellOf
from console.widgets.row_view import RowView
from console.widgets.tones import Cell, Drawn, Tone

__all__ = ["Cell", "CellOf", "Column", "Drawn", "RowTable", "Tone"]


class RowTable(RowView, can_focus=True):
    """Rows by key; keys and mouse move the cursor, everything else is the screen's matter."""

    DEFAULT_CSS = """
    RowTable {
        & > .row-table--header { text-style: bold; }
        & > .row-table--marked { text-style: bold; }
        & > .row-table--dim { text-style: dim; }
        & > .row-table--placeholder { text-style: dim; }
        & > .row-table--cursor { text-style: bold; }
        &:focus > .row-table--cursor { text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page-down"),
        Binding("home", "edge('first')", "First row", show=False, id="table.first"),
        Binding("end", "edge('last')", "Last row", show=False, id="table.last"),
        Binding("enter", "open", "Open", show=False, id="table.open"),
    ]

    class CursorMoved(Message):
        """The cursor stands on another row; ``key`` is None where the table became empty."""

        def __init__(self, table: RowTable, key: str | None) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            """The table, for ``@on`` with a selector."""
            return self.table

        def can_replace(self, message: Message) -> bool:
            """Only the newest place of a table's cursor is of interest."""
            return isinstance(message, RowTable.CursorMoved) and message.table is self.table

    class Opened(Message):
        """A row was chosen, by enter or a double click."""

        def __init__(self, table: RowTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> RowTable:
            """The table, for ``@on`` with a selector."""
            return self.table

    def set_rows(self, keys: Sequence[str], cell: CellOf) -> None:
        """Show these rows, as the view does, and say so if the cursor's row has gone."""
        before = self.cursor_key
        super().set_rows(keys, cell)
        if self.cursor_key != before:
            self._say_moved()

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away, and step down."""
        key = self.cursor_key
        if key is None:
            return
        self.marked ^= {key}
        self.refresh_row(key)
        self.action_move(1)

    def mark_all_shown(self) -> None:
        """Mark all rows of the table; if they are all marked, take their marks away."""
        unmarked = set(self._keys) - self.marked
        self.set_marks(self.marked | unmarked if unmarked else self.marked.difference(self._keys))

    def set_marks(self, keys: Iterable[str]) -> None:
        """Mark exactly these rows, shown or not."""
        self.marked = set(keys)
        self._repaint.check_all()

    def move_to(self, key: str) -> bool:
        """Put the cursor on this row; False if it is not in the table."""
        if key not in self._keys:
            return False
        self._go(self._keys.index(key))
        return True

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self._go(self._cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by as many rows as are in sight."""
        self._go(self._cursor + step * max(1, self._page))

    def action_edge(self, edge: Literal["first", "last"]) -> None:
        """Move the cursor to the first or the last row."""
        self._go(0 if edge == "first" else len(self._keys) - 1)

    def action_open(self) -> None:
        """Say that the row under the cursor was chosen."""
        if (key := self.cursor_key) is not None:
            self.post_message(self.Opened(self, key))

    def on_click(self, event: events.Click) -> None:
        """Move to the row that was clicked; the second click of two opens it."""
        offset = event.get_content_offset(self)
        if offset is None or not 1 <= offset.y <= len(self.keys_in_sight):
            return
        self._go(self._top + offset.y - 1)
        if event.chain == 2:
            self.action_open()
        event.stop()

    def _go(self, row: int) -> None:
        if not self._keys:
            return
        before, self._cursor = self._cursor, max(0, min(row, len(self._keys) - 1))
        self._reveal()
        if before != self._cursor:
            self._check_rows({self._keys[before], self._keys[self._cursor]})
            self._say_moved()

    def _say_moved(self) -> None:
        self.post_message(self.CursorMoved(self, self.cursor_key))
