"""An operator at the cockpit of a toy work directory: presses keys, waits until things are true."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from textual.pilot import Pilot

from console.action_table import PASSES
from console.app import ConsoleApp
from console.dialogs.base import Dialog
from console.dialogs.controls import KeyButton
from console.dialogs.fact_list import FactList
from console.screens.base import ConsoleScreen
from engine.config import Settings
from engine.insight.watch import Watch
from engine.jobs import Claim, ErrorCategory, Failure
from engine.log_stream import LogStream
from engine.progress import ProgressTracker
from engine.workloads.base import Receipt, ResourceState
from tests.console.pilot import drive
from tests.e2e.toy_farm import ToyFarm
from tests.toy_workload import ToyWorkload

T = TypeVar("T")
LONG = 60.0
"""Seconds after which something never comes true."""


class ConsoleAtPasses(ConsoleApp):
    """Opens on Passes: the Cockpit would offer to start a run before the test asks for anything."""

    DEFAULT_MODE = PASSES


class Operator:
    """Somebody in front of the cockpit."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        assert isinstance(pilot.app, ConsoleApp)
        self.app = pilot.app

    async def until(self, true: Callable[[], object], what: str = "it") -> None:
        """Wait until something is true."""
        deadline = time.monotonic() + LONG
        while not true():
            assert time.monotonic() < deadline, f"{what} never came true; note: {self.app.note!r}"
            await self.pilot.pause(0.05)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def do(self, act: Any) -> None:
        """Begin an act as a key of the shown screen does."""
        screen = self.app.shown
        assert isinstance(screen, ConsoleScreen)
        screen.do(act)

    async def told(self, act: Any) -> str:
        """Carry out an act; the line that is told about it."""
        self.app.notes.text = ""
        self.do(act)
        await self.until(lambda: self.app.note, "an answer")
        return self.app.note

    async def asked(self, act: Any, kind: type[Dialog[Any]]) -> Dialog[Any]:
        """Begin an act that asks; its dialog."""
        self.app.notes.text = ""
        self.do(act)
        await self.dialog(kind)
        return self.shown_dialog

    async def dialog(self, kind: type[Dialog[Any]]) -> None:
        """Wait until a dialog of this kind is shown."""
        await self.until(lambda: isinstance(self.app.screen, kind), kind.__name__)
        await self.pilot.pause()

    @property
    def shown_dialog(self) -> Dialog[Any]:
        assert isinstance(self.app.screen, Dialog)
        return self.app.screen

    @property
    def facts(self) -> str:
        """The list of the shown dialog, its wrapped sentences in one line."""
        return " ".join(self.shown_dialog.query_one("#list", FactList).text.split())

    @property
    def yes(self) -> str:
        """What the *yes* button says."""
        return self.shown_dialog.query_one("#yes", KeyButton).text

    async def note_after(self, *keys: str) -> str:
        """Press keys; the next line that is told."""
        self.app.notes.text = ""
        await self.press(*keys)
        await self.until(lambda: self.app.note, "an answer")
        return self.app.note


def operate(
    farm: ToyFarm,
    script: Callable[[Operator], Awaitable[T]],
    *,
    observe: bool = False,
    size: tuple[int, int] = (80, 24),
) -> T:
    """Open the cockpit on a work directory and play a script."""
    settings = Settings.load(farm.work_dir)
    app = ConsoleAtPasses(
        watch=Watch(farm.work_dir, settings),
        logs=LogStream(farm.work_dir / settings.paths.logs),
        now=lambda: datetime.now(UTC),
        observe=observe,
    )
    app.who = "ana"

    async def run(pilot: Pilot[Any]) -> T:
        operator = Operator(pilot)
        await operator.until(lambda: app.latest.overview is not None, "the first look")
        return await script(operator)

    return drive(app, run, size)


def a_ledger(farm: ToyFarm, **outcomes: ErrorCategory | str) -> ProgressTracker:
    """A ledger without any run: job to what became of it (``pending``, ``success``, a class)."""
    order = sorted(outcomes, key=lambda job: outcomes[job] == "pending")
    lines = "".join(f"{job} key_{job}\n" for job in order)
    (farm.work_dir / "jobs.txt").write_text(lines, encoding="utf-8")
    tracker = ProgressTracker(farm.ledger_path, settings=Settings.load(farm.work_dir))
    assert farm.run("--seed-only").returncode == 0
    for outcome in (outcomes[job] for job in order):
        claim = tracker.claim("0") if outcome != "pending" else None
        if not isinstance(claim, Claim):
            continue
        if outcome == "success":
            tracker.mark_submitted(claim)
            tracker.succeed(claim)
            continue
        category = ErrorCategory(outcome)
        if category is ErrorCategory.IN_DOUBT:
            tracker.mark_submitted(claim)
        tracker.fail(claim, Failure(error="it went wrong", category=category, error_type="odd"))
    return tracker


def light(farm: ToyFarm, *numbers: int) -> None:
    """Lamps that are lit and that no worker looks after."""
    folder = farm.work_dir / "lamps"
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.json").write_text("{}", encoding="utf-8")


def spell(farm: ToyFarm, folder: str, *numbers: int) -> None:
    """``stuck``, ``slow`` or ``odd`` lamps."""
    (farm.work_dir / folder).mkdir(exist_ok=True)
    for number in numbers:
        (farm.work_dir / folder / str(number)).touch()


class DifficultLamps(ToyWorkload):
    """Lamps of which some go out slowly, and some answer nobody."""

    def resources(self, *, ask: bool, patient: bool = True) -> Sequence[ResourceState]:
        odd = self._marked("odd")
        return [
            replace(state, state="unknown") if state.id in odd else state
            for state in super().resources(ask=ask, patient=patient)
        ]

    def release(self, ids: Sequence[str]) -> Sequence[Receipt]:
        while self._marked("slow") & set(ids):
            time.sleep(0.02)
        odd = self._marked("odd")
        refused = [
            Receipt(id=n, label=f"lamp {n}", released=False, detail="it does not answer")
            for n in ids
            if n in odd
        ]
        return [*super().release([n for n in ids if n not in odd]), *refused]

    def _marked(self, folder: str) -> set[str]:
        path: Path = self._context.work_dir / folder
        return {file.name for file in path.iterdir()} if path.is_dir() else set()
