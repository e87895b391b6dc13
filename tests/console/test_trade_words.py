"""A trade of other words than posting's: the screens say its words, and know none of them."""

from __future__ import annotations

import pytest

from tests.console.desk_operator import Operator, operate
from tests.console.pilot import screen_lines
from tests.e2e.toy_farm import ToyFarm


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> ToyFarm:
    """The run before ended at the gate of its first room."""
    work_dir = tmp_path_factory.mktemp("rooms")
    farm = ToyFarm(work_dir, "j0 a", "j1 b stage:2")
    (work_dir / "gates.txt").write_text("1 fail:too-damp\n", encoding="utf-8")
    assert farm.run("--run").returncode == 1
    return farm


def shown(farm: ToyFarm, key: str, *words: str) -> str:
    """The screen behind a key, once it says all of these words."""

    async def script(ana: Operator) -> str:
        await ana.press(key)
        await ana.until(
            lambda: all(word in "\n".join(screen_lines(ana.app)) for word in words), f"{words}"
        )
        return "\n".join(screen_lines(ana.app))

    return operate(farm, script, size=(160, 45))


def test_stages_have_the_trades_names_and_say_why_the_run_ended(farm: ToyFarm) -> None:
    text = shown(farm, "4", "Rooms of the last run", "room 1", "room 2")
    assert "gate_failed: Room 1: too-damp." in text
    assert "one room after the other, each aired" in text
    assert "4 Rooms" in text
    assert "5 Lamps" in text
    for word in ("Passes", "PASS ", "phone", "account"):
        assert word not in text, word


def test_jobs_and_their_summary_are_told_in_the_trades_words(farm: ToyFarm) -> None:
    text = shown(farm, "2", "j0", "ROOM", "KEY")
    for word in ("ACCOUNT", "PASS ", "phone", "video", "caption"):
        assert word not in text, word


def test_the_cockpit_says_how_the_last_run_ended(farm: ToyFarm) -> None:
    text = shown(farm, "1", "gate_failed", "too-damp")
    assert "ROOM " in text
    assert "account" not in text
    assert "Stop lamps" in text
