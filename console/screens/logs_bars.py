"""Rows of one question over the log: words to look for, a time to go to, logs to show."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style

from console.plain import fit
from console.screens.logs_moment import FORMS
from console.widgets.filter_bar import FilterBar
from console.widgets.tones import Run


class AskBar(FilterBar):
    """Takes the place of the row above the log while it is open, so that nothing else moves."""

    SIGN: ClassVar[str] = "/"
    HINT: ClassVar[str] = ""

    def draw(self, y: int, width: int) -> list[Run]:
        """The row with its own sign, and its own hint below."""
        if y == 0:
            sign = (f" {self.SIGN} ", Style.null())
            if not self._parts:
                return [sign, (fit(self.expression, width - 3), Style.null())]
            return [sign, *super().draw(0, width)[1:]]
        if self.has_class("-wrong"):
            return super().draw(y, width)
        return [(f"   {self.HINT}", self._palette.style("dim"))]


class SearchBar(AskBar):
    """What is looked for."""

    HINT = "regular expression; small letters find capitals   enter keeps   esc clears"


class TimeBar(AskBar):
    """Where to go."""

    SIGN = "'"
    HINT = f"{FORMS}   esc leaves"


class SourcesBar(AskBar):
    """Which logs to show."""

    SIGN = "a"
    HINT = "3   w0 w2 orch   workers   +appium   -w4   all   empty: the usual   esc leaves"
