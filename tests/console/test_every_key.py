"""Every key of the action table on every screen: it is answered, and what is final only asks.

What exactly each key does is tested beside its screen; here no key may be dead, end the cockpit, or
act on *enter* alone (console-features 8, item 9).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Input

from console import actions
from console.action_table import JOB, LEDGER, LOGS, MODES, SCREENS, Asks
from console.app import ConsoleApp
from tests.console.pilot import drive, open_at, screen_lines
from tests.console.scene import Scene, live_day

ANSWER_SECONDS = 20.0
SILENT = frozenset(
    {
        "app.redraw",  # draws the same again
        "app.back",  # nothing is open
        "table.filter-2",  # the filter that shows all, which is what is shown
        "logs.follow",  # first the others are tried while it follows
    }
)
"""Keys whose answer on an untouched screen is that nothing changes."""
FRESH = frozenset({"logs.mark", "cockpit.restart-worker"})
"""Keys about the row at the cursor, which keys before them may have moved elsewhere."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as day:
        yield day


def app_at(scene: Scene, screen: str, *, observe: bool = False) -> ConsoleApp:
    """The cockpit that begins with a screen."""
    app = scene.app(observe=observe)
    open_at(app, LEDGER if screen == JOB else screen)
    return app


async def show(pilot: Pilot[Any], screen: str) -> None:
    """Wait until the screen shows the day."""
    await until(pilot, "RUNNING")
    if screen == JOB:
        await until(pilot, "acct_029")
        await pilot.press("enter")
        await until(pilot, "JOB D")
    elif screen != "cockpit":
        await until(pilot, f"[{MODES.index(screen) + 1} ")
    if screen == LOGS:
        await until(pilot, "posted, verified")
        await pilot.press("up")  # off the end, on a line
    await pilot.pause(0.3)


async def until(pilot: Pilot[Any], needle: str) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while not any(needle in line for line in screen_lines(pilot.app)):
        assert time.monotonic() < deadline, "\n".join(screen_lines(pilot.app))
        await pilot.pause(0.05)


def looks(app: ConsoleApp, scene: Scene) -> tuple[Any, ...]:
    """Everything that an operator could notice, and what was sent to the run."""
    sent = sorted(path.name for path in scene.run_dir.commands_path.iterdir())
    if not app.is_running:
        return ("left", sent)
    look = (app.current_mode, len(app.screen_stack), app.note, app.notes.at, app.clipboard)
    return (*look, app.focused, sent, screen_lines(app))


async def answered(pilot: Pilot[Any], scene: Scene, before: tuple[Any, ...]) -> bool:
    """Whether anything changes within the time that an operator waits."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while looks(pilot.app, scene) == before:  # type: ignore[arg-type]
        if time.monotonic() > deadline:
            return False
        await pilot.pause(0.03)
    return True


async def restore(pilot: Pilot[Any], screen: str) -> None:
    """Close what the key opened, and come back."""
    app = pilot.app
    await pilot.pause(0.05)
    mode = "ledger" if screen == JOB else screen
    depth = 2 if screen == JOB else 1
    while isinstance(app.screen, ModalScreen) or app.current_mode != mode:
        typing = isinstance(app.screen, ModalScreen) or isinstance(app.focused, Input)
        await pilot.press("escape" if typing else number(mode))
        await pilot.pause(0.05)
    while len(app.screen_stack) > depth:
        await pilot.press("escape")
        await pilot.pause(0.05)
    if len(app.screen_stack) < depth:
        await pilot.press("enter")
        await until(pilot, "JOB D")
    if isinstance(app.focused, Input):
        await pilot.press("escape")


def number(mode: str) -> str:
    return str(MODES.index(mode) + 1)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_key_of_a_screen_is_answered(scene: Scene, screen: str) -> None:
    keys = [one for one in actions.on_screen(screen) if not one.widget and one.id not in SILENT]

    async def press(pilot: Pilot[Any]) -> list[str]:
        app: ConsoleApp = pilot.app  # type: ignore[assignment]
        await show(pilot, screen)
        dead = []
        for action in keys:
            if action.id in FRESH | {f"app.{screen}", "app.leave"}:
                continue
            app.tell("")  # the same answer twice is an answer too
            before = looks(app, scene)
            await pilot.press(action.keys[0])
            if not await answered(pilot, scene, before):
                dead.append(f"{actions.sign(action.keys[0])} ({action.id})")
            await restore(pilot, screen)
        return dead

    dead = drive(app_at(scene, screen), press)
    assert not dead, ", ".join(dead)


@pytest.mark.parametrize("action_id", sorted(FRESH))
def test_a_key_about_the_row_at_the_cursor_is_answered(scene: Scene, action_id: str) -> None:
    action = actions.by_id(action_id)

    async def press(pilot: Pilot[Any]) -> bool:
        await show(pilot, action.screens[0])
        before = looks(pilot.app, scene)  # type: ignore[arg-type]
        await pilot.press(action.keys[0])
        return await answered(pilot, scene, before)

    assert drive(app_at(scene, action.screens[0]), press)


@pytest.mark.parametrize("screen", SCREENS)
def test_enter_alone_confirms_nothing(scene: Scene, screen: str) -> None:
    ledger = scene.ledger.path.read_bytes()
    final = [one for one in actions.on_screen(screen) if one.asks in (Asks.YES, Asks.TYPED)]
    final.sort(key=lambda action: action.id == "app.leave")  # after it nothing can be pressed
    assert final

    async def press(pilot: Pilot[Any]) -> None:
        await show(pilot, screen)
        for action in final:
            await pilot.press(action.keys[0])
            await pilot.pause(0.3)
            await pilot.press("enter")
            await pilot.pause(0.2)
            # To leave a live run running is what the dialog offers first, and it touches nothing.
            assert pilot.app.is_running or action.id == "app.leave", action.id
            assert list(scene.run_dir.commands_path.iterdir()) == [], action.id
            assert scene.ledger.path.read_bytes() == ledger, action.id
            if action.id != "app.leave":
                await restore(pilot, screen)

    drive(app_at(scene, screen), press)


@pytest.mark.parametrize("screen", SCREENS)
def test_an_observer_finds_no_key_that_acts(scene: Scene, screen: str) -> None:
    async def press(pilot: Pilot[Any]) -> bool:
        await show(pilot, screen)
        for action in actions.on_screen(screen):
            if action.acts:
                await pilot.press(action.keys[0])
        await pilot.pause(0.1)
        return len(pilot.app.screen_stack) == (2 if screen == JOB else 1)

    assert drive(app_at(scene, screen, observe=True), press)
    assert list(scene.run_dir.commands_path.iterdir()) == []
