"""The Phones screen: what is on and costs, since when and for which job (console-features 6.9)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual import on
from textual.app import ComposeResult

from console.action_table import PHONES
from console.actions import bindings
from console.feed import Need
from console.screens import phones_list, phones_ways
from console.screens.base import ConsoleScreen
from console.screens.phones_columns import Look
from console.screens.phones_facts import Readings
from console.screens.phones_fleet import is_attached
from console.screens.phones_list import PRESET
from console.screens.phones_panes import PhonePanes, Scene
from console.screens.phones_table import PhoneTable
from console.selection import Selection
from console.widgets.filter_bar import FilterBar
from console.widgets.lines import Line, Rule
from console.widgets.row_table import RowTable
from engine.errors import EngineError
from engine.filters import FilterError
from engine.insight.values import ResourceReport

if TYPE_CHECKING:
    from console.exports import Exported
    from engine.insight.watch import Sight


ROOMY: Final = 140
"""Columns from which the filter's row says everything."""


class PhonesScreen(ConsoleScreen):
    """Phones in a table, a filter above, the one at the cursor and all in figures below."""

    NAME = PHONES
    NEEDS = frozenset({Need.RESOURCES})
    BINDINGS = bindings(PHONES)

    def __init__(self) -> None:
        super().__init__()
        self.bar = FilterBar(id="phones-filter")
        self.rest = Line(id="phones-rest")
        self._readings = Readings()
        self._looking_up = False
        self._seek = ""
        """A phone to put the cursor on when it is there."""

    def body(self) -> ComposeResult:
        self.table = PhoneTable(attached=is_attached(self.console.settings), id="phones-table")
        self.panes = PhonePanes(self.console, scene=self._scene)
        yield self.bar
        yield Rule(id="phones-under-filter")
        yield self.table
        yield self.rest
        yield Rule(id="phones-under-table")
        yield self.panes

    def on_mount(self) -> None:
        self.bar.set_expression(PRESET)
        self.table.focus()

    # -- news ------------------------------------------------------------------------------------

    def show_latest(self) -> None:
        super().show_latest()
        self.table.fit_columns(wide=self.wide)
        self.relist()

    def show_sight(self, sight: Sight) -> None:
        self.table.label = sight.overview.resource_label
        if self.console.latest.resources is None and not self._looking_up:
            self._looking_up = True
            self.run_worker(self._look_up(), group="records")
        self.panes.show()

    def show_resources(self, report: ResourceReport) -> None:
        self._readings.take(report)
        self.table.take(report)
        self.relist()
        self.panes.follow()

    async def _look_up(self) -> None:
        """Until the provider has answered our own records say what is on."""
        try:
            found = await self.console.feed.ask(lambda watch: watch.recorded_resources())
        except (EngineError, OSError):  # the feed tells it
            return
        finally:
            self._looking_up = False
        if self.console.latest.resources is None:
            self.show_resources(found)

    def show_ages(self, now: datetime) -> None:
        if self.table.tick(self.how):
            self._show_figures()
        else:
            self.relist()

    @property
    def how(self) -> Look:
        """How to show things at this moment."""
        return phones_ways.how(self.console, self.table.report)

    # -- showing ---------------------------------------------------------------------------------

    def relist(self) -> None:
        """Show what the filter chooses of the report, and what is to be said of the rest."""
        table, how = self.table, self.how
        if not self.rest.is_attached:  # not there yet, or no more
            return
        table.relist(how)
        self._find()
        text, bad = phones_list.rest(table.report, table.lines, how)
        self.rest.set_class(bad, "-bad")
        self.rest.say(f" {text}" if text else "")
        self._show_figures()
        self.panes.show()

    def _show_figures(self) -> None:
        roomy = self.size.width >= ROOMY
        self.bar.show_status(*phones_list.status_parts(self.table.figures, self.how, wide=roomy))

    def _scene(self) -> Scene:
        table = self.table
        line = table.current
        return Scene(
            report=table.report,
            line=line,
            readings=() if line is None else self._readings.of(line.id),
            look=self.how,
            guidance=table.guidance,
        )

    # -- filter ----------------------------------------------------------------------------------

    def show_filter(self, expression: str) -> None:
        """Show what this filter matches; an empty one shows everything that is listed."""
        self.bar.set_expression(expression)
        self._filter(expression)

    def select(self, label: str) -> None:
        """Put the cursor on the phone of this name or id, clearing the filter if it hides it."""
        self._seek = label
        self._find()

    def _find(self) -> None:
        """Go to the phone that was asked for, or say why that cannot be."""
        if not self._seek or not self.is_mounted:
            return
        table, name = self.table, self._seek
        line = table.named(name)
        if line is not None:
            self._seek = ""
            if not table.move_to(line.id):
                self.show_filter("")
                table.move_to(line.id)
        elif table.report.asked_at is not None or table.report.problem:
            self._seek = ""
            why = phones_list.absent(name, table.report, table.label, local=self.how.local)
            self.console.tell(why, tone="bad")

    @on(FilterBar.Changed)
    @on(FilterBar.Kept)
    @on(FilterBar.Cleared)
    def _typed(self, event: FilterBar.Changed | FilterBar.Kept | FilterBar.Cleared) -> None:
        self._filter(event.expression)

    def _filter(self, expression: str) -> None:
        """Take this filter; where it is wrong, say so, and the old one stays."""
        try:
            self.table.choose(expression, self.now)
        except FilterError as exc:
            self.bar.error(str(exc), exc.position)
            return
        self.bar.no_error()
        self.table.expression = expression.strip()
        self.relist()
        self.panes.follow()

    # -- what a key acts on ----------------------------------------------------------------------

    def selection(self) -> Selection:
        return phones_ways.selection(self.table)

    def copied(self, kind: str) -> str:
        return phones_list.copied(self.table.chosen, kind, self.how)

    def exported(self) -> Exported | None:
        return phones_list.exported(self.table.lines, self.table.every_column, self.how)

    # -- keys ------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Clear the filter."""
        if self.bar.expression or self.table.expression:
            self.bar.action_clear()
        else:
            super().action_back()

    def action_search(self) -> None:
        self.bar.edit()

    def action_saved_filter(self, key: str) -> None:
        self.show_filter(phones_list.saved_filter(key, self.console.filters, now=self.now))

    def action_sort(self) -> None:
        self.table.order = self.table.order.following(self.table.shown_columns)
        self.relist()

    def action_reverse(self) -> None:
        self.table.order = self.table.order.turned
        self.relist()

    def action_columns(self) -> None:
        self.table.next_columns()
        self._show_figures()

    def action_mark(self) -> None:
        self.table.toggle_mark()
        self._marked()

    def action_mark_all(self) -> None:
        self.table.mark_all_shown()
        self._marked()

    def _marked(self) -> None:
        if "marked" in self.table.expression:
            self.relist()
        self._show_figures()

    @on(RowTable.CursorMoved)
    def _moved(self) -> None:
        self.panes.show()
        self.panes.follow()

    @on(RowTable.Opened)
    def _opened(self) -> None:
        """The job that the phone at the cursor is on for, or the last one of its account."""
        self.do(phones_ways.show_job(self.console, self.table, or_last=True))

    def action_other_side(self) -> None:
        """The job that the phone at the cursor is, or was, on for."""
        self.do(phones_ways.show_job(self.console, self.table, or_last=False))

    def action_log_here(self) -> None:
        """The log of the phone's job, or of the time when the phone was started."""
        phones_ways.show_log(self.console, self.table)
