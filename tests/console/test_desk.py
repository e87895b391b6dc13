"""The operator's acts without a live run: asked, sent, told, taken back (console-features 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.desk.wire import OBSERVING
from console.dialogs.mark_posted import MarkPosted
from console.dialogs.requeue import Requeue
from console.selection import Selection
from engine.instance import InstanceLock
from engine.jobs import Claim, ErrorCategory
from tests.console.desk_operator import Operator, a_ledger, operate
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
        assert "Marked as lit 1 job" in await ana.note_after("y")
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
