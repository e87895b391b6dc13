"""What the Cockpit shows and where: its parts, their rows, and the news in them.

Order from the top: how far, who does what, what fails, what needs me, what was said last
(console-features 6.5). What its keys do is :mod:`console.screens.cockpit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import Horizontal

from console.action_table import ACTIONS
from console.log_text import Segments, segments
from console.screens import (
    cockpit_attention,
    cockpit_failures,
    cockpit_figures,
    cockpit_log,
    cockpit_plan,
    cockpit_rooms,
    cockpit_workers,
)
from console.screens.base import ConsoleScreen
from console.screens.cockpit_lines import Pick, PickLines, Rows
from console.screens.cockpit_workers import Clockwork, Times
from console.times import TimeStyle
from console.widgets.bar import ProgressStrip
from console.widgets.columns import Column
from console.widgets.lines import Line
from console.widgets.panel import Panel
from console.widgets.row_table import RowTable
from console.widgets.tones import Drawn

if TYPE_CHECKING:
    from engine.insight.values import Attention, Cluster, Overview, PassReport, WorkerLine
    from engine.insight.watch import Sight
    from engine.log_stream import Batch, Record
    from engine.plan import RunPlan

ACTING: Final = frozenset(key for action in ACTIONS if action.acts for key in action.keys)
_FOOTERS: Final = (
    ("workers", "l log   enter job", "s run/pause   h hold worker   B restart"),
    ("failed", "enter jobs", "r requeue"),
    ("attention", "! next   enter open   d dismiss", ""),
    ("said", "f follow   e/E errors   / search   3 full logs", ""),
)
"""Box, keys, and those that act (console-features 6.5)."""
_NO_WORKERS: Final = "no worker has begun"


class CockpitView(ConsoleScreen):
    """The parts of the Cockpit."""

    def __init__(self) -> None:
        super().__init__()
        self.crew: dict[str, WorkerLine] = {}
        self.clusters: dict[str, Cluster] = {}
        self.issues: dict[str, Attention] = {}
        self.absence = cockpit_attention.Absence()
        self.times = Times()
        self.plan: RunPlan | str | None = None
        self.worker_sort = ("w", False)
        self.failure_sort = ("", False)
        self._heights: dict[str, int] = {}
        self._columns: Sequence[Column] = ()
        self._clockwork: Clockwork | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="upper"):
            with Panel(id="jobs"):
                yield Line(id="counts")
                yield ProgressStrip(id="bar")
                yield Line(id="idle")
                yield Rows(id="pace")
            yield Panel(id="passes", title="Passes")
        with Horizontal(id="middle"):
            with Panel(id="workers"):
                yield RowTable(
                    id="worker-rows", marks=False, gap=cockpit_workers.GAP, placeholder=_NO_WORKERS
                )
                yield PickLines(id="plan")
                yield Rows(id="notes")
            with Panel(id="failed"):
                yield RowTable(
                    cockpit_failures.COLUMNS, id="failed-rows", placeholder="nothing has failed"
                )
                yield Line(id="failed-note")
        yield PickLines(id="why")
        with Panel(id="attention"):
            yield PickLines(id="issues")
            yield Line(id="since")
        with Panel(id="said"):
            yield cockpit_log.CockpitLog(id="log")

    def on_mount(self) -> None:
        self._show_footers()
        self.on_log_view_follow_changed()
        self.worker_rows.focus()

    def _show_footers(self) -> None:
        """The keys that work in each box."""
        act = not self.console.observe
        for name, keys, acting in _FOOTERS:
            footer = "   ".join((acting, keys)) if acting and act else keys
            self.query_one(f"#{name}", Panel).footer = footer

    # -- parts -----------------------------------------------------------------------------------

    @property
    def worker_rows(self) -> RowTable:
        return self.query_one("#worker-rows", RowTable)

    @property
    def failed_rows(self) -> RowTable:
        return self.query_one("#failed-rows", RowTable)

    @property
    def log_pane(self) -> cockpit_log.CockpitLog:
        return self.query_one("#log", cockpit_log.CockpitLog)

    def picks(self, name: str) -> PickLines:
        """Lines of which one can be chosen: ``plan``, ``why``, ``issues``."""
        return self.query_one(f"#{name}", PickLines)

    def clockwork(self, now: datetime | None = None) -> Clockwork:
        """How moments are written now."""
        overview = self.console.latest.overview
        return Clockwork(
            now=now or self.now,
            style=self.console.time_style,
            start=overview.started_at if overview is not None else None,
        )

    # -- the overview ----------------------------------------------------------------------------

    def show_sight(self, sight: Sight) -> None:
        overview = sight.overview
        self._clockwork = clockwork = self.clockwork()
        ids = {line.id for line in overview.attention}
        self.console.desk.dismissed &= ids
        self._arrange(overview, clockwork)
        self._show_jobs_panel(overview, clockwork.now)
        self._show_workers(overview)
        self._show_attention(overview, clockwork)
        self.show_notes()
        lines = [Pick("retry", cockpit_failures.retry_line(overview))]
        self.picks("why").set_picks([*lines, Pick("final", cockpit_failures.final_line(overview))])

    def _show_jobs_panel(self, overview: Overview, now: datetime) -> None:
        panel, width = self.query_one("#jobs", Panel), self.query_one("#counts").size.width
        panel.title = f"Jobs {overview.total}"
        line, note = cockpit_figures.counts_line(overview, width), ""
        if self.wide:
            line = cockpit_figures.wide_counts_line(overview, now, width)
            pace = cockpit_figures.pace_lines(overview, now, width)
            self.query_one("#pace", Rows).set_lines(pace)
        else:
            note = cockpit_figures.progress(overview, now)
        self.query_one("#counts", Line).say(line)
        self.query_one("#bar", ProgressStrip).set_counts(cockpit_figures.counts(overview), note)
        idle = self.query_one("#idle", Line)
        idle.set_class(bool(overview.problem), "-bad")
        idle.say(f"! {overview.problem}" if overview.problem else overview.why_idle)

    def _show_workers(self, overview: Overview) -> None:
        table = self.worker_rows
        self.crew = {str(worker.slot): worker for worker in overview.workers}
        column, reverse = self.worker_sort
        order = cockpit_workers.ordered(overview.workers, column, self.now, reverse=reverse)
        self.query_one("#workers", Panel).title = (
            f"Workers {len(order)}" if overview.live else "No run"
        )
        columns = self._columns or (cockpit_workers.ALL if self.wide else cockpit_workers.NARROW)
        if table.columns != tuple(columns):
            table.set_columns(columns)
        table.set_rows([str(worker.slot) for worker in order], self._worker_cell)

    def _worker_cell(self, key: str, column: str) -> Drawn:
        overview, worker = self.console.latest.overview, self.crew[key]
        held = overview is not None and worker.slot in overview.held_workers
        return cockpit_workers.cell(worker, column, self._clockwork or self.clockwork(), held=held)

    def set_worker_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns of the workers."""
        self._columns = columns
        self.show_latest()

    def show_notes(self) -> None:
        """What is to be known of the worker under the cursor."""
        rows = self.query_one("#notes", Rows)
        worker = self.crew.get(self.worker_rows.cursor_key or "")
        width = self.worker_rows.size.width
        rows.set_lines(["", *cockpit_workers.notes(worker, self.times, width)])

    def _show_attention(self, overview: Overview, clockwork: Clockwork) -> None:
        lines = cockpit_attention.waiting(overview, self.console.desk.dismissed)
        self.issues = {line.id: line for line in lines}
        self.query_one("#attention", Panel).title = f"Attention {len(lines)}"
        hidden = ACTING if self.console.observe else frozenset[str]()
        shown = cockpit_attention.picks(lines, clockwork, wide=self.wide, hidden=hidden)
        self.picks("issues").set_picks(shown or [cockpit_attention.NOTHING])
        since = self.absence.line(clockwork.now, overview)
        self.query_one("#since", Line).say(f"  {since}" if self.wide else f" {since}")

    # -- the other news --------------------------------------------------------------------------

    def show_passes(self, report: PassReport) -> None:
        clockwork = self.clockwork()
        column, reverse = self.failure_sort
        order = cockpit_failures.ordered(report.failed_now, column, reverse=reverse)
        self.clusters = {cockpit_failures.key_of(cluster): cluster for cluster in order}
        if not self.wide:
            return
        passes = self.query_one("#passes", Panel)
        passes.set_lines(
            cockpit_figures.pass_lines(report, passes.size.width, passes.size.height, clockwork.now)
        )
        number = sum(cluster.count for cluster in order)
        self.query_one("#failed", Panel).title = f"Failed {number}"
        self.failed_rows.set_rows(list(self.clusters), self._failure_cell)
        note = self.query_one("#failed-note", Line)
        note.say(cockpit_failures.summary(order, note.size.width))

    def _failure_cell(self, key: str, column: str) -> Drawn:
        return cockpit_failures.cell(
            self.clusters[key], column, self._clockwork or self.clockwork()
        )

    def show_logs(self, batch: Batch) -> None:
        self.log_pane.take(batch, self.log_form())

    def on_log_view_follow_changed(self) -> None:
        """Say in the box's edge whether the log follows."""
        log = self.log_pane
        state = "following" if log.following else f"paused, {log.held_back} held back"
        self.query_one("#said", Panel).title = f"All workers   level>=INFO   {state}"

    def log_form(self) -> cockpit_log.Form:
        """How a record is written now."""
        clockwork, wide = self.clockwork(), self.wide

        def form(record: Record) -> Segments:
            return segments(
                record,
                wide=wide,
                style=clockwork.style,
                now=clockwork.now,
                start=clockwork.start,
                millis=wide,
                count_more=True,
            )

        return form

    def show_ages(self, now: datetime) -> None:
        self._clockwork = self.clockwork(now)
        table, overview = self.worker_rows, self.console.latest.overview
        ages = cockpit_workers.AGES
        table.refresh_cells((key, age) for key in table.keys_in_sight for age in ages)
        if overview is not None:
            self._show_attention(overview, self._clockwork)
        if self.console.time_style is TimeStyle.AGE:
            self.log_pane.show((), self.log_form())

    # -- rows for each part ----------------------------------------------------------------------

    def _arrange(self, overview: Overview, clockwork: Clockwork) -> None:
        """Give each part its rows; a layout only where a number of them changed."""
        planning = not overview.live and not overview.workers
        plan = cockpit_plan.picks(self.plan, self.size.width, observe=self.console.observe)
        dismissed = self.console.desk.dismissed
        wanted = cockpit_rooms.Wanted(
            height=self.size.height,
            workers=len(plan) if planning else len(overview.workers),
            header=not planning,
            attention=len(cockpit_attention.waiting(overview, dismissed)),
            since=bool(self.absence.line(clockwork.now, overview)),
            idle=bool(overview.problem or overview.why_idle),
            failures=len(self.clusters),
        )
        rooms = cockpit_rooms.wide(wanted) if self.wide else cockpit_rooms.narrow(wanted)
        self.picks("plan").set_picks(plan)
        self.picks("plan").display = planning
        self.worker_rows.display = not planning
        self._give(rooms, roomy=self.wide and rooms.jobs > 5, idle=wanted.idle)
        if planning and self.focused is self.worker_rows:
            self.picks("plan").focus()
        elif not planning and self.focused is self.picks("plan"):
            self.worker_rows.focus()

    def _give(self, rooms: cockpit_rooms.Rooms, *, roomy: bool, idle: bool) -> None:
        heights = {
            "upper": rooms.jobs,
            "middle": rooms.middle,
            "notes": rooms.notes,
            "why": rooms.why,
            "attention": rooms.attention,
            "since": int(rooms.since),
            "said": rooms.log,
            "idle": int(idle or roomy),
        }
        if heights == self._heights:
            return
        self._heights = heights
        for name, rows in heights.items():
            widget = self.query_one(f"#{name}")
            widget.display = rows > 0 and (name != "why" or not self.wide)
            widget.styles.height = max(1, rows)
        self.call_after_refresh(self.show_latest)
