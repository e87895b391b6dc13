"""Resetting the day and starting a run, from the cockpit (console-features 6.5, 6.11)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from textual.widgets import Input

from console.dialogs.reset_day import ResetDay
from console.dialogs.start_run import StartRun
from console.selection import Selection
from engine.errors import EngineError
from engine.instance import InstanceLock
from engine.jobs import ErrorCategory
from tests.console.desk_operator import Operator, a_ledger, light, operate
from tests.e2e.toy_farm import ToyFarm

INFRA, ACCOUNT, DOUBT = (
    ErrorCategory.INFRASTRUCTURE,
    ErrorCategory.ACCOUNT,
    ErrorCategory.IN_DOUBT,
)


@pytest.fixture(autouse=True)
def _toy_trade_for_children(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ToyFarm.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def farm(tmp_path: Path) -> ToyFarm:
    return ToyFarm(tmp_path)


def jobs(*ids: str, marked: bool = False) -> Selection:
    return Selection(jobs=ids, marked=marked)


# -- the day ---------------------------------------------------------------------------------------


async def _typed(ana: Operator, word: str) -> None:
    await ana.press(*word)


def test_the_day_is_reset_by_its_typed_word_only(farm: ToyFarm) -> None:
    a_ledger(farm, j0="success", j1=INFRA)

    def archives() -> list[str]:
        return sorted(path.name for path in farm.work_dir.glob("parallel_progress_*.csv"))

    async def script(ana: Operator) -> None:
        dialog = await ana.asked(ana.app.desk.reset_day(), ResetDay)
        assert isinstance(dialog, ResetDay)
        assert "2 jobs" in ana.facts
        assert "greyed out" in ana.yes
        await ana.press("y")
        await ana.press("enter")
        await ana.until(lambda: len(ana.app.screen_stack) == 1)
        assert archives() == []
        dialog = await ana.asked(ana.app.desk.reset_day(), ResetDay)
        await _typed(ana, "reset yesterday")
        await ana.press("enter")
        assert archives() == []
        ana.shown_dialog.query_one("#typed", Input).value = ""
        assert isinstance(dialog, ResetDay)
        await _typed(ana, dialog.word)
        said = await ana.note_after("enter")
        assert "The day is archived as" in said
        assert len(archives()) == 1
        assert farm.jobs() == {}

    operate(farm, script)


@pytest.mark.parametrize("trouble", ["live", "lamp", "doubt", "read-only"])
def test_a_failing_check_keeps_the_day_whatever_is_typed(farm: ToyFarm, trouble: str) -> None:
    if trouble == "read-only" and (sys.platform == "win32" or os.geteuid() == 0):
        pytest.skip("this user may write everywhere")
    a_ledger(farm, j0=DOUBT if trouble == "doubt" else "success")
    words = {
        "live": "a run is live",
        "lamp": "lamp of ours is on: lamp 3",
        "doubt": "1 job is in doubt",
        "read-only": "not writable",
    }[trouble]
    lock = InstanceLock(farm.work_dir / "run" / "instance.lock")
    if trouble == "live":
        lock.acquire()
    if trouble == "lamp":
        light(farm, 3)
    if trouble == "read-only":
        farm.work_dir.chmod(0o500)

    async def script(ana: Operator) -> None:
        dialog = await ana.asked(ana.app.desk.reset_day(), ResetDay)
        assert isinstance(dialog, ResetDay)
        assert f"x {words}" in ana.facts or words in ana.facts
        assert "greyed out" in ana.yes
        await _typed(ana, dialog.word)
        await ana.press("enter", "tab", "enter")
        assert ana.shown_dialog is dialog
        await ana.press("escape")

    try:
        operate(farm, script)
    finally:
        farm.work_dir.chmod(0o700)
        lock.release()
    assert set(farm.jobs()) == {"j0"}


def test_an_archive_is_never_overwritten(farm: ToyFarm) -> None:
    a_ledger(farm, j0="success")

    async def script(ana: Operator) -> None:
        dialog = await ana.asked(ana.app.desk.reset_day(), ResetDay)
        assert isinstance(dialog, ResetDay)
        taken = farm.work_dir / f"parallel_progress_{dialog.word.removeprefix('reset ')}.csv"
        taken.write_text("kept", encoding="utf-8")
        await ana.until(lambda: f"({taken.name} is taken)" in ana.facts, "the other name")
        await _typed(ana, dialog.word)
        await ana.note_after("enter")
        assert taken.read_text(encoding="utf-8") == "kept"
        assert taken.with_name(f"{taken.stem}_1.csv").exists()

    operate(farm, script)


# -- start -----------------------------------------------------------------------------------------


def test_the_plan_is_shown_before_anything_starts(farm: ToyFarm) -> None:
    a_ledger(farm, j0="pending", j1=INFRA)

    async def script(ana: Operator) -> None:
        dialog = await ana.asked(ana.app.desk.pause_or_start(), StartRun)
        await ana.until(lambda: "Jobs 2 for 2 keys" in ana.facts, "the plan")
        workers = dialog.query_one("#workers", Input)
        workers.value = "2"
        await ana.until(lambda: "Start 2 workers, 2 jobs" in ana.yes, "the new plan")
        workers.value = "99"
        await ana.until(lambda: "99" in ana.facts, "the refusal")
        assert "greyed out" in ana.yes
        await ana.press("enter")
        await ana.until(lambda: len(ana.app.screen_stack) == 1)

    operate(farm, script)
    assert farm.events("run_started") == []


def test_an_earlier_day_is_continued_or_reset(farm: ToyFarm) -> None:
    a_ledger(farm, j0="pending")
    rows = farm.ledger_path.read_text(encoding="utf-8")
    year = next(row["updated_at"] for row in farm.rows())[:4]
    farm.ledger_path.write_text(rows.replace(f"{year}-", "2019-"), encoding="utf-8")

    async def script(ana: Operator) -> None:
        await ana.asked(ana.app.desk.start_run(), StartRun)
        await ana.until(lambda: "Jobs 1 for 1 key" in ana.facts, "the plan")
        assert "The ledger is of 2019-" in ana.facts
        ana.shown_dialog.query_one("Choice").focus()
        await ana.press("right")
        assert "Reset the day ..." in ana.yes
        await ana.press("y")
        await ana.dialog(ResetDay)
        await ana.press("escape")

    operate(farm, script)


def test_what_the_engine_refuses_is_told_in_its_words(farm: ToyFarm) -> None:
    a_ledger(farm, j0=INFRA)

    async def script(ana: Operator) -> None:
        async def refused() -> None:
            raise EngineError("No [b]disk[/b] is left.\x1b]52;c;aGk=\x07")

        ana.do(ana.app.desk._wire.told(refused))
        await ana.until(lambda: ana.app.note, "an answer")
        assert ana.app.note.startswith("No [b]disk[/b] is left.\\x1b]")
        assert ana.app.note_tone == "bad"

    operate(farm, script)
