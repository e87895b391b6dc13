"""The screen of resources of a trade whose resources are processes of this host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.screens import cockpit_plan, phones_list
from console.screens.phones_list import PRESET
from engine.commandline.dry_run import show
from engine.config import Settings
from engine.insight.values import ResourceReport
from engine.plan import plan
from tests.console.desk_operator import Operator, operate
from tests.console.pilot import screen_lines
from tests.e2e.toy_farm import ToyFarm
from tests.toy_workload import ToyWorkload

OF_A_PROVIDER = ("BILLED", "EST", "VENDOR", "billed", "cost", "$", "provider", "asking")


class OwnLamps(ToyWorkload):
    """Nobody but this host has the lamps, and nobody bills them."""

    labels = replace(ToyWorkload.labels, provider="")


def own_lamps(work_dir: Path) -> ToyFarm:
    farm = ToyFarm(work_dir, "j0 a")
    toml = work_dir / "geelark.toml"
    trade = f"{OwnLamps.__module__}:{OwnLamps.__name__}"
    text = toml.read_text(encoding="utf-8").replace("tests.toy_workload:ToyWorkload", trade)
    toml.write_text(text, encoding="utf-8")
    return farm


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_nothing_is_said_of_money_or_of_a_provider(tmp_path: Path, size: tuple[int, int]) -> None:
    farm = own_lamps(tmp_path)
    (tmp_path / "lamps").mkdir()
    lamp = tmp_path / "lamps" / "7.json"
    lamp.write_text("{}", encoding="utf-8")

    async def look(ana: Operator) -> None:
        def text() -> str:
            return "\n".join(screen_lines(ana.app))

        def foreign() -> list[str]:
            return [word for word in OF_A_PROVIDER if word in text()]

        await ana.press("5")
        await ana.until(lambda: "lamp 7" in text() and "guard" in text().lower(), "the lamp")
        assert "STATE" in text()
        assert foreign() == []
        lamp.unlink()
        ana.app.feed.reread()
        await ana.until(lambda: "No lamp is on." in text(), "that none is on")
        assert foreign() == []

    operate(farm, look, size=size)


def test_a_plan_of_a_run_says_nothing_of_money_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_lamps(tmp_path)
    found = plan(tmp_path, Settings.load(tmp_path))
    assert not found.billed
    cost = next(pick for pick in cockpit_plan.picks(found, 80, observe=False) if pick.key == "cost")
    show(found)
    for text in (str(cost.text), capsys.readouterr().out):
        assert "at the latest" in text.lower()
        assert "$" not in text


def test_one_that_was_asked_for_and_is_not_there_has_ended() -> None:
    said = phones_list.absent("lamp 7", ResourceReport(), "lamp", local=True)
    assert said == "The lamp lamp 7 is not on: it has ended, or there was none of this name."


def test_an_answer_that_could_not_be_had_is_told_here_as_well() -> None:
    broken = ResourceReport(problem="The records cannot be read.")
    said = phones_list.emptiness(broken, PRESET, "lamp", attached=False, local=True)
    assert said.startswith("Nobody knows which lamps are on")
