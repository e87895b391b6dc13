"""A log line as rows of a terminal: plain, cut or wrapped at the width, matches marked.

Neighbours of one style become one segment: each costs forty bytes on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.cache import LRUCache
from textual.strip import Strip

from console.plain import CUT, plain
from console.widgets.log_window import LogLine

CURSOR_SIGN = ">"
"""Stands before the cursor's line: the cursor is never colour alone."""
GUTTER = 1
DRAWN_LINES = 2048
"""Lines whose rows are kept."""
WRAPPED_ROWS_MAX = 60
"""A wrapped line takes no more rows than this; the record itself can be opened."""

STYLE_CLASSES = ("error", "warning", "dim", "notice", "match")
"""What a segment may be called; each is a component class ``log-view--NAME`` of the view."""

JOINERS = "\u200d\ufe0f"
"""At the head of a piece they would change the width of the piece before."""

LEVELS: Mapping[str, str] = {
    "CRITICAL": "error",
    "ERROR": "error",
    "WARN": "warning",
    "WARNING": "warning",
    "DEBUG": "dim",
    "NOTICE": "notice",
}

Piece = tuple[str, Style]


class LogPainter:
    """Draws lines for one width, one set of styles and one search; each line once."""

    def __init__(
        self,
        *,
        width: int,
        wrap: bool,
        match: re.Pattern[str] | None,
        base: Style,
        cursor: Style,
        styles: Mapping[str, Style],
        console: Console,
    ) -> None:
        self.width = width
        """Cells of a row, with the gutter for the cursor's sign."""
        self.wrap = wrap
        self._inner = max(1, width - GUTTER)
        self._bound = self._inner * (WRAPPED_ROWS_MAX if wrap else 1) + 1
        """Cells of a line that are looked at: a line of a megabyte costs no more than a row."""
        self._match = match
        self._base = base
        self._cursor = cursor
        self._styles = styles
        self._console = console
        self._drawn: LRUCache[int, list[Strip]] = LRUCache(DRAWN_LINES)
        self.blank = Strip([Segment(" " * width, base)], width)
        """A row below the last line."""

    def rows(self, line: LogLine) -> list[Strip]:
        """At least one row; each as wide as the view."""
        rows = self._drawn.get(line.key)
        if rows is None:
            rows = self._drawn[line.key] = self._draw(line)
        return rows

    def forget(self, key: int | None = None) -> None:
        """Another line may come under this key; None: under any."""
        if key is None:
            self._drawn.clear()
        else:
            self._drawn.discard(key)

    def under_cursor(self, row: Strip, *, first: bool) -> Strip:
        """The row of the line where the cursor is; the sign stands before the first one."""
        segments = list(row)
        if first:
            segments = [Segment(CURSOR_SIGN, self._base), *row.crop(GUTTER)]
        return Strip(
            [Segment(text, (style or self._base) + self._cursor) for text, style, _ in segments],
            row.cell_length,
        )

    def used(self, row: Strip | None) -> int:
        """Cells of a row up to the last one that is not empty background; None: unknown, all."""
        if row is None:
            return self.width
        used = row.cell_length
        for text, style, _ in reversed(list(row)):
            if not self._is_empty(style):
                break
            bare = text.rstrip(" ")
            used -= len(text) - len(bare)
            if bare:
                break
        return used

    def _draw(self, line: LogLine) -> list[Strip]:
        pieces = self._marked(_up_to(self._pieces(line), self._bound))
        rows = _wrapped(pieces, self._inner) if self.wrap else [pieces]
        over = len(rows) > WRAPPED_ROWS_MAX
        rows = rows[:WRAPPED_ROWS_MAX]
        return [*(self._strip(row) for row in rows[:-1]), self._strip(rows[-1], cut=over)]

    def _pieces(self, line: LogLine) -> Iterator[Piece]:
        """Text and whole style, as the line has them."""
        level = LEVELS.get(line.level.upper(), "")
        base = self._base + self._styles[level] if level else self._base
        if isinstance(line.text, Text):
            text = line.text.copy()
            text.truncate(self._bound)
            for part, style, _ in text.render(self._console):
                yield part, base + style if style else base
        else:
            for part, name in line.text:
                yield part, self._base + self._styles[name] if name in self._styles else base

    def _marked(self, pieces: list[Piece]) -> list[Piece]:
        """The pieces with every match of the search in its style."""
        if self._match is None:
            return pieces
        text = "".join(part for part, _ in pieces)
        edges = [found.span() for found in self._match.finditer(text) if found.group()]
        if not edges:
            return pieces
        style = self._styles["match"]
        marked: list[Piece] = []
        at = 0
        for part, own in pieces:
            cuts = sorted({0, len(part), *(edge - at for span in edges for edge in span)})
            inside = [cut for cut in cuts if 0 <= cut <= len(part)]
            for begin, end in pairwise(inside):
                hit = any(low <= at + begin < high for low, high in edges)
                marked.append((part[begin:end], own + style if hit else own))
            at += len(part)
        return marked

    def _strip(self, pieces: list[Piece], *, cut: bool = False) -> Strip:
        """One row; a mark where something of it is not shown."""
        merged: list[Piece] = [(" " * GUTTER, self._base)]
        for text, style in pieces:
            if merged[-1][1] == style:
                merged[-1] = (merged[-1][0] + text, style)
            elif text:
                merged.append((text, style))
        length = sum(cell_len(text) for text, _ in merged)
        strip = Strip([Segment(text, style) for text, style in merged], length)
        if cut or length > self.width:
            mark = CUT[: self._inner]
            kept = strip.adjust_cell_length(self.width - len(mark), self._base)
            return Strip([*kept, Segment(mark, merged[-1][1])], self.width).simplify()
        # The blanks behind the text take its style where they look the same: one segment less.
        last = merged[-1][1]
        fill = last if self._is_empty(last) else self._base
        return strip.adjust_cell_length(self.width, fill).simplify()

    def _is_empty(self, style: Style | None) -> bool:
        """Whether a blank in this style cannot be told from the background."""
        if style is None:
            return True
        drawn = style.reverse or style.underline or style.strike
        return not drawn and style.bgcolor == self._base.bgcolor


def _up_to(pieces: Iterator[Piece], cells: int) -> list[Piece]:
    """The first pieces, plain, up to so many cells; a wide character is never cut in half."""
    taken: list[Piece] = []
    left = cells
    for raw, style in pieces:
        # Marks that take no cell count as well: a line of nothing else would never fill a row.
        text = plain(raw[: 2 * left + 2]).lstrip(JOINERS)
        length = cell_len(text)
        taken.append((set_cell_size(text, left) if length > left else text, style))
        left -= length
        if left <= 0:
            break
    return taken


def _wrapped(pieces: list[Piece], width: int) -> list[list[Piece]]:
    """Rows of a long line, broken at the edge wherever that is."""
    rows: list[list[Piece]] = [[]]
    left = width
    for piece, style in pieces:
        text = piece
        if cell_len(text) > left:
            head = chop_cells(text, left)[0] if left else ""
            if cell_len(head) <= left:  # else a wide character at an edge of one cell
                rows[-1].append((head, style))
                text = text[len(head) :]
            *full, text = chop_cells(text, width)
            rows += [[(part, style)] for part in full] + [[]]
            left = width
        rows[-1].append((text, style))
        left -= cell_len(text)
    return rows
