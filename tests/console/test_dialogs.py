"""Dialogs: what they show, what they refuse, what they hand back (console-features 6.11)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.app import ConsoleApp
from console.dialogs.add_pass import AddPass
from console.dialogs.base import Dialog
from console.dialogs.controls import Choice, KeyButton
from console.dialogs.fact_list import FactList
from console.dialogs.job_rows import RequeueChoice
from console.dialogs.leaving import Leave
from console.dialogs.mark_posted import MarkPosted
from console.dialogs.requeue import Requeue
from console.dialogs.restart_worker import RestartWorker
from console.dialogs.stop_everything import StopEverything
from console.dialogs.stop_phones import StopPhones, StopWish
from console.dialogs.stop_progress import StopProgress
from console.dialogs.stop_state import StopState
from console.dialogs.stop_targets import Scope, scopes
from console.messages import JobsChanged, ResourcesChanged
from console.selection import Selection
from engine.insight.values import (
    Actor,
    EvidenceFile,
    JobLine,
    Overview,
    ResourceLine,
    ResourceReport,
)
from engine.jobs import ErrorCategory, Job, JobStatus
from tests.console.pilot import drive, screen_lines
from tests.console.scene import Scene, live_day

T = TypeVar("T")
NOW = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as scene:
        yield scene


def facts(dialog: Dialog[Any]) -> str:
    """The whole list of a dialog, its wrapped sentences in one line."""
    return " ".join(dialog.query_one("#list", FactList).text.split())


class Asked:
    """A dialog on the screen, and what it handed back."""

    def __init__(self, pilot: Pilot[Any], dialog: Dialog[Any]) -> None:
        self.pilot = pilot
        self.dialog = dialog
        self.answers: list[Any] = []

    @property
    def text(self) -> str:
        """Everything in its list, also what is scrolled away."""
        return facts(self.dialog)

    @property
    def yes(self) -> KeyButton:
        return self.dialog.query_one("#yes", KeyButton)

    @property
    def overview(self) -> Overview:
        """What the cockpit below knows."""
        app = self.pilot.app
        assert isinstance(app, ConsoleApp)
        assert app.latest.overview is not None
        return app.latest.overview

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()


def still(dialog: Dialog[Any]) -> Dialog[Any]:
    """Asks for no news of its own: made-up targets are in no ledger and on no provider's list."""
    vars(dialog)["NEEDS"] = frozenset()
    return dialog


def ask(
    scene: Scene,
    dialog: Dialog[Any],
    script: Callable[[Asked], Awaitable[T]],
    size: tuple[int, int] = (80, 24),
) -> T:
    """Show a dialog on the day's cockpit and play a script on it."""

    async def run(pilot: Pilot[Any]) -> T:
        asked = Asked(pilot, dialog)
        await pilot.app.push_screen(still(dialog), asked.answers.append)
        await pilot.pause()
        return await script(asked)

    return drive(scene.app(), run, size)


def a_line(job_id: str, category: ErrorCategory, why: str, **job: Any) -> JobLine:
    made = Job(
        job_id=job_id,
        account=f"acct_{job_id}",
        video_path="",
        caption="",
        status=job.pop("status", JobStatus.FAILED),
        error_category=category,
        error_type=why,
        error="it went wrong",
        attempts=2,
        **job,
    )
    return JobLine(job=made, glyph="x", actor=Actor.ENGINE, next="", limit=3, took=None)


THREE = (
    a_line("DG7", ErrorCategory.INFRASTRUCTURE, "phone_error"),
    a_line("DB1", ErrorCategory.ACCOUNT, "logged_out"),
    a_line("DA4", ErrorCategory.ACCOUNT, "logged_out"),
)


def a_phone(name: str, state: str = "started", **fields: Any) -> ResourceLine:
    made: dict[str, Any] = {
        "id": f"P{name}",
        "label": f"acct_{name}",
        "state": state,
        "ours": True,
        "in_campaign": True,
        "orphan": False,
        "since": NOW - timedelta(minutes=3),
        "job_id": "",
        "slot": None,
        "phase": "",
        "minutes": 3.0,
        "cost": 0.02,
        "posts_today": 0,
        "cap": 1,
        "last_result": "",
        "rate_30_days": None,
        "note": "",
    }
    return ResourceLine(**(made | fields))


def a_report(*lines: ResourceLine, **fields: Any) -> ResourceReport:
    return ResourceReport(lines=lines, asked_at=NOW, **fields)


MIXED = a_report(
    a_phone("033", orphan=True),
    a_phone("017"),
    a_phone("040", "off"),
    a_phone("041", "expired"),
    a_phone("099", ours=False, in_campaign=False),
    others_on=1,
)


# -- common to all ---------------------------------------------------------------------------------


def test_a_dialog_stands_on_no_and_enter_presses_what_has_focus(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        assert asked.pilot.app.focused is asked.dialog.query_one("#no")
        await asked.press("enter")
        return asked.answers

    assert ask(scene, Requeue(RequeueChoice(THREE), "Requeue 3 jobs"), script) == [None]


@pytest.mark.parametrize("key", ["n", "escape"])
def test_no_and_escape_hand_back_nothing(scene: Scene, key: str) -> None:
    async def script(asked: Asked) -> list[Any]:
        await asked.press(key)
        return asked.answers

    assert ask(scene, Requeue(RequeueChoice(THREE), "Requeue 3 jobs"), script) == [None]


def test_tab_and_enter_reach_yes_without_its_letter(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        await asked.press("shift+tab")
        assert asked.pilot.app.focused is asked.yes
        assert asked.yes.text.endswith(" <")
        await asked.press("enter")
        return asked.answers

    assert ask(scene, Requeue(RequeueChoice(THREE), "Requeue 3 jobs"), script) == [("DG7",)]


def test_more_targets_than_rows_are_seen_by_scrolling(scene: Scene) -> None:
    many = [a_line(f"J{n:02}", ErrorCategory.INFRASTRUCTURE, "adb_timeout") for n in range(60)]

    async def script(asked: Asked) -> tuple[str, str]:
        before = "\n".join(screen_lines(asked.pilot.app))
        await asked.press(*["pagedown"] * 8)
        return before, "\n".join(screen_lines(asked.pilot.app))

    dialog = Requeue(RequeueChoice(many), "Requeue 60 jobs")
    before, after = ask(scene, dialog, script)
    assert "J00" in before
    assert "J59" not in before
    assert "J59" in after
    assert "[ y  Requeue 60 jobs ]" in after


def test_what_does_not_fit_takes_the_whole_narrow_window_and_else_stays_a_box(
    scene: Scene,
) -> None:
    many = [a_line(f"J{n:02}", ErrorCategory.INFRASTRUCTURE, "adb_timeout") for n in range(60)]

    async def script(asked: Asked) -> list[str]:
        return screen_lines(asked.pilot.app)

    full = ask(scene, Requeue(RequeueChoice(many), "Requeue 60 jobs"), script)
    assert full[0].startswith("+- Requeue 60 jobs --")
    box = ask(scene, Requeue(RequeueChoice(THREE), "Requeue 3 jobs"), script)
    assert box[0].startswith(" geelark-console")
    wide = ask(scene, Requeue(RequeueChoice(many), "Requeue 60 jobs"), script, (160, 48))
    assert wide[1].lstrip().startswith("+- Requeue 60 jobs") or wide[0].startswith("+-") is False


def test_outside_text_is_shown_as_it_is(scene: Scene) -> None:
    evil = a_line("[b]x[/b]\x1b]52;c;aGk=\x07", ErrorCategory.ACCOUNT, "logged_out")

    async def script(asked: Asked) -> list[str]:
        return screen_lines(asked.pilot.app)

    lines = ask(scene, Requeue(RequeueChoice([evil, *THREE]), "Requeue [4]"), script)
    assert any("[b]x[/b]" in line for line in lines)
    assert any("Requeue [4]" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_no_word_is_lost_under_the_scroll_bar(scene: Scene) -> None:
    many = [a_line(f"J{n:02}", ErrorCategory.CONTENT, "corrupted_video") for n in range(60)]

    async def script(asked: Asked) -> list[str]:
        await asked.press(*["pagedown"] * 8)
        return [line[1:-2].strip() for line in screen_lines(asked.pilot.app)]

    shown = ask(scene, Requeue(RequeueChoice(many), "Requeue 60 jobs"), script)
    sentence = "Requeue only if the file was replaced; otherwise it will fail the same way."
    assert sentence in " ".join(shown)


# -- requeue ---------------------------------------------------------------------------------------


def test_requeue_presets_those_that_need_nobody(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        assert "! a person first" in asked.text
        assert "signed in by hand" in asked.text
        assert "Requeue 1 job " in asked.yes.text
        await asked.press("y")
        return asked.answers

    assert ask(scene, Requeue(RequeueChoice(THREE), "Requeue 3 jobs"), script) == [("DG7",)]


def test_requeue_takes_all_by_choice(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        await asked.press("tab", "right")
        assert asked.dialog.query_one(Choice).value == "all"
        assert "Requeue 3 jobs" in asked.yes.text
        await asked.press("y")
        return asked.answers

    answers = ask(scene, Requeue(RequeueChoice(THREE), "Requeue 3 jobs"), script)
    assert answers == [("DG7", "DB1", "DA4")]


def test_a_target_that_changed_meanwhile_is_marked_and_left_out(scene: Scene) -> None:
    claimed = replace(THREE[0].job, status=JobStatus.CLAIMED)
    news = [replace(THREE[0], job=claimed), *THREE[1:]]

    async def script(asked: Asked) -> list[Any]:
        asked.pilot.app.post_message(JobsChanged(news))
        await asked.pilot.pause()
        assert "! DG7" in asked.text
        assert "now claimed" in asked.text
        assert "(greyed out)" in asked.yes.text
        await asked.press("y")
        assert asked.answers == []
        await asked.press("tab", "right", "y")
        return asked.answers

    assert ask(scene, Requeue(RequeueChoice(THREE), "Requeue"), script) == [("DB1", "DA4")]


@pytest.mark.parametrize(
    ("lines", "asks"),
    [(THREE[:1], False), (THREE, True), (THREE[:1] * 20, False), (THREE[:1] * 21, True)],
)
def test_requeue_asks_only_for_people_or_for_many(lines: tuple[JobLine, ...], asks: bool) -> None:
    assert RequeueChoice(lines).asks is asks


# -- mark posted, restart, passes, leave -----------------------------------------------------------


def test_mark_posted_says_who_and_shows_the_evidence(scene: Scene) -> None:
    doubtful = a_line("DZ9", ErrorCategory.IN_DOUBT, "unconfirmed", submitted_at=NOW)
    path = scene.work_dir / "evidence" / "DZ9" / "1" / "screen.png"
    files = {"DZ9": [EvidenceFile(path=path, attempt="1", name="screen.png", size=3)]}
    dialog = MarkPosted([doubtful], files, who="ana", key_label="account", work_dir=scene.work_dir)

    async def script(asked: Asked) -> list[Any]:
        assert "evidence/DZ9/1/screen.png" in asked.text
        assert "Who says so: ana" in asked.text
        assert "counts against the daily cap of account acct_DZ9" in asked.text
        await asked.press("y")
        return asked.answers

    assert ask(scene, dialog, script) == [("DZ9",)]


def test_restart_tells_the_job_and_what_becomes_of_it(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        overview = asked.overview
        for slot, words in ((0, "given back"), (2, "in doubt")):
            worker = overview.workers[slot]
            inner = RestartWorker(worker)
            await asked.pilot.app.push_screen(still(inner), asked.answers.append)
            await asked.pilot.pause()
            text = facts(inner)
            assert worker.job_id in text
            assert words in text
            await asked.press("y")
        return asked.answers

    assert ask(scene, Requeue(RequeueChoice(THREE), "below"), script) == [True, True]


def test_add_a_pass_tells_jobs_and_cost(scene: Scene) -> None:
    async def script(asked: Asked) -> str:
        overview = asked.overview
        dialog = AddPass(overview)
        await asked.pilot.app.push_screen(still(dialog), asked.answers.append)
        await asked.pilot.pause()
        text = facts(dialog)
        assert f"It would take {overview.to_retry} jobs" in text
        await asked.press("enter")
        assert asked.answers == [None]
        return text

    assert "Cost: " in ask(scene, Requeue(RequeueChoice(THREE), "below"), script)


def test_leave_presets_leave_it_running(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        for keys in (["y"], ["tab", "right", "y"]):
            await asked.pilot.app.push_screen(Leave(asked.overview), asked.answers.append)
            await asked.press(*keys)
        return asked.answers

    assert ask(scene, Requeue(RequeueChoice(THREE), "below"), script) == ["running", "stop"]


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
        asked.dialog.query_one("#typed", Input).focus()
        await asked.press(*"stop al", "enter")
        assert asked.answers == []
        await asked.press("l", "enter")
        return asked.answers

    chosen = Selection(resources=("P033",), marked=True)
    [wish] = ask(scene, StopPhones(chosen, MIXED, None), script)
    assert wish.scope is Scope.ALL
    assert len(wish.targets) == 3


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
    assert "W2 leave first; claims are paused until s" in text
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
        dialog.query_one("#typed", Input).focus()
        await asked.press(*"stop", "enter")
        return asked.answers

    [targets] = ask(scene, Requeue(RequeueChoice(THREE), "below"), script)
    assert [target.id for target in targets] == ["P033", "P017"]
