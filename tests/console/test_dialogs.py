"""Dialogs: what they show, what they refuse, what they hand back (console-features 6.11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.dialogs.add_pass import AddPass
from console.dialogs.change_workers import ChangeWorkers
from console.dialogs.controls import Choice
from console.dialogs.job_rows import RequeueChoice
from console.dialogs.leaving import Leave
from console.dialogs.mark_posted import MarkPosted
from console.dialogs.requeue import Requeue
from console.dialogs.restart_worker import RestartWorker
from console.dialogs.start_run import StartRun
from console.messages import JobsChanged
from engine.insight.forecast_values import WithWorkers
from engine.insight.values import (
    EvidenceFile,
    JobLine,
)
from engine.jobs import ErrorCategory, JobStatus
from engine.launch import RunOptions
from engine.plan import PlannedJob, RunPlan
from engine.workloads.post_reel import PostReel
from tests.console.dialog_stage import (
    NOW,
    THREE,
    Asked,
    a_line,
    ask,
    facts,
    still,
)
from tests.console.pilot import screen_lines
from tests.console.scene import Scene, live_day


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as scene:
        yield scene


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
    labels, place = PostReel.labels, scene.work_dir
    dialog = MarkPosted([doubtful], files, who="ana", labels=labels, work_dir=place)

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


def test_another_number_of_workers_tells_what_it_changes(scene: Scene) -> None:
    async def script(asked: Asked) -> tuple[str, str, str, str]:
        forecast = asked.overview.forecast
        more = forecast.others[1]
        dialog = ChangeWorkers(asked.overview, more)
        await asked.pilot.app.push_screen(still(dialog), asked.answers.append)
        await asked.pilot.pause()
        assert forecast.done_at is not None
        told, title = facts(dialog), "\n".join(screen_lines(asked.pilot.app))
        assert f"{forecast.done_at:%H:%M}" in told
        await asked.press("y")
        assert asked.answers == [True]
        inner = ChangeWorkers(asked.overview, WithWorkers(workers=2))
        await asked.pilot.app.push_screen(still(inner), asked.answers.append)
        await asked.pilot.pause()
        unknown = facts(inner)
        await asked.press("escape")
        unpriced = replace(asked.overview.money, price_per_minute=0.0)
        free = ChangeWorkers(replace(asked.overview, money=unpriced), more)
        await asked.pilot.app.push_screen(still(free), asked.answers.append)
        await asked.pilot.pause()
        return told, title, unknown, facts(free)

    told, title, unknown, free = ask(scene, Requeue(RequeueChoice(THREE), "below"), script)
    assert "Workers: 5 -> 6" in title
    assert "sooner; from " in told
    assert "Cost the same: about " in told
    assert "sooner; from " in free
    assert "Cost" not in free  # a trade whose resources have no price
    assert "One phone a worker: 1 phone more on at a time." in told
    assert "nobody can tell" in unknown
    assert "The last 3 workers finish or give back their job and leave." in unknown


def test_the_start_of_a_run_tells_its_range_and_other_numbers_of_workers(scene: Scene) -> None:
    async def script(asked: Asked) -> str:
        foreseen = replace(asked.overview.forecast, cut="midnight", cut_jobs=7)
        found = RunPlan(
            ledger=Path("progress.csv"), seeds=False, key_label="account", resource_label="phone",
            jobs=(PlannedJob(job_id="a", key="x"),), workers=5, passes=3, cost_ceiling=12.3,
            expected_seconds=3094.0, cost_estimate=1.47, forecast=foreseen,
        )  # fmt: skip

        async def plan(_options: RunOptions) -> RunPlan:
            return found

        dialog = StartRun(RunOptions(workers=5), plan, key_label="account", earlier_day=None)
        await asked.pilot.app.push_screen(still(dialog), asked.answers.append)
        for _ in range(20):
            await asked.pilot.pause()
        return facts(dialog)

    told = ask(scene, Requeue(RequeueChoice(THREE), "below"), script)
    assert "Done in about 51:34" in told
    assert "12:38-13:03, from 89 attempts" in told
    assert "with 4 workers: 12:55, 10 min later" in told
    assert "with 6 workers: 12:40, 5 min sooner" in told
    assert "! Before the end midnight comes: 7 jobs left then." in told


def test_leave_presets_leave_it_running(scene: Scene) -> None:
    async def script(asked: Asked) -> list[Any]:
        for keys in (["y"], ["tab", "right", "y"]):
            await asked.pilot.app.push_screen(Leave(asked.overview), asked.answers.append)
            await asked.press(*keys)
        return asked.answers

    assert ask(scene, Requeue(RequeueChoice(THREE), "below"), script) == ["running", "stop"]
