"""What all screens share: the rows around them, the actions of every screen, how news come in.

A screen shows; it decides nothing about jobs or phones. Its acting keys go to the app's desk, which
asks and sends; its facts come from the app's latest news, also when it was hidden meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget

from console import actions
from console.action_table import MODES
from console.feed import Need
from console.plain import plain
from console.selection import Selection
from console.top_rows import clock_text, modes_row, state_row
from console.widgets.lines import Line, Rule, keys_line

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from console.app import ConsoleApp
    from console.exports import Exported
    from engine.insight.values import JobLine, PassReport, ResourceReport
    from engine.insight.watch import Sight
    from engine.log_stream import Batch

MOST_KEYS_NARROW = 8
"""Keys in the footer at 80 columns (console-features 6.2)."""


class ConsoleScreen(Screen[None]):
    """One of the six screens."""

    NAME: ClassVar[str]
    NEEDS: ClassVar[frozenset[Need]] = frozenset()
    """Kinds of news that it shows, beside the overview."""

    AUTO_FOCUS = ""

    # -- composition -----------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield from self.head()
        yield Line(id="tiny")
        yield from self.body()
        yield Rule(id="note")
        yield Line(id="keys")

    def head(self) -> Iterator[Widget]:
        """Rows above the body."""
        yield Horizontal(Line(id="state"), Line(id="clock"), id="state-row")
        yield Line(id="modes")
        yield Rule(id="under-modes")

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        raise NotImplementedError

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return cast("ConsoleApp", self.app)

    @property
    def now(self) -> datetime:
        """The moment, in the operator's zone."""
        return self.console.now()

    @property
    def narrow(self) -> bool:
        """Fewer than 100 columns: panels are rules, columns fall away."""
        return self.size.width < 100

    @property
    def wide(self) -> bool:
        """120 columns or more."""
        return self.size.width >= 120

    # -- news ------------------------------------------------------------------------------------

    def show_sight(self, sight: Sight) -> None:
        """The overview changed."""

    def show_jobs(self, lines: Sequence[JobLine]) -> None:
        """The ledger's jobs changed."""

    def show_passes(self, report: PassReport) -> None:
        """The figures of the passes changed."""

    def show_resources(self, report: ResourceReport) -> None:
        """What is on was asked anew."""

    def show_logs(self, batch: Batch) -> None:
        """Lines were written."""

    def show_ages(self, now: datetime) -> None:
        """Time has passed: rewrite ages in the cells on screen, nothing else."""

    def show_latest(self) -> None:
        """Show everything as it is now: after a first mount, a return, a new size."""
        if not self.is_mounted:
            return
        latest = self.console.latest
        self.show_rows()
        if latest.sight is not None:
            self.show_sight(latest.sight)
        if Need.JOBS in self.NEEDS and latest.jobs is not None:
            self.show_jobs(latest.jobs)
        if Need.PASSES in self.NEEDS and latest.passes is not None:
            self.show_passes(latest.passes)
        if Need.RESOURCES in self.NEEDS and latest.resources is not None:
            self.show_resources(latest.resources)

    def show_rows(self) -> None:
        """Rows 1 and 2, the note and the keys."""
        app, width = self.console, self.size.width
        if not self.query("#note"):
            return  # news can come before it is composed, and while it is taken down
        overview = app.latest.overview
        if width and overview is not None and self.query("#state"):
            clock = clock_text(overview, self.now, width)
            self._show_clock(clock)
            row = state_row(
                overview,
                self.now,
                width - len(clock),
                who=app.who,
                wide=self.wide,
                extra=app.under_way,
            )
            self.query_one("#state", Line).say(row)
            self.query_one("#modes", Line).say(modes_row(self.NAME, overview, width))
        live = overview is not None and overview.live
        self.query_one("#note", Rule).show(app.notes.shown(self.now, live=live), app.notes.tone)
        self.query_one("#keys", Line).say(
            keys_line(self.footer(), width, most=MOST_KEYS_NARROW if width < 100 else 99)
        )
        place = f"{width}x{self.size.height}"
        words = f" This window is {place}; 80x24 shows everything."
        self.query_one("#tiny", Line).say(words if len(words) <= width else f"{place} is too small")

    def _show_clock(self, text: str) -> None:
        clock = self.query_one("#clock", Line)
        clock.display = bool(text)
        if len(clock.text) != len(text):
            clock.styles.width = len(text)
        clock.say(text)

    def footer(self) -> list[tuple[str, str]]:
        """(key, word) of the footer, most important first."""
        app = self.console
        overview = app.latest.overview
        labels = None if overview is None else overview.labels
        return [
            (app.signs_of(action)[0], actions.label(action, self.NAME, labels))
            for action in actions.footer(self.NAME, observe=app.observe)
        ]

    def on_screen_resume(self) -> None:
        """It is the visible one (again)."""
        self.console.feed.want(self.NEEDS)
        self.show_latest()

    def on_resize(self) -> None:
        self.call_after_refresh(self.show_latest)

    # -- what a key acts on ----------------------------------------------------------------------

    def selection(self) -> Selection:
        """Marked rows, else the one at the cursor."""
        return Selection()

    def copied(self, kind: str) -> str:
        """What ``y`` (text) or ``Y`` (json) copies; empty where there is nothing."""
        return ""

    def exported(self) -> Exported | None:
        """What ``x`` exports."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Acting keys are gone where the cockpit only observes."""
        if self.console.observe and action in self.console.acting:
            return False
        return super().check_action(action, parameters)

    def do(self, act: Coroutine[Any, Any, None]) -> None:
        """Run one of the operator's commands; several may be under way.

        On the app, not on this screen: one that is closed meanwhile must not swallow the answer.
        """
        self.app.run_worker(act, group="operator", exit_on_error=True)

    # -- actions of every screen -----------------------------------------------------------------

    def action_go(self, mode: str) -> None:
        if mode in MODES:
            self.console.go(mode)

    def action_next_pane(self) -> None:
        self._to_pane(self.focus_next)

    def action_previous_pane(self) -> None:
        self._to_pane(self.focus_previous)

    def _to_pane(self, move: Callable[[], Widget | None]) -> None:
        before = self.focused
        if move() is before:
            self.console.tell("This screen has one pane.")

    def action_back(self) -> None:
        """Leave the input first, then the screen that lies on top."""
        from textual.widgets import Input

        if isinstance(self.focused, Input):
            self.set_focus(None)
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_help(self) -> None:
        self.console.show_help(self.NAME)

    def action_commands(self) -> None:
        self.app.action_command_palette()

    def action_next_issue(self) -> None:
        self.console.next_issue()

    def action_log_here(self) -> None:
        self.console.show_log(self.selection())

    def action_hold(self) -> None:
        self.do(self.console.desk.hold(self.selection()))

    def action_requeue(self) -> None:
        self.do(self.console.desk.requeue(self.selection()))

    def action_requeue_all(self) -> None:
        self.do(self.console.desk.requeue_all())

    def action_pause(self) -> None:
        self.do(self.console.desk.pause_or_start())

    def action_stop_phones(self) -> None:
        self.do(self.console.desk.stop_resources(self.selection()))

    def action_skip(self) -> None:
        self.do(self.console.desk.skip(self.selection()))

    def action_mark_posted(self) -> None:
        self.do(self.console.desk.mark_posted(self.selection()))

    def action_undo(self) -> None:
        self.do(self.console.desk.undo())

    def action_copy(self, kind: str) -> None:
        self.do(self.console.copy_out(self.copied(kind)))

    def action_export(self) -> None:
        self.do(self.console.export(self.exported()))

    def action_time_style(self) -> None:
        self.console.next_time_style()

    def action_reread(self) -> None:
        self.console.feed.reread()
        self.console.tell("Reading again.")

    def action_redraw(self) -> None:
        self.refresh(repaint=True, layout=True)

    def action_leave(self) -> None:
        self.do(self.console.desk.leave())

    def action_stop_everything(self) -> None:
        self.do(self.console.desk.stop_everything())

    def said(self, text: str) -> str:
        """Outside text, made safe to show."""
        return plain(text)
