"""A titled box with a hint in its lower edge, which becomes a rule on a narrow screen.

Boxes as in the wide mock-ups (``+- Title ---+``), in ASCII, because it survives every terminal; a
stylesheet may choose another border. Holds either widgets or lines of text of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region, Size
from textual.widget import Widget

from console.plain import fit, plain
from console.widgets import tones
from console.widgets.painted import Painted
from console.widgets.tones import Drawn, Run

_CORNERS: Final = 6
"""Cells of an edge that its words leave free."""
_GAP: Final = "   "
"""Between the keys in a lower edge."""


def _edge(words: str, room: int) -> Content | None:
    """Words for an edge; Textual itself would cut them with a sign that is no ASCII."""
    if not words or room <= 0:
        return None
    return Content(fit(words, min(room, cell_len(words))))


def _whole_keys(keys: str, room: int) -> str:
    """As many keys as have room: one that is cut helps nobody."""
    parts = keys.split(_GAP)
    while len(parts) > 1 and cell_len(_GAP.join(parts)) > room:
        parts.pop()
    return _GAP.join(parts)


class Panel(Painted):
    """A box around other widgets, or around lines of text that change without layout.

    A rule below a screen's ``-narrow`` breakpoint: no sides, no title, no footer.
    """

    PREFIX = "panel"
    COMPONENT_CLASSES: ClassVar[set[str]] = tones.classes("panel")
    SCOPED_CSS = False
    DEFAULT_CSS = """
    Panel {
        height: auto;
        layout: vertical;
        overflow: hidden hidden;
        padding: 0 1;
        border: ascii $foreground;
        border-title-align: left;
        border-subtitle-align: right;
        & > .panel--dim { text-style: dim; }
    }
    .-narrow Panel, .-tiny Panel {
        padding: 0;
        border: none;
        border-top: ascii $foreground;
    }
    """

    def __init__(
        self,
        *children: Widget,
        title: str = "",
        footer: str = "",
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(*children, id=id, classes=classes)
        self._lines: tuple[Drawn, ...] = ()
        self._title = title
        self._footer = footer

    @property
    def title(self) -> str:
        """What stands in the upper edge; outside text is made safe."""
        return self._title

    @title.setter
    def title(self, title: str) -> None:
        self._title = title
        self._show_edges()

    @property
    def footer(self) -> str:
        """What stands in the lower edge, such as the keys that work here."""
        return self._footer

    @footer.setter
    def footer(self, footer: str) -> None:
        self._footer = footer
        self._show_edges()

    @property
    def lines(self) -> Sequence[Drawn]:
        """The text in it."""
        return self._lines

    def set_lines(self, lines: Sequence[Drawn]) -> None:
        """Show these lines; those that are too long are cut, those below the box are not seen.

        Only a number of lines that changes the height of a panel with ``height: auto`` is a layout.
        """
        taller = len(lines) != len(self._lines)
        self._lines = tuple(lines)
        if taller and self.styles.auto_dimensions:
            self.refresh(layout=True)
        self.redraw()

    def draw(self, y: int, width: int) -> list[Run]:
        """One line of the text."""
        return self._palette.runs(self._lines[y], width) if y < len(self._lines) else []

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as it has lines, or as its widgets need."""
        if self.children:
            return super().get_content_height(container, viewport, width)
        return len(self._lines)

    def on_mount(self) -> None:
        """Put the words into the edges."""
        self._show_edges()

    def on_resize(self) -> None:
        """Take the words out of a rule, and put them back into a box."""
        self._show_edges()

    def notify_style_update(self) -> None:
        """A box that became a rule, or a rule a box, of the same size is told of no resize."""
        super().notify_style_update()
        self._show_edges()

    def _show_edges(self) -> None:
        """Write the edges; not through ``border_title``, which sends the whole box for a word."""
        if not self.is_mounted:
            return
        room = self.outer_size.width - _CORNERS if self.styles.border_left[0] else 0
        title = _edge(plain(self._title), room)
        footer = _edge(_whole_keys(plain(self._footer), room), room)
        edges, gutter = [], self.styles.gutter
        if title != self._border_title:
            edges.append(-gutter.top)
        if footer != self._border_subtitle:
            edges.append(self.size.height + gutter.bottom - 1)
        self._border_title, self._border_subtitle = title, footer
        width = self.outer_size.width
        if edges and width:
            self.refresh(*(Region(-gutter.left, y, width, 1) for y in edges))
