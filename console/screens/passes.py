"""The Passes screen: whether passes pay, why attempts fail, and what the run may end with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual import on
from textual.app import ComposeResult

from console import actions
from console.action_table import PASSES
from console.feed import Need
from console.screens import passes_words as words
from console.screens.passes_jobs import matching, selection_of
from console.screens.passes_panels import PassesPanels
from console.screens.passes_sheet import Look, in_words
from console.screens.passes_table import SheetTable
from console.screens.passes_tables import TableScreen
from console.selection import Selection
from console.widgets.row_table import RowTable
from engine.errors import EngineError
from engine.insight.as_json import as_json
from engine.insight.values import PassReport

if TYPE_CHECKING:
    from console.exports import Exported
    from engine.insight.values import Overview
    from engine.insight.watch import Sight

NO_ROW: Final = "No row is selected."
NONE_FAILED: Final = "No job of this row is failed now."
COPIED_ROWS: Final = 20
"""Rows of a table in a copied summary."""


class PassesScreen(TableScreen):
    """Passes, causes, phones and workers of one run (console-features 6.8)."""

    NAME = PASSES
    NEEDS = frozenset({Need.PASSES})
    BINDINGS = actions.bindings(PASSES)

    def __init__(self) -> None:
        super().__init__()
        self._report: PassReport | None = None
        self._look: Look | None = None

    def body(self) -> ComposeResult:
        yield PassesPanels(classes="fill")

    def on_mount(self) -> None:
        """Keys belong to the first table."""
        self.panels.table("pass-table").focus(scroll_visible=False)

    # -- news ------------------------------------------------------------------------------------

    @property
    def _overview(self) -> Overview | None:
        return self.console.latest.overview

    def show_sight(self, sight: Sight) -> None:
        """Limits, wait and forecast; the tables only where their words or money changed."""
        if self._report is None:
            return
        before, look = self._look, self.look()
        if before is None or _words(before) != _words(look):
            self.show_passes(self._report)
        else:
            self.panels.say(self._report, sight.overview, look)

    def show_passes(self, report: PassReport) -> None:
        self._report, self._look = report, self.look()
        key = self.console.signs_of(actions.by_id("app.pause"))[0]
        start = f"{words.NO_LEDGER}{'' if self.console.observe else f': {key} starts a run'}."
        self.panels.show(report, self._overview, self._look, start)
        self.panels.name_keys(self._keys, self._look)

    def show_ages(self, now: datetime) -> None:
        if self._report is not None:
            self.panels.tick(self._report, self._overview, self.look())

    def _keys(self, pairs: Sequence[tuple[str, str]]) -> str:
        shown = [(actions.by_id(action), word) for action, word in pairs]
        return "   ".join(
            f"{self.console.signs_of(action)[0]} {word}"
            for action, word in shown
            if not (action.acts and self.console.observe)
        )

    # -- rows and their jobs ---------------------------------------------------------------------

    def selection(self) -> Selection:
        table = self.table
        rows, marked = table.picked
        workers = table.id == "worker-table"
        report = self._report or PassReport()
        return selection_of(rows, marked=marked, report=report, workers=workers)

    @on(RowTable.Opened)
    def open_row(self, event: RowTable.Opened) -> None:
        """Its jobs, in the Ledger."""
        table = event.table
        row = table.row(event.key) if isinstance(table, SheetTable) else None
        if row is not None and isinstance(table, SheetTable):
            self.console.show_jobs(table.sheet.expression([row]))

    def action_requeue(self) -> None:
        self.do(self._requeue())

    async def _requeue(self) -> None:
        """The failed jobs of the rows; of what the report does not list, the engine is asked."""
        selection = self.selection()
        if not self.table.picked[0]:
            self.console.tell(NO_ROW, tone="bad")
            return
        jobs = selection.jobs
        if not jobs and self.table.id != "why-table":
            jobs = await self._jobs(failed=True)
        if not jobs:
            self.console.tell(NONE_FAILED)
            return
        await self.console.desk.requeue(Selection(jobs=jobs, marked=selection.marked))

    def action_log_here(self) -> None:
        self.do(self._log_here())

    async def _log_here(self) -> None:
        selection = self.selection()
        if selection.keys:
            selection = Selection(jobs=await self._jobs(failed=False))
        self.console.show_log(selection)

    async def _jobs(self, *, failed: bool) -> tuple[str, ...]:
        expression = self.table.sheet.expression(self.table.picked[0])
        try:
            found = await self.console.feed.ask(matching(expression, self.now, failed=failed))
        except EngineError as exc:
            self.console.tell(str(exc), tone="bad")
            return ()
        return tuple(found)

    # -- acts on the run -------------------------------------------------------------------------

    def action_pause_after_pass(self) -> None:
        self.do(self.console.desk.pause_after_pass())

    def action_add_pass(self) -> None:
        self.do(self.console.desk.add_pass())

    # -- what leaves -----------------------------------------------------------------------------

    def copied(self, kind: str) -> str:
        report = self._report
        if report is None or not words.known(report):
            return ""
        if kind == "json":
            return words.as_text(as_json(report))
        look = self.look()
        tables = [
            (in_words(table.sheet.title, look), table.copied(COPIED_ROWS))
            for table in self.panels.tables
        ]
        return words.summary(report, self._overview, look, tables)

    def exported(self) -> Exported | None:
        return self.table.exported()


def _words(look: Look) -> tuple[object, ...]:
    """All of it but the time."""
    return (look.style, look.start, look.price, look.key, look.resource, look.stage)
