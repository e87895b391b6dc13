"""The list of a dialog: any number of rows, of which only those in view are drawn.

A static text of eight thousand targets would be laid out whole for each change; this one costs what
is seen (console-features 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.text import Text
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


class FactList(ScrollView, can_focus=False):
    """Rows that scroll; the dialog's own keys move it."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._rows: list[Text] = []

    @property
    def text(self) -> str:
        """All of it, also what is scrolled out of view."""
        return "\n".join(row.plain for row in self._rows)

    def show(self, rows: Sequence[Text]) -> None:
        """Replace the rows; the place that is scrolled to stays."""
        if list(rows) == self._rows:
            return
        self._rows = list(rows)
        self.virtual_size = Size(0, len(self._rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        place = y + round(self.scroll_offset.y)
        style = self.rich_style
        if place >= len(self._rows):
            return Strip.blank(width, style)
        row = self._rows[place]
        row.end = ""
        segments = list(row.render(self.app.console))
        return Strip(Segment.apply_style(segments, style)).adjust_cell_length(width, style)
