"""Lets the terminal itself move rows that it already shows, as every terminal can since the VT100.

Textual knows only painting: a log that goes up by one line would send every row again, 8.7 kB at
160x48. With a scroll region the same line costs its own 200 bytes. It is done only where nothing
can go wrong: the widget spans the terminal, nothing lies over it, and all that was asked to be
painted has been. Everywhere else the rows are painted.

The private names of Textual that it takes (compositor, driver, regions to be painted) are used in
this module alone; Textual is pinned, and a test looks at a real terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

LEAST_GAIN = 2
"""Rows that must be spared, else painting is as cheap."""


def shift_between(shown: Mapping[int, Strip], wanted: Sequence[Strip]) -> int:
    """How many rows up (down where negative) the shown rows must go to spare the most painting."""
    where = {id(strip): y for y, strip in shown.items()}
    repeated = {key for key, count in Counter(map(id, shown.values())).items() if count > 1}
    votes = Counter(
        where[id(strip)] - y
        for y, strip in enumerate(wanted)
        if id(strip) in where and id(strip) not in repeated
    )
    if not votes:
        return 0
    shift, spared = votes.most_common(1)[0]
    return shift if shift and spared - votes[0] >= LEAST_GAIN else 0


class TerminalScroll:
    """Scrolls the terminal under one widget; asked for now, done with the next painting."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._asked: list[int] = []
        self._place = Region()
        """Where the widget was when it was asked."""

    @property
    def asked(self) -> bool:
        """Whether something is to be done with the next painting."""
        return bool(self._asked)

    def possible(self) -> bool:
        """Whether the terminal shows exactly what was painted last, and nothing but that."""
        return not self._widget._repaint_regions and self._undisturbed()

    def ask(self, rows: int) -> None:
        """Scroll up by rows (down where negative) before the next painting."""
        self._place = self._widget.content_region
        self._asked.append(rows)

    def perform(self) -> bool:
        """Called when the widget is painted: do what was asked; False if that is impossible now."""
        asked, self._asked = self._asked, []
        if not asked:
            return True
        if self._widget.content_region != self._place or not self._undisturbed():
            return False
        driver = self._widget.app._driver
        if driver is None:
            return False
        top, bottom = self._place.y + 1, self._place.bottom
        for rows in asked:
            move = (
                f"\x1b[{bottom};1H" + "\n" * rows
                if rows > 0
                else f"\x1b[{top};1H" + "\x1bM" * -rows
            )
            driver.write(f"\x1b[{top};{bottom}r{move}\x1b[r")
        return True

    def _undisturbed(self) -> bool:
        """The widget spans a real terminal, whole, and nothing lies over it."""
        widget, app = self._widget, self._widget.app
        if app.is_headless or app.is_inline or app.is_web or not widget.screen.is_active:
            return False
        place = widget.content_region
        if place.x != 0 or place.width != app.size.width or not place.height:
            return False
        visible = widget.screen._compositor.visible_widgets
        if widget not in visible or not visible[widget][1].contains_region(place):
            return False
        around = {widget, *widget.ancestors}
        return not any(
            other not in around and region.intersection(clip).overlaps(place)
            for other, (region, clip) in visible.items()
        )
