"""A table of the Passes screen: a sheet with its own order, filter and set of columns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from textual import work

from console.exports import Exported
from console.screens.passes_sheet import Look, Order, Sheet
from console.times import TimeStyle
from console.widgets.row_table import Drawn, RowTable
from engine.filters import parse

MANY_ROWS: Final = 2_000
"""More are chosen and sorted away from the message loop."""


class SheetTable(RowTable):
    """Rows of one sheet; which of them and in what order is the operator's choice."""

    def __init__(self, sheet: Sheet[Any], *, id: str) -> None:  # noqa: A002
        super().__init__(gap=1, placeholder="Reading the ledger.", id=id)
        self.sheet = sheet
        self.expression = ""
        """The filter; empty for none."""
        self.order = Order()
        self._sets: Sequence[str] = ("narrow",)
        self._chosen = ""
        """The set of columns that the operator wants, or the usual one."""
        self._look: Look | None = None
        self._rows: Sequence[Any] = ()
        self._by_key: dict[str, Any] = {}

    @property
    def which(self) -> str:
        """The set of columns that is shown."""
        return self._chosen if self._chosen in self._sets else self._sets[0]

    # -- rows ------------------------------------------------------------------------------------

    def show(
        self, sheet: Sheet[Any], rows: Sequence[Any], look: Look, sets: Sequence[str], empty: str
    ) -> None:
        """Show these rows; ``sets`` are the sets of columns, the usual one first, and ``empty``
        stands where there are none."""
        self.sheet, self._rows, self._look, self._sets = sheet, rows, look, sets
        self.set_placeholder("No row matches the filter." if self.expression and rows else empty)
        self._show_columns()
        self.settle()

    def tick(self, look: Look) -> None:
        """Time has passed: repaint what changes with it alone."""
        self._look = look
        figures = self.sheet.figures
        ages = look.style is TimeStyle.AGE
        columns = [
            key
            for key in self.shown_columns
            if figures[key].ages and (ages or figures[key].kind == "span")
        ]
        self.refresh_cells((row, column) for row in self.keys_in_sight for column in columns)

    def settle(self) -> None:
        """Choose and sort the rows anew. Raises FilterError."""
        look = self._look
        if look is None:
            return
        plainly = not self.expression and not self.order.column
        if plainly or len(self._rows) <= MANY_ROWS:
            self._put(chosen(self.sheet, self._rows, self.expression, self.order, look))
        else:
            self._settle_later()

    @work(group="settle", exclusive=True)
    async def _settle_later(self) -> None:
        look = self._look
        assert look is not None  # it came with the rows
        question = (self.sheet, self._rows, self.expression, self.order, look)
        self._put(await asyncio.to_thread(chosen, *question))

    def _put(self, rows: Sequence[Any]) -> None:
        self._by_key = {self.sheet.key(row): row for row in rows}
        self.set_rows(list(self._by_key), self._drawn)

    def _drawn(self, row: str, column: str) -> Drawn:
        assert self._look is not None  # it came with the rows
        return self.sheet.figures[column].cell(self._by_key[row], self._look)

    # -- what the operator chose -----------------------------------------------------------------

    @property
    def rows_shown(self) -> Sequence[Any]:
        """The rows in their order."""
        return list(self._by_key.values())

    @property
    def picked(self) -> tuple[Sequence[Any], bool]:
        """The marked rows that are shown, else the one at the cursor; and whether marked."""
        marked = [row for key, row in self._by_key.items() if key in self.marked]
        if marked:
            return marked, True
        key = self.cursor_key
        return ([] if key is None else [self._by_key[key]]), False

    def row(self, key: str) -> Any:
        """The row of a key; None where it has gone."""
        return self._by_key.get(key)

    def set_filter(self, expression: str, look: Look) -> None:
        """Show only what matches. Raises FilterError, and the old filter stays."""
        if expression.strip():
            parse(expression, self.sheet.fields(look))
        self.expression = expression.strip()
        self.settle()

    def sort_next(self) -> None:
        """By the next column; after the last one as the report has them."""
        self._sort(self.sheet.following(self.order, self.which))

    def sort_turned(self) -> None:
        """The other way round."""
        self._sort(self.order.turned)

    def _sort(self, order: Order) -> None:
        self.order = order
        self.set_sort(order.sorting)
        self.settle()

    def columns_next(self) -> str:
        """Show the next set of columns; returns its name."""
        place = self._sets.index(self.which) + 1
        self._chosen = self._sets[place % len(self._sets)]
        self._show_columns()
        return self._chosen

    def _show_columns(self) -> None:
        assert self._look is not None  # it came with the rows
        columns = tuple(self.sheet.columns(self.which, self._look))
        if columns != tuple(self.columns):
            self.set_columns(columns)

    # -- what leaves -----------------------------------------------------------------------------

    def exported(self) -> Exported | None:
        """The rows as they are shown."""
        if self._look is None:
            return None
        return self.sheet.exported(self.rows_shown, self.which, self._look)

    def copied(self, most: int) -> list[str]:
        """The first rows as aligned lines."""
        if self._look is None or not self._by_key:
            return [self.sheet.empty]
        rows = self.rows_shown
        lines = self.sheet.copied(rows[:most], self.which, self._look)
        return lines + ([f"and {len(rows) - most} more"] if len(rows) > most else [])


def chosen(
    sheet: Sheet[Any], rows: Sequence[Any], expression: str, order: Order, look: Look
) -> Sequence[Any]:
    """The rows that match, in their order. Raises FilterError."""
    if expression:
        holds = parse(expression, sheet.fields(look))
        rows = [row for row in rows if holds(row)]
    return sheet.sort(rows, order, look)
