"""The Ledger's list: the filter's row and the table under it, kept in step with the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from console.screens.ledger_columns import CHANGING, SETS, Extent, Look, Order, cell, columns
from console.screens.ledger_order import Arranged, Question, Sorting, filter_of
from console.screens.ledger_rows import JobRows
from console.screens.ledger_table import UNREAD, JobTable
from console.screens.ledger_words import Figures, no_jobs, status_parts, unread
from console.times import TimeStyle
from console.widgets.filter_bar import FilterBar
from console.widgets.lines import Rule
from console.widgets.tones import Drawn
from engine.filters import FilterError
from engine.workloads.labels import GENERIC

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from engine.insight.values import JobLine

_AGED_SECONDS: Final = 10
"""A filter with a time is made anew this often."""
_WIDE: Final = 120


class JobList(Container):
    """Jobs that a filter chose, in an order, some of them marked."""

    def __init__(self, cockpit: ConsoleApp) -> None:
        super().__init__(id="ledger-list")
        self.cockpit = cockpit
        self.jobs = JobRows()
        self.bar = FilterBar()
        self.table = JobTable()
        self.how = Look(TimeStyle.CLOCK, cockpit.now(), None)
        """How things are written now."""
        self.sorting = Sorting(
            self, question=self._question, show=self._arranged, offer=self.show_figures
        )
        self.expression = ""
        """The filter that holds; the one in the row may be wrong."""
        self._order = Order()
        self._columns = ""
        """What the operator chose; empty: what the width has room for."""
        self._extent = Extent()
        self._shown: Sequence[str] = ()
        self._arranged_at: datetime | None = None
        self._unread = 0
        self._seek = ""
        """A job to put the cursor on when it is there."""

    def compose(self) -> ComposeResult:
        yield self.bar
        yield Rule(id="under-filter")
        yield self.table

    # -- what is at hand -------------------------------------------------------------------------

    @property
    def current(self) -> JobLine | None:
        """The job at the cursor."""
        return self.jobs.get(self.table.cursor_key)

    @property
    def chosen(self) -> list[JobLine]:
        """Marked jobs in file order, also those that are not shown; else the one at the cursor."""
        marked = self.table.marked
        if marked:
            return [line for line in self.jobs.lines if line.job.job_id in marked]
        return [] if self.current is None else [self.current]

    @property
    def shown(self) -> list[JobLine]:
        """All that the filter shows, in order."""
        return self.jobs.of(self._shown)

    @property
    def column_set(self) -> str:
        """``narrow``, ``wide`` or ``all``."""
        return self._columns or ("narrow" if self.app.size.width < _WIDE else "wide")

    @property
    def guidance(self) -> str:
        """What to say of a cursor that stands on no job."""
        if self.table.cursor_key == UNREAD:
            return unread(self._unread)
        return no_jobs(self.cockpit.latest.overview, len(self.jobs))

    # -- news ------------------------------------------------------------------------------------

    def take(self, lines: Sequence[JobLine]) -> None:
        """The jobs changed: cells at once, order and filter when the operator's hands rest."""
        first = not self.jobs
        changed = self.jobs.take(lines)
        self._renew()
        if self.jobs.replaced:
            self.table.set_marks(key for key in self.table.marked if key in self.jobs)
        if self.jobs.replaced or first:
            self.sorting.at_once()
        else:
            for key in self.table.keys_in_sight:
                if key in changed:
                    self.table.refresh_row(key)
            self.sorting.soon()
        self.show_figures()

    def take_unread(self, count: int) -> None:
        """So many rows of the ledger could not be read."""
        if count != self._unread:
            self._unread = count
            self._show_keys()
        self.table.set_placeholder(self.guidance)

    def take_time(self, now: datetime) -> None:
        """Time has passed: ages in sight, and a filter that looks at times."""
        if self.how.style is TimeStyle.AGE:
            self.how = replace(self.how, now=now)
            in_sight = self.table.keys_in_sight
            self.table.refresh_cells((key, column) for key in in_sight for column in CHANGING)
        last = self._arranged_at
        aged = last is not None and (now - last).total_seconds() >= _AGED_SECONDS
        if aged and "when" in self.expression:
            self.sorting.soon()

    def show_all(self) -> None:
        """Everything as it is now: another width, another way to write times."""
        self._renew()
        self._show_columns()
        self.table.set_placeholder(self.guidance)
        self.table.set_rows(self.table.keys, self._cell)
        self.show_figures()

    def _renew(self) -> None:
        overview = self.cockpit.latest.overview
        start = overview.started_at if overview is not None else None
        unicode = self.cockpit.preferences.unicode_glyphs
        labels = overview.labels if overview is not None else GENERIC
        self.how = Look(self.cockpit.time_style, self.cockpit.now(), start, unicode, labels)

    # -- rows ------------------------------------------------------------------------------------

    def _question(self) -> Question:
        resources = self.cockpit.latest.resources
        lines = () if resources is None else resources.lines
        return Question(
            lines=self.jobs.lines,
            expression=self.expression,
            order=self._order,
            now=self.cockpit.now(),
            shown=self._shown,
            marked=frozenset(self.table.marked) if "marked" in self.expression else (),
            states={line.label: line.state for line in lines},
        )

    def _arranged(self, found: Arranged) -> None:
        """Show the rows that were chosen, in their order."""
        self._shown = found.keys
        self._extent, self._arranged_at = found.extent, self.cockpit.now()
        self.table.set_sort((found.order.column, found.order.sign))
        self._show_columns()
        self._show_keys()
        if self._seek and self.jobs:
            self.table.move_to(self._seek)
            self._seek = ""
        self.show_figures()

    def _show_keys(self) -> None:
        self.table.unread = unread(self._unread)
        keys = [*self._shown, UNREAD] if self._unread else self._shown
        self.table.set_placeholder(self.guidance)
        self.table.set_rows(keys, self._cell)

    def _cell(self, key: str, column: str) -> Drawn:
        line = self.jobs.get(key)
        return "" if line is None else cell(line, column, self.how)

    def _show_columns(self) -> None:
        wanted = columns(self.column_set, self._extent, self.how.labels)
        if wanted != list(self.table.columns):
            self.table.set_columns(wanted)

    def show_figures(self) -> None:
        """How much is shown and marked, and in what order."""
        marked = self.table.marked
        figures = Figures(
            shown=len(self._shown),
            total=len(self.jobs),
            marked=len(marked),
            hidden=len(marked.difference(self._shown)) if marked else 0,
            moved=self.sorting.moved,
            order=self._order.text,
            columns=self.column_set,
        )
        wide = self.app.size.width >= _WIDE
        self.bar.show_status(*status_parts(figures, self.cockpit.filters, wide=wide))

    # -- filter ----------------------------------------------------------------------------------

    def show_filter(self, expression: str) -> None:
        """Show what this filter matches."""
        self.bar.set_expression(expression)
        self._filter(expression)

    def clear_filter(self) -> bool:
        """Show everything; False if there is no filter, right or wrong."""
        if not (self.bar.expression or self.expression):
            return False
        self.bar.action_clear()
        return True

    def select(self, job_id: str) -> None:
        """Put the cursor on this job, clearing the filter if it hides it."""
        if not self.table.move_to(job_id):
            self._seek = job_id
            self.show_filter("")

    @on(FilterBar.Changed)
    @on(FilterBar.Kept)
    @on(FilterBar.Cleared)
    def _typed(self, event: FilterBar.Changed | FilterBar.Kept | FilterBar.Cleared) -> None:
        event.stop()
        self.sorting.touched()
        self._filter(event.expression)

    def _filter(self, expression: str) -> None:
        """Take this filter; where it is wrong, say so, and the old one stays."""
        try:
            filter_of(expression, self._question())
        except FilterError as exc:
            self.bar.error(str(exc), exc.position)
            return
        self.bar.no_error()
        self.expression = expression.strip()
        self.sorting.at_once()

    # -- order, columns, marks -------------------------------------------------------------------

    def sort(self) -> None:
        """Put moved rows in their place; without any, sort by the next column."""
        if not self.sorting.moved:
            self._order = self._order.following(self.table.shown_columns)
        self.sorting.at_once()

    def reverse(self) -> None:
        """The other way round."""
        self._order = self._order.turned
        self.sorting.at_once()

    def next_columns(self) -> None:
        """Narrow, wide, all."""
        self._columns = SETS[(SETS.index(self.column_set) + 1) % len(SETS)]
        self._show_columns()
        self.show_figures()

    def mark(self, *, everything: bool = False) -> None:
        """Mark the job at the cursor and step down, or all that are shown; again: none."""
        if everything:
            self.table.mark_all_shown()
        else:
            self.table.toggle_mark()
        self.show_figures()
        if "marked" in self.expression:
            self.sorting.soon()
