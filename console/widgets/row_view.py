"""The window of a table: rows by key, the lines of those in sight, repainted where they differ.

Why not ``DataTable``: 50,000 rows take it 9.5 s to fill and 27 kB to change one cell; it has no
marks and no sign of the sorting (console-features 5.2 and 5.3). This one keeps nothing of a row but
its key, and asks for the cells of the rows in sight only. Its size changes no layout, and it has no
scroll bar: the header says which rows are in sight.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain, islice
from typing import ClassVar

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from console.widgets import tones
from console.widgets.columns import Column, Sorting
from console.widgets.repaint import Repaint
from console.widgets.row_paint import CellOf, RowPaint
from console.widgets.tones import Drawn, Palette


def _no_cell(_row: str, _column: str) -> Drawn:
    return ""


class RowView(ScrollView, inherit_bindings=False):
    """Rows under a header that stays, one of them the cursor's; how it moves is not decided here.

    Must be given a size by its place: with ``height: auto`` each new row is a layout.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-table--cursor",
        "row-table--header",
        "row-table--marked",
        "row-table--placeholder",
        *tones.classes("row-table"),
    }
    DEFAULT_CSS = """
    RowView {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size: 0 0;
    }
    """
    ALLOW_SELECT = False

    def __init__(
        self,
        columns: Sequence[Column] = (),
        *,
        placeholder: str = "nothing here",
        gap: int = 2,
        marks: bool = True,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """``gap`` is the blank between columns; without ``marks`` the marker column is one cell."""
        super().__init__(id=id, classes=classes)
        self.marked: set[str] = set()
        """Marked rows, also those that are not shown now; change it through the methods."""
        self._keys: list[str] = []
        self._cell: CellOf = _no_cell
        self._cursor = 0
        self._attention: Collection[str] = frozenset()
        self._placeholder = placeholder
        self._paint = RowPaint(Palette(self, "row-table"), columns, gap=gap, marks=marks)
        self._repaint = Repaint(self, self._line)
        self.set_reactive(Widget.virtual_size, Size(0, 2))

    @property
    def keys(self) -> Sequence[str]:
        """The rows in their order."""
        return self._keys

    @property
    def cursor_key(self) -> str | None:
        """The row under the cursor; None in an empty table."""
        return self._keys[self._cursor] if self._keys else None

    @property
    def keys_in_sight(self) -> Sequence[str]:
        """The rows that are on screen, or would be if the table were."""
        return self._keys[self._top : self._top + self._page]

    @property
    def columns(self) -> Sequence[Column]:
        """All columns, also those that have no room."""
        return self._paint.columns

    @property
    def shown_columns(self) -> Sequence[str]:
        """Keys of the columns that have room."""
        return [place.column.key for place in self._paint.shown(self.size.width)]

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns of the same rows."""
        self._paint.columns = columns
        self._repaint.check_all()

    def set_sort(self, sorting: Sorting | None) -> None:
        """Show in the header what the rows are in order of."""
        self._paint.sorting = sorting
        self._repaint.check((0,))

    def set_placeholder(self, sentence: str) -> None:
        """Say why there are no rows, in their place."""
        self._placeholder = sentence
        self._repaint.check_all()

    def set_attention(self, keys: Collection[str]) -> None:
        """Put the ``!`` in front of these rows."""
        self._attention = keys
        self._repaint.check_all()

    def set_rows(self, keys: Sequence[str], cell: CellOf) -> None:
        """Show these rows; ``cell(row_key, column_key)`` is asked for those in sight.

        The cursor stays on its key, or goes to the nearest row that is left. The row at the top
        stays there, but a table that shows its first row goes on to show it. Marks stay.
        """
        before, after = self._keys, list(keys)
        self._cell = cell
        if after != before:
            self._replace(before, after)
        self._repaint.check_all()

    def refresh_cells(self, changes: Iterable[tuple[str, str]]) -> None:
        """These cells (row key, column key) have changed; only what is in sight is repainted."""
        columns = set(self.shown_columns)
        self._check_rows({row for row, column in changes if column in columns})

    def refresh_row(self, key: str) -> None:
        """Any cell of this row may have changed."""
        self._check_rows({key})

    # The window

    @property
    def _top(self) -> int:
        """The row below the header."""
        return round(self.scroll_y)

    @property
    def _page(self) -> int:
        """Rows in sight, at most."""
        return max(0, self.size.height - 1)

    def _reveal(self) -> None:
        """Scroll no more than is needed to have the cursor in sight."""
        if self._cursor < self._top:
            self._scroll_rows(self._cursor)
        elif self._page and self._cursor >= self._top + self._page:
            self._scroll_rows(self._cursor - self._page + 1)

    def _scroll_rows(self, top: int) -> None:
        if self.is_attached:
            self.scroll_to(y=top, animate=False, force=True)

    def _replace(self, before: list[str], after: list[str]) -> None:
        """Take the new rows, and find the places of the cursor and of the top among them."""
        in_sight = self._top <= self._cursor < self._top + self._page
        top = _nearest(before, after, self._top) if self._top else 0
        self._cursor = _nearest(before, after, self._cursor)
        self._keys = after
        # Not through the reactive: that lays out and sends the whole screen for each new row.
        self.set_reactive(Widget.virtual_size, Size(0, max(1, len(after)) + 1))
        if self.styles.auto_dimensions:
            self.refresh(layout=True)
        self._scroll_rows(min(top, max(0, len(after) - self._page)))
        if in_sight:
            self._reveal()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint what moved: a line that looks the same as before sends nothing."""
        if round(old_value) != round(new_value):
            self._repaint.check_all()

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._reveal()

    def _check_rows(self, keys: Collection[str]) -> None:
        self._repaint.check(y for y, key in enumerate(self.keys_in_sight, start=1) if key in keys)

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is in sight; the first is the header."""
        return self._repaint.paint(y)

    def _line(self, y: int) -> Strip:
        width, under = self.size.width, self.rich_style
        if y == 0:
            return self._paint.header(width, under, self._places())
        row = self._top + y - 1
        if row >= len(self._keys):
            sentence = "" if self._keys or y > 1 else self._placeholder
            return self._paint.sentence(sentence, width, under)
        key = self._keys[row]
        return self._paint.row(
            key,
            self._cell,
            width,
            under,
            cursor=row == self._cursor,
            marked=key in self.marked,
            attention=key in self._attention,
        )

    def _places(self) -> Sequence[str]:
        """Which rows are in sight, where that is not all of them, in words and shorter."""
        count, last = len(self._keys), self._top + self._page
        if count <= self._page:
            return ()
        return (f"{self._top + 1}-{last} of {count}", f"{last}/{count}")


def _nearest(before: Sequence[str], after: Sequence[str], row: int) -> int:
    """Where that row is now; if it has gone, the next below that is left, else the next above."""
    if not after or not before:
        return 0
    if before[row] in (kept := set(after)):
        return after.index(before[row])
    around = chain(islice(before, row + 1, None), reversed(before[:row]))
    return next((after.index(key) for key in around if key in kept), 0)
