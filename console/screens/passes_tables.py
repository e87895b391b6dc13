"""A screen of several tables: which of them keys belong to, and the filter of each."""

from __future__ import annotations

from textual import events, on

from console.screens.base import ConsoleScreen
from console.screens.passes_panels import PassesPanels
from console.screens.passes_sheet import Look, in_words
from console.screens.passes_table import SheetTable
from console.widgets.filter_bar import FilterBar
from engine.filters import FilterError


class TableScreen(ConsoleScreen):
    """The part of the Passes screen that knows tables but no passes."""

    def __init__(self) -> None:
        super().__init__()
        self._table: SheetTable | None = None

    @property
    def panels(self) -> PassesPanels:
        """The body."""
        return self.query_one(PassesPanels)

    @property
    def table(self) -> SheetTable:
        """The table that has the focus, or had it last."""
        if isinstance(self.focused, SheetTable):
            self._table = self.focused
        tables = self.panels.tables
        return self._table if self._table in tables and self._table is not None else tables[0]

    def look(self) -> Look:
        """How things are shown now."""
        overview = self.console.latest.overview
        style, now = self.console.time_style, self.now
        if overview is None:
            return Look(style=style, now=now)
        return Look(
            style=style,
            now=now,
            start=overview.started_at,
            price=overview.money.price_per_minute,
            key=overview.key_label,
            resource=overview.resource_label,
            stage=overview.labels.stage,
        )

    def show_latest(self) -> None:
        """Not before there is anything to show it in; the first size comes after that."""
        if self.is_mounted:
            super().show_latest()

    # -- tables ----------------------------------------------------------------------------------

    def action_mark(self) -> None:
        self.table.toggle_mark()

    def action_mark_all(self) -> None:
        self.table.mark_all_shown()

    def action_sort(self) -> None:
        self.table.sort_next()
        if not self.table.order.column:
            self.console.tell("Sorted as the report has it.")

    def action_reverse(self) -> None:
        self.table.sort_turned()

    def action_columns(self) -> None:
        self.console.tell(f"Columns: {self.table.columns_next()}.")

    # -- filter ----------------------------------------------------------------------------------

    @property
    def _bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    def action_search(self) -> None:
        """Filter the table that has the focus."""
        table = self.table
        self._bar.set_class(True, "-on")
        self._bar.set_expression(table.expression)
        self._bar.show_status(in_words(table.sheet.title, self.look()).lower())
        self._bar.edit()

    @on(FilterBar.Changed)
    @on(FilterBar.Kept)
    def filter_typed(self, event: FilterBar.Changed | FilterBar.Kept) -> None:
        """Show what matches; what is wrong with the filter stands under it."""
        try:
            self.table.set_filter(event.expression, self.look())
        except FilterError as exc:
            self._bar.set_class(True, "-on")
            if not self._bar.editing:
                self._bar.set_expression(event.expression)
            self._bar.error(str(exc), exc.position)
        else:
            self._bar.no_error()
            if isinstance(event, FilterBar.Kept):
                self._show_filter()

    @on(FilterBar.Cleared)
    def filter_cleared(self) -> None:
        self.table.set_filter("", self.look())
        self._show_filter()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """The filter of the table that keys now belong to."""
        if not self._bar.editing and not self._bar.has_class("-wrong"):
            self._show_filter()

    def _show_filter(self) -> None:
        table = self.table
        self._bar.set_class(bool(table.expression), "-on")
        self._bar.set_expression(table.expression)
        self._bar.show_status(in_words(table.sheet.title, self.look()).lower())

    def action_back(self) -> None:
        """Clear the filter of the table first."""
        if self.table.expression or self._bar.has_class("-on"):
            self._bar.action_clear()
        else:
            super().action_back()
