"""Places of the Logs screen: a line of a file, a job, a moment, a mark."""

from __future__ import annotations

from datetime import datetime

from textual import on, work

from console.plain import plain
from console.screens.base import ConsoleScreen
from console.screens.logs_bars import AskBar, TimeBar
from console.screens.logs_choice import Chosen, Sources
from console.screens.logs_moment import parse_moment
from console.screens.logs_reader import LogReader
from console.wayfinding import Place
from console.widgets.filter_bar import FilterBar
from engine.errors import InputError
from engine.log_stream import Level, Record


class LogPlaces(ConsoleScreen):
    """Goes to places, with the filter that they need, and asks for them in one row."""

    def __init__(self) -> None:
        super().__init__()
        self._marks: list[Record] = []

    @property
    def reader(self) -> LogReader:
        """The log."""
        return self.query_one(LogReader)

    def _choose(self, chosen: Chosen, *, only: bool | None = None) -> None:
        reader = self.reader
        reader.choose(chosen, only=reader.only if only is None else only)
        reader.highlight = chosen.regex
        self.refigure()

    def refigure(self) -> None:
        """Other logs are shown: their figures are others too."""

    # -- questions of one row ----------------------------------------------------------------------

    def _ask(self, bar: type[AskBar], expression: str = "") -> None:
        row = self.query_one(bar)
        row.no_error()
        row.set_expression(expression)
        self.add_class("-asking")
        row.edit()

    @on(FilterBar.Kept)
    @on(FilterBar.Cleared)
    def _answered(self) -> None:
        self.remove_class("-asking")

    def _ask_again(self, bar: AskBar) -> None:
        self.add_class("-asking")
        bar.edit()

    # -- marks and times -----------------------------------------------------------------------

    def action_mark_line(self) -> None:
        record = self.reader.record
        if record is None:
            self.console.tell("No line is chosen: up and down choose one.")
            return
        marks = self.reader.writing.marks
        if record.seq in marks:
            marks.remove(record.seq)
            self._marks = [mark for mark in self._marks if mark.seq != record.seq]
        else:
            marks.add(record.seq)
            self._marks.append(record)
        self.reader.rewrite()

    def action_go_to_time(self) -> None:
        self._ask(TimeBar)

    @on(FilterBar.Kept, "TimeBar")
    def _time_named(self, message: FilterBar.Kept) -> None:
        bar = self.query_one(TimeBar)
        wanted = message.expression.strip()
        if wanted in ("", "'", "m"):
            self._go_to_mark()
            return
        try:
            moment = parse_moment(wanted, self.now)
        except InputError as exc:
            bar.error(str(exc), 0)
            self.call_after_refresh(self._ask_again, bar)
            return
        bar.no_error()
        self.go_to(Place(time=moment))

    def _go_to_mark(self) -> None:
        """The mark made last; from there the one before it, round and round."""
        if not self._marks:
            self.console.tell("No line is marked: m marks one.")
            return
        present = self.reader.record
        seqs = [mark.seq for mark in self._marks]
        at = seqs.index(present.seq) if present is not None and present.seq in seqs else 0
        self._stand_on(self._marks[at - 1])

    # -- from elsewhere ----------------------------------------------------------------------------

    def go_to(self, place: Place) -> None:
        """Show this place of the logs, with the filter that it needs."""
        self._go(place)

    @work(exclusive=True, group="log-way")
    async def _go(self, place: Place) -> None:
        self.remove_class("-record")
        if place.file and place.line:
            await self._go_to_line(place.file, place.line)
        elif place.job:
            await self._go_to_job(place.job)
        elif place.time is not None:
            await self._go_to_moment(place.time)
        elif place.source:
            shown = Sources(frozenset({place.source}))
            await self._show(self.reader.chosen.but(shown=shown, job=""))
            self.reader.end()

    async def _show(self, chosen: Chosen) -> None:
        await self.reader.show_page(chosen, only=False)
        self.reader.highlight = chosen.regex
        self.refigure()

    async def _go_to_line(self, file: str, line: int) -> None:
        record = await self.console.feed.ask_logs(lambda stream: stream.at(file, line))
        if record is None:
            self.console.tell(f"{plain(file)}:{line} is not among the lines that were read.")
            return
        chosen = self.reader.chosen.but(job="")
        if chosen.level.rank > record.level.rank:
            chosen = chosen.but(level=record.level)
        if not chosen.shown.has(record.source):
            chosen = chosen.but(shown=Sources(frozenset({record.source})))
        self.reader.pause()
        await self._show(chosen)
        self._stand_on(record)

    def _stand_on(self, record: Record) -> None:
        if not self.reader.go_to_record(record):
            self.console.tell("That line is not shown: v changes the level, a the logs.")

    async def _go_to_job(self, job_id: str) -> None:
        """Its lines alone, at its last error; those on disk where memory has none."""
        reader = self.reader
        level = min(reader.chosen.level, Level.INFO, key=lambda level: level.rank)
        await self._show(Chosen(level=level, job=job_id))
        if not reader.record_lines:
            self.console.tell(f"Looking for job {plain(job_id)} in older lines.")
            await reader.reach(lambda record: False)
        if not reader.record_lines:
            self.console.tell(f"No line about job {plain(job_id)} was found. esc shows all lines.")
            return
        self.console.tell(f"Lines of job {plain(job_id)}. esc shows all lines.")
        reader.end()
        reader.find("error", -1)

    async def _go_to_moment(self, moment: datetime) -> None:
        reader, at = self.reader, moment.timestamp()
        if reader.chosen.job or not reader.record_lines:
            await self._show(reader.chosen.but(job=""))
        lines = reader.record_lines
        if not lines or lines[0].record.place > at:
            self.console.tell("Reading older lines.")
            await reader.reach(lambda record: record.place <= at)
        if not reader.go_to_moment(at):
            self.console.tell("There are no lines to go to.")
