"""The lines of a log as rows: how they look at this width, wrapped or cut, with matches marked."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.reactive import var
from textual.strip import Strip

from console.widgets.log_paint import STYLE_CLASSES, LogPainter
from console.widgets.log_window import LogLine, LogWindow
from console.widgets.terminal_rows import TerminalRows


class LogRows(TerminalRows):
    """A window onto a ring of lines; it is moved and filled by the view."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-view--cursor",
        *(f"log-view--{name}" for name in STYLE_CLASSES),
    }

    wrap: var[bool] = var(False, init=False)
    """Whether long lines go on in the next row; else they are cut at the width, with a mark."""
    highlight: var[re.Pattern[str] | None] = var(None, init=False)
    """What is searched for; every match that can be seen is marked."""

    def __init__(
        self,
        capacity: int,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the name that every widget has
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._window = LogWindow(capacity, self._rows_of)
        self._painter: LogPainter | None = None

    def watch_wrap(self) -> None:
        self._redraw()

    def watch_highlight(self) -> None:
        self._redraw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._painter = None

    def forget_drawn(self, key: int | None = None) -> None:
        """Another line may come under this key; None: under any."""
        if self._painter is not None:
            self._painter.forget(key)

    def _redraw(self) -> None:
        """Draw every row anew: the width, the styles or the search are other ones."""
        self._painter = None
        self.repaint_changes()

    # -- rows for the terminal ---------------------------------------------------------------------

    def used_cells(self, strip: Strip) -> int:
        return self._present_painter().used(strip)

    def wanted_rows(self) -> list[Strip]:
        window, painter = self._window, self._present_painter()
        window.resize(self.size.height)
        strips = []
        for line, part in window.rows():
            strip = painter.rows(window.lines[line])[part]
            if line == window.cursor:
                strip = painter.under_cursor(strip, first=part == 0)
            strips.append(strip)
        return strips + [painter.blank] * (self.size.height - len(strips))

    def _rows_of(self, line: LogLine) -> int:
        """Rows that a line takes."""
        return len(self._present_painter().rows(line)) if self.wrap and self.size else 1

    def _present_painter(self) -> LogPainter:
        """The painter for the present width, styles and search."""
        if self._painter is None or self._painter.width != self.size.width:
            self._painter = LogPainter(
                width=self.size.width,
                wrap=self.wrap,
                match=self.highlight,
                base=self.rich_style,
                cursor=self.get_component_rich_style("log-view--cursor", partial=True),
                styles={
                    name: self.get_component_rich_style(f"log-view--{name}", partial=True)
                    for name in STYLE_CLASSES
                },
                console=self.app.console,
            )
        return self._painter
