"""The Logs screen by its keys, on the sample day and on logs that grow meanwhile."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot

from console.action_table import LOGS
from console.app import ConsoleApp
from console.screens.job import JobScreen
from console.screens.logs import LogsScreen
from console.screens.logs_bars import ChipsRow
from console.screens.logs_reader import LogReader
from console.wayfinding import Place
from engine.log_stream import Level
from tests.console.pilot import drive, open_at, screen_lines
from tests.console.scene import NOW, Scene, live_day

T = TypeVar("T")
JOB = "DL3kk2Rt5ye"
NARROW, WIDE = (80, 24), (160, 48)
LONG = 60.0
"""Seconds after which something never comes true, on a machine that is busy with other tests."""


def stamp(seconds_ago: float) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).isoformat(timespec="milliseconds")


def line(event: str, *, ago: float = 1.0, level: str = "info", rest: str = "") -> str:
    return f'ts={stamp(ago)} level={level} job={JOB} account=acct_052 {rest} event="{event}"\n'


TRACE = "".join(f"  at frame {number}\n" for number in range(14))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """The sample day, at whose end worker 3 could not create a session."""
    with live_day(tmp_path) as scene:
        died = line("session not created", ago=9.8, level="error", rest="attempt=2") + TRACE
        slow = line("health check slow: 9.7s", ago=9, level="warning")
        add(scene, "worker_3.log", died + slow)
        add(scene, "appium_0.log", "2025-12-26 12:04:20:449 - [HTTP] --> POST /session\n")
        yield scene


def add(scene: Scene, name: str, text: str) -> None:
    with (scene.work_dir / "logs" / name).open("a", encoding="utf-8") as file:
        file.write(text)


class Cockpit:
    """The cockpit with its Logs screen shown."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def screen(self) -> LogsScreen:
        assert isinstance(self.app.shown, LogsScreen)
        return self.app.shown

    @property
    def reader(self) -> LogReader:
        return self.screen.query_one(LogReader)

    @property
    def rows(self) -> list[str]:
        return screen_lines(self.app)

    @property
    def chips(self) -> str:
        return self.screen.query_one(ChipsRow).text

    @property
    def cursor(self) -> str:
        return next((row for row in self.rows if row.startswith(">")), "")

    async def until(self, true: Callable[[], bool]) -> None:
        """Let the cockpit go on until something is so."""
        deadline = time.monotonic() + LONG
        await self.pilot.pause()
        while not true():
            assert time.monotonic() < deadline, "\n".join(self.rows)
            await self.pilot.pause(0.01)
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*("space" if letter == " " else letter for letter in text))


def play(
    scene: Scene,
    script: Callable[[Cockpit], Awaitable[T]],
    size: tuple[int, int] = NARROW,
    *,
    observe: bool = False,
) -> T:
    app = scene.app(observe=observe)
    open_at(app, LOGS)

    async def run(pilot: Pilot[Any]) -> T:
        cockpit = Cockpit(app, pilot)
        await cockpit.until(lambda: isinstance(app.shown, LogsScreen))
        await cockpit.until(lambda: bool(cockpit.reader.lines) and "err 0" not in cockpit.chips)
        await cockpit.until(lambda: bool(cockpit.screen.figures.sources))
        return await script(cockpit)

    return drive(app, run, size)


def test_narrow_it_shows_the_newest_lines_the_chips_and_two_rows_below(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("E", "E")
        await cockpit.press("E")
        await cockpit.press("G", "up", "up", "up")
        rows = cockpit.rows
        assert rows[3].startswith(" W0 W1 W2 W3 W4 orch   level>=INFO   PAUSED   err ")
        assert rows[4] == "-" * 80
        assert any(row.startswith(" 12:04:27.000 -- INFO  worker 3 backoff") for row in rows[5:19])
        assert any("              W3       ... 14 more lines of this record" in row for row in rows)
        assert rows[19] == "-" * 80
        assert "worker_3.log:" in rows[20]
        assert f"job {JOB}" in rows[20]
        assert rows[21].startswith(" paused (0 held back), G follows again")

    play(scene, script)


def test_wide_it_has_accounts_the_record_and_the_last_hour(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("E")
        await cockpit.until(lambda: any("(g job)" in row for row in cockpit.rows))
        await cockpit.until(lambda: any("| lines/s  [" in row for row in cockpit.rows))
        rows = cockpit.rows
        assert rows[3].startswith(" [W0][W1][W2][W3][W4][orch]  appium_0 off   level>=INFO")
        assert "files" in rows[3]
        assert cockpit.cursor.startswith(">12:04:21.200  W3  ERROR  acct_052   session not")
        assert any(
            row.startswith("+- Record worker_3.log:") and ", 15 lines" in row for row in rows
        )
        assert any("|   at frame 3" in row.replace("     at", "   at") for row in rows)
        assert any("| lines/s  [" in row for row in rows)
        assert any(f"job {JOB}, attempt 2" in row for row in rows)

    play(scene, script, WIDE)


def test_new_lines_come_while_it_follows_and_are_counted_while_it_is_paused(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        add(scene, "worker_0.log", line("came while following"))
        await cockpit.until(lambda: any("came while following" in row for row in cockpit.rows))
        assert "FOLLOW" in cockpit.chips
        await cockpit.press("f")
        before = cockpit.rows[5:19]
        add(scene, "worker_0.log", line("came later", ago=0.5) * 3)
        await cockpit.until(lambda: "+3 new" in cockpit.chips)
        assert cockpit.rows[5:19] == before
        await cockpit.press("G")
        assert any("came later" in row for row in cockpit.rows)
        assert "FOLLOW" in cockpit.chips

    play(scene, script)


def test_lines_that_belong_before_others_or_to_a_record_are_put_there(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        add(scene, "worker_0.log", line("the later one", ago=0.1))
        await cockpit.until(lambda: any("the later one" in row for row in cockpit.rows))
        add(scene, "worker_1.log", line("the earlier one", ago=0.6))
        await cockpit.until(lambda: any("the earlier one" in row for row in cockpit.rows))
        add(scene, "worker_0.log", "  File one\n")
        await cockpit.until(lambda: any("... 1 more line " in row for row in cockpit.rows))
        events = [row[23:38] for row in cockpit.rows[15:19]]
        assert [event.strip() for event in events][-3:] == [
            "the earlier one",
            "the later one",
            "... 1 more line",
        ]

    play(scene, script)


def test_errors_and_warnings_are_found_by_their_keys(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("e")
        assert "ERROR session not created" in cockpit.cursor
        assert "PAUSED" in cockpit.chips
        await cockpit.press("w")
        assert "WARN  health check slow" in cockpit.cursor
        await cockpit.press("W")
        assert "No warning above this line." in cockpit.app.note
        await cockpit.press("E", "E")
        assert "ERROR device never appeared" in cockpit.cursor
        await cockpit.press("e")
        assert "ERROR session not created" in cockpit.cursor

    play(scene, script)


def test_a_search_marks_its_matches_and_can_show_them_alone(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("slash")
        await cockpit.type("never")
        await cockpit.press("enter")
        await cockpit.until(lambda: "/never " in cockpit.chips and "/never 0" not in cockpit.chips)
        hits = len(cockpit.reader.page.hits)
        await cockpit.press("n")
        assert "device never appeared" in cockpit.cursor
        first = cockpit.cursor
        await cockpit.press("N")
        assert "device never appeared" in cockpit.cursor
        assert cockpit.cursor != first
        await cockpit.press("ampersand")
        await cockpit.until(lambda: cockpit.reader.page.only)
        firsts = [one for one in cockpit.reader.record_lines if not one.below]
        assert hits < len(firsts) <= 5 * hits
        add(scene, "worker_1.log", line("never again"))
        await cockpit.until(lambda: len(cockpit.reader.page.hits) == hits + 1)
        await cockpit.press("escape")
        await cockpit.until(lambda: not cockpit.reader.page.only)
        assert "/never" in cockpit.chips
        await cockpit.press("escape")
        await cockpit.until(lambda: "/never" not in cockpit.chips)
        assert "FOLLOW" in cockpit.chips

    play(scene, script)


def test_a_wrong_pattern_says_where_it_is_wrong_and_stays_open(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("slash")
        await cockpit.type("a(b")
        await cockpit.press("enter")
        await cockpit.until(lambda: any("is no regular expression" in row for row in cockpit.rows))
        assert " / a(b" in cockpit.rows[3]
        await cockpit.press("escape")
        await cockpit.until(lambda: "level>=INFO" in cockpit.rows[3])
        await cockpit.press("n")
        assert "/ begins a search" in cockpit.app.note
        await cockpit.press("ampersand")
        assert "Search with / first" in cockpit.app.note

    play(scene, script)


def test_levels_go_round(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("v", "v")
        await cockpit.until(lambda: cockpit.reader.page.chosen.level is Level.ERROR)
        assert "level>=ERROR" in cockpit.chips
        assert {one.record.level for one in cockpit.reader.record_lines} == {Level.ERROR}
        await cockpit.press("v", "v")
        await cockpit.until(lambda: cockpit.reader.page.chosen.level is Level.INFO)

    play(scene, script)


def test_logs_are_chosen_by_name(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("a")
        await cockpit.type("3")
        await cockpit.press("enter")
        await cockpit.until(lambda: cockpit.chips.startswith(" W3   level"))
        await cockpit.until(
            lambda: {one.record.source for one in cockpit.reader.record_lines} == {"W3"}
        )
        await cockpit.press("a")
        await cockpit.type("99")
        await cockpit.press("enter")
        await cockpit.until(lambda: any("There is no log '99'" in row for row in cockpit.rows))
        await cockpit.press("escape")
        await cockpit.press("a")
        await cockpit.type("all")
        await cockpit.press("enter")
        await cockpit.until(lambda: any("--> POST /session" in row for row in cockpit.rows))

    play(scene, script)


def test_a_time_and_a_mark_are_gone_to(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("m")
        assert "No line is chosen" in cockpit.app.note
        await cockpit.press("E", "m")
        assert cockpit.cursor.startswith(">12:04:21.200*W3 ERROR")
        await cockpit.press("apostrophe")
        await cockpit.type("-1h")
        await cockpit.press("enter")
        await cockpit.until(lambda: cockpit.cursor.startswith(">11:0"))
        await cockpit.press("apostrophe", "enter")
        await cockpit.until(lambda: cockpit.cursor.startswith(">12:04:21.200*W3 ERROR"))
        await cockpit.press("apostrophe")
        await cockpit.type("noon")
        await cockpit.press("enter")
        await cockpit.until(lambda: any("is no time" in row for row in cockpit.rows))
        await cockpit.press("escape", "m")
        assert cockpit.cursor.startswith(">12:04:21.200 W3 ERROR")

    play(scene, script)


def test_a_record_opens_whole_steps_on_and_closes(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("E", "enter")
        await cockpit.until(lambda: any("at frame 9" in row for row in cockpit.rows))
        assert any("more rows" in row for row in cockpit.rows)
        await cockpit.press("end")
        assert any("at frame 13" in row for row in cockpit.rows)
        await cockpit.press("enter")
        assert "cannot be given to a pager" in cockpit.app.note
        await cockpit.press("w")
        assert any("health check slow" in row for row in cockpit.rows)
        await cockpit.press("escape")
        await cockpit.until(lambda: "WARN  health check slow" in cockpit.cursor)

    play(scene, script)


def test_long_lines_are_wrapped_or_cut(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        add(scene, "worker_0.log", line("word " * 30 + "the very end"))
        await cockpit.until(lambda: any("word word" in row for row in cockpit.rows))
        assert not any("the very end" in row for row in cockpit.rows)
        await cockpit.press("z")
        assert any("the very end" in row for row in cockpit.rows)
        await cockpit.press("z")
        assert not any("the very end" in row for row in cockpit.rows)

    play(scene, script)


def test_the_job_of_a_line_is_one_key_away_and_its_lines_another(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("g")
        assert "about no job" in cockpit.app.note
        await cockpit.press("E", "l")
        await cockpit.until(lambda: len(cockpit.reader.record_lines) == 3)
        assert f"job {JOB}" in cockpit.chips
        await cockpit.press("l")
        await cockpit.until(lambda: len(cockpit.reader.record_lines) > 3)
        await cockpit.press("g")
        await cockpit.until(lambda: isinstance(cockpit.app.screen, JobScreen))

    play(scene, script)


def test_a_record_is_copied_and_what_is_shown_is_saved(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("E", "y")
        await cockpit.until(lambda: "Sent to" in cockpit.app.note)
        assert cockpit.app.clipboard.splitlines()[-1] == "  at frame 13"
        assert "session not created" in cockpit.app.clipboard
        await cockpit.press("Y")
        await cockpit.until(lambda: cockpit.app.clipboard.startswith("{"))
        assert f'"job": "{JOB}"' in cockpit.app.clipboard
        await cockpit.press("x")
        await cockpit.until(lambda: "Written to" in cockpit.app.note)
        [path] = (scene.work_dir / "exports").iterdir()
        assert path.suffix == ".txt"
        assert "  at frame 13\n" in path.read_text(encoding="utf-8")

    play(scene, script)


def test_times_are_written_in_three_ways(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("t")
        assert any(row.startswith("         0:09 W3 ERROR") for row in cockpit.rows)
        await cockpit.press("t")
        assert any("+1:37:11 W3 ERROR" in row for row in cockpit.rows)
        await cockpit.press("t", "ctrl+r")
        await cockpit.until(lambda: any("12:04:21.200 W3" in row for row in cockpit.rows))

    play(scene, script)


@pytest.mark.parametrize(
    ("place", "cursor"),
    [
        (Place(job=JOB), "ERROR session not created"),
        (Place(time=NOW - timedelta(seconds=9.9)), "ERROR session not created"),
        (Place(file="orchestrator.log", line=1), "worker 3 backoff"),
    ],
    ids=["job", "time", "line"],
)
def test_other_screens_lead_to_a_place(scene: Scene, place: Place, cursor: str) -> None:
    async def script(cockpit: Cockpit) -> None:
        cockpit.screen.go_to(place)
        await cockpit.until(lambda: cursor in cockpit.cursor)

    play(scene, script)


def test_other_screens_lead_to_one_log_or_to_a_sentence(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        cockpit.screen.go_to(Place(source="W2"))
        await cockpit.until(lambda: cockpit.chips.startswith(" W2   level>=INFO"))
        cockpit.screen.go_to(Place(job="nowhere"))
        await cockpit.until(lambda: "No line about job nowhere" in cockpit.app.note)
        cockpit.screen.go_to(Place(file="worker_9.log", line=3))
        await cockpit.until(lambda: "worker_9.log:3 is not among" in cockpit.app.note)

    play(scene, script)


def test_above_the_first_line_older_ones_are_read_from_disk(scene: Scene) -> None:
    path = scene.work_dir / "logs" / "worker_7.log"
    many = "".join(line(f"step {n}", ago=60_000 - n) for n in range(9_000))
    path.write_text(many, encoding="utf-8")

    async def script(cockpit: Cockpit) -> None:
        first = cockpit.reader.record_lines[0].record
        assert not first.text.endswith("step 0")
        await cockpit.press("home", "up")
        await cockpit.until(lambda: "older records are above" in cockpit.app.note)
        lines = cockpit.reader.record_lines
        assert lines[0].record.place < first.place
        numbers = [int(one.record.text[5:]) for one in lines if one.record.source == "W7"]
        assert numbers == list(range(numbers[0], 9_000))
        cockpit.screen.go_to(Place(time=NOW - timedelta(seconds=59_990)))
        await cockpit.until(lambda: "step 10" in cockpit.cursor)

    play(scene, script)


def test_what_came_while_another_screen_was_shown_is_there(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("E")
        place = cockpit.cursor
        await cockpit.press("1")
        add(scene, "worker_0.log", line("nobody saw it come"))
        await cockpit.press("3")
        await cockpit.until(lambda: "nobody saw" in cockpit.reader.lines[-1].raw)
        assert cockpit.cursor == place
        await cockpit.press("G")
        assert any("nobody saw it come" in row for row in cockpit.rows)

    play(scene, script)


def test_no_logs_and_nothing_that_fits_are_sentences(tmp_path: Path) -> None:
    with live_day(tmp_path) as scene:
        for path in (scene.work_dir / "logs").iterdir():
            path.unlink()
        (scene.work_dir / "logs").rmdir()
        app = scene.app()

        async def script(pilot: Pilot[Any]) -> None:
            cockpit = Cockpit(app, pilot)
            await pilot.press("3")
            await cockpit.until(lambda: any("There are no logs yet" in row for row in cockpit.rows))
            await cockpit.press("up", "enter", "e", "g", "y", "x", "m", "home", "v", "E")
            (scene.work_dir / "logs").mkdir()
            add(scene, "worker_0.log", line("something begins", level="warning"))
            await cockpit.until(lambda: any("something begins" in row for row in cockpit.rows))
            assert not any("There are no logs" in row for row in cockpit.rows)
            await cockpit.press("v")
            await cockpit.until(
                lambda: any("Nothing here is level>=ERR" in r for r in cockpit.rows)
            )

        drive(app, script, NARROW)


def test_rotation_and_truncation_are_lines_and_lose_nothing_after(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        path = scene.work_dir / "logs" / "worker_1.log"
        path.rename(path.with_name("worker_1.log.1"))
        add(scene, "worker_1.log", line("after the rotation"))
        await cockpit.until(lambda: any("after the rotation" in row for row in cockpit.rows))
        assert any("W1       -- rotated" in row for row in cockpit.rows)

    play(scene, script)


HOSTILE = (
    "[/b] //*[@text='Next'] \x1b]52;c;AAAA\x07 \x1b[31mred\x1b[0m \x9b2J 漢字 \u202e e\u0301 "
    "[bold]x[/]"
)


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "160x48"])
def test_hostile_lines_are_shown_as_they_are(scene: Scene, size: tuple[int, int]) -> None:
    async def script(cockpit: Cockpit) -> None:
        hostile = f'ts={stamp(1)} level=error job=[/x] account=\x1b[1m event="{HOSTILE}"\n'
        add(scene, "worker_0.log", f"{hostile}  {HOSTILE}\n")
        with (scene.work_dir / "logs" / "odd.log").open("ab") as file:
            file.write(b"broken \xff\xfe utf-8 " + b"x" * 1_000_000 + b"\n")
        await cockpit.until(lambda: any("broken" in row for row in cockpit.rows))
        await cockpit.press("e", "E", "enter", "down", "escape", "z", "z", "y", "t", "t", "t")
        await cockpit.press("slash")
        await cockpit.type("[b")
        await cockpit.press("enter", "escape", "g")
        shown = "\n".join(cockpit.rows)
        assert "\x1b" not in shown
        assert "\x9b" not in shown

    play(scene, script, size)


def test_below_its_smallest_size_it_says_so_and_keys_work(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        assert any("80x24 shows everything" in row for row in cockpit.rows)
        await cockpit.press("f", "E", "v")
        await cockpit.until(lambda: cockpit.reader.page.chosen.level is Level.WARN)

    play(scene, script, (60, 20))


def test_observing_it_works_and_acts_on_nothing(scene: Scene) -> None:
    async def script(cockpit: Cockpit) -> None:
        await cockpit.press("E", "s", "S", "h")
        assert "session not created" in cockpit.cursor
        assert len(cockpit.app.screen_stack) == 1

    play(scene, script, observe=True)
