"""What the Cockpit's keys act on: the row under the cursor of the part that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from console import log_text
from console.screens import cockpit_failures, cockpit_out
from console.screens.cockpit_lines import PickLines
from console.screens.cockpit_view import CockpitView
from console.selection import Selection
from console.widgets.row_table import RowTable

if TYPE_CHECKING:
    from console.exports import Exported
    from engine.insight.values import Attention, Cluster, WorkerLine


class CockpitChoice(CockpitView):
    """Selection, copies and exports, and what enter opens."""

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
            self.console.show_issue(issue)

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


def _of_issue(issue: Attention | None) -> Selection:
    if issue is None:
        return Selection()
    return Selection(
        jobs=tuple(issue.jobs),
        slot=issue.slot,
        resources=(issue.resource,) if issue.resource else (),
        time=issue.since.isoformat() if issue.since is not None and issue.slot is None else "",
    )
