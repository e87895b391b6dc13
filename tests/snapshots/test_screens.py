"""Each screen as it looks, at both sizes, dark and without colour (console-features 8, item 1).

After a wanted change `make snapshots` makes them anew; look at every one of them before keeping it.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot

from console.action_table import COCKPIT, JOB, LEDGER, LOGS, PASSES, PHONES
from console.app import ConsoleApp
from console.themes import NAMES
from tests.console.pilot import open_at, screen_lines
from tests.console.scene import SCALING, Scene, change_status, live_day

NARROW, WIDE = (80, 24), (160, 48)
SIZES = {"80x24": NARROW, "160x48": WIDE}
PAINT_SECONDS = 10.0

Steps = tuple[tuple[str, str], ...]
"""(key to press or none, what must be on screen afterwards)."""

SCREENS: dict[str, Steps] = {
    COCKPIT: (("", "Workers|acct_029"),),
    LEDGER: (("", "acct_023  > claimed"),),
    LOGS: (("", "posted, verified"),),
    PASSES: (("", "adb_timeout"),),
    PHONES: (("", "without a job"),),
    JOB: (("", "acct_023  > claimed"), ("enter", "JOB ")),
}


class Compare(Protocol):
    """The plugin's fixture."""

    def __call__(
        self,
        app: App[Any],
        press: tuple[str, ...] = (),
        terminal_size: tuple[int, int] = NARROW,
        run_before: Callable[[Pilot[Any]], Awaitable[None] | None] | None = None,
    ) -> bool: ...


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as day:
        yield day


def play(theme: str, steps: Steps) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press keys, each when the one before has been answered, until the screen stands still."""

    async def run(pilot: Pilot[Any]) -> None:
        pilot.app.theme = NAMES[theme]
        await seen(pilot, "RUNNING")
        for key, needle in steps:
            if key:
                await still(pilot)  # what is under a dialog is complete before it opens
                await pilot.press(key)
            await seen(pilot, needle)
        await still(pilot)

    return run


async def seen(pilot: Pilot[Any], needle: str) -> None:
    """Until one of the words is on the screen."""
    deadline = time.monotonic() + PAINT_SECONDS
    while not any(word in line for word in needle.split("|") for line in screen_lines(pilot.app)):
        assert time.monotonic() < deadline, f"{needle!r} never came:\n" + "\n".join(
            screen_lines(pilot.app)
        )
        await pilot.pause(0.02)


async def still(pilot: Pilot[Any]) -> None:
    """Until nothing has changed for longer than any pane waits for the cursor to rest."""
    since, before = time.monotonic(), screen_lines(pilot.app)
    while time.monotonic() - since < 0.6:
        await pilot.pause(0.1)
        if (now := screen_lines(pilot.app)) != before:
            since, before = time.monotonic(), now


def shot(
    compare: Compare,
    app: ConsoleApp,
    theme: str,
    size: tuple[int, int],
    steps: Steps,
    *,
    mode: str = COCKPIT,
) -> bool:
    """Begin with a screen, play the steps, compare."""
    open_at(app, LEDGER if mode == JOB else mode)
    return compare(app, terminal_size=size, run_before=play(theme, steps))


@pytest.mark.parametrize("theme", ["dark", "mono"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_looks_as_it_did(
    scene: Scene, snap_compare: Compare, screen: str, size: str, theme: str
) -> None:
    assert shot(snap_compare, scene.app(), theme, SIZES[size], SCREENS[screen], mode=screen)


@pytest.mark.parametrize("size", SIZES)
def test_the_cockpit_in_the_light_theme(scene: Scene, snap_compare: Compare, size: str) -> None:
    assert shot(snap_compare, scene.app(), "light", SIZES[size], SCREENS[COCKPIT])


def test_the_help_lists_keys_signs_and_words(scene: Scene, snap_compare: Compare) -> None:
    assert shot(snap_compare, scene.app(), "dark", NARROW, (("question_mark", "KEYS OF COCKPIT"),))


@pytest.mark.parametrize("size", SIZES)
def test_the_question_before_phones_are_stopped(
    scene: Scene, snap_compare: Compare, size: str
) -> None:
    steps = (*SCREENS[PHONES], ("S", "Keep running"))
    assert shot(snap_compare, scene.app(), "dark", SIZES[size], steps, mode=PHONES)


@pytest.mark.parametrize("size", SIZES)
def test_the_question_before_all_retryable_jobs_are_requeued(
    scene: Scene, snap_compare: Compare, size: str
) -> None:
    steps = (*SCREENS[LEDGER], ("R", "n  Cancel"))
    assert shot(snap_compare, scene.app(), "dark", SIZES[size], steps, mode=LEDGER)


@pytest.mark.parametrize("size", SIZES)
def test_the_cockpit_of_a_run_whose_workers_follow_the_host(
    scene: Scene, snap_compare: Compare, size: str
) -> None:
    change_status(scene, scaling=SCALING)
    assert shot(snap_compare, scene.app(), "dark", SIZES[size], SCREENS[COCKPIT])


def test_cockpit_in_mid_run_for_the_readme(scene: Scene, snap_compare: Compare) -> None:
    assert shot(snap_compare, scene.app(), "dark", (120, 40), SCREENS[COCKPIT])
