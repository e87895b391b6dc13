"""The operator's acts without a live run: asked, sent, told, taken back (console-features 6.3)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from console.desk.wire import OBSERVING
from console.dialogs.mark_posted import MarkPosted
from console.dialogs.requeue import Requeue
from console.dialogs.reset_day import ResetDay
from console.dialogs.start_run import StartRun
from console.selection import Selection
from engine.errors import EngineError
from engine.instance import InstanceLock
from engine.jobs import Claim, ErrorCategory
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


# -- jobs ------------------------------------------------------------------------------------------


def test_requeue_acts_at_once_and_undo_takes_it_back(farm: ToyFarm) -> None:
    a_ledger(farm, j0=INFRA, j1="success")

    async def script(ana: Operator) -> None:
        said = await ana.told(ana.app.desk.requeue(jobs("j0")))
        assert said == "Requeued 1 job; u takes it back until a worker claims one."
        assert farm.statuses()["j0"] == "retrying"
        assert await ana.told(ana.app.desk.undo()) == "requeue taken back: 1 of 1 jobs."
        assert farm.statuses()["j0"] == "failed"
        assert await ana.told(ana.app.desk.undo()) == "There is nothing to take back."

    operate(farm, script)


def test_undo_after_a_claim_says_how_many_are_left(farm: ToyFarm) -> None:
    ledger = a_ledger(farm, j0=INFRA, j1=INFRA)

    async def script(ana: Operator) -> None:
        await ana.told(ana.app.desk.requeue(jobs("j0", "j1")))
        assert isinstance(ledger.claim("7"), Claim)
        said = await ana.told(ana.app.desk.undo())
        assert said == "requeue taken back: 1 of 2 jobs; 1 left (1 claimed)."
        assert ana.app.note_tone == "bad"
        assert farm.statuses() == {"j0": "claimed", "j1": "failed"}

    operate(farm, script)


def test_requeue_of_what_is_not_failed_says_so(farm: ToyFarm) -> None:
    a_ledger(farm, j0="success", j1="pending")

    async def script(ana: Operator) -> None:
        assert "j0 is success, not failed" in await ana.told(ana.app.desk.requeue(jobs("j0")))
        assert "None of the 2 jobs" in await ana.told(ana.app.desk.requeue(jobs("j0", "j1")))
        assert await ana.told(ana.app.desk.requeue(Selection())) == "No job is selected."

    operate(farm, script)


def test_requeue_asks_where_a_person_is_needed_and_enter_alone_changes_nothing(
    farm: ToyFarm,
) -> None:
    a_ledger(farm, j0=INFRA, j1=ACCOUNT)

    async def script(ana: Operator) -> None:
        chosen = jobs("j0", "j1", marked=True)
        await ana.asked(ana.app.desk.requeue(chosen), Requeue)
        await ana.press("enter")
        assert set(farm.statuses().values()) == {"failed"}
        await ana.asked(ana.app.desk.requeue(chosen), Requeue)
        assert "Requeued 1 job" in await ana.note_after("y")
        assert farm.statuses() == {"j0": "retrying", "j1": "failed"}

    operate(farm, script)


def test_requeue_all_asks_with_the_number_by_class(farm: ToyFarm) -> None:
    a_ledger(farm, j0=INFRA, j1=INFRA, j2=ErrorCategory.UNKNOWN, j3=ACCOUNT, j4=DOUBT)

    async def script(ana: Operator) -> None:
        await ana.asked(ana.app.desk.requeue_all(), Requeue)
        assert "By class: infrastructure 2, unknown 1." in ana.facts
        assert "Left alone: account 1, in_doubt 1." in ana.facts
        await ana.press("enter")
        assert set(farm.statuses().values()) == {"failed"}
        await ana.asked(ana.app.desk.requeue_all(), Requeue)
        assert "Requeued 3 jobs" in await ana.note_after("y")
        assert list(farm.statuses().values()).count("retrying") == 3

    operate(farm, script)


def test_requeue_by_filter_always_asks_with_what_it_matched(farm: ToyFarm) -> None:
    a_ledger(farm, j0=INFRA, j1=INFRA)

    async def script(ana: Operator) -> None:
        await ana.asked(ana.app.desk.requeue_where("job:=j1"), Requeue)
        assert "Requeue 1 job" in ana.yes
        await ana.note_after("y")
        assert farm.statuses() == {"j0": "failed", "j1": "retrying"}
        assert "No failed job matches" in await ana.told(ana.app.desk.requeue_where("job:x"))
        assert "nonsense" in await ana.told(ana.app.desk.requeue_where("nonsense:x"))

    operate(farm, script)


def test_skip_is_reversible_by_undo_and_by_itself(farm: ToyFarm) -> None:
    a_ledger(farm, j0="pending", j1="pending")

    async def script(ana: Operator) -> None:
        assert await ana.told(ana.app.desk.skip(jobs("j0"))) == "Skipped 1 job; u takes it back."
        assert farm.statuses()["j0"] == "skipped"
        await ana.told(ana.app.desk.undo())
        assert farm.statuses()["j0"] == "pending"
        await ana.told(ana.app.desk.skip(jobs("j0", "j1")))
        assert "Took back in 2 jobs" in await ana.told(ana.app.desk.skip(jobs("j0", "j1")))
        assert set(farm.statuses().values()) == {"pending"}

    operate(farm, script)


def test_what_was_refused_is_named_with_its_reason(farm: ToyFarm) -> None:
    a_ledger(farm, j0="success", j1="pending", j2=DOUBT)

    async def script(ana: Operator) -> None:
        said = await ana.told(ana.app.desk.skip(jobs("j1", "j2")))
        assert said.startswith("Skipped 1 of 2 jobs")
        assert "Not j2: in doubt: mark it posted or requeue it." in said
        said = await ana.told(ana.app.desk.skip(jobs("j0")))
        assert said.startswith("Nothing was changed. Not j0: cannot be skipped")
        assert ana.app.note_tone == "bad"

    operate(farm, script)


def test_mark_posted_asks_and_settles(farm: ToyFarm) -> None:
    a_ledger(farm, j0=DOUBT, j1=INFRA)

    async def script(ana: Operator) -> None:
        await ana.asked(ana.app.desk.mark_posted(jobs("j0", "j1")), MarkPosted)
        assert "Who says so: ana" in ana.facts
        await ana.press("enter")
        assert farm.statuses()["j0"] == "failed"
        await ana.asked(ana.app.desk.mark_posted(jobs("j0", "j1")), MarkPosted)
        assert "Marked as posted 1 job" in await ana.note_after("y")
        assert farm.statuses() == {"j0": "success", "j1": "failed"}
        assert (farm.work_dir / "confirmed.log").read_text() == "j0\n"
        assert "j1 is failed, not in doubt" in await ana.told(ana.app.desk.mark_posted(jobs("j1")))

    operate(farm, script)


# -- claims ----------------------------------------------------------------------------------------


def test_hold_toggles_and_undo_takes_it_back(farm: ToyFarm) -> None:
    a_ledger(farm, j0="pending")

    def held(ana: Operator) -> frozenset[str]:
        assert ana.app.latest.overview is not None
        return ana.app.latest.overview.held_keys

    async def script(ana: Operator) -> None:
        assert "key_j0: held" in await ana.told(ana.app.desk.hold(jobs("j0")))
        await ana.until(lambda: held(ana) == {"key_j0"}, "the hold")
        chosen = Selection(keys=("key_j0",))
        assert "key_j0: released" in await ana.told(ana.app.desk.hold(chosen))
        await ana.until(lambda: not held(ana), "the release")
        await ana.told(ana.app.desk.undo())
        await ana.until(lambda: held(ana) == {"key_j0"}, "the hold again")
        assert "could be held" in await ana.told(ana.app.desk.hold(Selection()))

    operate(farm, script)


@pytest.mark.parametrize(
    "act",
    [
        lambda desk: desk.pause_after_pass(),
        lambda desk: desk.add_pass(),
        lambda desk: desk.set_workers(2),
        lambda desk: desk.restart_worker(0),
    ],
)
def test_what_needs_a_run_says_that_there_is_none(farm: ToyFarm, act: Callable[[Any], Any]) -> None:
    a_ledger(farm, j0="pending")

    async def script(ana: Operator) -> None:
        assert await ana.told(act(ana.app.desk)) == "No run is live; s starts one."

    operate(farm, script)


def test_an_observer_is_refused_every_act(farm: ToyFarm) -> None:
    a_ledger(farm, j0=INFRA)
    before = farm.rows()

    async def script(ana: Operator) -> None:
        desk, one = ana.app.desk, jobs("j0")
        for act in (
            desk.requeue(one),
            desk.requeue_all(),
            desk.requeue_where("job:j0"),
            desk.skip(one),
            desk.mark_posted(one),
            desk.undo(),
            desk.hold(one),
            desk.pause_or_start(),
            desk.start_run(),
            desk.restart_worker(0),
            desk.set_workers(2),
            desk.pause_after_pass(),
            desk.add_pass(),
            desk.stop_resources(Selection()),
            desk.reset_day(),
            desk.stop_everything(),
        ):
            assert await ana.told(act) == OBSERVING
        assert len(ana.app.screen_stack) == 1

    operate(farm, script, observe=True)
    assert farm.rows() == before


def test_leaving_without_a_run_asks_nothing(farm: ToyFarm) -> None:
    async def script(ana: Operator) -> None:
        ana.do(ana.app.desk.leave())
        await ana.until(lambda: ana.app.return_code == 0, "the end")

    operate(farm, script)


def test_an_observer_leaves_a_live_run_without_a_question(farm: ToyFarm) -> None:
    a_ledger(farm, j0="pending")
    lock = InstanceLock(farm.work_dir / "run" / "instance.lock")
    lock.acquire()

    async def script(ana: Operator) -> None:
        ana.do(ana.app.desk.leave())
        await ana.until(lambda: ana.app.return_code == 0, "the end")

    try:
        operate(farm, script, observe=True)
    finally:
        lock.release()


# -- the day ---------------------------------------------------------------------------------------


async def _typed(ana: Operator, word: str) -> None:
    ana.shown_dialog.query_one("#typed", Input).focus()
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
        await ana.until(lambda: "Jobs 1 for 1 keys" in ana.facts, "the plan")
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
