"""The log view of the Logs screen with the records behind it, kept up to date."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from textual import work
from textual.message import Message

from console.plain import plain
from console.screens import logs_page
from console.screens.logs_choice import Chosen
from console.screens.logs_lines import RecordLine, Writing
from console.screens.logs_page import CAPACITY, Page
from console.widgets.log_view import LogLine, LogView
from engine.log_stream import Batch, LogStream, Record

if TYPE_CHECKING:
    from console.app import ConsoleApp


class LogFollower(LogView):
    """Shows one page of the logs at a time and keeps it up to date; reads on a thread."""

    class Changed(Message):
        """There are other lines, or other figures about them."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(capacity=CAPACITY, id=id)
        self.writing = Writing()
        self.page = Page(Chosen(), only=False)
        self._asked_for = (self.page.chosen, False)
        self._waiting: list[Batch] = []
        self._stop = threading.Event()
        self._gate = asyncio.Lock()
        """Held by whoever changes the lines and looks at records elsewhere meanwhile."""
        self._older: Iterator[Record] | None = None

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return cast("ConsoleApp", self.app)

    @property
    def chosen(self) -> Chosen:
        """What is shown, or will be in a moment."""
        return self._asked_for[0]

    @property
    def only(self) -> bool:
        """Whether only matches are shown, or will be in a moment."""
        return self._asked_for[1]

    @property
    def record_lines(self) -> Sequence[RecordLine]:
        """The lines; none while a sentence stands in their place."""
        lines = cast("Sequence[RecordLine]", self.lines)
        return lines if lines and isinstance(lines[0], RecordLine) else ()

    @property
    def record(self) -> Record | None:
        """The record under the cursor."""
        line = self._window.cursor_line
        return line.record if isinstance(line, RecordLine) else None

    def rewrite(self) -> None:
        """Draw all lines as they are written now."""
        self._redraw()

    # -- a page ------------------------------------------------------------------------------------

    def choose(self, chosen: Chosen, *, only: bool = False) -> None:
        """Show another choice, soon; the place stays."""
        self._choose(chosen, only)

    @work(exclusive=True, group="log-page")
    async def _choose(self, chosen: Chosen, only: bool) -> None:
        await self.show_page(chosen, only=only)

    async def show_page(self, chosen: Chosen, *, only: bool = False) -> None:
        """Show another choice; returns when it is there, or when a later one has taken over."""
        self._asked_for = (chosen, only)
        self._stop.set()
        stop = self._stop = threading.Event()
        async with self._gate:
            self._waiting.clear()  # all of it is in what is asked for now
            feed = self.console.feed
            records, known = await feed.ask_logs(lambda stream: _records(stream, chosen))
            page = await feed.in_background(
                lambda: logs_page.build(records, chosen, self.writing, only=only, stop=stop.is_set)
            )
            if page is not None and stop is self._stop:
                self.page, self._older = page, None
                self._show(page.lines, known)
                page.lines = []
        self._go_on()

    def _show(self, lines: Sequence[LogLine], known: int) -> None:
        self.replace(lines or [LogLine(0, ((self._why_empty(known), "notice"),), "NOTICE")])
        self.post_message(self.Changed())

    def _why_empty(self, known: int) -> str:
        if not known:
            return "There are no logs yet. They appear here as soon as a run writes them."
        chosen = self.page.chosen
        parts = [f"level>={chosen.level.value}"]
        parts += [f"job {plain(chosen.job)}"] if chosen.job else []
        parts += [f"/{plain(chosen.pattern)}/"] if chosen.pattern and self.page.only else []
        return f"Nothing here is {' and '.join(parts)}. v level, a logs, esc clears."

    # -- what comes ----------------------------------------------------------------------------

    def take(self, batch: Batch) -> None:
        """New records; they are looked through elsewhere where something is searched for."""
        self._waiting.append(batch)
        if not self._gate.locked():
            self._go_on()

    def _go_on(self) -> None:
        if not self._waiting:
            return
        if self.page.chosen.regex is not None:
            self._look_through()
        else:
            self._work_off()

    def _work_off(self) -> None:
        while self._waiting:
            batch = self._waiting.pop(0)
            if batch.inserted or batch.grown or not self.record_lines:
                lines = logs_page.amended(self.page, self.record_lines, batch, self.writing)
                if lines:
                    self.replace(lines)
            else:
                fresh = [record for record in batch.records if record.seq > self.page.newest]
                self.append(self.page.add(fresh, self.writing))
        self.post_message(self.Changed())

    @work(group="log-batches")
    async def _look_through(self) -> None:
        async with self._gate:
            while self._waiting:
                batches, self._waiting = self._waiting, []
                batch = _joined(batches)
                page, lines = self.page, self.record_lines
                if batch.inserted or batch.grown or not lines:
                    changed = await self._away(
                        partial(logs_page.amended, page, lines, batch, self.writing)
                    )
                    if changed:
                        self.replace(changed)
                else:
                    fresh = [record for record in batch.records if record.seq > page.newest]
                    self.append(await self._away(partial(page.add, fresh, self.writing)))
        self.post_message(self.Changed())

    async def _away(self, job: Callable[[], list[RecordLine]]) -> list[RecordLine]:
        return await self.console.feed.in_background(job)

    def catch_up(self) -> None:
        """Show what came while another screen was visible."""
        if self.following or not self.record_lines or self.page.only:
            self.choose(self.chosen, only=self.only)
        else:
            self._catch_up()

    @work(exclusive=True, group="log-page")
    async def _catch_up(self) -> None:
        newest, chosen = self.page.newest, self.page.chosen
        records, _ = await self.console.feed.ask_logs(lambda stream: _records(stream, chosen))
        missed = [record for record in records if record.seq > newest]
        self.take(Batch(records=missed, inserted={record.seq: 0 for record in missed[:1]}))


def _records(stream: LogStream, chosen: Chosen) -> tuple[list[Record], int]:
    """What is in memory of the logs that are shown, and how many logs there are."""
    known = stream.sources()
    return stream.records([name for name in known if chosen.shown.has(name)]), len(known)


def _joined(batches: Sequence[Batch]) -> Batch:
    return Batch(
        records=[record for batch in batches for record in batch.records],
        inserted={new: old for batch in batches for new, old in batch.inserted.items()},
        grown=[seq for batch in batches for seq in batch.grown],
    )
