"""The Ledger, as an operator sees and steers it (console-features 6.6)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from console.action_table import LEDGER
from console.dialogs.mark_posted import MarkPosted
from console.dialogs.requeue import Requeue
from console.dialogs.reset_day import ResetDay
from console.screens.ledger import LedgerScreen
from console.screens.ledger_table import UNREAD
from console.wayfinding import base_screen
from console.widgets.panel import Panel
from engine.jobs import Claim, ErrorCategory, NewJob
from tests.console.desk_operator import Operator, a_ledger, operate
from tests.console.pilot import drive, open_at, screen_lines
from tests.console.scene import Scene, day, live_day
from tests.e2e.toy_farm import ToyFarm

T = TypeVar("T")
NARROW, WIDE = (80, 24), (160, 48)
HOSTILE = "[/b] //*[@text='Next'] \x1b]52;c;ZXZpbA==\x07 界界 \u202e"


class Reader(Operator):
    """Somebody in front of the Ledger."""

    @property
    def screen(self) -> LedgerScreen:
        screen = self.app.shown
        assert isinstance(screen, LedgerScreen)
        return screen

    @property
    def rows(self) -> list[str]:
        """Ids of the jobs, as they stand."""
        return list(self.screen.list.table.jobs)

    @property
    def here(self) -> str:
        """The row under the cursor."""
        return self.screen.list.table.cursor_key or ""

    @property
    def figures(self) -> str:
        """The row of the filter, as it is on the screen."""
        return next(line for line in self.lines if line.startswith(" / "))

    @property
    def lines(self) -> list[str]:
        return screen_lines(self.app)

    def pane(self, name: str) -> str:
        """The text of ``details`` or ``marks``."""
        return "\n".join(str(line) for line in self.screen.query_one(f"#{name}", Panel).lines)

    async def sorted(self) -> None:
        """Wait until the rows are in the order that was asked for."""
        await self.pilot.pause()
        workers = self.app.workers
        await self.until(
            lambda: all(worker.is_finished for worker in workers if worker.group == "arrange"),
            "the order",
        )
        await self.pilot.pause()

    async def typed(self, text: str) -> None:
        """Type a filter, and wait until it is taken."""
        await self.press("slash", *(_KEYS.get(letter, letter) for letter in text))
        await self.until(lambda: self.screen.list.expression == text, "the filter")
        await self.sorted()


_KEYS = {
    ":": "colon",
    "_": "underscore",
    " ": "space",
    "-": "minus",
    ",": "comma",
    "=": "equals_sign",
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as made:
        yield made


def read(
    scene: Scene,
    script: Callable[[Reader], Awaitable[T]],
    *,
    size: tuple[int, int] = NARROW,
    observe: bool = False,
    empty: bool = False,
) -> T:
    """Open the Ledger of a scene and play a script."""
    app = scene.app(observe=observe)
    open_at(app, LEDGER)

    async def run(pilot: Pilot[Any]) -> T:
        reader = Reader(pilot)
        await reader.until(lambda: app.latest.overview is not None, "the first look")
        if not empty:
            await reader.until(lambda: reader.rows, "the jobs")
        found = await script(reader)
        app.feed.close()  # no news while the test takes the screens down
        await pilot.pause()
        return found

    return drive(app, run, size)


def change(scene: Scene, slot: str = "3") -> str:
    """A worker claims the next job; its id."""
    scene.clock.moment += timedelta(seconds=20)
    claim = scene.ledger.claim(slot)
    assert isinstance(claim, Claim)
    return claim.job_id


# -- what is shown ------------------------------------------------------------------------------


def test_every_job_is_there_with_the_latest_change_first(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        assert len(ana.rows) == 82
        lines = ana.lines
        assert lines[5].split()[:8] == [
            "JOB", "ACCOUNT", "STATUS", "TRY", "NEXT", "WHEN", "v", "WHY",
        ]  # fmt: skip
        assert lines[6].startswith(f">  {ana.rows[0]}  acct_0")
        assert "82 of 82   sort: when v" in lines[3]
        moments = [line[50:55] for line in lines[6:15]]
        assert moments == sorted(moments, reverse=True)

    read(scene, script)


def test_the_wide_screen_has_the_wide_columns_the_saved_filters_and_two_panels(
    scene: Scene,
) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("f3")
        await ana.sorted()
        await ana.until(lambda: "RESULT" in ana.pane("details"), "the attempts")
        lines = ana.lines
        assert lines[5].split()[:7] == ["JOB", "ACCOUNT", "STATUS", "TRY", "NEXT", "TRY", "PASS"]
        assert lines[5].split()[-3:] == ["CLASS", "WHY", "ERROR"]
        assert "columns: wide   saved: F2 all  F3 failed  F4 person  F5 running" in lines[3]
        edge = next(line for line in lines if line.startswith("+- "))
        assert f"+- {ana.rows[0]}   acct_" in edge
        assert "again in pass 3 (~" in edge
        assert " +- Marked -" in edge

    read(scene, script, size=WIDE)


def test_glyphs_are_unicode_where_the_settings_say_so(scene: Scene) -> None:
    console = scene.settings.console.model_copy(update={"unicode_glyphs": True})
    scene.settings = scene.settings.model_copy(update={"console": console})

    async def script(ana: Reader) -> None:
        assert "▸ claimed" in ana.lines[6]

    read(scene, script)


def test_times_change_their_style_with_one_key(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        before = ana.lines[6][49:57]
        await ana.press("t")
        await ana.until(lambda: ana.lines[6][49:57] != before, "the age")
        assert "12:0" not in ana.lines[6]
        old = ana.lines[6]
        scene.clock.moment += timedelta(seconds=5)
        ana.screen.show_ages(scene.clock())
        await ana.until(lambda: ana.lines[6] != old, "an older age")

    read(scene, script)


def test_columns_go_round_from_narrow_to_wide_to_all(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        seen = []
        for _ in range(3):
            await ana.press("c")
            seen.append(ana.screen.list.table.columns[-1].key)
        assert seen == ["error", "caption", "why"]

    read(scene, script)


def test_the_details_follow_when_the_cursor_rests(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("f3")
        await ana.sorted()
        await ana.until(lambda: ana.rows[0] in ana.pane("details"), "the first row")
        await ana.press("j", "j")
        await ana.until(lambda: ana.rows[2] in ana.pane("details"), "the third row")
        assert "tries used, again in pass 3" in ana.pane("details")
        assert "log worker_" in ana.pane("details")

    read(scene, script)


# -- filter -------------------------------------------------------------------------------------


def test_typing_filters_enter_keeps_and_escape_clears(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.typed("status:failed")
        assert len(ana.rows) == 9
        await ana.press("enter")
        assert "status:failed" in ana.figures
        assert "9 of 82" in ana.figures
        await ana.press("j")
        assert ana.here == ana.rows[1], "the table has the keys again"
        await ana.press("escape")
        await ana.until(lambda: len(ana.rows) == 82, "all jobs")

    read(scene, script)


def test_a_wrong_filter_says_where_and_the_old_one_stays(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.typed("status:failed")
        assert ana.app.focused is not None
        ana.app.focused.post_message(Paste(" xyz:q"))  # typed slowly, its beginnings are filters
        await ana.until(lambda: any("xyz" in line for line in ana.lines[4:5]), "the complaint")
        assert len(ana.rows) == 9
        assert ana.screen.list.expression == "status:failed"
        await ana.press("escape")
        await ana.until(lambda: len(ana.rows) == 82, "all jobs")
        assert "xyz" not in "\n".join(ana.lines)

    read(scene, script)


def test_saved_filters_have_their_keys(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        counts = []
        for key in ("f3", "f4", "f5", "f2"):
            await ana.press(key)
            await ana.sorted()
            counts.append(len(ana.rows))
        assert counts == [9, 6, 4, 82]

    read(scene, script)


def test_other_screens_show_a_filter_or_a_job(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("1")
        ana.app.show_jobs("status:failed")
        await ana.until(lambda: isinstance(ana.app.shown, LedgerScreen) and len(ana.rows) == 9)
        hidden = next(
            line.job.job_id for line in ana.screen.list.jobs.lines if line.job.status == "success"
        )
        ana.screen.select(hidden)
        await ana.until(lambda: ana.here == hidden, "the hidden job")
        assert len(ana.rows) == 82

    read(scene, script)


def test_a_filter_that_matches_nothing_says_so(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.typed("job:nothing")
        assert "No job matches this filter: esc clears it." in ana.lines[7]

    read(scene, script)


# -- order --------------------------------------------------------------------------------------


def test_o_sorts_by_the_next_column_and_shift_o_turns_it_round(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("o")
        await ana.sorted()
        assert "sort: why ^" in ana.figures
        await ana.press("o")
        await ana.sorted()
        assert ana.rows == sorted(ana.rows)
        await ana.press("O")
        await ana.sorted()
        assert ana.rows == sorted(ana.rows, reverse=True)
        assert "sort: job v" in ana.figures

    read(scene, script)


def test_a_change_shows_in_its_row_and_moves_nothing_under_the_finger(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        ana.screen.list.sorting.idle_seconds = 3600
        await ana.press("end", "home", "j", "space", "j")
        before, here = ana.rows, ana.here
        job = change(scene)
        await ana.until(lambda: "1 moved, o to sort" in ana.figures, "the chip")
        assert (ana.rows, ana.here) == (before, here)
        assert ana.screen.list.table.marked == {before[1]}
        ana.screen.select(job)
        await ana.until(lambda: ana.here == job, "the changed job")
        assert "> claimed" in next(line for line in ana.lines if job in line)

    read(scene, script)


def test_o_puts_what_moved_in_its_place_before_it_changes_the_column(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        ana.screen.list.sorting.idle_seconds = 3600
        await ana.press("j")
        here = ana.here
        job = change(scene)
        await ana.until(lambda: "1 moved" in ana.figures, "the chip")
        await ana.press("o")
        await ana.until(lambda: ana.rows[0] == job, "the order")
        assert ana.here == here
        assert "sort: when v" in ana.figures

    read(scene, script)


def test_rows_move_by_themselves_when_the_hands_rest(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        ana.screen.list.sorting.idle_seconds = 0
        job = change(scene)
        await ana.until(lambda: ana.rows[0] == job, "the order")
        assert "moved" not in ana.figures

    read(scene, script)


def test_many_changes_at_once_leave_cursor_scroll_marks_and_filter(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        ana.screen.list.sorting.idle_seconds = 3600
        await ana.press("f2", "end", "k", "k", "space")
        table = ana.screen.list.table
        before = (ana.here, list(table.keys_in_sight), set(table.marked))
        scene.clock.moment += timedelta(minutes=1)
        scene.ledger.skip(ana.rows)
        await ana.until(lambda: ana.screen.list.sorting.moved > 5, "the chip")
        assert (ana.here, list(table.keys_in_sight), set(table.marked)) == before

    read(scene, script)


# -- marks --------------------------------------------------------------------------------------


def test_marks_survive_the_filter_and_the_hidden_ones_are_counted(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("f3")
        await ana.sorted()
        await ana.press("space", "space")
        assert ana.here == ana.rows[2]
        await ana.until(lambda: "2 marked: 2 would run in pass 3" in ana.pane("marks"), "the pane")
        first = ana.rows[0]
        await ana.press("f4")
        await ana.sorted()
        assert "2 marked (2 not shown)" in ana.figures
        chosen = ana.screen.selection()
        assert chosen.marked
        assert first in chosen.jobs
        assert len(chosen.jobs) == len(chosen.keys) == 2

    read(scene, script)


def test_a_marks_all_that_is_shown_and_again_none(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("f3")
        await ana.sorted()
        await ana.press("A")
        assert "9 marked" in ana.figures
        await ana.press("A")
        assert "marked" not in ana.figures
        assert ana.screen.selection().jobs == (ana.here,)

    read(scene, script)


def test_marked_jobs_can_be_filtered(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("space", "space")
        marked = set(ana.screen.list.table.marked)
        await ana.typed("is:marked")
        assert set(ana.rows) == marked

    read(scene, script)


# -- rows that could not be read ----------------------------------------------------------------


def test_rows_that_could_not_be_read_are_the_last_line_and_enter_says_where(scene: Scene) -> None:
    with scene.ledger.path.open("a", encoding="utf-8") as file:
        file.write("rubbish,acct\nmore rubbish\n")

    async def script(ana: Reader) -> None:
        await ana.until(lambda: ana.screen.list.table.keys[-1] == UNREAD, "the last line")
        await ana.press("end")
        assert any(line.startswith(">  2 rows could not be read (enter)") for line in ana.lines)
        await ana.press("space", "A")
        assert UNREAD not in ana.screen.list.table.marked
        assert "82 marked" in ana.figures
        note = await ana.note_after("enter")
        assert "progress.quarantine.csv" in note

    read(scene, script)


# -- no jobs ------------------------------------------------------------------------------------


def test_without_a_ledger_it_says_how_to_get_one(tmp_path: Path) -> None:
    scene = day(tmp_path)
    scene.ledger.path.unlink()

    async def script(ana: Reader) -> None:
        await ana.until(lambda: "There are no jobs yet: s starts a run" in ana.lines[6])
        await ana.press("j", "space", "A", "o", "O", "c", "enter", "g", "l")
        assert ana.screen.selection().jobs == ()
        assert ana.screen.copied("text") == ""

    read(scene, script, empty=True)


def test_a_ledger_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    scene = day(tmp_path)
    scene.ledger.path.unlink()
    scene.ledger.path.mkdir()

    async def script(ana: Reader) -> None:
        await ana.until(lambda: "The ledger cannot be read." in ana.lines[6], "the sentence")

    read(scene, script, empty=True)


def test_a_reset_takes_the_rows_and_their_marks(tmp_path: Path) -> None:
    scene = day(tmp_path)

    async def script(ana: Reader) -> None:
        await ana.press("space", "space")
        scene.ledger.path.unlink()
        await ana.until(lambda: not ana.rows, "the empty table")
        assert not ana.screen.list.table.marked
        assert "0 of 0" in ana.figures

    read(scene, script)


# -- ways to other places -----------------------------------------------------------------------


def test_enter_opens_the_job_among_the_shown_ones(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("f3")
        await ana.sorted()
        rows, here = ana.rows, ana.here
        await ana.press("enter")
        await ana.until(lambda: ana.app.screen.__class__.__name__ == "JobScreen", "the job")
        assert getattr(ana.app.screen, "job_id", "") == here
        assert list(getattr(ana.app.screen, "among", ())) == rows

    read(scene, script)


@pytest.mark.parametrize(("key", "mode"), [("g", "phones"), ("l", "logs")])
def test_g_goes_to_the_phone_and_l_to_the_log(scene: Scene, key: str, mode: str) -> None:
    async def script(ana: Reader) -> None:
        await ana.press(key)
        await ana.until(lambda: ana.app.current_mode == mode, mode)

    read(scene, script)


def test_y_copies_the_marked_jobs_as_text_and_shift_y_as_json(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("space", "space")
        await ana.note_after("y")
        assert len(ana.app.clipboard.splitlines()) == 2
        await ana.note_after("Y")
        assert len(json.loads(ana.app.clipboard)) == 2

    read(scene, script)


def test_what_is_shown_can_be_exported(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.press("f3")
        await ana.sorted()
        shown = ana.screen.exported()
        assert shown is not None
        assert len(shown.rows) == 9
        assert shown.headers[0] == "job"
        assert len(json.loads(shown.written("json"))) == 9

    read(scene, script)


# -- keys that act -------------------------------------------------------------------------------


def test_keys_that_act_take_the_marked_jobs_or_the_one_at_the_cursor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ToyFarm.environment().items():
        monkeypatch.setenv(name, value)
    farm = ToyFarm(tmp_path)
    infra = ErrorCategory.INFRASTRUCTURE
    a_ledger(farm, j0=infra, j1=infra, j2=ErrorCategory.IN_DOUBT, j3="pending")

    async def script(operator: Operator) -> None:
        ana = Reader(operator.pilot)
        await base_screen(ana.app, LEDGER)
        await ana.until(lambda: len(ana.rows) == 4, "the jobs")
        ana.screen.select("j0")
        assert "Requeued 1 job" in await ana.note_after("r")
        assert farm.statuses()["j0"] == "retrying"
        await ana.until(lambda: "requeued 1 job" in ana.pane("marks"), "the line of undo")
        assert "taken back" in await ana.note_after("u")
        ana.screen.select("j3")
        assert "Skipped 1 job" in await ana.note_after("minus")
        await ana.until(lambda: any("- skipped" in line for line in ana.lines), "the skipped row")
        assert "Took back in 1 job" in await ana.note_after("minus")
        assert "u takes it back" in await ana.note_after("h")
        for key, dialog in (("R", Requeue), ("D", ResetDay)):
            await ana.press(key)
            await ana.dialog(dialog)
            await ana.press("escape")
        ana.screen.select("j2")
        await ana.press("P")
        await ana.dialog(MarkPosted)
        await ana.press("escape")
        await ana.press("f3")
        await ana.sorted()
        await ana.press("A")
        await ana.press("r")
        await ana.dialog(Requeue)
        assert "j0" in ana.facts
        assert "j1" in ana.facts

    operate(farm, script)


# -- hostile text and windows -------------------------------------------------------------------


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_what_a_ledger_says_is_shown_as_it_is(scene: Scene, size: tuple[int, int]) -> None:
    scene.clock.moment += timedelta(seconds=1)
    hostile = NewJob(
        job_id="H[/b]OSTILE", account="[@click=app.quit]", video_path=HOSTILE, caption=HOSTILE
    )
    scene.ledger.seed(lambda _known: [hostile])

    async def script(ana: Reader) -> None:
        await ana.until(lambda: "H[/b]OSTILE" in ana.screen.list.jobs, "the job")
        ana.screen.select("H[/b]OSTILE")
        await ana.until(lambda: "52;c" in ana.pane("details"), "the caption")
        await ana.pilot.pause()
        text = "\n".join(ana.lines)
        assert "H[/b]OSTILE" in text
        assert "//*[@text='Next'] \\x1b]52;c;ZXZpbA==\\x07" in text
        assert "\x1b" not in text

    read(scene, script, size=size)


@pytest.mark.parametrize("size", [(79, 24), (80, 23)])
def test_below_eighty_by_twenty_four_one_line_says_so_and_keys_work(
    scene: Scene, size: tuple[int, int]
) -> None:
    async def script(ana: Reader) -> None:
        assert any("80x24 shows everything" in line for line in ana.lines)
        assert not any("acct_0" in line for line in ana.lines)
        before = ana.here
        await ana.press("j")
        assert ana.here != before
        await ana.press("f3")
        await ana.until(lambda: len(ana.rows) == 9, "the filter")

    read(scene, script, size=size)


@pytest.mark.parametrize("size", [NARROW, (100, 30), (120, 24), (120, 40), WIDE])
def test_at_every_size_there_are_rows_details_marks_and_keys(
    scene: Scene, size: tuple[int, int]
) -> None:
    async def script(ana: Reader) -> None:
        panel = ana.screen.query_one("#details", Panel)
        await ana.until(lambda: ana.rows[0] in panel.title, "the details")
        await ana.pilot.pause()
        lines = ana.lines
        assert len(ana.screen.list.table.keys_in_sight) >= 8
        assert lines[-1].startswith(" space Mark  r Requeue")
        assert all(len(line) <= size[0] for line in lines)
        assert "space marks and steps down" in "\n".join(lines)

    read(scene, script, size=size)


def test_an_observer_has_no_keys_that_act(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        for action in ("requeue", "skip", "mark_posted", "reset_day", "hold", "undo"):
            assert ana.screen.check_action(action, ()) is False
        assert ana.screen.check_action("mark", ()) is True
        assert "Requeue" not in ana.lines[-1]

    read(scene, script, observe=True)
