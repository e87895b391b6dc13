"""Ways between the screens: from an attention line, a job, a phone to what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.action_table import COCKPIT, LEDGER, LOGS, PHONES
from console.selection import Selection
from engine import workloads
from engine.config import Settings
from engine.errors import EngineError
from engine.workloads.base import WorldContext

if TYPE_CHECKING:
    from textual.screen import Screen

    from console.app import ConsoleApp
    from engine.insight.values import Attention


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A place in the logs; the first of these that is given counts."""

    file: str = ""
    line: int = 0
    job: str = ""
    time: datetime | None = None
    source: str = ""
    """``W0``: show this one alone."""


async def base_screen(app: ConsoleApp, mode: str) -> Screen[None]:
    """Switch to a mode and to its lowest screen."""
    if app.current_mode != mode:
        await app.switch_mode(mode)
    stack = app.get_screen_stack(mode)
    while len(stack) > 1:
        await app.pop_screen()
        stack = app.get_screen_stack(mode)
    return stack[0]


async def show_jobs(app: ConsoleApp, expression: str) -> None:
    """The Ledger with a filter."""
    from console.screens.ledger import LedgerScreen

    screen = await base_screen(app, LEDGER)
    assert isinstance(screen, LedgerScreen)
    screen.show_filter(expression)


async def open_job(app: ConsoleApp, job_id: str, among: Sequence[str] = ()) -> None:
    """A job's own screen, on top of the present one."""
    from console.screens.job import JobScreen

    await app.push_screen(JobScreen(job_id, among))


async def show_phone(app: ConsoleApp, label: str) -> None:
    """The Phones screen at one phone."""
    from console.screens.phones import PhonesScreen

    screen = await base_screen(app, PHONES)
    assert isinstance(screen, PhonesScreen)
    screen.select(label)


async def show_phones(app: ConsoleApp, expression: str) -> None:
    """The Phones screen with a filter."""
    from console.screens.phones import PhonesScreen

    screen = await base_screen(app, PHONES)
    assert isinstance(screen, PhonesScreen)
    screen.show_filter(expression)


async def show_log(app: ConsoleApp, selection: Selection) -> None:
    """The log at the place that belongs to a selection."""
    from console.screens.logs import LogsScreen

    screen = await base_screen(app, LOGS)
    assert isinstance(screen, LogsScreen)
    screen.go_to(place_of(selection))


def place_of(selection: Selection) -> Place:
    """Where in the logs a selection belongs."""
    file, line = selection.log_line or ("", 0)
    return Place(
        file=file,
        line=line,
        job=selection.jobs[0] if selection.jobs else "",
        time=datetime.fromisoformat(selection.time) if selection.time else None,
        source=f"W{selection.slot}" if selection.slot is not None else "",
    )


async def show_attention(app: ConsoleApp, line: Attention) -> None:
    """What an attention line is about."""
    from console.screens.cockpit import CockpitScreen

    if line.resource:
        await show_phone(app, line.resource)
    elif len(line.jobs) == 1:
        await open_job(app, line.jobs[0], line.jobs)
    elif line.jobs:
        await show_jobs(app, "job:" + ",".join(f"={job}" for job in line.jobs))
    elif line.slot is not None:
        screen = await base_screen(app, COCKPIT)
        assert isinstance(screen, CockpitScreen)
        screen.select_worker(line.slot)
    else:
        await show_log(app, Selection(time=line.since.isoformat() if line.since else ""))
    app.tell(line.text)


async def open_campaign(app: ConsoleApp, name: str) -> None:
    """The same work directory with another campaign, where it has that one."""
    work_dir = app.watched.work_dir

    def look() -> None:
        settings = Settings.load(work_dir, overrides={"campaign": name})
        workloads.load(settings.run.workload, WorldContext(settings=settings, work_dir=work_dir))

    try:
        await app.feed.in_background(look)
    except EngineError as exc:
        app.tell(str(exc), tone="bad")
    else:
        app.reopen(name)
