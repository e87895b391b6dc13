"""Rows of a terminal that are painted only where they changed.

Textual repaints a widget whole, and a scroll area whose size changes lays out the screen (18 kB
for a line of a log at 160x48, console-features 5.4). Here the virtual size is constant; rows are
compared with what the terminal shows, sent up to their last character, and moved by the terminal
itself where it can. On a screen that is not the top one nothing is painted.
"""

from __future__ import annotations

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.widgets.terminal_scroll import TerminalScroll, shift_between


class TerminalRows(ScrollView, inherit_bindings=False):
    """A view of as many rows as it is high; the subclass says what they show."""

    DEFAULT_CSS = "TerminalRows { overflow: hidden hidden; }"

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the name that every widget has
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._scroll = TerminalScroll(self)
        self._painted: dict[int, Strip] = {}
        """What the terminal shows, by row; unknown where there is none."""
        self._wanted: list[Strip] = []
        """What it is to show."""

    def wanted_rows(self) -> list[Strip]:
        """Every row of the view as it should be now: height many, each of full width."""
        raise NotImplementedError

    def used_cells(self, strip: Strip) -> int:
        """Cells of a row up to the last one that is not empty background."""
        return strip.cell_length

    def repaint_changes(self) -> None:
        """Ask for the rows that differ from what the terminal shows."""
        if not self.is_attached or not self.size or not self.screen.is_active:
            return
        wanted = self.wanted_rows()
        if self._scroll.possible() and (rows := shift_between(self._painted, wanted)):
            self._scroll.ask(rows)
            self._painted = {
                y - rows: strip
                for y, strip in self._painted.items()
                if 0 <= y - rows < self.size.height
            }
        regions = [
            Region(0, y, max(self._used(strip), self._used(self._painted.get(y))), 1)
            for y, strip in enumerate(wanted)
            if strip != self._painted.get(y)
        ]
        if regions:
            self.refresh(*regions)

    def _used(self, strip: Strip | None) -> int:
        return self.size.width if strip is None else self.used_cells(strip)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows for the terminal; those that changed while nobody saw them are drawn anew."""
        self._wanted = self.wanted_rows()
        scrolled = self._scroll.asked
        if scrolled and not self._scroll.perform():
            self.call_next(self.refresh)
        # A private seam of Textual: its cache holds rows by number, and while hidden they are not
        # refreshed, since that would ask for a repaint of the screen above.
        if scrolled or any(strip != self._painted.get(y) for y, strip in enumerate(self._wanted)):
            self._styles_cache.clear()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """A row, as the last look wanted it."""
        strip = self._wanted[y]
        self._painted[y] = strip
        return strip
