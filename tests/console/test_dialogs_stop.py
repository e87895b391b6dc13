"""Stopping phones: targets before, each one followed until it was seen off (6.11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.widgets import Input

from console.dialogs.controls import Choice
from console.dialogs.job_rows import RequeueChoice
from console.dialogs.requeue import Requeue
from console.dialogs.stop_everything import StopEverything
from console.dialogs.stop_phones import StopPhones, StopWish
from console.dialogs.stop_progress import StopProgress
from console.dialogs.stop_state import StopState
from console.dialogs.stop_targets import Scope, scopes
from console.messages import ResourcesChanged
from console.selection import Selection
from tests.console.dialog_stage import (
    MIXED,
    NOW,
    THREE,
    Asked,
    a_phone,
    a_report,
    ask,
    facts,
    still,
)
from tests.console.scene import Scene, live_day


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as scene:
        yield scene


# -- stop phones -----------------------------------------------------------------------------------


def test_the_scope_is_preset_to_the_marked_then_to_this_campaign_and_never_to_all() -> None:
    marked = scopes(MIXED, None, ["P033"], marked=True)
    assert marked.preset is Scope.MARKED
    assert [target.label for target in marked.marked] == ["acct_033"]
    none = scopes(MIXED, None, [], marked=False)
    assert none.preset is Scope.CAMPAIGN
    assert [target.id for target in none.campaign] == ["P033", "P017"]
    assert [target.id for target in none.all] == ["P033", "P017", "P099"]
    off = scopes(MIXED, None, ["P040"], marked=True)
    assert off.preset is Scope.CAMPAIGN


def test_what_is_not_touched_is_counted() -> None:
    found = scopes(MIXED, None, ["P033"], marked=True)
    assert found.untouched(Scope.MARKED, "phone") == "1 phone of this campaign, 1 of others"
    assert found.untouched(Scope.CAMPAIGN, "phone") == "1 of others"
    assert found.untouched(Scope.ALL, "phone") == "nothing else is on"


def test_stop_hands_back_exact_targets_of_the_scope(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        assert "acct_033" in asked.text
        assert "acct_017" not in asked.text
        assert "[ y  Stop 1 phone ]" in asked.yes.text
        await asked.press("y")
        return asked.answers

    chosen = Selection(resources=("P033",), marked=True)
    [wish] = ask(scene, StopPhones(chosen, MIXED, None), script)
    assert isinstance(wish, StopWish)
    assert [target.id for target in wish.targets] == ["P033"]


def test_stop_all_wants_its_word(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        await asked.press("tab", "right", "right")
        assert asked.dialog.query_one(Choice).value == "all"
        assert "acct_099" in asked.text
        await asked.press("y")
        assert asked.answers == []
        await asked.press(*"stop al", "enter")
        assert asked.answers == []
        await asked.press("l", "enter")
        return asked.answers

    chosen = Selection(resources=("P033",), marked=True)
    [wish] = ask(scene, StopPhones(chosen, MIXED, None), script)
    assert wish.scope is Scope.ALL
    assert len(wish.targets) == 3


def test_a_word_that_is_typed_faster_than_the_focus_moves_is_taken_whole(scene: Scene) -> None:
    async def script(asked: Asked) -> str:
        for letter in "stop":
            asked.pilot.app.post_message(Key(letter, letter))
        await asked.pilot.pause()
        return asked.dialog.query_one("#typed", Input).value

    assert ask(scene, StopEverything(scene.settings, None, MIXED), script) == "stop"


def test_a_word_that_was_begun_leaves_the_buttons_their_keys(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        await asked.press(*"sto", "tab", "tab")
        focused = asked.pilot.app.focused
        assert focused is not None
        assert focused.id == "no"
        await asked.press("n")
        return asked.answers

    assert ask(scene, StopEverything(scene.settings, None, MIXED), script) == [None]


def test_a_phone_that_came_on_later_is_told_and_not_added(scene: Scene) -> None:
    later = a_report(*MIXED.lines, a_phone("055"))
    gone = [replace(line, state="off") if line.id == "P033" else line for line in later.lines]

    async def script(asked: Asked) -> list[Any]:
        await asked.press("tab", "right")
        asked.pilot.app.post_message(ResourcesChanged(replace(later, lines=gone)))
        await asked.pilot.pause()
        assert "came on since, not in the list: acct_055" in asked.text
        assert "! acct_033" in asked.text
        await asked.press("y")
        return asked.answers

    chosen = Selection(resources=("P033",), marked=True)
    [wish] = ask(scene, StopPhones(chosen, MIXED, None), script)
    assert [target.id for target in wish.targets] == ["P033", "P017"]


def test_before_the_provider_answered_nothing_can_be_stopped(scene: Scene) -> None:
    dialog = StopPhones(Selection(), None, None)

    async def script(asked: Asked) -> list[Any]:
        assert "Asking which phones are on" in asked.text
        await asked.press("y")
        assert asked.answers == []
        asked.pilot.app.post_message(ResourcesChanged(MIXED))
        await asked.pilot.pause()
        await asked.press("y")
        return asked.answers

    [wish] = ask(scene, dialog, script)
    assert wish.scope is Scope.CAMPAIGN


def test_without_a_run_no_worker_is_said_to_keep_running(scene: Scene) -> None:
    async def script(asked: Asked) -> str:
        return facts(asked.dialog)

    text = ask(scene, StopPhones(Selection(), MIXED, None), script)
    assert "Workers no run is live, so none is at work" in " ".join(text.split())


def test_an_interrupted_job_is_named_with_its_worker(scene: Scene) -> None:
    async def script(asked: Asked) -> str:
        overview = asked.overview
        worker = next(line for line in overview.workers if line.submitted)
        report = a_report(a_phone(worker.key.removeprefix("acct_"), slot=worker.slot))
        dialog = StopPhones(Selection(), report, overview)
        await asked.pilot.app.push_screen(still(dialog))
        await asked.pilot.pause()
        assert worker.job_id in facts(dialog)
        return facts(dialog)

    text = ask(scene, Requeue(RequeueChoice(THREE), "below"), script)
    assert "W2 leaves first; claims are paused until s" in text
    assert "Interrupts 1 claimed job:" in text


# -- while it verifies -----------------------------------------------------------------------------


def progress(state: str, name: str, **fields: Any) -> dict[str, Any]:
    event = {"event": "command_progress", "id": "c1", "ts": NOW.isoformat(), "state": state}
    return event | {"resource": f"acct_{name}", "resource_id": f"P{name}", "text": ""} | fields


def test_each_phone_is_told_by_what_was_seen_of_it() -> None:
    report = a_report(a_phone("017"), a_phone("044"), a_phone("033"))
    state = StopState.begin(scopes(report, None, (), marked=False).campaign, NOW)
    state.hear([progress("stopping", name) for name in ("017", "044", "033")], "c1", NOW)
    state.hear([progress("off", "017", text="seen shut down")], "c1", NOW)
    state.hear([progress("off", "044")], "another", NOW)
    state.hear([progress("not off", "033", text="refused (42001)")], "c1", NOW)
    assert state.line == "stopping 1 of 3"
    assert [phone.sign for phone in state.phones.values()] == ["+", ".", "!"]
    assert list(state.sentences("phone")) == ["acct_033: refused (42001)"]


def test_a_list_without_the_phone_alone_verifies_nothing() -> None:
    report = a_report(a_phone("017"))
    state = StopState.begin(scopes(report, None, (), marked=False).campaign, NOW)
    state.look(a_report())
    assert state.phones["P017"].now == "off"
    assert state.verified == 0
    state.look(a_report(a_phone("017", "unknown")))
    assert state.phones["P017"].sign == "!"


def test_the_answer_names_those_that_were_not_seen_off_and_asks_again_for_them_only() -> None:
    report = a_report(a_phone("017"), a_phone("033"))
    state = StopState.begin(scopes(report, None, (), marked=False).campaign, NOW)
    answer = {
        "ok": False,
        "detail": "1 of 2 seen off; NOT OFF: acct_033.",
        "receipt": "run/receipts/stop-1.json",
        "jobs": {"DM6": "in doubt: its outcome was not seen"},
        "paused": True,
        "resources": [
            {"id": "P017", "off": True, "answer": "seen shut down", "seen_at": NOW.isoformat()},
            {"id": "P033", "off": False, "answer": "it is started", "seen_at": None},
        ],
    }
    state.end(answer, {}, NOW)
    assert state.verified == 1
    assert list(state.sentences("phone")) == ["acct_033: it is started"]
    assert list(state.again(NOW).phones) == ["P033"]


def test_the_progress_shows_receipt_jobs_and_asks_again_by_r_only(scene: Scene) -> None:
    report = a_report(a_phone("017"), a_phone("033"))
    state = StopState.begin(scopes(report, None, (), marked=False).campaign, NOW)
    dialog = StopProgress(lambda: state, "phone", "Stop phones: this campaign")

    async def script(asked: Asked) -> list[Any]:
        await asked.press("r", "y")
        assert asked.answers == []
        state.end(
            {
                "detail": "NOT OFF: acct_017, acct_033.",
                "receipt": "receipts/stop-1.json",
                "jobs": {"DM6": "in doubt: its outcome was not seen"},
                "paused": True,
            },
            {"P017": "it is started", "P033": "refused (42001)"},
            NOW,
        )
        dialog.redraw()
        await asked.pilot.pause()
        for words in (
            "acct_017: it is started",
            "acct_033: refused (42001)",
            "DM6: in doubt",
            "receipt: receipts/stop-1.json",
            "paused until s",
        ):
            assert words in asked.text
        assert "Ask 2 again" in asked.yes.text
        await asked.press("r")
        return asked.answers

    assert ask(scene, dialog, script) == ["again"]


def test_escape_leaves_the_checking_to_the_background(scene: Scene) -> None:
    state = StopState.begin(scopes(MIXED, None, (), marked=False).campaign, NOW)
    dialog = StopProgress(lambda: state, "phone", "Stop phones: this campaign")

    async def script(asked: Asked) -> list[Any]:
        await asked.press("escape")
        return asked.answers

    assert ask(scene, dialog, script) == ["closed"]


def test_stop_everything_wants_its_word_and_names_what_it_ends(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        overview = asked.overview
        dialog = StopEverything(scene.settings, overview, MIXED)
        await asked.pilot.app.push_screen(still(dialog), asked.answers.append)
        await asked.pilot.pause()
        text = facts(dialog)
        assert "process 48211" in text
        assert all(line.job_id in text for line in overview.workers if line.job_id)
        assert "acct_033" in text
        assert "acct_099" not in text
        assert "1:00 to finish or give back, 3:00 past Share" in text
        await asked.press("y")
        assert asked.answers == []
        await asked.press(*"stop", "enter")
        return asked.answers

    [targets] = ask(scene, Requeue(RequeueChoice(THREE), "below"), script)
    assert [target.id for target in targets] == ["P033", "P017"]
