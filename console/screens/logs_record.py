"""A whole record with all its lines, to be scrolled, and handed to a pager."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import ClassVar, Final

from rich.cells import cell_len, chop_cells
from textual.binding import Binding, BindingType
from textual.message import Message

from console.log_text import whole
from console.pager import NoPagerError, page
from console.plain import plain
from console.widgets import tones
from console.widgets.painted import Painted
from console.widgets.tones import Run
from engine.log_stream import Record

MOST_ROWS: Final = 2_000
_LONGEST_LINE: Final = 20_000


class RecordView(Painted, can_focus=True):
    """The lines of one record, wrapped at the width."""

    PREFIX = "record-view"
    COMPONENT_CLASSES: ClassVar[set[str]] = tones.classes("record-view")
    DEFAULT_CSS = """
    RecordView { height: 1fr; }
    RecordView > .record-view--dim { text-style: dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_rows(-1)", show=False, id="record.up"),
        Binding("down,j", "scroll_rows(1)", show=False, id="record.down"),
        Binding("pageup", "scroll_pages(-1)", show=False, id="record.page-up"),
        Binding("pagedown,space", "scroll_pages(1)", show=False, id="record.page-down"),
        Binding("home", "scroll_rows(-100000)", show=False, id="record.home"),
        Binding("end", "scroll_rows(100000)", show=False, id="record.end"),
        Binding("enter", "page", show=False, id="record.pager"),
    ]

    class Paged(Message):
        """The operator wants it in his pager."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.record: Record | None = None
        self._rows: list[str] = []
        self._top = 0
        self._shown: tuple[object, ...] = ()

    def show(self, record: Record | None) -> None:
        """Show another record, from its beginning; the same one stays where it is."""
        shown: tuple[object, ...] = (None if record is None else record.seq, self.size.width)
        if record is not None:
            shown = (*shown, record.cost)
        if shown == self._shown:
            return
        if self.record is not record:
            self._top = 0
        self.record, self._shown = record, shown
        self._rows = [] if record is None else rows_of(record, max(1, self.size.width))
        self.action_scroll_rows(0)

    @property
    def hidden(self) -> int:
        """Rows below what is seen."""
        return max(0, len(self._rows) - self._top - self.size.height)

    def draw(self, y: int, width: int) -> list[Run]:
        """One row; the last one says that there is more."""
        if y == self.size.height - 1 and self.hidden:
            return [(f"... {self.hidden + 1} more rows", self._palette.style("dim"))]
        at = self._top + y
        return self._palette.runs(self._rows[at], width) if at < len(self._rows) else []

    def on_resize(self) -> None:
        """Wrap anew."""
        self.show(self.record)

    def action_scroll_rows(self, rows: int) -> None:
        last = max(0, len(self._rows) - self.size.height)
        self._top = max(0, min(self._top + rows, last))
        self.redraw()

    def action_scroll_pages(self, pages: int) -> None:
        self.action_scroll_rows(pages * max(1, self.size.height - 2))

    def action_page(self) -> None:
        self.post_message(self.Paged())


def rows_of(record: Record, width: int) -> list[str]:
    """First what happened, then the lines below it, two cells in."""
    rows = _wrapped(record.text, width)
    for line in record.more:
        rows += [f"  {part}" for part in _wrapped(line, max(1, width - 2))]
        if len(rows) >= MOST_ROWS:
            return [*rows[:MOST_ROWS], "... (y copies all of it)"]
    return rows


def _wrapped(line: str, width: int) -> list[str]:
    text = plain(line.expandtabs(4)[:_LONGEST_LINE])
    if cell_len(text) <= width:
        return [text]
    return chop_cells(text, width)


def in_pager(record: Record, suspend: Callable[[], AbstractContextManager[None]]) -> str:
    """Show a record in ``$PAGER`` while the cockpit gives the terminal away.

    Returns what is wrong, or nothing.
    """
    try:
        page(whole(record), suspend)
    except NoPagerError as exc:
        return f"{exc} y copies the record."
    return ""
