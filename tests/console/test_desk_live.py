"""The operator's acts on a live run: a real supervisor with real workers (console-features 6.3)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from console.dialogs.add_pass import AddPass
from console.dialogs.change_workers import ChangeWorkers
from console.dialogs.leaving import Leave, LeaveWhileStopping
from console.dialogs.reset_day import ResetDay
from console.dialogs.restart_worker import RestartWorker
from console.dialogs.start_run import StartRun
from console.dialogs.stop_everything import StopEverything
from console.dialogs.stop_phones import StopPhones
from console.dialogs.stop_progress import StopProgress
from console.selection import Selection
from engine.config import Settings
from engine.insight.values import Overview
from engine.launch import RunOptions, start_detached
from engine.remote import Remote
from tests.console.desk_operator import Operator, light, operate, spell
from tests.e2e.toy_farm import ToyFarm

DIFFICULT = "tests.console.desk_operator:DifficultLamps"


@pytest.fixture(autouse=True)
def _toy_trade_for_children(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ToyFarm.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[ToyFarm]:
    """Two jobs under way until ``go``; whatever happens, nothing stays behind."""
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} until:go submit do" for n in range(4)))
    toml = tmp_path / "geelark.toml"
    text = toml.read_text(encoding="utf-8").replace("tests.toy_workload:ToyWorkload", DIFFICULT)
    toml.write_text(text, encoding="utf-8")
    yield farm
    for folder in ("slow", "stuck", "odd"):
        for file in (tmp_path / folder).glob("*"):
            file.unlink()
    assert Remote(tmp_path, Settings.load(tmp_path)).stop_all().ok


def live(farm: ToyFarm, workers: int = 2) -> None:
    start_detached(farm.work_dir, RunOptions(workers=workers))
    farm.wait_for(lambda: len(farm.lamps()) == workers)


def seen(ana: Operator) -> Overview:
    assert ana.app.latest.overview is not None
    return ana.app.latest.overview


def is_live(farm: ToyFarm) -> bool:
    return Remote(farm.work_dir, Settings.load(farm.work_dir)).live


async def busy(ana: Operator, workers: int = 2) -> None:
    """Wait until the cockpit sees that many workers with a job."""
    await ana.until(
        lambda: sum(bool(line.job_id) for line in seen(ana).workers) == workers, "the jobs"
    )


def test_a_run_is_started_from_the_plan_and_outlives_the_cockpit(farm: ToyFarm) -> None:
    async def script(ana: Operator) -> None:
        await ana.asked(ana.app.desk.pause_or_start(), StartRun)
        await ana.until(lambda: "Jobs 4 for 4 keys, to be seeded" in ana.facts, "the plan")
        ana.shown_dialog.query_one("#workers", Input).value = "2"
        await ana.until(lambda: "Start 2 workers, 4 jobs" in ana.yes, "the new plan")
        assert "The run is live: process" in await ana.note_after("y")
        await busy(ana)
        assert await ana.told(ana.app.desk.start_run()) == (
            "A run is live already; s pauses its claims."
        )
        await ana.asked(ana.app.desk.leave(), Leave)
        await ana.press("enter")
        assert len(ana.app.screen_stack) == 1
        await ana.asked(ana.app.desk.leave(), Leave)
        await ana.press("y")
        await ana.until(lambda: ana.app.return_code == 0, "the end")

    operate(farm, script)
    assert is_live(farm)


def test_pause_hold_and_undo_are_told_when_they_are_true(farm: ToyFarm) -> None:
    live(farm)

    async def script(ana: Operator) -> None:
        desk = ana.app.desk
        await busy(ana)
        assert await ana.told(desk.pause_or_start()) == "No new claims."
        await ana.until(lambda: seen(ana).paused, "the pause")
        assert await ana.told(desk.pause_or_start()) == "Claims go on."
        await ana.until(lambda: not seen(ana).paused, "the resume")
        assert "Worker 1: held." in await ana.told(desk.hold(Selection(slot=1)))
        await ana.until(lambda: seen(ana).held_workers == {1}, "the hold")
        assert await ana.told(desk.undo()) == "hold taken back. Worker 1: released."
        await ana.until(lambda: not seen(ana).held_workers, "the release")
        assert "The run pauses after this room." in await ana.told(desk.pause_after_pass())
        assert await ana.told(desk.set_workers(99)) == (
            "The number of workers must be 1 to 10, not 99."
        )
        assert ana.app.note_tone == "bad"

    operate(farm, script)


def test_a_worker_with_a_job_is_restarted_only_after_yes(farm: ToyFarm) -> None:
    live(farm)

    async def script(ana: Operator) -> None:
        await busy(ana)
        first = farm.events("worker_job")
        await ana.asked(ana.app.desk.restart_worker(0), RestartWorker)
        assert "given back and the attempt is not counted" in ana.facts
        await ana.press("enter")
        assert farm.events("worker_job") == first
        await ana.asked(ana.app.desk.restart_worker(0), RestartWorker)
        assert await ana.note_after("y") == "Worker 0 runs again."
        await ana.asked(ana.app.desk.set_workers(1), ChangeWorkers)
        assert "nobody can tell" in ana.facts
        assert await ana.note_after("y") == "1 workers."

    operate(farm, script)


def test_a_pass_is_added_only_after_yes(farm: ToyFarm) -> None:
    live(farm)

    async def script(ana: Operator) -> None:
        await busy(ana)
        stages = seen(ana).stages
        await ana.asked(ana.app.desk.add_pass(), AddPass)
        await ana.press("enter")
        await ana.asked(ana.app.desk.add_pass(), AddPass)
        assert await ana.note_after("y") == "One room more is allowed."
        await ana.until(lambda: seen(ana).stages == stages + 1, "the pass")

    operate(farm, script)


def test_a_live_run_keeps_the_day_from_being_reset(farm: ToyFarm) -> None:
    live(farm)

    async def script(ana: Operator) -> None:
        await busy(ana)
        dialog = await ana.asked(ana.app.desk.reset_day(), ResetDay)
        assert isinstance(dialog, ResetDay)
        assert "x a run is live: pid" in ana.facts
        dialog.query_one("#typed", Input).value = dialog.word
        await ana.press("shift+tab", "shift+tab", "enter")
        await ana.press("y", "escape")

    operate(farm, script)
    assert len(farm.jobs()) == 4


def test_a_stop_names_each_that_failed_is_slow_or_answers_nobody(farm: ToyFarm) -> None:
    live(farm)
    light(farm, 5, 6, 7, 8)
    spell(farm, "stuck", 6)
    spell(farm, "odd", 7)
    spell(farm, "slow", 8)
    chosen = Selection(resources=("5", "6", "7", "8"), marked=True)

    async def script(ana: Operator) -> None:
        await busy(ana)
        await ana.asked(ana.app.desk.stop_resources(chosen), StopPhones)
        await ana.until(lambda: "Stop 4 lamps" in ana.yes, "the targets")
        assert "keep running, no job is interrupted" in ana.facts
        await ana.press("enter")
        assert len(farm.lamps()) == 6
        await ana.asked(ana.app.desk.stop_resources(chosen), StopPhones)
        await ana.until(lambda: "Stop 4 lamps" in ana.yes, "the targets")
        await ana.press("y")
        await ana.dialog(StopProgress)
        await ana.until(lambda: "0 of 4 seen off" in ana.facts, "the asking")
        await ana.press("escape")
        await ana.until(lambda: ana.app.under_way == "stopping 0 of 4", "row 1")
        # Looking at it again, and leaving meanwhile, is one line.
        await ana.asked(ana.app.desk.leave(), LeaveWhileStopping)
        await ana.press("enter")
        await ana.asked(ana.app.desk.stop_resources(Selection()), StopProgress)
        (farm.work_dir / "slow" / "8").unlink()
        await ana.until(lambda: "receipt: " in ana.facts and ana.app.note, "the receipt")
        assert "lamp 6: it stays lit" in ana.facts
        assert "lamp 7: it does not answer" in ana.facts
        assert "2 of 4 seen off and verified" in ana.facts
        assert "NOT OFF: lamp 6, lamp 7" in ana.app.note
        assert ana.app.note_tone == "bad"
        assert ana.app.under_way == ""
        (farm.work_dir / "stuck" / "6").unlink()
        assert "Ask 2 again" in ana.yes
        await ana.press("r")
        await ana.until(lambda: "1 of 2 seen off and verified. " in ana.facts, "the second answer")
        assert "lamp 6: " not in ana.facts
        await ana.press("escape")

    operate(farm, script)
    receipts = sorted((farm.work_dir / "run" / "receipts").glob("*.json"))
    first = json.loads(receipts[0].read_text(encoding="utf-8"))
    assert (first["by"], first["ok"]) == ("ana", False)
    told = {entry["label"]: (entry["off"], entry["answer"]) for entry in first["resources"]}
    assert told == {
        "lamp 5": (True, "out"),
        "lamp 6": (False, "it stays lit"),
        "lamp 7": (False, "it does not answer"),
        "lamp 8": (True, "out"),
    }
    assert len(farm.lamps()) == 3


def test_an_interrupted_job_is_told_with_what_became_of_it(farm: ToyFarm) -> None:
    live(farm)

    async def script(ana: Operator) -> None:
        await busy(ana)
        job = next(line.job_id for line in seen(ana).workers if line.slot == 1)
        chosen = Selection(resources=("1",))
        await ana.asked(ana.app.desk.stop_resources(chosen), StopPhones)
        await ana.until(lambda: "Stop 1 lamp " in ana.yes, "the target")
        await ana.press("y")
        await ana.dialog(StopProgress)
        await ana.until(lambda: f"{job}: given back" in ana.facts, "the job's fate")
        assert "Claims are paused until s." in ana.facts
        await ana.press("escape")
        assert farm.statuses()[job] == "pending"

    operate(farm, script)


def test_everything_is_stopped_by_its_typed_word_then_the_cockpit_is_left(farm: ToyFarm) -> None:
    live(farm)

    async def script(ana: Operator) -> None:
        await busy(ana)
        await ana.asked(ana.app.desk.leave(), Leave)
        await ana.press("tab", "right", "y")
        await ana.dialog(StopEverything)
        await ana.until(lambda: "lamp 1" in ana.facts, "the lamps")
        await ana.press("y", "enter")
        assert len(ana.app.screen_stack) == 1
        await ana.asked(ana.app.desk.stop_everything(), StopEverything)
        await ana.press(*"stop", "enter")
        await ana.dialog(StopProgress)
        await ana.until(lambda: ana.app.return_code == 0, "the end")

    operate(farm, script)
    assert not is_live(farm)
    assert farm.lamps() == []
    assert set(farm.statuses().values()) == {"pending"}


def test_what_does_not_stop_keeps_the_cockpit_open(farm: ToyFarm) -> None:
    light(farm, 6)
    spell(farm, "stuck", 6)

    async def script(ana: Operator) -> None:
        await ana.asked(ana.app.desk.stop_everything(), StopEverything)
        await ana.until(lambda: "lamp 6" in ana.facts, "the lamp")
        await ana.press(*"stop", "enter")
        await ana.dialog(StopProgress)
        await ana.until(lambda: "lamp 6: it stays lit" in ana.facts, "the answer")
        await ana.until(lambda: ana.app.note_tone == "bad", "the last line")
        assert ana.app.return_code is None

    operate(farm, script)
