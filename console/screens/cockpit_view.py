"""What the Cockpit shows and where: its parts, their rows, and the news in them.

Order from the top: how far, who does what, what fails, what needs me, what was said last.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on, work

from console.log_text import segments
from console.plain import plain
from console.screens import (
    cockpit_attention,
    cockpit_failures,
    cockpit_figures,
    cockpit_log,
    cockpit_plan,
    cockpit_rooms,
    cockpit_scaling,
    cockpit_workers,
)
from console.screens.cockpit_layout import CockpitLayout
from console.screens.cockpit_lines import Pick, Rows
from console.screens.cockpit_workers import Clockwork, Times
from console.times import TimeStyle
from console.widgets.bar import ProgressStrip
from console.widgets.columns import Column
from console.widgets.lines import Line
from console.widgets.panel import Panel
from console.widgets.row_table import RowTable
from console.widgets.tones import Drawn
from engine.workloads.labels import GENERIC, plural

if TYPE_CHECKING:
    from engine.insight.values import Attention, Cluster, Overview, PassReport, WorkerLine
    from engine.insight.watch import Sight
    from engine.log_stream import Batch
    from engine.plan import RunPlan


class CockpitView(CockpitLayout):
    """The news in the parts of the Cockpit."""

    def __init__(self) -> None:
        super().__init__()
        self.crew: dict[str, WorkerLine] = {}
        self.clusters: dict[str, Cluster] = {}
        self.issues: dict[str, Attention] = {}
        self.times = Times()
        self._asked: str | None = None
        """The job whose times were asked for last."""
        self.plan: RunPlan | str | None = None
        self.worker_sort = ("w", False)
        self.failure_sort = ("", False)
        self.worker_columns: Sequence[Column] = ()
        """What the operator chose; else those of the width."""
        self._log_written = (TimeStyle.CLOCK, False)
        """How the lines of the log were written: style of times, wide."""
        self._clockwork: Clockwork | None = None

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
        self._arrange(overview, clockwork)
        self._show_jobs_panel(overview, clockwork.now)
        self._show_workers(overview)
        self._show_attention(overview, clockwork)
        self.show_notes()
        why = {"retry": cockpit_failures.retry_line, "final": cockpit_failures.final_line}
        self.picks("why").set_picks([Pick(key, line(overview)) for key, line in why.items()])

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
        self.query_one("#idle", Rows).set_lines(self._idle(overview))

    def _idle(self, overview: Overview) -> list[Text]:
        width = self.query_one("#counts").size.width or self.size.width
        idle = cockpit_figures.idle_lines(overview, width, most=2)
        return [*idle, *cockpit_scaling.lines(overview, width)]

    def _show_workers(self, overview: Overview) -> None:
        table = self.worker_rows
        self.crew = {str(worker.slot): worker for worker in overview.workers}
        column, reverse = self.worker_sort
        order = cockpit_workers.ordered(overview.workers, column, self.now, reverse=reverse)
        title = cockpit_scaling.workers_title(overview) or f"Workers {len(order)}"
        self.query_one("#workers", Panel).title = title if overview.live else "No run"
        usual = cockpit_workers.ALL if self.wide else cockpit_workers.NARROW
        columns = self.worker_columns or usual
        if len(order) >= table.size.height > 0:
            columns = (*columns, cockpit_workers.MORE)
        columns = cockpit_workers.named(columns, overview.labels)
        if table.columns != columns:
            table.set_columns(columns)
        table.set_rows([str(worker.slot) for worker in order], self._worker_cell)

    def _worker_cell(self, key: str, column: str) -> Drawn:
        overview, worker = self.console.latest.overview, self.crew[key]
        held = overview is not None and worker.slot in overview.held_workers
        return cockpit_workers.cell(worker, column, self._clockwork or self.clockwork(), held=held)

    def show_notes(self) -> None:
        """What is to be known of the worker under the cursor."""
        if not self.wide:
            return
        rows = self.query_one("#notes", Rows)
        worker = self.crew.get(self.worker_rows.cursor_key or "")
        blank = [""] * (rows.size.height > 2)
        rows.set_lines([*blank, *cockpit_workers.notes(worker, self.times, rows.size.width)])
        job = "" if worker is None else worker.job_id
        if self._asked != job:
            self._asked = job
            self._ask_times(job)

    @on(RowTable.CursorMoved, "#worker-rows")
    def _worker_chosen(self) -> None:
        self.show_notes()

    @work(group="times", exclusive=True)
    async def _ask_times(self, job: str) -> None:
        attempts, usual = await self.console.feed.ask(
            lambda watch: (watch.times(job) if job else (), watch.usual())
        )
        self.times = Times(job, attempts, usual)
        self.show_notes()

    def _show_attention(self, overview: Overview, clockwork: Clockwork) -> None:
        lines = cockpit_attention.waiting(overview, self.console.desk.dismissed)
        self.issues = {line.id: line for line in lines}
        self.query_one("#attention", Panel).title = f"Attention {len(lines)}"
        observe = self.console.observe
        shown = cockpit_attention.picks(lines, clockwork, wide=self.wide, observe=observe)
        self.picks("issues").set_picks(shown or [cockpit_attention.NOTHING])
        since = self.console.absence.line(clockwork.now, overview)
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
        overview = self.console.latest.overview
        stage = "pass" if overview is None else overview.labels.stage
        passes.title = plain(plural(stage)).capitalize()
        columns = cockpit_failures.columns(GENERIC if overview is None else overview.labels)
        if self.failed_rows.columns != columns:
            self.failed_rows.set_columns(columns)
        size = passes.size
        passes.set_lines(
            cockpit_figures.pass_lines(report, size.width, size.height, clockwork.now, stage)
        )
        number = sum(cluster.count for cluster in order)
        self.query_one("#failed", Panel).title = f"Failed {number}"
        self.failed_rows.set_rows(list(self.clusters), self._failure_cell)
        note = self.query_one("#failed-note", Line)
        note.say(cockpit_failures.summary(order, note.size.width))

    def _failure_cell(self, key: str, column: str) -> Drawn:
        clockwork = self._clockwork or self.clockwork()
        return cockpit_failures.cell(self.clusters[key], column, clockwork)

    def show_latest(self) -> None:
        super().show_latest()
        written = (self.console.time_style, self.wide)
        if written != self._log_written:
            self._log_written = written
            self.log_pane.show((), self.log_form())

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
        return partial(
            segments,
            wide=wide,
            style=clockwork.style,
            now=clockwork.now,
            start=clockwork.start,
            millis=wide,
            count_more=True,
        )

    def show_ages(self, now: datetime) -> None:
        self._clockwork = self.clockwork(now)
        table, overview = self.worker_rows, self.console.latest.overview
        rows = table.keys_in_sight
        table.refresh_cells((key, age) for key in rows for age in cockpit_workers.AGES)
        if overview is not None:
            self._show_attention(overview, self._clockwork)
        if self.console.time_style is TimeStyle.AGE:
            failed = self.failed_rows
            failed.refresh_cells((key, "last") for key in failed.keys_in_sight)
            self.log_pane.show((), self.log_form())

    # -- rows for each part ----------------------------------------------------------------------

    def _arrange(self, overview: Overview, clockwork: Clockwork) -> None:
        """Give each part its rows; a layout only where a number of them changed."""
        planning = not overview.live and not overview.workers
        width = self.query_one("#counts").size.width or self.size.width
        plan = cockpit_plan.picks(self.plan, width, observe=self.console.observe)
        dismissed = self.console.desk.dismissed
        wanted = cockpit_rooms.Wanted(
            height=self.size.height,
            workers=len(plan) if planning else len(overview.workers),
            header=not planning,
            attention=len(cockpit_attention.waiting(overview, dismissed)),
            since=bool(self.console.absence.line(clockwork.now, overview)),
            idle=len(self._idle(overview)),
            failures=len(self.clusters),
        )
        rooms = cockpit_rooms.wide(wanted) if self.wide else cockpit_rooms.narrow(wanted)
        self.picks("plan").set_picks(plan)
        self.picks("plan").display = planning
        self.worker_rows.display = not planning
        self.give(rooms)
        if planning and self.focused is self.worker_rows:
            self.picks("plan").focus()
        elif not planning and self.focused is self.picks("plan"):
            self.worker_rows.focus()
