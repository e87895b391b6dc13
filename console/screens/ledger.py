"""The Ledger screen: every job of the day, chosen, put in order, marked (console-features 6.6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult

from console.action_table import LEDGER
from console.actions import bindings
from console.feed import Need
from console.screens import ledger_rows
from console.screens.base import ConsoleScreen
from console.screens.ledger_columns import columns
from console.screens.ledger_list import JobList
from console.screens.ledger_panes import LedgerPanes
from console.screens.ledger_table import UNREAD
from console.screens.ledger_words import where_unread
from console.selection import Selection
from console.widgets.lines import Rule
from console.widgets.row_table import RowTable
from engine.filters.rows import changed_at

if TYPE_CHECKING:
    from console.exports import Exported
    from engine.insight.values import JobLine
    from engine.insight.watch import Sight


class LedgerScreen(ConsoleScreen):
    """Jobs in a table, a filter above; below, the one at the cursor and the marked ones."""

    NAME = LEDGER
    NEEDS = frozenset({Need.JOBS})
    BINDINGS = bindings(LEDGER)

    def body(self) -> ComposeResult:
        self.list = JobList(self.console)
        self.panes = LedgerPanes(self.console, subject=self._subject, how=lambda: self.list.how)
        yield self.list
        yield Rule(id="under-table")
        yield self.panes

    def on_mount(self) -> None:
        self.list.table.focus()

    def on_screen_resume(self) -> None:
        self.list.sorting.resumed()

    def on_key(self, _event: events.Key) -> None:
        self.list.sorting.touched()

    def on_mouse_down(self, _event: events.MouseDown) -> None:
        self.list.sorting.touched()

    # -- news ------------------------------------------------------------------------------------

    def show_latest(self) -> None:
        super().show_latest()
        self.list.show_all()
        self._show_panes()

    def show_sight(self, sight: Sight) -> None:
        self.list.take_unread(sight.overview.quarantined)
        self._show_panes()

    def show_jobs(self, lines: Sequence[JobLine]) -> None:
        if lines is not self.list.jobs.lines:
            self.list.take(lines)
            self.panes.news()

    def show_ages(self, now: datetime) -> None:
        self.list.take_time(now)

    def _show_panes(self) -> None:
        self.panes.guidance = self.list.guidance
        self.panes.show()

    # -- from other screens ----------------------------------------------------------------------

    def show_filter(self, expression: str) -> None:
        """Show what this filter matches."""
        self.list.show_filter(expression)

    def select(self, job_id: str) -> None:
        """Put the cursor on this job, clearing the filter if it hides it."""
        self.list.select(job_id)

    # -- what a key acts on ----------------------------------------------------------------------

    def _subject(self) -> tuple[str | None, Collection[str]]:
        line = self.list.current
        return (None if line is None else line.job.job_id), self.list.table.marked

    def selection(self) -> Selection:
        lines = self.list.chosen
        keys = dict.fromkeys(line.job.account for line in lines if line.job.account)
        return Selection(
            jobs=tuple(line.job.job_id for line in lines),
            keys=tuple(keys),
            marked=bool(self.list.table.marked),
        )

    def copied(self, kind: str) -> str:
        return ledger_rows.copied(self.list.chosen, kind, self.list.how)

    def exported(self) -> Exported | None:
        names = [column.key for column in columns("all")]
        return ledger_rows.exported(self.list.shown, names, self.list.how)

    # -- keys ------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Clear the filter."""
        if not self.list.clear_filter():
            super().action_back()

    def action_search(self) -> None:
        self.list.bar.edit()

    def action_saved_filter(self, key: str) -> None:
        self.list.show_filter(self.console.filters.get(key, ""))

    def action_sort(self) -> None:
        self.list.sort()

    def action_reverse(self) -> None:
        self.list.reverse()

    def action_columns(self) -> None:
        self.list.next_columns()

    def action_mark(self) -> None:
        self.list.mark()
        self.panes.follow()

    def action_mark_all(self) -> None:
        self.list.mark(everything=True)
        self.panes.follow()

    def action_reread(self) -> None:
        super().action_reread()
        self.list.sorting.at_once()

    @on(RowTable.CursorMoved)
    def _moved(self) -> None:
        self.panes.guidance = self.list.guidance
        self.panes.follow()

    @on(RowTable.Opened)
    def _open(self, event: RowTable.Opened) -> None:
        if event.key == UNREAD:
            self.do(self._say_where_unread())
        else:
            self.console.open_job(event.key, among=self.list.table.jobs)

    async def _say_where_unread(self) -> None:
        ledger = self.console.watched.ledger.path
        self.console.tell(await self.console.feed.in_background(lambda: where_unread(ledger)))

    def action_other_side(self) -> None:
        """The phone of the job at the cursor."""
        line = self.list.current
        if line is not None and line.job.account:
            self.console.show_phone(line.job.account)
        else:
            words = self.list.how.labels
            text = f"There is no {words.key} at the cursor, so no {words.resource} to go to."
            self.console.tell(text)

    def action_log_here(self) -> None:
        """The log of the job at the cursor, whatever is marked."""
        line = self.list.current
        if line is None:
            self.console.tell("There is no job at the cursor.")
            return
        detail, when = self.panes.detail, changed_at(line.job)
        known = detail is not None and detail.line.job.job_id == line.job.job_id
        self.console.show_log(
            Selection(
                jobs=(line.job.job_id,),
                time="" if when is None else when.isoformat(),
                log_line=detail.log if detail is not None and known else None,
            )
        )

    def action_reset_day(self) -> None:
        self.do(self.console.desk.reset_day())
