"""The cockpit: modes, keys, themes, and the latest news. A window on the run, never its parent.

It renders what the engine writes and drops commands (architecture 7 and 11). Quitting it, killing
it or losing the terminal ends the view; the run is a process of its own.
"""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ScreenStackError
from textual.screen import Screen

from console import actions, saved_filters
from console.absence import Absence
from console.action_table import ACTIONS, COCKPIT, LEDGER, LOGS, PASSES, PHONES, Action
from console.alarms import Alarms
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
from console.themes import THEMES, theme_name
from console.times import TimeStyle
from console.ways import Ways

if TYPE_CHECKING:
    from console.dialogs.base import Dialog
    from engine.config import Settings
    from engine.insight.watch import Watch
    from engine.log_stream import LogStream

NEAR_SECONDS = 1.0
FAR_SECONDS = 5.0
"""Between two ticks of the ages, on this host and over SSH (console-features 6.5)."""
PAINTED_SECONDS = 0.2
"""After the first news: they are on the screen by then."""
READING = "reading the ledger"


class ConsoleApp(Ways, inherit_bindings=False):
    """The operator's window on one work directory."""

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
        super().__init__(light_lines=watch.settings.console.box_drawing)
        self.watched = watch
        self.now = now
        self.observe = observe
        self.latest = Latest()
        self.feed = Feed(watch, logs, self.post_message)
        self.desk = Desk(self)
        self.who = f"{getpass.getuser()}{' (observing)' if observe else ''}"
        self.notes = Notes()
        self.absence = Absence()
        self._alarms = Alarms()
        self.continue_day = False
        """Start a run on a ledger of an earlier day without asking again."""
        self.filters = {**FILTERS, **self.preferences.filters}
        """Saved filters by key."""
        self.next_campaign = ""
        """To be opened when this view has ended."""
        self.under_way = ""
        """Something that goes on in the background, for row 1."""
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
        self.leave_on_hangup()
        self.feed.start()
        self.set_interval(self._tick_seconds, self._tick)

    def on_unmount(self) -> None:
        self.feed.close()

    def on_app_blur(self, _event: events.AppBlur) -> None:
        self.feed.away(away=True)

    def on_app_focus(self, _event: events.AppFocus) -> None:
        self.feed.away(away=False)

    async def on_event(self, event: events.Event) -> None:
        # Whatever has the key, a dialog too: who works there has not left.
        if isinstance(event, events.Key | events.Paste | events.MouseDown):
            self.absence.key(self.now(), self.latest.overview)
        await super().on_event(event)

    # -- news ------------------------------------------------------------------------------------

    @property
    def shown(self) -> ConsoleScreen | None:
        """The uppermost of our screens; a dialog may lie on it."""
        if not self.is_running:
            return None  # its widgets are being taken down
        with contextlib.suppress(ScreenStackError):  # while a mode is shown for the first time
            for screen in reversed(self.screen_stack):
                if isinstance(screen, ConsoleScreen):
                    return screen
        return None

    def on_looked(self, message: Looked) -> None:
        first, self.latest.sight = self.latest.sight is None, message.sight
        attention = message.sight.overview.attention
        self.desk.dismissed &= {line.id for line in attention}
        if self._alarms.news(attention) and self.preferences.bell:
            self.bell()
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
        if self.is_running and self.screen is not screen:
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

    def tell(self, text: str, *, tone: str = "", of_run: bool = False) -> None:
        """Show a note above the keys until it is old. ``tone`` may be ``bad``; ``of_run``: it is
        true only while the run that was just begun is live."""
        self.notes.say(text, tone, self.now(), of_run=of_run)
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

    # -- the operator's own ------------------------------------------------------------------------

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
