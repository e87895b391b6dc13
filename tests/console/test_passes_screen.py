"""The Passes screen: its tables and sentences, what its keys do (console-features 6.8)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot

from console.action_table import PASSES
from console.app import ConsoleApp
from console.dialogs.add_pass import AddPass
from console.dialogs.requeue import Requeue
from console.messages import PassesChanged
from console.screens.ledger import LedgerScreen
from console.screens.passes import NONE_FAILED, PassesScreen
from console.screens.passes_table import MANY_ROWS, SheetTable
from console.widgets.filter_bar import FilterBar
from engine.filters import job_fields, parse
from engine.insight.values import Cluster, PassReport, Tally
from engine.jobs import ErrorCategory, JobStatus
from engine.run_state import Command
from tests.console.desk_operator import Operator
from tests.console.pilot import drive, open_at, screen_lines
from tests.console.scene import NOW, Scene, day, live_day

T = TypeVar("T")
WIDE = (160, 48)
HOSTILE = "[red]x[/] \x1b[2J\x07 \u202e 漢字 \ud800"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as scene:
        yield scene


class Passes(Operator):
    """Somebody who looks at the Passes screen."""

    @property
    def screen(self) -> PassesScreen:
        shown = self.app.shown
        assert isinstance(shown, PassesScreen)
        return shown

    @property
    def text(self) -> str:
        return "\n".join(screen_lines(self.app))

    def table(self, name: str) -> SheetTable:
        return self.screen.query_one(f"#{name}-table", SheetTable)

    async def focus(self, name: str) -> SheetTable:
        """Press tab until a table has the focus."""
        table = self.table(name)
        for _ in range(5):
            if table.has_focus:
                break
            await self.press("tab")
        assert table.has_focus
        return table


def look(
    app: ConsoleApp,
    script: Callable[[Passes], Awaitable[T]],
    size: tuple[int, int] = (80, 24),
) -> T:
    """Open at the Passes screen, wait until it shows a report, and play a script."""
    open_at(app, PASSES)

    async def run(pilot: Pilot[Any]) -> T:
        ana = Passes(pilot)
        await ana.until(lambda: app.latest.overview is not None, "the first look")
        await ana.until(lambda: app.latest.passes is not None, "the report")
        await ana.until(lambda: "Reading the ledger" not in ana.text, "the rows")
        return await script(ana)

    return drive(app, run, size)


def lines_of(scene: Scene, size: tuple[int, int]) -> list[str]:
    async def script(ana: Passes) -> list[str]:
        return screen_lines(ana.app)

    return look(scene.app(), script, size)


def sent(scene: Scene) -> list[Command]:
    return list(scene.run_dir.take_commands(lambda *_: None))


async def answered(ana: Passes, scene: Scene) -> Command:
    """The next command that was sent to the live run, with the run's answer given."""
    found: list[Command] = []

    def came() -> bool:
        found.extend(sent(scene))
        return bool(found)

    await ana.until(came, "a command")
    command = found[0]
    scene.run_dir.append_event(
        {
            "ts": NOW.isoformat(),
            "run_id": "x",
            "event": "command_answered",
            "id": command.id,
            "name": command.name,
            "ok": True,
            "detail": "done",
        }
    )
    ana.app.notes.text = ""
    await ana.until(lambda: ana.app.note, "the answer")
    return command


# -- what it shows ---------------------------------------------------------------------------------


def test_the_narrow_screen_has_limits_passes_pace_causes_and_what_is_next(scene: Scene) -> None:
    lines = lines_of(scene, (80, 24))
    assert lines[3:5] == [
        " run 1226-1027  up to 3 passes, 30s apart  infra 3 tries  unclassified 1 retry",
        "-" * 80,
    ]
    assert lines[5] == "   PASS JOBS  OK INFRA ACCT CONT UNKN DOUBT RATE    TOOK RESULT"
    cells = " ".join(lines[6].split())
    assert cells == "1 82 44 32 5 1 - - 54% 1:25:29 retryable_remaining"
    assert lines[7].split()[:5] == [">", "2", "32", "4", "3"]
    assert lines[7].endswith("57% 0:11:09 running, 25 to go")
    assert lines[8].split() == ["3", "~14", *"--------", "planned", "~12:30"]
    assert lines[10] == " OK PER 10 MIN  10:27 [2 4 8 6 6 7 3 6 2 4] 12:04"
    assert lines[12] == "   WHY (failed now)      N RETRY    PHONES LAST  SAMPLE"
    cells = " ".join(lines[13].split())
    assert cells == "> adb_timeout 2 yes 2 12:03 device never appeared"
    assert lines[19:22] == [
        " next: 25 jobs left in pass 2, then ~14 in pass 3 (~$0.51)",
        " 5 jobs wait for a person, 1 for a new file",
        " ends when nothing retryable is left or after pass 3",
    ]


def test_the_wide_screen_has_panels_places_a_chart_and_money(scene: Scene) -> None:
    text = "\n".join(lines_of(scene, WIDE))
    for expected in (
        "Passes of run 1226-1027     up to 3 passes, 30s apart     infrastructure 3 tries",
        "ends all_complete, only_non_retryable or, after pass 3, max_passes_reached",
        "failed now: 3 retryable, 5 for a person, 1 for a new file",
        "Why attempts failed, whole run",
        "saved = ended in success on a later try: 4 of 7 tried again (57%)",
        "By phone, worst first          By worker",
        "pass 1 10:27   pass 2 11:53   pass 3 ~12:30   eta 12:45",
        "enter jobs of this pass   p pause after pass",
        "10:27:12 11:52:41 1:25:29",
        "~$0.51 planned",
    ):
        assert expected in text
    assert "OK PER 10 MIN" not in text


def test_the_cursor_stands_on_the_running_pass(scene: Scene) -> None:
    async def script(ana: Passes) -> str | None:
        return ana.table("pass").cursor_key

    assert look(scene.app(), script) == "2"


def test_a_running_pass_ticks_and_nothing_else_changes(scene: Scene) -> None:
    async def script(ana: Passes) -> tuple[list[str], list[str]]:
        before = screen_lines(ana.app)
        scene.clock.moment += timedelta(seconds=7)
        await ana.until(lambda: "0:11:16" in ana.text, "the tick")
        return before, screen_lines(ana.app)

    before, after = look(scene.app(), script)
    changed = [
        number for number, pair in enumerate(zip(before, after, strict=True)) if len({*pair}) > 1
    ]
    assert 7 in changed
    assert set(changed) <= {0, 1, 7}


def test_between_two_passes_it_counts_down(scene: Scene) -> None:
    status = json.loads(scene.run_dir.status_path.read_text(encoding="utf-8"))
    until = NOW + timedelta(seconds=24)
    scene.run_dir.write_status(status | {"state": "waiting", "waiting_until": until.isoformat()})

    async def script(ana: Passes) -> None:
        assert "next pass in 0:24" in ana.text
        scene.clock.moment += timedelta(seconds=5)
        await ana.until(lambda: "next pass in 0:19" in ana.text, "the tick")

    look(scene.app(), script)


def test_times_follow_the_style_of_all_columns(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        await ana.press("t")
        await ana.until(lambda: "planned in 25:48" in ana.text, "ages")
        assert " 0:51 " in ana.text  # LAST of adb_timeout
        await ana.press("t")
        await ana.until(lambda: "planned ~+2:03:09" in ana.text, "since the start")

    look(scene.app(), script)


def test_without_a_ledger_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    async def script(ana: Passes) -> None:
        assert "There is no ledger yet: s starts a run." in ana.text
        for key in ("r", "y", "x", "o", "O", "c", "A", "space", "enter", "l"):
            await ana.press(key)
        assert isinstance(ana.app.screen, PassesScreen | LedgerScreen) or ana.app.shown

    look(empty_app(tmp_path), script)


def test_one_that_only_watches_is_not_told_to_start_a_run(tmp_path: Path) -> None:
    async def script(ana: Passes) -> None:
        assert "There is no ledger yet." in ana.text
        assert "starts a run" not in ana.text

    look(empty_app(tmp_path, observe=True), script, WIDE)


def empty_app(tmp_path: Path, *, observe: bool = False) -> ConsoleApp:
    """On a work directory in which nothing was ever seeded."""
    scene = day(tmp_path)
    for path in scene.ledger.path.parent.glob("progress*"):
        path.unlink()
    for path in scene.run_dir.path.glob("*.json"):
        path.unlink()
    return scene.app(observe=observe)


@pytest.mark.parametrize("size", [(80, 24), WIDE])
def test_without_a_run_the_last_one_is_shown_with_its_result(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def script(ana: Passes) -> str:
        return ana.text

    text = look(day(tmp_path).app(), script, size)
    assert "last run 1226-1027, ended " in text
    assert "no run is live; the last one ended" in text
    assert "next:" not in text
    assert "projection" not in text


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 30), WIDE, (60, 18)])
def test_hostile_text_is_shown_and_never_obeyed(scene: Scene, size: tuple[int, int]) -> None:
    async def script(ana: Passes) -> list[str]:
        report = ana.app.latest.passes
        assert report is not None
        cluster = Cluster(
            why=HOSTILE,
            category=ErrorCategory.UNKNOWN,
            count=3,
            retry="once",
            tried_again=0,
            saved=0,
            keys=1,
            workers=[HOSTILE],
            last=None,
            sample=HOSTILE,
            job_ids=["a"],
        )
        tally = Tally(name=HOSTILE, attempts=1, success=0, infrastructure=0, failed=1)
        bad = replace(
            report,
            failed_now=[cluster],
            attempts_failed=[cluster],
            keys=[tally],
            workers=[tally],
            remarks=[HOSTILE, f"saved = {HOSTILE}"],
            next_text=HOSTILE,
            run_id=HOSTILE,
        )
        ana.screen.show_passes(bad)
        await ana.pilot.pause()
        return [*screen_lines(ana.app), ana.screen.copied("text")]

    lines = look(scene.app(), script, size)
    assert any("[red]x[/] \\x1b[2J\\x07" in line for line in lines)
    assert not any(sign in line for line in lines for sign in "\x1b\x07\u202e\ud800")


# -- ways to the jobs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "row", "size", "expected"),
    [
        ("pass", "1", (80, 24), "pass:=1"),
        ("why", "adb_timeout\0infrastructure", (80, 24), "why:=adb_timeout status:=failed"),
        ("why", "adb_timeout\0infrastructure", WIDE, "why:=adb_timeout"),
        ("key", "acct_005", WIDE, "account:=acct_005"),
        ("worker", "3", WIDE, "worker:=3"),
    ],
)
def test_enter_shows_the_jobs_of_the_row(
    scene: Scene, table: str, row: str, size: tuple[int, int], expected: str
) -> None:
    async def script(ana: Passes) -> None:
        await ana.press("2")
        await ana.until(lambda: isinstance(ana.app.shown, LedgerScreen), "the ledger")
        await ana.app.workers.wait_for_complete()
        await ana.press("4")
        shown = await ana.focus(table)
        assert shown.move_to(row)
        await ana.press("enter")
        await ana.until(lambda: isinstance(ana.app.shown, LedgerScreen), "the ledger")
        ledger = ana.app.shown
        assert ledger is not None
        await ana.until(lambda: ledger.query_one(FilterBar).expression == expected, "the filter")
        await ana.app.workers.wait_for_complete()

    look(scene.app(), script, size)


def test_a_filter_means_exactly_the_row_whatever_is_in_its_name() -> None:
    from console.screens.passes_causes import BY_KEY, FAILED_NOW

    tally = Tally(name='a "b", \\c', attempts=1, success=0, infrastructure=0, failed=1)
    word = BY_KEY.expression([tally])
    parse(word, job_fields(now=NOW))
    assert word == 'account:="a \\"b\\", \\\\c"'
    assert FAILED_NOW.key(cluster("x", "")) != FAILED_NOW.key(cluster("y", ""))


def cluster(why: str, *jobs: str) -> Cluster:
    return Cluster(
        why=why,
        category=ErrorCategory.INFRASTRUCTURE,
        count=len(jobs),
        retry="yes",
        tried_again=0,
        saved=0,
        keys=1,
        workers=("0",),
        last=datetime(2025, 12, 26, 12, tzinfo=UTC),
        sample="s",
        job_ids=jobs,
    )


# -- acts ------------------------------------------------------------------------------------------


def test_requeue_takes_the_failed_jobs_of_the_cluster(scene: Scene) -> None:
    async def script(ana: Passes) -> Command:
        await ana.focus("why")
        await ana.press("r")
        return await answered(ana, scene)

    command = look(scene.app(), script)
    assert command.name == "requeue"
    failed = {job for job, row in scene.ledger.jobs().items() if row.error_type == "adb_timeout"}
    assert len(command.ids) == 2
    assert set(command.ids) <= failed


def test_in_the_table_of_the_whole_run_only_what_is_failed_now_is_requeued(scene: Scene) -> None:
    async def script(ana: Passes) -> tuple[Command, int]:
        table = await ana.focus("why")
        count = table.picked[0][0].count
        await ana.press("r")
        return await answered(ana, scene), count

    command, count = look(scene.app(), script, WIDE)
    assert count == 21
    jobs = scene.ledger.jobs()
    assert [jobs[job].status for job in command.ids] == [JobStatus.FAILED] * 3


def test_several_marked_causes_are_requeued_together(scene: Scene) -> None:
    async def script(ana: Passes) -> Command:
        await ana.focus("why")
        await ana.press("space", "space", "r")
        return await answered(ana, scene)

    assert len(look(scene.app(), script).ids) == 3


def test_requeue_of_a_pass_and_of_a_worker_finds_their_failed_jobs(scene: Scene) -> None:
    async def script(ana: Passes) -> tuple[Command, str]:
        worker = await ana.focus("worker")
        worker.move_to("2")
        await ana.press("r")
        await ana.dialog(Requeue)  # one of its jobs needs a new file
        await ana.press("escape")
        passes = await ana.focus("pass")
        assert passes.cursor_key == "2"
        await ana.press("r")
        command = await answered(ana, scene)
        passes.move_to("3")
        return command, await ana.note_after("r")

    command, note = look(scene.app(), script, WIDE)
    assert len(command.ids) == 3
    assert note == NONE_FAILED


def test_pause_after_this_pass_is_sent_at_once_and_a_further_pass_asks(scene: Scene) -> None:
    async def script(ana: Passes) -> tuple[Command, Command]:
        await ana.press("p")
        pause = await answered(ana, scene)
        await ana.press("plus")
        await ana.dialog(AddPass)
        await ana.press("y")
        return pause, await answered(ana, scene)

    pause, more = look(scene.app(), script)
    assert (pause.name, more.name) == ("pause_after_stage", "add_stage")


def test_one_that_only_watches_sends_nothing(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        await ana.focus("why")
        await ana.press("r", "p", "plus", "R")
        assert isinstance(ana.app.screen, PassesScreen)
        assert "requeue these" not in ana.text
        assert "enter jobs" in ana.text

    look(scene.app(observe=True), script, WIDE)
    assert sent(scene) == []


# -- tables ----------------------------------------------------------------------------------------


def test_tab_goes_through_the_tables_that_are_on_screen(scene: Scene) -> None:
    async def script(ana: Passes) -> list[str]:
        names = []
        for _ in range(4):
            assert ana.screen.focused is not None
            names.append(str(ana.screen.focused.id))
            await ana.press("tab")
        return names

    assert look(scene.app(), script) == ["pass-table", "why-table"] * 2
    assert look(scene.app(), script, WIDE) == [
        "pass-table",
        "why-table",
        "key-table",
        "worker-table",
    ]


def test_o_sorts_by_the_next_column_and_capital_o_turns_it(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        table = await ana.focus("why")
        as_reported = list(table.keys)
        await ana.press("o")
        assert list(table.keys) == sorted(as_reported)
        assert "WHY (failed now) ^" in ana.text or "WHY (failed now)^" in ana.text
        await ana.press("O")
        assert list(table.keys) == sorted(as_reported, reverse=True)
        await ana.press("o")
        counts = [row.count for row in table.rows_shown]
        assert counts == sorted(counts, reverse=True)
        for _ in range(5):
            await ana.press("o")
        assert list(table.keys) == as_reported
        assert ana.app.note == "Sorted as the report has it."

    look(scene.app(), script)


def test_c_shows_other_columns(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        await ana.press("c")
        assert "STARTED" in ana.text
        assert "MEDIAN" in ana.text
        assert "INFRA" not in ana.text.splitlines()[5]
        await ana.press("c", "c")
        assert "INFRA" in ana.text.splitlines()[5]

    look(scene.app(), script)


def test_a_filter_narrows_the_focused_table_and_escape_clears_it(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        table = await ana.focus("why")
        before = list(table.keys)
        await ana.press("slash", *"n>2", "enter")
        await ana.until(lambda: len(table.keys) == 1, "the filter")
        assert table.rows_shown[0].why == "logged_out"
        assert table.has_focus
        await ana.press("escape")
        await ana.until(lambda: list(table.keys) == before, "all rows")
        assert not ana.screen.query_one(FilterBar).has_class("-on")

    look(scene.app(), script)


def test_a_filter_that_is_not_understood_says_so_and_the_rows_stay(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        table = await ana.focus("why")
        before = list(table.keys)
        await ana.press("slash", *"nix:1", "enter")
        await ana.until(lambda: "Unknown field" in ana.text or "known are" in ana.text, "a word")
        assert list(table.keys) == before

    look(scene.app(), script)


def test_very_many_rows_are_sorted_away_from_the_loop(scene: Scene) -> None:
    tallies = [
        Tally(name=f"acct_{n:05}", attempts=n % 7 + 1, success=0, infrastructure=0, failed=n % 7)
        for n in range(MANY_ROWS + 500)
    ]

    async def script(ana: Passes) -> None:
        report = ana.app.latest.passes
        assert report is not None
        ana.screen.show_passes(replace(report, keys=tallies))
        table = await ana.focus("key")
        assert len(table.keys) == len(tallies)
        await ana.press("o", "o")
        await ana.until(lambda: table.rows_shown[0].attempts == 7, "the order")
        assert len(table.keys) == len(tallies)

    look(scene.app(), script, WIDE)


def test_a_report_with_the_same_rows_keeps_cursor_and_marks(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        table = await ana.focus("why")
        await ana.press("j", "space")
        key, marked = table.cursor_key, set(table.marked)
        report = ana.app.latest.passes
        assert report is not None
        ana.app.post_message(PassesChanged(replace(report, remarks=["other"])))
        await ana.pilot.pause()
        assert (table.cursor_key, table.marked) == (key, marked)

    look(scene.app(), script)


# -- what leaves -----------------------------------------------------------------------------------


def test_export_writes_the_focused_table_as_it_is_shown(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        await ana.focus("why")
        await ana.app.export(ana.screen.exported(), "csv")
        await ana.until(lambda: ana.app.note.startswith("Written to"), "the file")

    look(scene.app(), script)
    (path,) = (scene.work_dir / "exports").glob("failed-now-*.csv")
    first, second, *_ = path.read_text(encoding="utf-8").splitlines()
    assert first == "WHY (failed now),N,RETRY,PHONES,LAST,SAMPLE"
    assert second == "adb_timeout,2,yes,2,12:03,device never appeared"


def test_a_json_export_has_the_values_behind_the_cells(scene: Scene) -> None:
    async def script(ana: Passes) -> str:
        exported = ana.screen.exported()
        assert exported is not None
        return exported.written("json")

    records = json.loads(look(scene.app(), script))
    assert [record["number"] for record in records] == [1, 2, 3]
    assert records[0]["success"] == 44


def test_a_copy_is_a_summary_for_people_and_json_the_whole_report(scene: Scene) -> None:
    async def script(ana: Passes) -> tuple[str, str]:
        return ana.screen.copied("text"), ana.screen.copied("json")

    text, record = look(scene.app(), script)
    assert text.startswith("run 1226-1027; up to 3 passes, 30s apart; ")
    assert "RUNNING at 12:04:31 UTC" in text
    assert "PASS  JOBS  OK" in text
    assert "next: 25 jobs left in pass 2" in text
    assert json.loads(record)["passes"][1]["state"] == "running"


def test_the_log_of_a_row_is_found(scene: Scene) -> None:
    async def script(ana: Passes) -> None:
        assert ana.screen.selection().time.startswith("2025-12-26T11:53:21")
        worker = await ana.focus("worker")
        worker.move_to("3")
        assert ana.screen.selection().slot == 3
        key = await ana.focus("key")
        key.move_to("acct_005")
        assert ana.screen.selection().keys == ("acct_005",)

    look(scene.app(), script, WIDE)


def test_a_report_without_anything_leaves_nothing_to_copy() -> None:
    assert PassReport().limits == ""
