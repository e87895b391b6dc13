"""What every command of the operator goes through: the question, the sending, the one-line answer.

Commands may be under way for minutes; each waits in the background, never in the message loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from console.dialogs.base import Dialog
from console.plain import plain
from engine.errors import EngineError
from engine.private_files import explain
from engine.remote import Answer, Remote
from engine.run_state import Command

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from engine.insight.values import JobLine, Overview
    from engine.insight.watch import Watch

T = TypeVar("T")

OBSERVING = "This cockpit only observes: start one without --observe to act."


class Wire:
    """The desk's line to the engine and to the operator."""

    def __init__(self, app: ConsoleApp) -> None:
        self.app = app

    # -- the operator ----------------------------------------------------------------------------

    async def ask(self, dialog: Dialog[T]) -> T | None:
        """Put a question; None is *no*. Only in a worker: it waits for a person."""
        return await self.app.push_screen_wait(dialog)

    def tell(self, text: str, *, bad: bool = False, of_run: bool = False) -> None:
        """One line above the keys; outside text in it is made safe. ``of_run``: it goes with the
        run that was just begun."""
        self.app.tell(plain(text), tone="bad" if bad else "", of_run=of_run)

    def under_way(self, line: str) -> None:
        """Show in row 1 what goes on in the background; empty: nothing."""
        self.app.under_way = line
        screen = self.app.shown
        if screen is not None and screen.is_mounted:
            screen.show_rows()

    async def guarded(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do something that acts, unless this cockpit observes; what goes wrong is told."""
        if self.app.observe:
            self.tell(OBSERVING, bad=True)
            return
        await self.told(act)

    async def told(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do something; what goes wrong is told in a sentence."""
        try:
            await act()
        except EngineError as exc:
            self.tell(str(exc), bad=True)
        except OSError as exc:
            self.tell(explain(exc), bad=True)

    # -- the engine ------------------------------------------------------------------------------

    @property
    def overview(self) -> Overview | None:
        """The latest look; None before the first."""
        return self.app.latest.overview

    @property
    def live(self) -> bool:
        """A run lives."""
        return self.overview is not None and self.overview.live

    @property
    def remote(self) -> Remote:
        """The engine's door for commands, live run or not."""
        watch = self.watch
        return Remote(watch.work_dir, watch.settings, watch.settings.campaign)

    @property
    def watch(self) -> Watch:
        """The work directory's; only what does not change, or may be asked on another thread."""
        return self.app.watched

    async def send(self, command: Command) -> Answer:
        """Send a command and wait until it is answered."""
        remote = self.remote
        return await self.app.feed.in_background(lambda: remote.send(command))

    def command(self, name: str, **fields: object) -> Command:
        """A command of this operator."""
        return Command.model_validate({"name": name, "sent_by": self.app.who, **fields})

    async def job_lines(self, ids: Sequence[str] | None) -> list[JobLine]:
        """The jobs of these ids as they are now, in file order; None: all.

        Looked up anew: what was shown a moment ago may have been changed by the last command.
        """
        wanted = None if ids is None else frozenset(ids)

        def look(watch: Watch) -> list[JobLine]:
            watch.refresh()
            lines = watch.job_lines()
            return [line for line in lines if wanted is None or line.job.job_id in wanted]

        return await self.app.feed.ask(look)
