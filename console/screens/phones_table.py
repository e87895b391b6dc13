"""The table of phones: what of a report it shows, in which order, and how it writes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from console.screens import phones_list
from console.screens.phones_columns import SETS, Look, cell, changing, columns
from console.screens.phones_list import PRESET, Figures
from console.screens.phones_order import Order
from console.widgets.row_table import RowTable
from console.widgets.tones import Drawn
from engine.insight.values import ResourceLine, ResourceReport

_NOBODY: Final[frozenset[str]] = frozenset()


class PhoneTable(RowTable):
    """Rows are phones by their ids; marks and the cursor stay while reports come."""

    def __init__(self, *, attached: bool, id: str) -> None:  # noqa: A002
        """``attached``: there is no provider, the phone is a device of this host."""
        super().__init__(id=id)
        self.attached = attached
        self.report = ResourceReport()
        """What is shown: the last answer, or before the first one what our own records say."""
        self.lines: Sequence[ResourceLine] = ()
        """Those of the report that the filter shows, in their order."""
        self.expression = PRESET
        """The filter that holds."""
        self.order = Order()
        self.label = "phone"
        self._how: Look | None = None
        self._chosen_columns = ""
        self._width_columns = "narrow"
        self._by_id: dict[str, ResourceLine] = {}

    # -- what is shown -----------------------------------------------------------------------------

    def take(self, report: ResourceReport) -> None:
        """Another report; what is off and not ours is no longer listed and loses its mark."""
        self.report = report
        self._by_id = {line.id: line for line in report.lines}
        answered = report.asked_at is not None and not report.problem
        if answered and (gone := self.marked - self._by_id.keys()):
            self.set_marks(self.marked - gone)

    def choose(self, expression: str, now: datetime) -> list[ResourceLine]:
        """What a filter would show. Raises FilterError."""
        return phones_list.chosen(
            self.report.lines,
            expression,
            now=now,
            marked=self.marked if "marked" in expression else _NOBODY,
            attached=self.attached,
            local=self._local,
        )

    def relist(self, how: Look) -> None:
        """Choose and sort anew, and repaint what looks different."""
        self._how = how
        self.lines = self.order.sort(self.choose(self.expression, how.now))
        self.set_placeholder(self.guidance)
        self.set_sort((self.order.column, self.order.sign))
        self.fit_columns()
        self.set_attention({line.id for line in self.lines if line.orphan})
        self.set_rows([line.id for line in self.lines], self._written)

    def tick(self, how: Look) -> bool:
        """Time has passed: rewrite the cells in sight that show it.

        False where all of it looks different now, because the answer became too old.
        """
        before, self._how = self._how, how
        if before is None or before.stale != how.stale:
            return False
        changes = changing(how)
        self.refresh_cells((key, name) for key in self.keys_in_sight for name in changes)
        return True

    def _written(self, key: str, column: str) -> Drawn:
        line = self._by_id.get(key)
        return "" if line is None or self._how is None else cell(line, column, self._how)

    @property
    def _local(self) -> bool:
        return self._how is not None and self._how.local

    # -- columns -----------------------------------------------------------------------------------

    @property
    def column_set(self) -> str:
        """``narrow``, ``wide`` or ``all``."""
        return self._chosen_columns or self._width_columns

    def fit_columns(self, *, wide: bool | None = None) -> None:
        """Show the columns of the present set; ``wide``: the window has room for more."""
        if wide is not None:
            self._width_columns = "wide" if wide else "narrow"
        wanted = columns(self.column_set, self.report.lines, self.label, self._how)
        if wanted != list(self.columns):
            self.set_columns(wanted)

    @property
    def every_column(self) -> Sequence[str]:
        """Keys of all columns, whatever is shown."""
        return [column.key for column in columns("all", self.report.lines, self.label, self._how)]

    def next_columns(self) -> None:
        """The next set."""
        self._chosen_columns = SETS[(SETS.index(self.column_set) + 1) % len(SETS)]
        self.fit_columns()

    # -- what is known of it -----------------------------------------------------------------------

    @property
    def current(self) -> ResourceLine | None:
        """The phone at the cursor."""
        return self._by_id.get(self.cursor_key or "")

    @property
    def chosen(self) -> Collection[ResourceLine]:
        """Marked phones, also those that are not shown; else the one at the cursor."""
        if self.marked:
            return [line for line in self.report.lines if line.id in self.marked]
        return [] if self.current is None else [self.current]

    def named(self, name: str) -> ResourceLine | None:
        """The phone of this id or name."""
        found = next((line for line in self.report.lines if line.label == name), None)
        return self._by_id.get(name, found)

    @property
    def guidance(self) -> str:
        """Why there is no row."""
        return phones_list.emptiness(
            self.report, self.expression, self.label, attached=self.attached, local=self._local
        )

    @property
    def figures(self) -> Figures:
        """For the filter's row."""
        return Figures(
            shown=len(self.lines),
            total=phones_list.total_of(self.report),
            marked=len(self.marked),
            hidden=len(self.marked.difference(self.keys)),
            orphans=sum(line.orphan for line in self.report.lines),
            order="" if self.order == Order() else self.order.text,
            columns=self.column_set,
        )
