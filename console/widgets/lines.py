"""One-row widgets around every screen: state on top, the keys and the last note below.

Each is a line of text that is replaced without layout: 66 bytes for a changed clock instead of two
kilobytes (console-features 5.4).
"""

from __future__ import annotations

from collections.abc import Sequence

from console.plain import fit, plain
from rich.text import Text
from textual.widgets import Static


class Line(Static):
    """One row of text that is never parsed as markup; unchanged text is not sent again."""

    DEFAULT_CSS = """
    Line { height: 1; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id, classes=classes)
        self._said: tuple[Text | str, int] | None = None

    def say(self, text: Text | str) -> None:
        """Show this text; a plain string is made safe first."""
        shown = text if isinstance(text, Text) else Text(plain(text), no_wrap=True)
        shown.no_wrap = True
        key = (shown, self.size.width)
        if key != self._said:
            self._said = key
            self.update(shown, layout=False)

    @property
    def text(self) -> str:
        """What it says."""
        return "" if self._said is None else str(self._said[0])


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
        if not self.note:
            self.say("-" * width)
            return
        note = fit(plain(self.note), min(width - 6, len(self.note) + 2)).rstrip()
        self.say(f"-- {note} ".ljust(width, "-"))


def ends(left: Text, right: Text, width: int) -> Text:
    """``left`` and ``right`` at the two ends of a row; the left one is cut if they meet."""
    room = width - right.cell_len - 1
    line = left.copy()
    if line.cell_len > room:
        line.truncate(max(0, room), overflow="ellipsis")
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
