"""The Cockpit: the first screen, and the one that stays open. What its keys do.

It answers six questions without a key: alive? how far, when done? who does what, for how long? what
fails, is it tried again? what costs money? what needs me? (console-features 6.1, 6.5)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from textual import on, work

from console import wayfinding
from console.action_table import COCKPIT, LEDGER, LOGS
from console.actions import bindings
from console.feed import Need
from console.screens import cockpit_failures, cockpit_log, cockpit_plan
from console.screens import cockpit_workers as columns
from console.screens.cockpit_choice import CockpitChoice
from console.screens.cockpit_lines import PickLines

if TYPE_CHECKING:
    from textual import events

    from engine.insight.watch import Sight

_COLUMN_SETS: Final = (
    ("usual columns", ()),
    ("job, port and start", columns.JOBS),
    ("all that fit", columns.ALL),
)


class CockpitScreen(CockpitChoice):
    """How far, who does what, what fails, what needs me, what was said last."""

    NAME = COCKPIT
    NEEDS = frozenset({Need.PASSES, Need.LOGS})
    BINDINGS = bindings(COCKPIT)

    def __init__(self) -> None:
        super().__init__()
        self._may_offer = True
        """A run may be offered: nobody has pressed a key, none was live."""
        self._planned_for: object = None
        self._column_set = 0

    # -- what is pressed -------------------------------------------------------------------------

    def on_key(self, _event: events.Key) -> None:
        """Somebody is here."""
        self._may_offer = False

    def on_screen_resume(self) -> None:
        self._fill_log()

    @work(group="log", exclusive=True)
    async def _fill_log(self) -> None:
        self.log_pane.show(await self.console.feed.ask_logs(cockpit_log.newest), self.log_form())

    def show_sight(self, sight: Sight) -> None:
        super().show_sight(sight)
        if sight.overview.live:
            self._may_offer, self._planned_for = False, None
        elif sight.overview.counting:
            pass  # the plan reads the ledger too: not both at once
        elif self._planned_for is None or self._planned_for != sight.revision:
            self._planned_for = sight.revision
            self._make_plan()
        self._offer_run()

    # -- without a run ---------------------------------------------------------------------------

    @work(group="plan", exclusive=True)
    async def _make_plan(self) -> None:
        """Work out the next run."""
        self.plan = await cockpit_plan.work_out(self.console)
        self.show_latest()

    def _offer_run(self) -> None:
        """Once, with the first plan, where it has jobs to do."""
        # In a tiny window a dialog would only hide that there is no room for it.
        tiny = self.has_class("-tiny") or self.has_class("-flat")
        if self.plan is None or tiny or not self._may_offer:
            return
        self._may_offer = False
        jobs = () if isinstance(self.plan, str) else self.plan.jobs
        if jobs and self.is_current and not self.console.observe:
            self.do(self.console.desk.start_run())

    @on(PickLines.Opened, "#plan")
    def start_run(self) -> None:
        """``enter`` on the plan."""
        if not self.console.observe:
            self.do(self.console.desk.start_run())

    # -- elsewhere ------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Search the log where the focus is in it, else filter the jobs."""
        mode = LOGS if self.pane == "log" else LEDGER
        self.console.run_worker(self._search_on(mode), group="way", exclusive=True)

    async def _search_on(self, mode: str) -> None:
        screen = await wayfinding.base_screen(self.console, mode)
        await screen.run_action("search")

    # -- workers ---------------------------------------------------------------------------------

    def select_worker(self, slot: int) -> None:
        """Put the cursor on this worker."""
        self.worker_rows.focus()
        self.worker_rows.move_to(str(slot))

    def action_restart_worker(self) -> None:
        worker = self.worker()
        if worker is not None:
            self.do(self.console.desk.restart_worker(worker.slot))

    # -- attention -------------------------------------------------------------------------------

    def action_next_issue(self) -> None:
        """Go to the next line of attention, round and round; its keys work there."""
        lines = self.picks("issues")
        if not self.issues:
            self.console.tell("Nothing needs attention.")
        elif self.pane != "issues":
            lines.focus()
        else:
            keys = list(lines.keys)
            lines.move_to(keys[(keys.index(lines.cursor_key or keys[0]) + 1) % len(keys)])

    async def action_dismiss(self, _result: None = None) -> None:
        """Put the line of attention aside until it is solved; the cockpit's log keeps it."""
        issue = self.issue()
        if issue is None:
            self.console.tell("Nothing needs attention.")
            return
        structlog.get_logger("console").info(
            "attention_dismissed", id=issue.id, text=issue.text, by=self.console.who
        )
        self.console.desk.dismissed.add(issue.id)
        self.show_latest()
        self.console.tell(f"Dismissed until it is solved: {issue.text}")

    # -- tables ----------------------------------------------------------------------------------

    def action_mark(self) -> None:
        if self.pane == "failed-rows":
            self.failed_rows.toggle_mark()
        else:
            self.console.tell(_NO_MARKS)

    def action_mark_all(self) -> None:
        if self.pane == "failed-rows":
            self.failed_rows.mark_all_shown()
        else:
            self.console.tell(_NO_MARKS)

    def action_sort(self) -> None:
        self._sort(step=1)

    def action_reverse(self) -> None:
        self._sort(step=0)

    def _sort(self, *, step: int) -> None:
        """The next column, or the other direction of this one."""
        failures = self.pane == "failed-rows"
        sorts = cockpit_failures.SORTS if failures else columns.SORTS
        column, reverse = self.failure_sort if failures else self.worker_sort
        column = sorts[(sorts.index(column) + step) % len(sorts)]
        chosen = (column, False if step else not reverse)
        table = self.failed_rows if failures else self.worker_rows
        table.set_sort((column, "v" if chosen[1] else "^") if column else None)
        if failures:
            self.failure_sort = chosen
        else:
            self.worker_sort = chosen
        self.show_latest()

    def action_columns(self) -> None:
        self._column_set = (self._column_set + 1) % len(_COLUMN_SETS)
        name, self.worker_columns = _COLUMN_SETS[self._column_set]
        self.show_latest()
        self.console.tell(f"Workers: {name}.")


_NO_MARKS: Final = "Only types of failures can be marked here, in a wide window."
