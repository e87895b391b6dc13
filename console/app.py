"""The cockpit: modes, keys, themes, and the latest news. A window on the run, never its parent.

It renders what the engine writes and drops commands (architecture 7 and 11). Quitting it, killing
it or losing the terminal ends the view; the run is a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import signal
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console, RenderableType
from textual import events, work
from textual.app import App, ScreenStackError
from textual.filter import Monochrome, NoColor
from textual.screen import Screen
from textual.worker import WorkerFailed

from console import actions, exports, saved_filters, wayfinding
from console.action_table import ACTIONS, COCKPIT, LEDGER, LOGS, PASSES, PHONES, Action
from console.desk import Desk
from console.feed import Feed
from console.latest import Latest
from console.messages import (
    FeedFailed,
    JobsChanged,
    LogsArrived,
    Looked,
    PassesChanged,
    ResourcesChanged,
)
from console.notes import Notes
from console.palette import ConsoleCommands
from console.saved_filters import FILTERS
from console.screens.base import ConsoleScreen
from console.screens.modes import cockpit, ledger, load_all, logs, passes, phones
from console.selection import Selection
from console.themes import THEMES, theme_name
from console.times import TimeStyle

if TYPE_CHECKING:
    from console.dialogs.base import Dialog
    from console.exports import Exported
    from engine.config import Settings
    from engine.insight.values import Attention
    from engine.insight.watch import Watch
    from engine.log_stream import LogStream

NEAR_SECONDS = 1.0
FAR_SECONDS = 5.0
"""Between two ticks of the ages, on this host and over SSH (console-features 6.5)."""
PAINTED_SECONDS = 0.2
"""After the first news: they are on the screen by then."""
READING = "reading the ledger"


def _stylesheet() -> Path:
    """The one stylesheet: in the package where it is installed, at the top of a checkout."""
    here = Path(__file__).resolve().parent
    packed = here / "styles.tcss"
    return packed if packed.exists() else here.parent / "styles.tcss"


class ConsoleApp(App[int], inherit_bindings=False):
    """The operator's window on one work directory."""

    CSS_PATH = _stylesheet()
    TITLE = "geelark-console"
    COMMANDS = {ConsoleCommands}  # noqa: RUF012 - as Textual declares it
    DEFAULT_MODE = COCKPIT
    BINDINGS: ClassVar[list[Any]] = []
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        COCKPIT: cockpit,
        LEDGER: ledger,
        LOGS: logs,
        PASSES: passes,
        PHONES: phones,
    }
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-tiny"),
        (80, "-narrow"),
        (100, "-medium"),
        (120, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (24, "-short"), (40, "-tall")]  # noqa: RUF012

    def __init__(
        self,
        *,
        watch: Watch,
        logs: LogStream,
        now: Callable[[], datetime],
        observe: bool = False,
        far: bool = False,
    ) -> None:
        """``far``: the terminal is at the other end of a slow line. ``now`` has a zone."""
        super().__init__()
        if self.no_color:
            # Textual would turn colours into greys, which are colours to a terminal.
            self._filters = [
                NoColor() if isinstance(one, Monochrome) else one for one in self._filters
            ]
        self.watched = watch
        self.now = now
        self.observe = observe
        self.latest = Latest()
        self.feed = Feed(watch, logs, self.post_message)
        self.desk = Desk(self)
        self.who = f"{getpass.getuser()}{' (observing)' if observe else ''}"
        self.notes = Notes()
        self.continue_day = False
        """Start a run on a ledger of an earlier day without asking again."""
        self.filters = {**FILTERS, **self.preferences.filters}
        """Saved filters by key."""
        self.last_words = ""
        """Of a part of Textual that could not go on; empty where all went well."""
        self.next_campaign = ""
        """To be opened when this view has ended."""
        self.under_way = ""
        """Something that goes on in the background, for row 1."""
        self._issue = ""
        """The attention line shown last by its key."""
        self.time_style = TimeStyle(self.preferences.time_style)
        self._tick_seconds = FAR_SECONDS if far else NEAR_SECONDS
        self.acting = frozenset(
            action.method.partition("(")[0] for action in ACTIONS if action.acts
        )

    @property
    def preferences(self) -> Any:
        """The ``[console]`` section of the settings."""
        return self.settings.console

    @property
    def settings(self) -> Settings:
        return self.watched.settings

    # -- life ------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = theme_name(self.preferences.theme)
        self.set_keymap(dict(self.preferences.keys))
        self._leave_on_hangup()
        self.feed.start()
        self.set_interval(self._tick_seconds, self._tick)

    def on_unmount(self) -> None:
        self.feed.close()

    def _leave_on_hangup(self) -> None:
        """Textual installs no handlers: without these a hang-up kills it before it can unmount."""
        loop = asyncio.get_running_loop()
        for name in ("SIGHUP", "SIGTERM"):
            number = getattr(signal, name, None)
            if number is not None:
                with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                    loop.add_signal_handler(number, self.exit, 0)

    def on_app_blur(self, _event: events.AppBlur) -> None:
        self.feed.away(away=True)

    def on_app_focus(self, _event: events.AppFocus) -> None:
        self.feed.away(away=False)

    @property
    def failure(self) -> BaseException | None:
        """An error of our own that ended the cockpit; told once the screen is given back."""
        failure = self._exception
        # A worker's own error is the one that has a stack.
        return failure.error if isinstance(failure, WorkerFailed) else failure

    def panic(self, *renderables: RenderableType) -> None:
        """Textual's own threads end the app so, without an exception that we could see."""
        told = StringIO()
        Console(file=told, width=120).print(*renderables)
        self.last_words = told.getvalue()
        super().panic(*renderables)

    def _print_error_renderables(self) -> None:
        """Textual would print the stack on the operator's terminal; it belongs into the log."""
        if self.is_headless:
            super()._print_error_renderables()
        else:
            self._exit_renderables.clear()

    # -- news ------------------------------------------------------------------------------------

    @property
    def shown(self) -> ConsoleScreen | None:
        """The uppermost of our screens; a dialog may lie on it."""
        with contextlib.suppress(ScreenStackError):  # while a mode is shown for the first time
            for screen in reversed(self.screen_stack):
                if isinstance(screen, ConsoleScreen):
                    return screen
        return None

    def on_looked(self, message: Looked) -> None:
        first, self.latest.sight = self.latest.sight is None, message.sight
        if message.sight.overview.counting:
            self.under_way = READING
        elif self.under_way == READING:
            self.under_way = ""
        self._show(lambda screen: screen.show_sight(message.sight))
        if first:
            self.set_timer(PAINTED_SECONDS, self._first_painted)

    def _first_painted(self) -> None:
        """There is time for what keys may ask for next."""
        self.feed.painted()
        self.run_worker(self.feed.in_background(load_all), group="load")

    def on_jobs_changed(self, message: JobsChanged) -> None:
        self.latest.jobs = message.lines
        self._show(lambda screen: screen.show_jobs(message.lines))

    def on_passes_changed(self, message: PassesChanged) -> None:
        self.latest.passes = message.report
        self._show(lambda screen: screen.show_passes(message.report))

    def on_resources_changed(self, message: ResourcesChanged) -> None:
        self.latest.resources = message.report
        self._show(lambda screen: screen.show_resources(message.report))

    def on_logs_arrived(self, message: LogsArrived) -> None:
        self._show(lambda screen: screen.show_logs(message.batch))

    def on_feed_failed(self, message: FeedFailed) -> None:
        self.tell(message.text, tone="bad")

    def _show(self, show: Callable[[ConsoleScreen | Dialog[Any]], None]) -> None:
        screen = self.shown
        if screen is not None and screen.is_mounted:
            screen.show_rows()
            show(screen)
        if self.screen is not screen:
            from console.dialogs.base import Dialog

            if isinstance(self.screen, Dialog) and self.screen.is_mounted:
                show(self.screen)

    def _tick(self) -> None:
        screen = self.shown
        overview = self.latest.overview
        if screen is None or overview is None or not screen.is_mounted:
            return
        screen.show_rows()
        if overview.live:
            screen.show_ages(self.now())

    def tell(self, text: str, *, tone: str = "") -> None:
        """Show a note above the keys until it is old. ``tone`` may be ``bad``."""
        self.notes.say(text, tone, self.now())
        screen = self.shown
        if screen is not None and screen.is_mounted:
            screen.show_rows()

    @property
    def note(self) -> str:
        """What the note says."""
        return self.notes.text

    @property
    def note_tone(self) -> str:
        """``bad`` where it tells of something that went wrong."""
        return self.notes.tone

    # -- going about -----------------------------------------------------------------------------

    @work(group="way", exclusive=True)
    async def _take(self, way: Callable[..., Coroutine[Any, Any, None]], *where: Any) -> None:
        """Go a way; one that was begun and has not ended is left.

        A function, not what it returns: a way that is left before its first step is no coroutine
        that nobody awaits.
        """
        await way(self, *where)

    def go(self, mode: str) -> None:
        """Show one of the five screens; pressed again, without the job that lies on it."""
        if self.current_mode != mode:
            self.switch_mode(mode)
        elif len(self.screen_stack) > 1:
            self.pop_screen()

    def signs_of(self, action: Action) -> tuple[str, ...]:
        """The keys of an action as they are printed; as the operator's settings have them."""
        own = self.preferences.keys.get(action.id)
        keys = action.keys if own is None else [key.strip() for key in own.split(",")]
        return tuple(actions.sign(key) for key in keys)

    def next_time_style(self) -> None:
        """Clock, age, since the run's start: all columns at once."""
        self.time_style = self.time_style.following
        self.tell(f"Times are shown as {self.time_style}.")
        if self.shown is not None:
            self.shown.show_latest()

    def next_issue(self) -> None:
        """Go to the next thing that needs attention, round and round."""
        overview = self.latest.overview
        waiting = (
            []
            if overview is None
            else [line for line in overview.attention if line.id not in self.desk.dismissed]
        )
        if not waiting:
            self.tell("Nothing needs attention.")
            return
        ids = [line.id for line in waiting]
        place = ids.index(self._issue) + 1 if self._issue in ids else 0
        chosen = waiting[place % len(waiting)]
        self._issue = chosen.id
        self.show_issue(chosen)

    def show_issue(self, issue: Attention) -> None:
        """What a line of attention is about."""
        self._take(wayfinding.show_attention, issue)

    def show_log(self, selection: Selection) -> None:
        """The log at the place that belongs to a selection."""
        self._take(wayfinding.show_log, selection)

    def open_job(self, job_id: str, among: Sequence[str] = ()) -> None:
        """A job's own screen; ``among`` are the jobs that ``[`` and ``]`` step through."""
        self._take(wayfinding.open_job, job_id, among)

    def show_phone(self, label: str) -> None:
        """The Phones screen with this one under the cursor."""
        self._take(wayfinding.show_phone, label)

    def show_jobs(self, expression: str) -> None:
        """The Ledger with this filter."""
        self._take(wayfinding.show_jobs, expression)

    def show_phones(self, expression: str) -> None:
        """The Phones screen with this filter; an empty one lists those of others too."""
        self._take(wayfinding.show_phones, expression)

    def open_campaign(self, name: str) -> None:
        """The same work directory with another campaign, where it has that one."""
        self._take(wayfinding.open_campaign, name)

    def show_help(self, screen: str) -> None:
        """Keys, glyphs and words of a screen."""
        from console.screens.help import HelpScreen

        self.push_screen(HelpScreen(screen))

    async def copy_out(self, text: str) -> None:
        """Copy to the operator's clipboard, or into a file where it is too long for that."""
        await exports.copy_out(self, text)

    async def export(self, exported: Exported | None, form: str = "") -> None:
        """Write what is shown to a file; asks for the format unless it is given."""
        await exports.export(self, exported, form)

    def save_filter(self, key: str, expression: str) -> None:
        """Keep a filter under a key until the cockpit is left."""
        key, expression = key.lower(), expression.strip()
        if key not in FILTERS:
            self.tell(f"Filters are saved under {', '.join(FILTERS)}.", tone="bad")
        elif problem := saved_filters.problem(expression, self.now()):
            self.tell(problem, tone="bad")
        else:
            self.filters[key] = expression
            shown = expression or "everything"
            self.tell(
                f"{key.upper()} is now: {shown}. To keep it: [console.filters] in geelark.toml."
            )

    def reopen(self, campaign: str) -> None:
        """Leave this view and open the same work directory with another campaign."""
        self.next_campaign = campaign
        self.exit(0)
