"""Rows of one question over the log: words to look for, a time to go to, logs to show."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text

from console.plain import fit
from console.screens.logs_moment import FORMS
from console.widgets import tones
from console.widgets.filter_bar import FilterBar
from console.widgets.painted import Painted
from console.widgets.tones import Run


class ChipsRow(Painted):
    """The row above the log; a count that changes is sent up to its end, not the whole row."""

    PREFIX = "chips-row"
    COMPONENT_CLASSES: ClassVar[set[str]] = tones.classes("chips-row")
    DEFAULT_CSS = """
    ChipsRow { height: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._said = Text()

    @property
    def text(self) -> str:
        """What it says."""
        return self._said.plain

    def say(self, text: Text) -> None:
        """Show this instead."""
        self._said = text
        self.redraw()

    def draw(self, y: int, width: int) -> list[Run]:
        """The row."""
        return self._palette.runs(self._said, width)


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
