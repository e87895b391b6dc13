"""Which lines of a log are seen: the ring, the place in it, and the cursor; no drawing, no Textual.

A place is a line and a row of it, since a wrapped line takes several rows. Following is a fact
about the place: the last row is the last line's (console-features 6.7).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.text import Text


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line to show. Its text is outside text: it is made plain when it is drawn."""

    key: int
    """Unique; a line that arrived later has a greater one."""
    text: Text | tuple[tuple[str, str], ...]
    """A rich text, or segments of text and style class: "", dim, warning, error, notice."""
    level: str = ""
    """ERROR, WARN, INFO, DEBUG, or NOTICE: a remark on the log itself, such as "rotated"."""

    @property
    def raw(self) -> str:
        """The text without styles, as it came."""
        if isinstance(self.text, Text):
            return self.text.plain
        return "".join(part for part, _ in self.text)


class Row(NamedTuple):
    """One row of the screen: a line of the ring, and the how-manyth of that line's rows."""

    line: int
    part: int


class LogWindow:
    """The newest ``capacity`` lines and a window of ``height`` rows onto them.

    While paused the ring may grow to twice its capacity, so that the place is not lost under the
    reader's eyes; then the oldest lines go all the same.
    """

    def __init__(self, capacity: int, rows_of: Callable[[LogLine], int]) -> None:
        self.capacity = capacity
        self.height = 1
        self.following = True
        self.lines: list[LogLine] = []
        self.cursor: int | None = None
        """Index into the lines."""
        self._rows_of = rows_of
        self._top = Row(0, 0)
        self._seen = -1
        """Greatest key that was there when the view was paused."""
        self._held = 0

    # -- lines -------------------------------------------------------------------------------------

    def append(self, lines: Sequence[LogLine]) -> None:
        """Add at the end; the oldest go when the ring is full."""
        self.lines.extend(lines)
        self._held += 0 if self.following else len(lines)
        limit = self.capacity if self.following else 2 * self.capacity
        surplus = len(self.lines) - limit
        if surplus <= 0:
            return
        del self.lines[:surplus]
        top = self._top.line - surplus
        self._top = Row(top, self._top.part) if top >= 0 else Row(0, 0)
        if self.cursor is not None:
            self.cursor = self.cursor - surplus if self.cursor >= surplus else None

    def replace(self, lines: Sequence[LogLine]) -> None:
        """Other lines (another filter); the place and the cursor stay at their lines by key.

        Where that line is not among them, at the nearest one before it that is, else at the next.
        """
        before, top, cursor = self.lines, self._top, self.cursor
        self.lines = list(lines[-self.capacity if self.following else -2 * self.capacity :])
        index = {line.key: number for number, line in enumerate(self.lines)}
        line = _nearest(before, top.line, index)
        kept = line < len(self.lines) and top.line < len(before)
        same = kept and self.lines[line].key == before[top.line].key
        self._top = Row(line, top.part if same else 0)
        self.cursor = None if cursor is None or not index else _nearest(before, cursor, index)
        if not self.following:
            self._top = min(self._top, self._last_top())
            self._held = sum(line.key > self._seen for line in self.lines)

    def insert(self, index: int, line: LogLine) -> None:
        """Put a late line before the one at ``index``; what is seen and the cursor stay."""
        self.lines.insert(index, line)
        self._held += 0 if self.following else 1
        if index <= self._top.line:
            self._top = Row(self._top.line + 1, self._top.part)
        if self.cursor is not None and index <= self.cursor:
            self.cursor += 1

    def index_of(self, key: int) -> int | None:
        """Where the line with this key is; the newest are looked at first."""
        for number in range(len(self.lines) - 1, -1, -1):
            if self.lines[number].key == key:
                return number
        return None

    @property
    def cursor_line(self) -> LogLine | None:
        """The line under the cursor."""
        return None if self.cursor is None else self.lines[self.cursor]

    @property
    def held_back(self) -> int:
        """Lines that came while the view was paused, as far as they are still there."""
        return 0 if self.following else min(self._held, len(self.lines))

    # -- the window --------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """What is seen, from the top; fewer than the height where there is no more."""
        if self.following:
            self._top = self._last_top()
        shown: list[Row] = []
        line, part = self._top
        while line < len(self.lines) and len(shown) < self.height:
            last = self._rows_of(self.lines[line])
            shown.extend(Row(line, number) for number in range(part, last))
            line, part = line + 1, 0
        return shown[: self.height]

    def resize(self, height: int) -> None:
        """Another height; a paused view keeps its first line."""
        self.height = max(1, height)

    def pause(self) -> None:
        """Stay where we are, whatever comes."""
        if self.following:
            self.rows()
            self.following = False
            self._seen = max((line.key for line in self.lines), default=-1)
            self._held = 0

    def follow(self) -> None:
        """Go to the end and stay there; a ring that grew while paused is cut to its size."""
        self.following = True
        self.append(())

    def scroll(self, rows: int) -> None:
        """Move the window; up pauses, reaching the end follows."""
        last = self._last_top()
        if rows < 0 and last > Row(0, 0):
            self.pause()
        if self.following:
            return
        self._top = self._moved(self._top, rows)
        if rows > 0 and self._top >= last:
            self.follow()

    def move_cursor(self, lines: int) -> None:
        """Move the cursor by lines and show it; up pauses.

        Where it is not in sight it enters the window instead, at the end that it comes from.
        """
        if not self.lines:
            return
        seen = self.rows()
        if self.cursor is None or not seen[0].line <= self.cursor <= seen[-1].line:
            target = seen[-1].line if lines < 0 or self.following else seen[0].line
        else:
            target = self.cursor + lines
        if lines < 0:
            self.pause()
        self.show(max(0, min(target, len(self.lines) - 1)))
        if lines > 0 and self.cursor == len(self.lines) - 1:
            self.follow()

    def page(self, pages: int) -> None:
        """Move window and cursor by so many windows, one row of which stays in sight."""
        if not self.lines:
            return
        before = self.rows()[0]
        self.scroll(pages * max(1, self.height - 1))
        seen = self.rows()
        if seen[0] == before and pages < 0:
            self.cursor = 0
        else:
            self.cursor = seen[0 if pages < 0 else -1].line

    def show(self, index: int) -> None:
        """Put the cursor on a line and move the window no more than it takes to see it whole."""
        self.cursor = index
        seen = self.rows()
        if seen and Row(index, 0) < seen[0]:
            self.pause()
            self._top = Row(index, 0)
        elif not self.following:
            end = Row(index, self._rows_of(self.lines[index]) - 1)
            lowest = self._moved(end, 1 - self.height)
            self._top = min(max(self._top, lowest), Row(index, 0))

    def centre(self, index: int) -> None:
        """Put the cursor on a line and, if it was not seen, that line in the middle; pauses."""
        self.pause()
        self.cursor = index
        seen = self.rows()
        if not (seen and seen[0] <= Row(index, 0) <= seen[-1]):
            self._top = min(self._moved(Row(index, 0), -(self.height // 2)), self._last_top())

    def _moved(self, place: Row, rows: int) -> Row:
        """A place so many rows further, at most the first or the last one."""
        line, part = place.line, place.part + rows
        while part < 0 and line > 0:
            line -= 1
            part += self._rows_of(self.lines[line])
        while line < len(self.lines) - 1 and part >= (count := self._rows_of(self.lines[line])):
            line, part = line + 1, part - count
        return Row(line, max(0, part))

    def _last_top(self) -> Row:
        """Where the window's first row is when its last row is the end."""
        if not self.lines:
            return Row(0, 0)
        line = len(self.lines) - 1
        return self._moved(Row(line, self._rows_of(self.lines[line]) - 1), 1 - self.height)


def _nearest(before: Sequence[LogLine], place: int, index: dict[int, int]) -> int:
    """The new index of the line at a place of the old ones, or of the nearest that is left."""
    for number in range(min(place, len(before) - 1), -1, -1):
        if (found := index.get(before[number].key)) is not None:
            return found
    for number in range(place + 1, len(before)):
        if (found := index.get(before[number].key)) is not None:
            return found
    return 0
