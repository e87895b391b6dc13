"""A stop under way in the background: it goes on whatever the operator looks at meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from console.desk.wire import Wire
from console.dialogs.stop_state import StopState
from console.messages import ResourcesChanged
from engine.errors import EngineError
from engine.remote import Answer
from engine.run_state import Command

if TYPE_CHECKING:
    from console.dialogs.stop_targets import Target
    from engine.insight.values import ResourceReport

LOOK_SECONDS: Final = 0.3
"""Between two looks at the engine's progress events."""
ASK_SECONDS: Final = 5.0
"""Between two questions to the provider while something is stopping (console-features 6.9)."""

Heard = Callable[[Mapping[str, Any]], None]
Sending = Callable[[Command, Heard], Answer]
"""Carries a command out, blocking; tells progress that is in no event of the run."""


class Stopping:
    """One stop: sends the command, follows what is seen, keeps row 1 and the dialog true."""

    def __init__(
        self,
        wire: Wire,
        targets: Sequence[Target],
        send: Sending | None = None,
        *,
        leaves: bool = False,
    ) -> None:
        """``send`` carries the command out, blocking; None: as any other command. ``leaves``: the
        cockpit is left when all was seen off."""
        self._wire = wire
        self._send = send or (lambda command, _heard: wire.remote.send(command))
        self._told: deque[Mapping[str, Any]] = deque()
        self.state = StopState.begin(targets, wire.app.now())
        self.leaves = leaves

    @property
    def active(self) -> bool:
        """Not answered yet."""
        return not self.state.ended

    async def run(self) -> None:
        """Until it is answered and what the provider says was read once more."""
        command = self._wire.command("stop_resources", ids=tuple(self.state.phones))
        sending = asyncio.ensure_future(
            self._wire.app.feed.in_background(
                lambda: self._send(
                    command, lambda event: self._told.append({**event, "id": command.id})
                )
            )
        )
        following = asyncio.ensure_future(self._follow(command.id))
        try:
            answer = await sending
            self._end(answer)
        except (EngineError, OSError) as exc:
            self.state.end({"ok": False, "detail": str(exc)}, {}, self._wire.app.now())
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following

    def _end(self, answer: Answer) -> None:
        whole = {"ok": answer.ok, "detail": answer.detail, **answer.more}
        self.state.end(whole, answer.results, self._wire.app.now())

    async def _follow(self, command_id: str) -> None:
        """Read progress and the provider's list until it is cancelled."""
        app = self._wire.app
        tail = await app.feed.in_background(self._wire.watch.run_dir.tail)
        asked = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            events = await app.feed.in_background(lambda: list(tail.read()))
            told = [self._told.popleft() for _ in range(len(self._told))]
            self.state.hear([*events, *told], command_id, app.now())
            now = asyncio.get_running_loop().time()
            if now - asked >= ASK_SECONDS:
                asked = now
                self.state.look(await self._report())

    async def _report(self) -> ResourceReport:
        """The newest list; asked for only where the shown screen did not do so just now."""
        app = self._wire.app
        latest = app.latest.resources
        fresh = timedelta(seconds=ASK_SECONDS)
        if (
            latest is not None
            and latest.asked_at is not None
            and (app.now() - latest.asked_at < fresh)
        ):
            return latest
        report = await app.feed.in_background(self._wire.watch.ask_resources)
        app.post_message(ResourcesChanged(report))
        return report

    def again(self) -> None:
        """Ask once more for those that are left."""
        self.state = self.state.again(self._wire.app.now())
