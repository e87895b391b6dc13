"""What stands on the Passes screen: panels side by side, or rules one below the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Horizontal

from console.screens import passes_words as words
from console.screens.passes_causes import ATTEMPTS, BY_KEY, BY_WORKER, FAILED_NOW
from console.screens.passes_lines import PASSES, RUNNING, sheet_of
from console.screens.passes_sheet import Look, in_words
from console.screens.passes_table import SheetTable
from console.widgets.bar import ChartStrip
from console.widgets.filter_bar import FilterBar
from console.widgets.lines import Line, ends
from console.widgets.panel import Panel
from engine.insight.values import Overview, PassReport

WIDE = 120
TALL = 40
_MOST_PASSES = {False: 5, True: 8}
"""Rows of passes without scrolling, in a short window and in a tall one."""

KeysOf = Callable[[Sequence[tuple[str, str]]], str]
"""``enter jobs   r requeue these`` from ids of actions and words; without those that are gone."""


class PassesPanels(Container):
    """The body of the screen."""

    def compose(self) -> ComposeResult:
        """Everything, of which the stylesheet shows what the window has room for."""
        yield Line(id="limits")
        yield Panel(
            SheetTable(PASSES, id="pass-table"),
            Panel(id="ends", classes="text"),
            id="passes-panel",
        )
        yield Panel(id="pace")
        yield FilterBar(id="filter")
        with Container(id="causes"):
            yield Panel(
                SheetTable(FAILED_NOW, id="why-table"),
                Panel(id="why-remarks", classes="text"),
                id="why-panel",
            )
            yield Panel(
                Horizontal(
                    SheetTable(BY_KEY, id="key-table"),
                    SheetTable(BY_WORKER, id="worker-table"),
                    id="places",
                ),
                Panel(id="place-remarks", classes="text"),
                id="places-panel",
            )
        yield Panel(
            Panel(id="chart-marks", classes="text"),
            ChartStrip(id="chart"),
            Panel(id="projection", classes="text"),
            id="chart-panel",
        )
        yield Panel(id="next")

    def on_mount(self) -> None:
        """The chart's title never changes."""
        self._panel("chart-panel").title = "Successes (+) and failures (x) per 10 minutes"

    # -- parts -----------------------------------------------------------------------------------

    def table(self, name: str) -> SheetTable:
        """One of the tables, by its id."""
        return self.query_one(f"#{name}", SheetTable)

    @property
    def tables(self) -> list[SheetTable]:
        """Those that the window has room for, in the order of ``tab``."""
        found = [table for table in self.query(SheetTable) if table.region]
        return found or [self.table("pass-table")]

    def _panel(self, name: str) -> Panel:
        return self.query_one(f"#{name}", Panel)

    @property
    def _wide(self) -> bool:
        return self.screen.size.width >= WIDE

    @property
    def _tall(self) -> bool:
        return self.screen.size.height >= TALL

    # -- facts -----------------------------------------------------------------------------------

    def show(self, report: PassReport, overview: Overview | None, look: Look, start: str) -> None:
        """Show a report; ``start`` is a sentence for a work directory without a ledger."""
        known = words.known(report)
        sets = ("wide", "all", "narrow") if self._wide else ("narrow", "wide", "all")
        passes = self.table("pass-table")
        running = next((str(one.number) for one in report.passes if one.state == RUNNING), "")
        before = next((key for key in passes.keys if _state(passes, key) == RUNNING), "")
        follows = not passes.keys or passes.cursor_key == before
        passes.styles.height = 1 + max(1, min(len(report.passes), _MOST_PASSES[self._tall]))
        pass_sets = sets if self._wide else ("narrow", "times", "all")
        stages = sheet_of(report.passes)
        passes.show(stages, report.passes, look, pass_sets, stages.empty if known else start)
        if running and running != before and follows:
            passes.move_to(running)
        sheet = ATTEMPTS if self._wide else FAILED_NOW
        causes = report.attempts_failed if self._wide else report.failed_now
        self.table("why-table").show(sheet, causes, look, sets, sheet.empty if known else "")
        self.table("key-table").show(BY_KEY, report.keys, look, sets, BY_KEY.empty if known else "")
        self.table("worker-table").show(
            BY_WORKER, report.workers, look, sets, BY_WORKER.empty if known else ""
        )
        self.query_one("#chart", ChartStrip).set_buckets(words.buckets(report, look))
        self._panel("why-remarks").set_lines(words.about_causes(report) if self._wide else [])
        self._panel("place-remarks").set_lines(words.about_places(report))
        self.say(report, overview, look)

    def say(self, report: PassReport, overview: Overview | None, look: Look) -> None:
        """The sentences, which may change with every look and with the time."""
        width = self.size.width
        self.query_one("#limits", Line).say(words.short_heading(report, overview, width))
        title = words.title(report, overview, look, wide=self._wide)
        self._panel("passes-panel").title = title
        parts = words.parts(report, overview, look)
        self._panel("pace").set_lines([words.pace(report, overview, look, width)])
        self._panel("next").set_lines(words.next_lines(parts, width) or [""])
        self._panel("ends").set_lines(self._ends(report, overview, parts, width - 4))
        self._panel("why-panel").title = in_words(self.table("why-table").sheet.title, look)
        by_key = f"By {look.resource}, worst first"
        self._panel("places-panel").title = f"{by_key}          {BY_WORKER.title}"
        self._panel("chart-marks").set_lines([f"       {words.marks(report, overview, look)}"])
        self._panel("projection").set_lines([words.projection(report, overview)])

    def _ends(
        self, report: PassReport, overview: Overview | None, parts: Sequence[str], width: int
    ) -> list[str | Text]:
        following = words.next_lines(parts, width)[:2] if parts else []
        if not self._wide:
            return [line.strip() for line in following]
        left = words.ends_line(report, overview)
        # What is left of it once the line above has said with which results it may end.
        told = [part for part in parts if not (left and part.startswith("ends "))]
        right = words.waiting(report.failed_now)
        lines: list[str | Text] = ["" for _ in range(self._tall)]
        if left or right:
            lines.append(ends(Text(left), Text(right), width))
        return [*lines, "; ".join(told)]

    def tick(self, report: PassReport, overview: Overview | None, look: Look) -> None:
        """Time has passed: ages of the rows in sight, and the wait for the next pass."""
        for table in self.tables:
            table.tick(look)
        if overview is not None and (overview.waiting_until or not self._tall):
            self.say(report, overview, look)

    def name_keys(self, keys_of: KeysOf, look: Look) -> None:
        """Say in the edges of the panels which keys work there."""
        self._panel("passes-panel").footer = keys_of(
            [
                ("app.open", f"jobs of this {look.stage}"),
                ("passes.pause-after", f"pause after {look.stage}"),
            ]
        )
        self._panel("why-panel").footer = keys_of(
            [("app.open", "jobs"), ("app.requeue", "requeue these")]
        )
        self._panel("places-panel").footer = keys_of(
            [("app.next-pane", "switch"), ("table.sort", "sort")]
        )


def _state(table: SheetTable, key: str) -> str:
    row = table.row(key)
    return "" if row is None else str(row.state)
