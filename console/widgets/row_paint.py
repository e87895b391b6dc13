"""How the lines of a table look: its header, a row, the sentence where there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from console.widgets.columns import Column, ShownColumn, Sorting, arrange, header
from console.widgets.tones import Drawn, Palette, Run, strip

CellOf = Callable[[str, str], Drawn]
"""The cell of a row key and a column key."""


class RowPaint:
    """Draws lines from what it is told; knows columns and their order, but no rows."""

    def __init__(
        self, palette: Palette, columns: Sequence[Column], *, gap: int, marks: bool
    ) -> None:
        self._palette = palette
        self._gap = max(1, gap)
        self._gutter = 3 if marks else 1
        self._columns = tuple(columns)
        self._shown: tuple[ShownColumn, ...] = ()
        self._shown_for = -1
        self.sorting: Sorting | None = None

    @property
    def columns(self) -> Sequence[Column]:
        """All columns, also those that have no room."""
        return self._columns

    @columns.setter
    def columns(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._shown_for = -1

    def shown(self, width: int) -> tuple[ShownColumn, ...]:
        """The columns that have room in a table of this width."""
        if width != self._shown_for:
            room = width - self._gutter
            self._shown = arrange(self._columns, room, self._gap) if self._columns else ()
            self._shown_for = width
        return self._shown

    def header(self, width: int, under: Style, places: Sequence[str]) -> Strip:
        """The titles, and at the right end the first of ``places`` that they leave room for."""
        titles = " " * self._gutter + header(self.shown(width), self._gap, self.sorting)
        titles = titles.rstrip()
        room = width - cell_len(titles) - self._gap
        place = next((place for place in places if len(place) <= room), "")
        blank = " " * (width - cell_len(titles) - len(place))
        run = (titles + blank + place, Style.null())
        return self._line([run], width, under + self._palette.style("header"))

    def row(
        self,
        key: str,
        cell: CellOf,
        width: int,
        under: Style,
        *,
        cursor: bool,
        marked: bool,
        attention: bool,
    ) -> Strip:
        """One row; the cursor's style covers it from edge to edge, over the cells' own."""
        gap = (" " * self._gap, Style.null())
        runs = self._markers(cursor=cursor, marked=marked, attention=attention)
        for place in self.shown(width):
            column = place.column
            runs += self._palette.runs(cell(key, column.key), place.width, column.align)
            runs.append(gap)
        if marked:
            under += self._palette.style("marked")
        over = self._palette.style("cursor") if cursor else None
        return self._line(runs, width, under, over)

    def sentence(self, text: str, width: int, under: Style) -> Strip:
        """What stands in the place of the rows, where there are none."""
        indent = (" " * self._gutter, Style.null())
        runs = [indent, *self._palette.runs(text, width - self._gutter)]
        return self._line(runs, width, under + self._palette.style("placeholder"))

    def _markers(self, *, cursor: bool, marked: bool, attention: bool) -> list[Run]:
        """``>`` cursor, ``*`` marked, ``!`` attention: each is seen, whatever the others are."""
        warn = self._palette.style("warn")
        point = (">" if cursor else " ", Style.null())
        if self._gutter == 1:
            return [("!", warn)] if attention and not cursor else [point]
        if not attention:
            return [point, ("* " if marked else "  ", Style.null())]
        if not marked:
            return [point, ("!", warn), (" ", Style.null())]
        return [point, ("*", Style.null()), ("!", warn)]

    @staticmethod
    def _line(runs: list[Run], width: int, under: Style, over: Style | None = None) -> Strip:
        used = sum(cell_len(text) for text, _ in runs)
        if used < width:
            runs.append((" " * (width - used), Style.null()))
        drawn = strip(runs, max(used, width), under=under, over=over)
        return drawn if used <= width else drawn.crop(0, width)
