"""The log on screen: follows the end, or stands still and counts what it holds back.

Textual's own log widgets lay the whole screen out for every line (18 kB on the wire at 160x48) and
always jump to the end or forget colours (console-features 5.3, 5.4). This one has a constant
virtual size and its own place: a batch repaints the rows that changed up to their last character,
a paused or hidden one nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from console.plain import plain
from console.widgets.log_rows import LogRows
from console.widgets.log_window import LogLine

__all__ = ["RING_LINES", "LogLine", "LogView"]

RING_LINES = 20_000
WHEEL_ROWS = 3


class LogView(LogRows, can_focus=True, inherit_bindings=False):
    """The newest lines of a log, with a cursor. Levels, sources and filters are the screen's."""

    DEFAULT_CSS = "LogView { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor(-1)", "Line up", show=False, id="log.up"),
        Binding("down,j", "cursor(1)", "Line down", show=False, id="log.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="log.page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="log.page-down"),
        Binding("home", "home", "Oldest line", show=False, id="log.home"),
        Binding("end,G", "end", "Newest line, and follow", show=False, id="log.end"),
        Binding("enter", "open", "Open the record", show=False, id="log.open"),
    ]

    following: var[bool] = var(True, init=False)
    """Whether new lines are shown as they come; true only at the end. Set it to pause or follow."""
    held_back: var[int] = var(0, init=False)
    """Lines that came while paused."""

    class CursorMoved(Message):
        """The cursor stands on another line, or (None) on none."""

        def __init__(self, key: int | None) -> None:
            super().__init__()
            self.key = key

    class Opened(Message):
        """The operator wants to see the whole record of a line."""

        def __init__(self, key: int) -> None:
            super().__init__()
            self.key = key

    class FollowChanged(Message):
        """Following began or ended, or other lines are held back than before."""

        def __init__(self, following: bool, held_back: int) -> None:
            super().__init__()
            self.following = following
            self.held_back = held_back

    def __init__(
        self,
        *,
        capacity: int = RING_LINES,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - the name that every widget has
        classes: str | None = None,
    ) -> None:
        super().__init__(capacity, name=name, id=id, classes=classes)
        self._reported: int | None = None
        """Key of the cursor's line that the screen has heard of."""
        self._told = (True, 0)
        """What the screen has heard of following and of what is held back."""

    # -- what a screen says ------------------------------------------------------------------------

    @property
    def lines(self) -> Sequence[LogLine]:
        """All lines of the ring, oldest first; not to be changed."""
        return self._window.lines

    @property
    def cursor_key(self) -> int | None:
        """Key of the line under the cursor; None where there is no cursor yet."""
        line = self._window.cursor_line
        return None if line is None else line.key

    @property
    def cursor_text(self) -> str:
        """The whole line under the cursor, plain, for the clipboard; empty without one."""
        line = self._window.cursor_line
        return "" if line is None else plain(line.raw)

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add a batch at the end. Paused, it is counted and nothing is drawn."""
        if not lines:
            return
        self._window.append(lines)
        self._settle()

    def insert(self, line: LogLine, *, before: int) -> bool:
        """Put a late line where it belongs; False if there is no line with the key ``before``."""
        index = self._window.index_of(before)
        if index is None:
            return False
        self._window.insert(index, line)
        self._settle()
        return True

    def update_lines(self, lines: Sequence[LogLine]) -> None:
        """Show other texts for lines that are there, by key; others are left out."""
        for line in lines:
            if (index := self._window.index_of(line.key)) is not None:
                self._window.lines[index] = line
                self.forget_drawn(line.key)
        self._settle()

    def replace(self, lines: Sequence[LogLine]) -> None:
        """Show other lines (another filter); place and cursor stay at their lines."""
        self.forget_drawn()
        self._window.replace(lines)
        self._settle()

    def clear(self) -> None:
        """Show nothing, and follow."""
        self._window.cursor = None
        self._window.follow()
        self.replace(())

    def go_to(self, key: int) -> bool:
        """Put the cursor on a line, in sight, and pause; False if the line is not there."""
        index = self._window.index_of(key)
        if index is None:
            return False
        self._window.centre(index)
        self._settle()
        return True

    def end(self) -> None:
        """Go to the newest line, and follow."""
        self._window.cursor = len(self._window.lines) - 1 if self._window.lines else None
        self._window.follow()
        self._settle()

    def pause(self) -> None:
        """Stand still here, also at the end."""
        self._window.pause()
        self._settle()

    # -- keys and mouse ----------------------------------------------------------------------------

    def action_cursor(self, lines: int) -> None:
        self._window.move_cursor(lines)
        self._settle()

    def action_page(self, pages: int) -> None:
        self._window.page(pages)
        self._settle()

    def action_home(self) -> None:
        if self._window.lines:
            self._window.pause()
            self._window.show(0)
            self._settle()

    def action_end(self) -> None:
        self.end()

    def action_open(self) -> None:
        if self.cursor_key is not None:
            self.post_message(self.Opened(self.cursor_key))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, -WHEEL_ROWS)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, WHEEL_ROWS)

    def _wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        self._window.scroll(rows)
        self._settle()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a double click opens."""
        offset = event.get_content_offset(self)
        rows = self._window.rows()
        if offset is None or offset.y >= len(rows):
            return
        self._window.show(rows[offset.y].line)
        self._settle()
        if event.chain == 2:
            self.action_open()

    # -- what changed ------------------------------------------------------------------------------

    def watch_following(self, following: bool) -> None:
        """A screen may set it as well: false pauses here, true goes to the end."""
        if following != self._window.following:
            (self._window.follow if following else self._window.pause)()
            self._settle()

    def _settle(self) -> None:
        """After any change: say what is so now, and repaint the rows that differ."""
        window = self._window
        self.following, self.held_back = window.following, window.held_back
        if self._told != (window.following, window.held_back):
            self._told = (window.following, window.held_back)
            self.post_message(self.FollowChanged(*self._told))
        if self._reported != self.cursor_key:
            self._reported = self.cursor_key
            self.post_message(self.CursorMoved(self._reported))
        self.repaint_changes()
