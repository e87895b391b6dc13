"""Where everything of the Cockpit is, and how many rows each part has (console-features 6.5)."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal

from console.screens import cockpit_failures, cockpit_rooms, cockpit_workers
from console.screens.base import ConsoleScreen
from console.screens.cockpit_lines import PickLines, Rows
from console.screens.cockpit_log import CockpitLog
from console.widgets.bar import ProgressStrip
from console.widgets.lines import Line
from console.widgets.panel import Panel
from console.widgets.row_table import RowTable

_FOOTERS: Final = (
    ("workers", "l log   enter job", "s run/pause   h hold worker   B restart"),
    ("failed", "enter jobs", "r requeue"),
    ("attention", "! next   enter open   d dismiss", ""),
    ("said", "f follow   e/E errors   / search   3 full logs", ""),
)
"""Box, keys, and those that act (console-features 6.5)."""
_NO_WORKERS: Final = "no worker has begun"


class CockpitLayout(ConsoleScreen):
    """The parts of the Cockpit, still without words."""

    def __init__(self) -> None:
        super().__init__()
        self._given: tuple[bool, dict[str, int]] = (False, {})

    def body(self) -> ComposeResult:
        with Horizontal(id="upper"):
            with Panel(id="jobs"):
                yield Line(id="counts")
                yield ProgressStrip(id="bar")
                yield Rows(id="idle")
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
        with Panel(id="said", title="All workers   level>=INFO   following"):
            yield CockpitLog(id="log")

    def on_mount(self) -> None:
        self._show_footers()
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
    def log_pane(self) -> CockpitLog:
        return self.query_one("#log", CockpitLog)

    def picks(self, name: str) -> PickLines:
        """Lines of which one can be chosen: ``plan``, ``why``, ``issues``."""
        return self.query_one(f"#{name}", PickLines)

    # -- rows for each part ----------------------------------------------------------------------

    def give(self, rooms: cockpit_rooms.Rooms) -> None:
        """Give each part its rows; a layout only where a number of them changed."""
        heights = {
            "upper": rooms.jobs,
            "middle": rooms.middle,
            "notes": rooms.notes,
            "why": rooms.why,
            "attention": rooms.attention,
            "since": int(rooms.since),
            "said": rooms.log,
            "idle": rooms.idle,
        }
        if (self.wide, heights) == self._given:
            return
        self._given = (self.wide, heights)
        for name, rows in heights.items():
            widget = self.query_one(f"#{name}")
            widget.display = rows > 0 and (name != "why" or not self.wide)
            widget.styles.height = max(1, rows)
        self.call_after_refresh(self.show_latest)
