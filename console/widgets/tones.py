"""What a cell or a line may be, and its way to styled text that is safe and exactly wide enough.

A tone is a meaning, not a colour: the stylesheet gives it one, through the widget's component
classes (``row-table--good``), and every tone stands beside a sign or a word that says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip
from textual.widget import Widget

from console.plain import CUT, Align, fit, plain

Tone = Literal["", "dim", "good", "bad", "warn", "busy"]
TONES: Final[tuple[Tone, ...]] = ("dim", "good", "bad", "warn", "busy")

Cell = tuple[str, Tone]
"""Outside text, and what it means."""
Drawn = Text | str | Cell
"""What may be handed over to be drawn in one row. Never markup: a string is shown as it is, and a
``Text`` may use the names of tones as styles of its parts."""
Run = tuple[str, Style]

_REACH: Final = 8
_JOINERS: Final = str.maketrans("", "", "\u200d\ufe0f")


def classes(prefix: str) -> set[str]:
    """Names of the component classes of a widget that draws tones."""
    return {f"{prefix}--{tone}" for tone in TONES}


class Palette:
    """The tones of one widget, as the theme has them now."""

    def __init__(self, widget: Widget, prefix: str) -> None:
        self._widget = widget
        self._prefix = prefix

    def style(self, name: str) -> Style:
        """The style of a tone or another component of the widget; nothing for an unknown name."""
        if not name:
            return Style.null()
        return self._widget.get_component_rich_style(
            f"{self._prefix}--{name}", partial=True, default=Style.null()
        )

    def runs(self, value: Drawn, width: int, align: Align = "left") -> list[Run]:
        """Runs of one style each, together exactly ``width`` cells, safe for the terminal."""
        if width <= 0:
            return []
        if isinstance(value, str):
            return [(fit(value, width, align), Style.null())]
        if isinstance(value, tuple):
            text, tone = value
            return [(fit(text, width, align), self.style(tone))]
        return _fitted(self._flat(value, width), width, align, cut=len(value) > width * _REACH)

    def _flat(self, text: Text, width: int) -> list[Run]:
        reach = text[: width * _REACH] if len(text) > width * _REACH else text.copy()
        if isinstance(reach.style, str) and reach.style in TONES:
            reach.style = self.style(reach.style)
        reach.spans = [
            span._replace(style=self.style(span.style))
            if isinstance(span.style, str) and span.style in TONES
            else span
            for span in reach.spans
        ]
        return [
            # Joiners at the edge of a run would change the width of its neighbour.
            (plain(part).translate(_JOINERS), style or Style.null())
            for part, style, _ in reach.render(self._widget.app.console)
        ]


def _fitted(runs: list[Run], width: int, align: Align, *, cut: bool) -> list[Run]:
    cells = sum(cell_len(text) for text, _ in runs)
    if cells <= width and not cut:
        blank = (" " * (width - cells), Style.null())
        return [blank, *runs] if align == "right" else [*runs, blank]
    mark = CUT[:width]
    room = width - len(mark)
    fitted: list[Run] = []
    style = Style.null()
    for text, style in runs:
        cells = cell_len(text)
        if cells >= room:
            fitted.append((set_cell_size(text, room), style))
            room = 0
            break
        fitted.append((text, style))
        room -= cells
    return [*fitted, (" " * room + mark, style)]


def strip(runs: Iterable[Run], width: int, *, under: Style, over: Style | None = None) -> Strip:
    """One line: neighbours of the same style become one, each change of style costs 40 bytes.

    ``under`` is the line's own style, ``over`` what a cursor puts on top of all.
    """
    joined: list[Run] = []
    for text, own in runs:
        if not text:
            continue
        style = under + own
        if over is not None:
            style += over
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + text, style)
        else:
            joined.append((text, style))
    return Strip([Segment(text, style) for text, style in joined], width)


def line(parts: Sequence[Run], width: int, under: Style) -> Strip:
    """A line from parts that may be too short or too long for it."""
    return strip(_fitted(list(parts), width, "left", cut=False), width, under=under)
