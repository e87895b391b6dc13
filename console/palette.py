"""Commands by name: every action of the screen, and those that take an argument."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from console import actions
from console.screens.base import ConsoleScreen
from console.themes import NAMES

if TYPE_CHECKING:
    from console.app import ConsoleApp


class Typed(NamedTuple):
    """A command that is typed with an argument, such as ``workers 4``."""

    word: str
    example: str
    help: str
    acts: bool = False


TYPED: Final = (
    Typed("workers", "workers 4", "Change the number of workers", acts=True),
    Typed("requeue", "requeue why:adb_timeout", "Requeue what a filter matches", acts=True),
    Typed("jobs", "jobs status:failed", "Show the jobs that a filter matches"),
    Typed("job", "job DK9p0aaLm2q", "Open a job"),
    Typed("phones", "phones all", "Show the phones that a filter matches; all: also of others"),
    Typed("campaign", "campaign podcast", "Show another campaign"),
    Typed("save", "save f4 why:adb_timeout", "Save a filter under a key, for this sitting"),
    Typed("theme", "theme light", f"Change the theme: {', '.join(NAMES)}"),
    Typed("export", "export json", "Export what is shown as csv, json or md"),
)


class ConsoleCommands(Provider):
    """What the palette offers on the present screen."""

    @property
    def _app(self) -> ConsoleApp:
        return cast("ConsoleApp", self.app)

    async def discover(self) -> Hits:
        for title, run, tooltip in self._actions():
            yield DiscoveryHit(title, run, help=tooltip)

    async def search(self, query: str) -> Hits:
        word, _, argument = query.strip().partition(" ")
        for typed in self._typed():
            if word and typed.word.startswith(word.lower()):
                yield self._typed_hit(typed, argument.strip())
        matcher = self.matcher(query)
        for title, run, tooltip in self._actions():
            score = max(matcher.match(title), matcher.match(tooltip) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(title), run, text=title, help=tooltip)

    def _typed(self) -> Iterator[Typed]:
        return (typed for typed in TYPED if not (typed.acts and self._app.observe))

    def _typed_hit(self, typed: Typed, argument: str) -> Hit:
        title = f"{typed.word} {argument}" if argument else typed.example
        return Hit(1.0, title, partial(self._perform, typed, argument), text=title, help=typed.help)

    def _actions(self) -> Iterator[tuple[str, Callable[[], Any], str]]:
        """(title, what it does, help) of each action of the screen below the palette."""
        screen = self.screen
        if not isinstance(screen, ConsoleScreen):
            return
        overview = self._app.latest.overview
        labels = None if overview is None else overview.labels
        for action in actions.on_screen(screen.NAME, observe=self._app.observe):
            if action.widget:
                continue
            word = actions.label(action, screen.NAME, labels)
            title = f"{word}  ({self._app.signs_of(action)[0]})"
            yield title, partial(self._run, action.method), action.tooltip

    def _run(self, method: str) -> None:
        self.screen.call_later(self.screen.run_action, method)

    def _perform(self, typed: Typed, argument: str) -> None:
        app = self._app
        if not argument:
            app.tell(f"{typed.word} needs an argument, for example: {typed.example}")
            return
        if typed.word == "theme":
            _set_theme(app, argument)
        elif typed.word == "campaign":
            app.open_campaign(argument)
        elif typed.word == "jobs":
            app.show_jobs(argument)
        elif typed.word == "phones":
            app.show_phones("" if argument == "all" else argument)
        elif typed.word == "job":
            app.open_job(argument)
        elif typed.word == "save":
            key, _, expression = argument.partition(" ")
            app.save_filter(key, expression)
        else:
            self._start(typed.word, argument)

    def _start(self, word: str, argument: str) -> None:
        """Those that may take a while, or ask."""
        app, screen = self._app, self.screen
        if not isinstance(screen, ConsoleScreen):
            return
        if word == "workers" and argument.isdecimal():
            screen.do(app.desk.set_workers(int(argument)))
        elif word == "requeue":
            screen.do(app.desk.requeue_where(argument))
        elif word == "export":
            screen.do(app.export(screen.exported(), argument.lower()))
        else:
            app.tell(f"{word} does not take {argument}.", tone="bad")


def _set_theme(app: ConsoleApp, name: str) -> None:
    if name not in NAMES:
        app.tell(f"There is no theme {name}; there are {', '.join(NAMES)}.", tone="bad")
        return
    app.theme = NAMES[name]
