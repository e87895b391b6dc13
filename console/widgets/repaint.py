"""Repaints only what differs from what was painted last.

Textual repaints a whole widget for one changed cell (7.5 to 27 kB, console-features 5.3 and 5.4),
and a line from its left edge up to the end of the region that was asked for. So a line is compared
with its last painting, and asked for up to its last cell that differs; equal lines send nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Repaint:
    """Remembers the lines that a widget painted, and asks for those that have changed."""

    def __init__(self, widget: Widget, line: Callable[[int], Strip]) -> None:
        """``line`` draws one line of the widget's content as it should look now."""
        self._widget = widget
        self._line = line
        self._painted: dict[int, Strip] = {}

    def paint(self, y: int) -> Strip:
        """Draw a line for the screen; the widget's ``render_line``."""
        drawn = self._line(y)
        self._painted[y] = drawn
        return drawn

    def check(self, lines: Iterable[int]) -> None:
        """Ask for a repaint of those of these lines that look different now."""
        width = self._widget.size.width
        if not width or not self._widget.is_attached:
            return
        regions = []
        for y in lines:
            painted = self._painted.get(y)
            end = width if painted is None else _end_of_change(painted, self._line(y))
            if end:
                regions.append(Region(0, y, min(end, width), 1))
        if not regions:
            return
        if self._in_sight():
            self._widget.refresh(*regions)
        else:
            self._widget._set_dirty(
                *regions
            )  # painted when its screen comes back; asks for nothing

    def _in_sight(self) -> bool:
        """Whether nothing opaque lies over the widget's screen.

        Textual repaints the top screen for each change of the one below, even if that is covered.
        """
        for screen in reversed(self._widget.app.screen_stack):
            if screen is self._widget.screen:
                return True
            if screen.styles.background.a == 1:
                return False
        return False

    def check_all(self) -> None:
        """Ask for a repaint of all lines that look different now."""
        self.check(range(self._widget.size.height))


def _end_of_change(before: Strip, after: Strip) -> int:
    """Cells from the left edge to the end of the last difference; 0 if there is none."""
    if before == after:
        return 0
    if before.cell_length != after.cell_length:
        return max(before.cell_length, after.cell_length)
    old, new = _characters(before), _characters(after)
    same = 0
    for one, other in zip(reversed(old), reversed(new), strict=False):
        if one != other:
            break
        same += 1
    return cell_len("".join(text for text, _ in new[: len(new) - same]))


def _characters(strip: Strip) -> list[tuple[str, Style | None]]:
    return [(character, style) for text, style, _ in strip for character in text]
