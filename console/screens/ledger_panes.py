"""The panes under the Ledger's table: the job at the cursor, and what is marked."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult
from textual.containers import Container
from textual.timer import Timer

from console.plain import plain
from console.screens import ledger_details, ledger_marks
from console.screens.ledger_columns import Look
from console.screens.ledger_facts import Detail, Facts, log_place, look
from console.widgets.panel import Panel
from engine.errors import EngineError
from engine.private_files import explain

if TYPE_CHECKING:
    from console.app import ConsoleApp

REST_SECONDS: Final = 0.12
"""The cursor must rest for so long: holding an arrow costs nothing (console-features 6.6)."""
NEWS_SECONDS: Final = 1.0
"""Between two looks because of news."""


class LedgerPanes(Container):
    """Follows the table's cursor and marks."""

    def __init__(
        self,
        console: ConsoleApp,
        *,
        subject: Callable[[], tuple[str | None, Collection[str]]],
        how: Callable[[], Look],
    ) -> None:
        """``subject`` tells the job at the cursor and the marked ones; ``how`` to show times."""
        super().__init__(id="panes")
        self.cockpit = console
        self._subject = subject
        self._how = how
        self._timer: Timer | None = None
        self._looked = float("-inf")
        self.facts = Facts()
        self.guidance = ""
        """What to say where there is no job at the cursor."""

    def compose(self) -> ComposeResult:
        yield Panel(id="details", footer="enter full detail")
        yield Panel(id="marks", title="Marked", footer="r requeue   - skip   x export")

    @property
    def detail(self) -> Detail | None:
        """The job that is shown."""
        return self.facts.detail

    def follow(self) -> None:
        """The cursor or the marks moved: look when they rest."""
        self._look_after(REST_SECONDS)

    def news(self) -> None:
        """Jobs changed: look again, not too often."""
        if self._timer is None:
            self._look_after(max(REST_SECONDS, self._looked + NEWS_SECONDS - time.monotonic()))

    def _look_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        self._looked = time.monotonic()
        self.run_worker(self._ask(), group="details", exclusive=True)

    async def _ask(self) -> None:
        job_id, marked = self._subject()
        chosen, now = frozenset(marked), self.cockpit.now()
        feed = self.cockpit.feed
        try:
            facts = await feed.ask(lambda watch: look(watch, job_id, chosen, now))
            detail = facts.detail
            if detail is not None:
                place = await feed.ask_logs(lambda stream: log_place(stream, detail))
                facts = replace(facts, detail=replace(detail, log=place))
        except EngineError as exc:
            self.guidance, facts = str(exc), Facts()
        except OSError as exc:
            self.guidance, facts = explain(exc), Facts()
        self.facts = facts
        self.show()

    # -- showing -----------------------------------------------------------------------------------

    def show(self) -> None:
        """Write both panes as they are for this width."""
        if not self.is_mounted:
            return
        details, marks = self.query_one("#details", Panel), self.query_one("#marks", Panel)
        overview, how = self.cockpit.latest.overview, self._how()
        detail, marked = self.facts.detail, self.facts.marked
        starts = overview.forecast.next_pass_at if overview is not None else None
        tall = details.size.height > 4
        if detail is None:
            details.title = ""
            room = max(20, details.size.width - 2)
            details.set_lines([f" {line}" for line in textwrap.wrap(plain(self.guidance), room)])
        elif tall:
            job = ledger_details.title(detail.line)
            details.title = f"{job}   {ledger_details.headline(detail.line, how, starts)}"
            campaign = overview.campaign if overview is not None else ""
            width = details.size.width
            details.set_lines(
                ledger_details.wide(detail, how, starts, width=width, campaign=campaign)
            )
        else:
            details.title = ledger_details.title(detail.line)
            details.set_lines(ledger_details.narrow(detail, how, starts))
        marks.title = f"Marked {len(marked.lines)}" if marked.lines else "Marked"
        if tall:
            rows = marks.size.height
            marks.set_lines(ledger_marks.wide(marked, self.facts.last, how, overview, rows))
        else:
            marks.set_lines(ledger_marks.narrow(marked, self.facts.last, how))
