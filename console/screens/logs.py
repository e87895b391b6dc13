"""The Logs screen: all logs as one, by time (console-features 6.7)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal

from console.action_table import LOGS
from console.actions import bindings
from console.exports import Exported
from console.feed import Need
from console.log_text import as_json, place, whole
from console.screens import logs_rows
from console.screens.logs_bars import ChipsRow, SearchBar, SourcesBar, TimeBar
from console.screens.logs_lines import RecordLine
from console.screens.logs_reader import LogReader
from console.screens.logs_record import RecordView
from console.screens.logs_rows import Figures, Shown
from console.screens.logs_ways import LogWays
from console.selection import Selection
from console.widgets.lines import Line, Rule
from console.widgets.log_view import LogView
from console.widgets.panel import Panel
from engine.log_stream import Level

if TYPE_CHECKING:
    from engine.insight.watch import Sight
    from engine.log_stream import Batch

FIGURES_SECONDS = 10.0
"""Between two looks at the last sixty minutes."""
COUNTS_SECONDS = 1.0
"""Between two changes of the counts above the log, which cost a row each."""

RECORD_HINT = " enter shows it in $PAGER   y copies it   e n w: the next one   esc closes"


class LogsScreen(LogWays):
    """Every log of the work directory, followed or searched."""

    NAME = LOGS
    NEEDS = frozenset({Need.LOGS})
    BINDINGS = bindings(LOGS)
    AUTO_FOCUS: ClassVar[str] = "#log"

    def __init__(self) -> None:
        super().__init__()
        self.figures = Figures()
        self._counted = float("-inf")
        self._told: tuple[object, ...] = ()
        self._asked = True

    def body(self) -> ComposeResult:
        yield ChipsRow(id="chips")
        yield SearchBar(id="search")
        yield TimeBar(id="time")
        yield SourcesBar(id="sources")
        yield Rule(id="under-chips")
        yield LogReader(id="log")
        yield Rule(id="over-place")
        yield Line(id="place")
        yield Line(id="hint")
        with Horizontal(id="below"):
            yield Panel(RecordView(id="record"), footer="y copy   enter pager", id="record-panel")
            yield Panel(title="Last 60 minutes", id="minutes")

    # -- news ------------------------------------------------------------------------------------

    def on_screen_resume(self) -> None:
        self.reader.catch_up()
        self.refigure()

    def on_mount(self) -> None:
        self.set_interval(FIGURES_SECONDS, partial(self.refigure, asked=False))
        self.set_interval(COUNTS_SECONDS, self._show_chips)

    def show_latest(self) -> None:
        super().show_latest()
        writing = self.reader.writing
        written = (writing.wide, writing.style)
        writing.wide, writing.style = not self.narrow, self.console.time_style
        writing.now = self.now
        if written != (writing.wide, writing.style):
            self.reader.rewrite()
        self._show_chips(now=True)
        self.show_place()
        self._show_minutes()

    def show_sight(self, sight: Sight) -> None:
        self.reader.writing.start = sight.overview.started_at

    def show_logs(self, batch: Batch) -> None:
        self.reader.writing.now = self.now
        reader = self.reader
        self.figures.count(batch.records, reader.chosen, following=reader.following)
        if any(record.source not in self.figures.sources for record in batch.records):
            self.refigure(asked=False)
        self.reader.take(batch)

    def show_ages(self, now: datetime) -> None:
        writing = self.reader.writing
        writing.now = now
        if writing.style == "age":
            self.reader.rewrite()
        self.show_place()

    def refigure(self, *, asked: bool = True) -> None:
        """Renew the figures. A paused log shows them only where a key asked, and is else left as
        it is: it sends nothing."""
        self._asked |= asked
        self._refigure()

    @work(exclusive=True, group="log-figures")
    async def _refigure(self) -> None:
        """Ask how much each log has, what the last minutes were like, what was repeated."""
        if self.console.shown is not self:
            return
        feed, now, record = self.console.feed, self.now, self.reader.record
        shown = self.reader.chosen.shown
        sources, self.figures.minutes, self.figures.cluster = await feed.ask_logs(
            lambda stream: (
                stream.sources(),
                feed.tallies.last(now, shown.has),
                feed.tallies.like(record),
            )
        )
        self.figures.take(sources, self.reader.chosen)
        if self.reader.following or self._asked:
            self._asked = False
            self._show_chips(now=True)
            self.call_after_refresh(self._show_minutes)  # the panel may not be laid out yet

    # -- rows around the log -----------------------------------------------------------------------

    @on(LogReader.Changed)
    def _lines_changed(self) -> None:
        self._show_chips()
        hits = len(self.reader.page.hits)
        if self.query_one(SearchBar).editing:
            self.query_one(SearchBar).show_status(f"{hits} hit{'s' * (hits != 1)}")

    @on(LogView.FollowChanged)
    def _follow_changed(self) -> None:
        self._show_chips()

    @on(LogView.CursorMoved)
    def _cursor_moved(self) -> None:
        self.show_place()
        if not self.reader.following:
            self._show_chips(now=True)
        self.ask_limit()
        record = self.reader.record
        if record is not None and record.level is Level.ERROR:
            self.refigure()
        else:
            self._show_minutes()

    def _show_chips(self, *, now: bool = False) -> None:
        """At most once a second, but for what a key did and for errors while it follows. A paused
        log stands still and sends nothing: what it holds back is counted anew with each key."""
        reader, figures = self.reader, self.figures
        shown = Shown(
            chosen=reader.chosen,
            only=reader.only,
            hits=len(reader.page.hits),
            following=reader.following,
            held_back=reader.held_back,
        )
        news = (figures.errors, figures.warnings) if reader.following else None
        told = (shown.following, shown.held_back > 0, shown.chosen, shown.only) + (
            (shown.hits, news) if reader.following else ()
        )
        moment = time.monotonic()
        soon = not reader.following or moment - self._counted < COUNTS_SECONDS * 0.9
        if not now and told == self._told and soon:
            return
        self._told, self._counted = told, moment
        self.query_one(ChipsRow).say(logs_rows.chips(shown, figures, self.size.width))
        self._show_hint()

    def _show_hint(self) -> None:
        reader = self.reader
        row = logs_rows.hint_row(following=reader.following, held_back=reader.held_back)
        self.query_one("#hint", Line).say(RECORD_HINT if self.has_class("-record") else row)

    def show_place(self) -> None:
        """Where the cursor's line stands, and its record."""
        record, limits = self.reader.record, self.limits
        self.query_one("#place", Line).say(logs_rows.place_row(record, limits, self.now))
        self._show_hint()
        self.query_one(RecordView).show(record)
        panel = self.query_one("#record-panel", Panel)
        title = "Record"
        if record is not None:
            lines = 1 + len(record.more)
            title = f"Record {place(record)}, {lines} line{'s' * (lines != 1)}"
        if panel.title != title:
            panel.title = title

    def _show_minutes(self) -> None:
        panel = self.query_one("#minutes", Panel)
        if panel.display and panel.size.width:
            panel.set_lines(
                logs_rows.minutes_rows(
                    self.figures, self.reader.record, self.limits, self.now, panel.size.width
                )
            )

    # -- what a key acts on ------------------------------------------------------------------------

    def selection(self) -> Selection:
        record = self.reader.record
        if record is None:
            return Selection()
        worker = record.source[1:] if record.source.startswith("W") else ""
        return Selection(
            jobs=(record.job,) if record.job else (),
            keys=(record.key,) if record.key else (),
            slot=int(worker) if worker.isdecimal() else None,
            time=record.ts.isoformat() if record.ts else "",
            log_line=(record.path.name, record.line) if record.line else None,
        )

    def copied(self, kind: str) -> str:
        record = self.reader.record
        if record is None:
            return ""
        return as_json(record) if kind == "json" else whole(record)

    def exported(self) -> Exported | None:
        return _exported(self.reader.record_lines)

    def action_export(self) -> None:
        self.do(self._export())

    async def _export(self) -> None:
        """Sixty thousand lines take seconds to be written."""
        lines = list(self.reader.record_lines)
        await self.console.export(await self.console.feed.in_background(lambda: _exported(lines)))


def _exported(lines: Sequence[RecordLine]) -> Exported | None:
    text = "".join(f"{whole(line.record)}\n" for line in lines if not line.below)
    return Exported(name="logs", text=text) if text else None
