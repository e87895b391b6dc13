"""The panes under the Ledger's table: the job at the cursor, and what is marked."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from textual import work
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
_SHORT: Final = 4
"""Rows of a pane that has no room for tables."""
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
        self._details = Panel(id="details", footer="enter full detail")
        self._marks = Panel(id="marks", title="Marked", footer="r requeue   - skip   x export")
        self.facts = Facts()
        self.guidance = ""
        """What to say where there is no job at the cursor."""

    def compose(self) -> ComposeResult:
        yield self._details
        yield self._marks

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
        self._ask()

    @work(group="details", exclusive=True)
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
        if self.is_mounted:
            self._show_detail(self._details)
            self._show_marks(self._marks)

    def _show_detail(self, panel: Panel) -> None:
        overview, how, detail = self.cockpit.latest.overview, self._how(), self.facts.detail
        width, tall = panel.size.width, panel.size.height > _SHORT
        if detail is None:
            panel.title = ""
            _write(panel, textwrap.wrap(plain(self.guidance), max(20, width - 2)))
            return
        starts = overview.forecast.next_pass_at if overview is not None else None
        panel.title = ledger_details.title(detail.line)
        if not tall:
            _write(panel, ledger_details.narrow(detail, how, starts))
            return
        panel.title += f"   {ledger_details.headline(detail.line, how, starts)}"
        campaign = overview.campaign if overview is not None else ""
        _write(panel, ledger_details.wide(detail, how, starts, width=width, campaign=campaign))

    def _show_marks(self, panel: Panel) -> None:
        overview, how = self.cockpit.latest.overview, self._how()
        marked, last = self.facts.marked, self.facts.last
        panel.title = f"Marked {len(marked.lines)}" if marked.lines else "Marked"
        if panel.size.height > _SHORT:
            _write(panel, ledger_marks.wide(marked, last, how, overview, panel.size.height))
        elif _boxed(panel):
            _write(panel, ledger_marks.short(marked, last, how))
        else:
            _write(panel, ledger_marks.narrow(marked, last, how))


def _boxed(panel: Panel) -> bool:
    """It has sides; else it is a rule, and its lines begin a cell further in."""
    return bool(panel.styles.border_left[0])


def _write(panel: Panel, lines: Sequence[str]) -> None:
    indent = "" if _boxed(panel) else " "
    panel.set_lines([f"{indent}{line}" if line else "" for line in lines])
