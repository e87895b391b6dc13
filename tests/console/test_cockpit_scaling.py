"""The Cockpit of a run whose number of workers follows the host (behaviour C7.6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.screens.cockpit import CockpitScreen
from engine.insight.scaling import CPU_LIMITS, MEMORY_LIMITS, load
from tests.console.desk_operator import Operator
from tests.console.pilot import drive, screen_lines
from tests.console.scene import SCALING, Scene, change_status, live_day

SIZES = {"80x24": (80, 24), "160x48": (160, 48)}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("share", "cpu", "memory"),
    [
        (None, "", ""),
        (0.599, "", ""),
        (0.60, "high", ""),
        (0.70, "high", "high"),
        (0.85, "very high", "high"),
        (0.90, "very high", "very high"),
    ],
)
def test_a_share_is_high_from_its_limits_on(share: float | None, cpu: str, memory: str) -> None:
    assert (load(share, CPU_LIMITS), load(share, MEMORY_LIMITS)) == (cpu, memory)


@pytest.mark.parametrize("size", SIZES)
def test_host_workers_and_reason_follow_the_status(scene: Scene, size: str) -> None:
    app = scene.app()

    async def follow(pilot: Pilot[Any]) -> None:
        operator = Operator(pilot)

        def reads(*words: str) -> bool:
            text = "\n".join(screen_lines(app))
            return all(word in text for word in words)

        await operator.until(lambda: reads("RUNNING"), "the first look")
        assert isinstance(app.shown, CockpitScreen)
        assert not reads("HOST"), "this run has the workers that it was asked for"
        change_status(scene, scaling=SCALING)
        await operator.until(
            lambda: reads("cpu !64%", "!!91%", "workers 4 of 5", "W2 leaves", SCALING["why"]),
            "CPU, memory, workers, who leaves, and why",
        )
        assert reads("2  leaving", *(["Workers 4 of 5"] if app.shown.wide else []))
        change: dict[str, Any] = {
            "cpu": None,
            "memory_used": 0.5,
            "workers": 5,
            "leaving": [],
            "why": "",
        }
        change_status(scene, scaling=SCALING | change)
        await operator.until(lambda: reads("cpu -", "workers 5 of 5", "not been looked at"), "next")
        assert not reads("leaves")
        change_status(scene, scaling=None)
        await operator.until(lambda: not reads("HOST"), "no line where nothing is scaled")

    drive(app, follow, SIZES[size])


def test_another_number_of_workers_is_told_among_the_news_with_its_reason(scene: Scene) -> None:
    why = "12 jobs wait, CPU 31 %, 5.2 GB free: one worker more."
    log = scene.work_dir / "logs" / "orchestrator.log"
    with log.open("a", encoding="utf-8") as file:
        file.write(
            f'ts=2025-12-26T12:04:30.000Z level=info event="scaled" worker=2 before=2 after=3 '
            f'cause=room text="{why}"\n'
        )
    app = scene.app()

    async def read(pilot: Pilot[Any]) -> None:
        told = f"workers 2 -> 3: {why}"
        await Operator(pilot).until(
            lambda: any(told in line for line in screen_lines(app)), "the reason in plain words"
        )

    drive(app, read, SIZES["160x48"])
