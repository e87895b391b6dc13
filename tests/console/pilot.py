"""Drives a small app from a test that is no coroutine itself, and reads what it would show."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

T = TypeVar("T")


def drive(
    app: App[Any],
    script: Callable[[Pilot[Any]], Awaitable[T]],
    size: tuple[int, int] = (80, 24),
) -> T:
    """Run the app headless in a loop of its own, play the script, and return what it returns."""

    async def run() -> T:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            return await script(pilot)

    return asyncio.run(run())


def open_at(app: App[Any], mode: str) -> None:
    """Have it begin with this screen: to make the Cockpit first is half of what a short test costs.

    To come from the Cockpit is tested where keys and the palette are.
    """
    app._screen_stacks = {mode: []}
    app._current_mode = mode


def screen_lines(app: App[Any]) -> list[str]:
    """What is on the screen, line by line, without trailing blanks."""
    strips = app.screen._compositor.render_strips()
    return [strip.text.rstrip() for strip in strips]


class WireApp(App[None]):
    """Counts what it would send to a terminal; the same figures as a pseudo-terminal counts."""

    def __init__(self) -> None:
        super().__init__()
        self._sent: list[str] = []

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        update: object = renderable
        if isinstance(update, CompositorUpdate):
            self._sent.append(update.render_segments(self.console))
        super()._display(screen, renderable)

    async def sent(self, pilot: Pilot[Any]) -> str:
        """All that was sent since the last call, when everything is painted."""
        await pilot.pause()
        self.screen._on_timer_update()  # the frame that waits for its sixtieth of a second
        await pilot.pause()
        sent = "".join(self._sent)
        self._sent.clear()
        return sent
