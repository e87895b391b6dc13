"""One-row widgets around every screen: state on top, the keys and the last note below.

Each is a line of text that is replaced without layout: 66 bytes for a changed clock instead of two
kilobytes (console-features 5.4).
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual.widget import Widget

from console.plain import CUT, fit, plain
from console.widgets.painted import Painted
from console.widgets.tones import Run


class Line(Painted):
    """One row of text that is never parsed as markup; what stays the same is not sent again."""

    PREFIX = "line"
    DEFAULT_CSS = """
    Line { height: 1; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._said: Text | str = ""

    def say(self, text: Text | str) -> None:
        """Show this text; outside text in it is made safe when it is drawn."""
        self._said = text
        self.redraw()

    @property
    def text(self) -> str:
        """What it says."""
        return str(self._said)

    def draw(self, y: int, width: int) -> list[Run]:
        """The row."""
        return self._palette.runs(self._said, width)


class Rule(Line):
    """A line of dashes, with a note in it where there is something to say."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.note = ""
        self.tone = ""

    def on_resize(self) -> None:
        self._draw()

    def show(self, note: str, tone: str = "") -> None:
        """Put a note into the rule; an empty one takes it away."""
        self.note, self.tone = note, tone
        self.set_class(bool(note), "-noted")
        self.set_class(tone == "bad", "-bad")
        self._draw()

    def _draw(self) -> None:
        width = self.size.width
        if width <= 0:
            return
        dash = dash_of(self)
        if not self.note:
            self.say(dash * width)
            return
        note = fit(plain(self.note), min(width - 6, len(self.note) + 2)).rstrip()
        row = f"{dash * 2} {note} "
        self.say(row + dash * (width - cell_len(row)))


def dash_of(widget: Widget) -> str:
    """What a rule is drawn with: as the boxes of the app are, ASCII where it has none."""
    return "─" if widget.app.theme_variables.get("box") == "solid" else "-"


def ends(left: Text, right: Text, width: int) -> Text:
    """``left`` and ``right`` at the two ends of a row; the left one is cut if they meet."""
    room = width - right.cell_len - 1
    line = left.copy()
    if line.cell_len > room:
        line.truncate(max(0, room - len(CUT)))
        line.append(CUT[: max(0, room)])
    line.append(" " * max(1, width - line.cell_len - right.cell_len))
    line.append_text(right)
    return line


def keys_line(keys: Sequence[tuple[str, str]], width: int, *, most: int) -> Text:
    """`` s Run/pause  S Stop phones …`` as many as fit, at most ``most``."""
    line = Text(" ", no_wrap=True)
    for number, (key, word) in enumerate(keys):
        part = f"{key} {word}"
        gap = "" if number == 0 else "  "
        if number >= most or line.cell_len + len(gap) + len(part) > width:
            break
        line.append(gap)
        line.append(key, style="bold")
        line.append(f" {word}")
    return line
