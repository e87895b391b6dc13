"""The Cockpit: the first screen, and the one that stays open. What its keys do.

It answers six questions without a key: alive? how far, when done? who does what, for how long? what
fails, is it tried again? what costs money? what needs me? (console-features 6.1, 6.5)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from textual import on, work

from console import log_text, wayfinding
from console.action_table import COCKPIT, LEDGER, LOGS
from console.actions import bindings
from console.feed import Need
from console.screens import cockpit_failures, cockpit_log, cockpit_out, cockpit_plan
from console.screens import cockpit_workers as columns
from console.screens.cockpit_lines import PickLines
from console.screens.cockpit_view import CockpitView
from console.screens.cockpit_workers import Times
from console.selection import Selection
from console.widgets.row_table import RowTable

if TYPE_CHECKING:
    from textual import events

    from console.exports import Exported
    from engine.insight.values import Attention, Cluster, WorkerLine
    from engine.insight.watch import Sight

_COLUMN_SETS: Final = (
    ("usual columns", ()),
    ("job, port and start", columns.JOBS),
    ("all that fit", columns.ALL),
)


class CockpitScreen(CockpitView):
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
        self.absence.key(self.now, self.console.latest.overview)

    def on_screen_resume(self) -> None:
        super().on_screen_resume()
        self._fill_log()

    @work(group="log", exclusive=True)
    async def _fill_log(self) -> None:
        self.log_pane.show(await self.console.feed.ask_logs(cockpit_log.newest), self.log_form())

    def show_sight(self, sight: Sight) -> None:
        super().show_sight(sight)
        if sight.overview.live:
            self._may_offer, self._planned_for = False, None
        elif self._planned_for is None or self._planned_for != sight.revision:
            self._planned_for = sight.revision
            self._make_plan()

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(lambda: self.log_pane.show((), self.log_form()))

    # -- without a run ---------------------------------------------------------------------------

    @work(group="plan", exclusive=True)
    async def _make_plan(self) -> None:
        """Work out the next run; at the first look offer it, once, where it has jobs to do."""
        self.plan = await cockpit_plan.work_out(self.console)
        self.show_latest()
        offer, self._may_offer = self._may_offer and not self.console.observe, False
        jobs = () if isinstance(self.plan, str) else self.plan.jobs
        if offer and jobs and self.is_current:
            self.do(self.console.desk.start_run())

    @on(PickLines.Opened, "#plan")
    def start_run(self) -> None:
        """``enter`` on the plan."""
        if not self.console.observe:
            self.do(self.console.desk.start_run())

    # -- what a key acts on ----------------------------------------------------------------------

    @property
    def pane(self) -> str:
        """The part that the keys belong to."""
        focused = self.focused
        return focused.id if focused is not None and focused.id else "worker-rows"

    def worker(self) -> WorkerLine | None:
        """The worker under the cursor, or the one that the line of attention is about."""
        issue = self.issue() if self.pane == "issues" else None
        if issue is not None:
            return self.crew.get(str(issue.slot))
        return self.crew.get(self.worker_rows.cursor_key or "")

    def issue(self) -> Attention | None:
        """The line of attention under the cursor."""
        return self.issues.get(self.picks("issues").cursor_key or "")

    def chosen_failures(self) -> list[Cluster]:
        """Marked types of failure, else the one under the cursor; where it is narrow a line's."""
        if self.pane == "why":
            retried = self.picks("why").cursor_key == "retry"
            found = self.clusters.values()
            return [one for one in found if (one.retry in cockpit_failures.RETRIED) is retried]
        table = self.failed_rows
        keys = [key for key in self.clusters if key in table.marked] or [table.cursor_key or ""]
        return [self.clusters[key] for key in keys if key in self.clusters]

    def selection(self) -> Selection:
        match self.pane:
            case "why" | "failed-rows":
                marked = bool(self.failed_rows.marked & self.clusters.keys())
                jobs = cockpit_failures.jobs(self.chosen_failures())
                return Selection(jobs=jobs, marked=marked and self.pane != "why")
            case "issues":
                return _of_issue(self.issue())
            case "log":
                return self._of_record()
            case "plan":
                return Selection()
        worker = self.worker()
        return Selection(slot=worker.slot if worker is not None else None)

    def _of_record(self) -> Selection:
        record = self.log_pane.record
        if record is None:
            return Selection()
        return Selection(
            jobs=(record.job,) if record.job else (),
            keys=(record.key,) if record.key else (),
            time=record.ts.isoformat() if record.ts else "",
            log_line=None if record.line is None else (str(record.path), record.line),
        )

    def copied(self, kind: str) -> str:
        as_json = kind == "json"
        if self.pane == "log":
            record = self.log_pane.record
            if record is None:
                return ""
            return log_text.as_json(record) if as_json else log_text.whole(record)
        if self.pane == "issues":
            issue = self.issue()
            return "" if issue is None else cockpit_out.as_json(issue) if as_json else issue.text
        if self.pane in ("why", "failed-rows"):
            found = self.chosen_failures()
            rows = [cockpit_out.failure_row(one, self.clockwork()) for one in found]
            texts = [cockpit_out.as_json(one) for one in found] if as_json else map("  ".join, rows)
            return "\n".join(texts)
        worker = self.worker()
        if worker is None:
            return ""
        row = "  ".join(cockpit_out.worker_row(worker, self.clockwork()))
        return cockpit_out.as_json(worker) if as_json else row

    def exported(self) -> Exported | None:
        match self.pane:
            case "why" | "failed-rows":
                return cockpit_out.failures(list(self.clusters.values()), self.clockwork())
            case "issues":
                return cockpit_out.attention(list(self.issues.values()))
            case "log":
                return cockpit_out.log(self.log_pane.records)
        return cockpit_out.workers(list(self.crew.values()), self.clockwork())

    # -- opening ---------------------------------------------------------------------------------

    @on(RowTable.Opened, "#worker-rows")
    def open_worker(self, event: RowTable.Opened) -> None:
        """A worker: its job."""
        worker = self.crew[event.key]
        if not worker.job_id:
            self.console.tell(f"Worker {worker.slot} has no job now.")
            return
        jobs = [one.job_id for one in self.crew.values() if one.job_id]
        self.console.open_job(worker.job_id, jobs)

    @on(RowTable.Opened, "#failed-rows")
    @on(PickLines.Opened, "#why")
    def open_failures(self) -> None:
        """A type of failure: its jobs in the Ledger."""
        found = self.chosen_failures()
        if found:
            self.console.show_jobs(cockpit_failures.expression(found))

    @on(PickLines.Opened, "#issues")
    def open_issue(self) -> None:
        """A line of attention: what it is about."""
        issue = self.issue()
        if issue is not None:
            way = wayfinding.show_attention(self.console, issue)
            self.console.run_worker(way, group="way", exclusive=True)

    def on_log_view_opened(self) -> None:
        """A line of the log: the same line on the Logs screen."""
        self.console.show_log(self.selection())

    def action_other_side(self) -> None:
        """From a worker to its phone, from a log line to its job, else as ``enter``."""
        worker, record = self.worker(), self.log_pane.record
        if self.pane == "log":
            if record is not None and record.job:
                self.console.open_job(record.job)
        elif self.pane == "issues":
            self.open_issue()
        elif self.pane in ("why", "failed-rows"):
            self.open_failures()
        elif worker is not None and worker.key:
            self.console.show_phone(worker.key)

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

    @on(RowTable.CursorMoved, "#worker-rows")
    def _worker_chosen(self) -> None:
        self.show_notes()
        worker = self.worker()
        if self.wide and worker is not None and worker.job_id != self.times.job_id:
            self._ask_times(worker.job_id)

    @work(group="times", exclusive=True)
    async def _ask_times(self, job: str) -> None:
        attempts, usual = await self.console.feed.ask(
            lambda watch: (watch.times(job) if job else (), watch.usual())
        )
        self.times = Times(job, attempts, usual)
        self.show_notes()

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
        name, chosen = _COLUMN_SETS[self._column_set]
        self.set_worker_columns(chosen)
        self.console.tell(f"Workers: {name}.")


_NO_MARKS: Final = "Only types of failures can be marked here, in a wide window."


def _of_issue(issue: Attention | None) -> Selection:
    if issue is None:
        return Selection()
    return Selection(
        jobs=tuple(issue.jobs),
        slot=issue.slot,
        resources=(issue.resource,) if issue.resource else (),
        time=issue.since.isoformat() if issue.since is not None and issue.slot is None else "",
    )
