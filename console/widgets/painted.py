"""A widget that draws its own lines, and sends only those that differ."""

from __future__ import annotations

from typing import ClassVar

from textual.strip import Strip
from textual.widget import Widget

from console.widgets.repaint import Repaint
from console.widgets.tones import Palette, Run, line


class Painted(Widget):
    """Lines of styled text, redrawn without layout; a subclass says what stands in each."""

    PREFIX: ClassVar[str] = "painted"
    """What its component classes begin with."""
    ALLOW_SELECT = False

    def __init__(
        self,
        *children: Widget,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(*children, id=id, classes=classes)
        self._palette = Palette(self, self.PREFIX)
        self._repaint = Repaint(self, self._drawn)

    def draw(self, y: int, width: int) -> list[Run]:
        """The parts of one line of the content; shorter ones are padded, longer ones are cut."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Repaint the lines that look different now."""
        self._repaint.check_all()

    def render_line(self, y: int) -> Strip:
        """Draw one line for the screen."""
        return self._repaint.paint(y)

    def _drawn(self, y: int) -> Strip:
        width = self.size.width
        return line(self.draw(y, width), width, self.rich_style)
