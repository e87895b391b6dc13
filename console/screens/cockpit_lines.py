"""Lines of which one can be chosen: attention, failures where it is narrow, the plan of a run.

Not a table: no header, no columns, and at the right end of each line the keys that help with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from console.widgets import tones
from console.widgets.painted import Painted
from console.widgets.tones import Drawn, Run, line


class Pick(NamedTuple):
    """One line."""

    key: str
    text: Drawn
    keys: str = ""
    """What stands at its right end."""


class Rows(Painted):
    """Lines that are only read."""

    PREFIX = "rows"
    COMPONENT_CLASSES: ClassVar[set[str]] = tones.classes("rows")
    DEFAULT_CSS = """
    Rows {
        height: 1;
        & > .rows--dim { text-style: dim; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Drawn, ...] = ()

    def set_lines(self, lines: Sequence[Drawn]) -> None:
        """Show these; what has no room is not seen."""
        self._lines = tuple(lines)
        self.redraw()

    def draw(self, y: int, width: int) -> list[Run]:
        """One line of the text."""
        return self._palette.runs(self._lines[y], width) if y < len(self._lines) else []


class PickLines(Painted, can_focus=True):
    """Lines with a cursor that is seen where the focus is; the rest is counted at the last one."""

    PREFIX = "pick-lines"
    COMPONENT_CLASSES: ClassVar[set[str]] = {*tones.classes("pick-lines"), "pick-lines--cursor"}
    DEFAULT_CSS = """
    PickLines {
        height: 1;
        & > .pick-lines--dim { text-style: dim; }
        & > .pick-lines--cursor { text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="pick.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="pick.down"),
        Binding("pageup,home", "move(-1000)", "First", show=False, id="pick.first"),
        Binding("pagedown,end", "move(1000)", "Last", show=False, id="pick.last"),
        Binding("enter", "open", "Open", show=False, id="pick.open"),
    ]

    class Opened(Message):
        """A line was chosen."""

        def __init__(self, lines: PickLines, key: str) -> None:
            super().__init__()
            self.lines = lines
            self.key = key

        @property
        def control(self) -> PickLines:
            """The lines, for ``@on`` with a selector."""
            return self.lines

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._picks: tuple[Pick, ...] = ()
        self._cursor = 0

    @property
    def keys(self) -> Sequence[str]:
        """The lines in their order."""
        return [pick.key for pick in self._picks]

    @property
    def cursor_key(self) -> str | None:
        """The line under the cursor; None where there are none."""
        return self._picks[self._cursor].key if self._picks else None

    def set_picks(self, picks: Sequence[Pick]) -> None:
        """Show these lines; the cursor stays at its key, or at its place."""
        key = self.cursor_key
        self._picks = tuple(picks)
        place = next((at for at, pick in enumerate(picks) if pick.key == key), self._cursor)
        self._cursor = max(0, min(place, len(picks) - 1))
        self.redraw()

    def move_to(self, key: str) -> bool:
        """Put the cursor on this line; False if it is not there."""
        if key not in self.keys:
            return False
        self._cursor = self.keys.index(key)
        self.redraw()
        return True

    def action_move(self, step: int) -> None:
        """Move the cursor by lines, as far as there are any."""
        self._cursor = max(0, min(self._cursor + step, len(self._picks) - 1))
        self.redraw()

    def action_open(self) -> None:
        """Say that the line under the cursor was chosen."""
        if (key := self.cursor_key) is not None:
            self.post_message(self.Opened(self, key))

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Move to the line that was clicked; the second click of two opens it."""
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= self._top + offset.y < len(self._picks):
            return
        self._cursor = self._top + offset.y
        self.redraw()
        if event.chain == 2:
            self.action_open()

    # -- drawing ---------------------------------------------------------------------------------

    @property
    def _top(self) -> int:
        return max(0, self._cursor - max(1, self.size.height) + 1)

    def draw(self, y: int, width: int) -> list[Run]:
        """Sign of the cursor, the text, and the keys as far as the text leaves room."""
        row = self._top + y
        if row >= len(self._picks):
            return []
        pick = self._picks[row]
        here = self.has_focus and row == self._cursor
        more = len(self._picks) - row - 1 if y == self.size.height - 1 else 0
        end = f"+{more} more  {pick.keys}" if more else pick.keys
        room = width - 1 - (cell_len(end) + 2 if end else 0)
        sign = (">" if here else " ", Style.null())
        if not end or room < width // 2:
            return [sign, *self._palette.runs(pick.text, width - 1)]
        return [
            sign,
            *self._palette.runs(pick.text, room),
            ("  ", Style.null()),
            *self._palette.runs(end, width - 1 - room - 2),
        ]

    def _drawn(self, y: int) -> Strip:
        width, under = self.size.width, self.rich_style
        runs = self.draw(y, width)
        if self.has_focus and self._top + y == self._cursor and runs:
            over = self._palette.style("cursor")
            used = sum(cell_len(text) for text, _ in runs)
            runs.append((" " * max(0, width - used), Style.null()))
            return tones.strip(runs, width, under=under, over=over)
        return line(runs, width, under)
