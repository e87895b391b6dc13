"""The Cockpit, as an operator sees and steers it (console-features 6.1 and 6.5)."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.pilot import Pilot
from textual.screen import Screen

from console.app import ConsoleApp
from console.dialogs.requeue import Requeue
from console.dialogs.restart_worker import RestartWorker
from console.dialogs.start_run import StartRun
from console.screens.cockpit import CockpitScreen
from console.screens.help import HelpScreen
from console.screens.job import JobScreen
from console.screens.ledger import LedgerScreen
from console.screens.logs import LogsScreen
from console.screens.phones import PhonesScreen
from console.times import TimeStyle
from engine.insight.watch import Sight, Watch
from engine.log_stream import LogStream
from engine.run_state import Command
from tests.console.desk_operator import Operator
from tests.console.pilot import drive, screen_lines
from tests.console.scene import NOW, Scene, change_status, day, live_day

T = TypeVar("T")
NARROW, WIDE = (80, 24), (160, 48)
HOSTILE = "[/b] //*[@text='Next'] \x1b]52;c;ZXZpbA==\x07 界界 \u202e"


class Watcher(Operator):
    """Somebody in front of the Cockpit."""

    @property
    def screen(self) -> CockpitScreen:
        assert isinstance(self.app.shown, CockpitScreen)
        return self.app.shown

    @property
    def lines(self) -> list[str]:
        return screen_lines(self.app)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line(self, start: str) -> str:
        """The line of the screen that begins so."""
        return next((line for line in self.lines if line.strip(" |>").startswith(start)), "")

    async def focus(self, pane: str) -> None:
        """Go to a part by its key."""
        for _ in range(8):
            if self.screen.pane == pane and self.screen.focused is not None:
                return
            await self.press("tab")
        raise AssertionError(f"tab does not reach {pane}")

    async def reads(self, words: str) -> None:
        """Wait until something is on the screen."""
        await self.until(lambda: words in self.text, words)

    def follows(self) -> bool:
        """The log pane shows new lines as they come."""
        return self.screen.log_pane.following

    @property
    def on_top(self) -> Screen[Any]:
        return self.app.screen

    async def goes_to(self, screen: type[Screen[Any]], *keys: str) -> None:
        await self.press(*keys)
        await self.until(lambda: isinstance(self.app.shown, screen), screen.__name__)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as made:
        yield made


def watch(
    scene: Scene,
    script: Callable[[Watcher], Awaitable[T]],
    size: tuple[int, int] = NARROW,
    *,
    observe: bool = False,
    app: ConsoleApp | None = None,
) -> T:
    """Open the cockpit on the scene, wait until all is shown, and play a script."""
    cockpit = app or scene.app(observe=observe)

    async def run(pilot: Pilot[Any]) -> T:
        watcher = Watcher(pilot)
        await watcher.until(lambda: cockpit.latest.passes is not None, "the first look")
        await watcher.until(lambda: watcher.screen.log_pane.lines, "the log")
        await pilot.pause()
        return await script(watcher)

    return drive(cockpit, run, size)


def commands(scene: Scene) -> list[Command]:
    """What was sent to the run."""
    return scene.run_dir.take_commands(lambda _command, _why: None)


def crew(scene: Scene, count: int) -> None:
    """So many workers, made after the first one."""
    status = scene.run_dir.read_status() or {}
    first = status["workers"][0]
    change_status(scene, workers=[first | {"slot": slot} for slot in range(count)])


# -- what is seen ---------------------------------------------------------------------------------


def test_the_six_questions_are_answered_at_80_by_24_without_a_key(scene: Scene) -> None:
    async def look(watcher: Watcher) -> list[str]:
        return watcher.lines

    lines = watch(scene, look)
    text = "\n".join(lines)
    assert len(lines) == 24
    assert "RUNNING 1:37:21" in lines[0]  # alive?
    assert "66%   eta 12:45 (12:38-13:03)" in text  # how far, when done?
    assert "acct_026    confirm         !1:09    1s" in text  # who does what, for how long?
    assert "TO RETRY 3   adb_timeout 2   appium_crash 1" in text  # what fails, is it retried?
    assert "phones on 5  ~$0.21" in lines[1]  # what costs money?
    assert "! phone acct_033 is on with no job and no worker" in text  # what needs me?
    assert "W0 ERROR device never appeared" in text
    assert all(len(line) <= 80 for line in lines)


def test_ten_workers_leave_a_row_for_everything(scene: Scene) -> None:
    crew(scene, 10)

    async def look(watcher: Watcher) -> str:
        await watcher.press("end")
        return watcher.text

    text = watch(scene, look)
    assert "10/10" in text
    assert ">9  job" in text
    assert "FINAL 6" in text
    assert "! phone acct_" in text
    assert "worker 3 backoff" in text


def test_the_wide_window_has_boxes_with_everything(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        await watcher.until(lambda: "usual total" in watcher.text, "the usual times")
        return watcher.text

    text = watch(scene, look, WIDE)
    for title in ("Jobs 82", "Passes", "Workers 5", "Failed 9", "Attention 3", "All workers"):
        assert f"+- {title} " in text
    assert "ok per 10 min  10:27  2 4 8 6 6 7 3 6 2 4  12:04" in text
    assert "accounts       48 at today's cap   29 can still post" in text
    assert "money          5 phones on, est. $0.04 a minute, $0.21 today, ~$1.59 at finish" in text
    assert "forecast       4 workers 12:55   5 workers 12:45 (12:38-13:03)   6 workers" in text
    assert "to come        196 phone-min, est. $1.38; today in all 227 min, $1.59" in text
    assert "  >2    32   4      3" in text
    assert "25 to go in pass 2; pass 3 ~14 jobs; then done" in text
    assert "3 will be retried, 5 need a person, 1 a new file" in text
    assert "boot 0:44 (0:43)" in text


def test_the_notes_follow_the_cursor_to_a_worker_that_is_down(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        await watcher.press("j", "j", "j")
        return watcher.text

    assert "W3  exited: appium_crash; restart 3 at 12:04:55" in watch(scene, look, WIDE)


@pytest.mark.parametrize("size", [(100, 30), (120, 30), (119, 24), (160, 24), (200, 60)])
def test_every_size_shows_workers_failures_attention_and_log(
    scene: Scene, size: tuple[int, int]
) -> None:
    async def look(watcher: Watcher) -> list[str]:
        return watcher.lines

    lines = watch(scene, look, size)
    text = "\n".join(lines)
    assert len(lines) == size[1]
    for words in ("W  STATE", "adb_timeout", "phone acct_033", "worker 3 backoff", "Run/pause"):
        assert words in text


def test_another_size_is_laid_out_anew(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        await watcher.pilot.resize_terminal(*WIDE)
        await watcher.until(lambda: "+- Failed 9" in watcher.text, "the boxes")
        await watcher.pilot.resize_terminal(*NARROW)
        await watcher.until(lambda: "TO RETRY 3" in watcher.text, "the rules")
        return watcher.text

    text = watch(scene, look)
    assert "+- " not in text
    assert "12:04:27 -- INFO  worker 3 backoff" in text


def test_ages_go_on_between_two_looks(scene: Scene) -> None:
    async def look(watcher: Watcher) -> tuple[str, str]:
        before = watcher.line("0  job")
        scene.clock.moment = NOW + timedelta(seconds=20)
        watcher.screen.show_ages(scene.clock.moment)
        await watcher.pilot.pause()
        return before, watcher.line("0  job")

    before, after = watch(scene, look)
    assert before.split()[4:6] == ["0:09", "1s"]
    assert after.split()[4:6] == ["0:29", "!21s"]


def test_every_age_goes_on_where_times_are_ages(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        await watcher.press("t")
        scene.clock.moment = NOW + timedelta(seconds=20)
        watcher.screen.show_ages(scene.clock.moment)
        await watcher.pilot.pause()
        return watcher.text

    text = watch(scene, look, WIDE)
    assert "1:37:41 DC02fce1be0" in text
    assert "adb_timeout         2  yes            2  1:11" in text
    assert "0:24  --  INFO" in text


def test_outside_text_is_shown_as_it_is(scene: Scene) -> None:
    status = scene.run_dir.read_status() or {}
    workers = [worker | {"key": HOSTILE, "phase": HOSTILE} for worker in status["workers"]]
    change_status(scene, workers=workers)
    path = scene.work_dir / "logs" / "worker_0.log"
    moment = NOW.isoformat(timespec="milliseconds")
    with path.open("a", encoding="utf-8") as file:
        file.write(f"ts={moment} level=error worker=0 event={json.dumps(HOSTILE)}\n")

    async def look(watcher: Watcher) -> str:
        return watcher.text

    for size in (NARROW, WIDE):
        text = watch(scene, look, size)
        assert "\x1b" not in text
        assert "[/b] //*[" in text


def test_an_empty_work_directory_says_that_there_is_nothing(tmp_path: Path) -> None:
    scene = day(tmp_path)
    scene.ledger.close()
    scene.ledger.path.unlink()

    async def look(watcher: Watcher) -> str:
        await watcher.until(lambda: watcher.screen.plan is not None, "the plan")
        await watcher.pilot.pause()
        return watcher.text

    text = watch(scene, look, observe=True)
    assert "JOBS 0" in text
    assert "nothing waits for another try" in text


# -- without a run --------------------------------------------------------------------------------


def test_without_a_run_the_last_result_and_the_next_plan_are_shown(tmp_path: Path) -> None:
    scene = day(tmp_path)

    async def look(watcher: Watcher) -> str:
        await watcher.until(lambda: "accounts, 5 workers" in watcher.text, "the plan")
        return watcher.text

    text = watch(scene, look, observe=True)
    assert "NO RUN" in text
    assert "The last run began 2025-12-26 10:27:10" in text
    assert "NEXT RUN  28 jobs, 3 of them again, 28 accounts, 5 workers, up to 3 passes" in text
    assert "s or enter starts it" not in text


def test_a_run_is_offered_once_at_the_first_look(tmp_path: Path) -> None:
    scene = day(tmp_path)

    async def look(watcher: Watcher) -> bool:
        await watcher.dialog(StartRun)
        await watcher.press("escape")
        await watcher.until(lambda: not isinstance(watcher.app.screen, StartRun), "the cockpit")
        watcher.screen.show_latest()
        await watcher.pilot.pause(0.3)
        return isinstance(watcher.app.screen, StartRun)

    assert not watch(scene, look)


def test_a_run_is_offered_once_there_is_room_for_it(tmp_path: Path) -> None:
    async def look(watcher: Watcher) -> bool:
        await watcher.until(lambda: watcher.screen.plan is not None, "the plan")
        await watcher.pilot.pause()
        early = isinstance(watcher.app.screen, StartRun)
        await watcher.pilot.resize_terminal(*NARROW)
        await watcher.dialog(StartRun)
        return early

    assert not watch(day(tmp_path), look, size=(20, 5))


class LateWatch(Watch):
    """Eyes that open when they are told to."""

    opened = threading.Event()

    def refresh(self) -> Sight:
        assert self.opened.wait(30)
        return super().refresh()


def test_who_has_begun_something_else_is_not_interrupted(tmp_path: Path) -> None:
    scene = day(tmp_path)
    late = LateWatch(scene.work_dir, scene.settings, now=scene.clock)
    app = ConsoleApp(watch=late, logs=LogStream(scene.work_dir / "logs"), now=scene.clock)

    async def run(pilot: Pilot[Any]) -> bool:
        watcher = Watcher(pilot)
        await watcher.press("j")
        late.opened.set()
        screen = watcher.screen
        await watcher.until(lambda: screen.plan is not None, "the plan")
        await pilot.pause(0.3)
        return isinstance(app.screen, StartRun)

    assert not drive(app, run, NARROW)


@pytest.mark.parametrize("key", ["s", "enter"])
def test_s_and_enter_start_the_next_run(tmp_path: Path, key: str) -> None:
    scene = day(tmp_path)

    async def look(watcher: Watcher) -> None:
        await watcher.dialog(StartRun)
        await watcher.press("escape")
        await watcher.until(lambda: not isinstance(watcher.app.screen, StartRun), "the cockpit")
        await watcher.press(key)
        await watcher.dialog(StartRun)

    watch(scene, look)


def test_why_nothing_is_running_is_told(scene: Scene) -> None:
    status = scene.run_dir.read_status() or {}
    idle = {"job": "", "key": "", "phase": "", "phase_since": None, "state": "STARTING"}
    workers = [worker | idle for worker in status["workers"]]
    until = (NOW + timedelta(seconds=24)).isoformat()
    change_status(scene, state="waiting", waiting_until=until, workers=workers)

    async def look(watcher: Watcher) -> str:
        return watcher.text

    text = watch(scene, look)
    assert "WAITING 0:24" in text
    assert "Waiting for pass 3 in 0:24." in text


# -- keys -----------------------------------------------------------------------------------------


def test_enter_on_a_worker_opens_its_job(scene: Scene) -> None:
    async def look(watcher: Watcher) -> None:
        await watcher.goes_to(JobScreen, "enter")

    watch(scene, look)


def test_enter_on_a_worker_without_a_job_says_so(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        return await watcher.note_after("j", "j", "j", "enter")

    assert watch(scene, look) == "Worker 3 has no job now."


def test_hold_and_restart_are_about_the_worker_under_the_cursor(scene: Scene) -> None:
    taken: list[Command] = []

    def sent() -> list[Command]:
        taken.extend(commands(scene))
        return taken

    async def look(watcher: Watcher) -> list[Command]:
        await watcher.press("j", "j", "j", "h")
        await watcher.until(sent, "the hold")
        await watcher.press("B")
        await watcher.until(lambda: len(sent()) == 2, "the restart")
        await watcher.press("k", "B")
        await watcher.dialog(RestartWorker)
        return sent()

    hold, restart = watch(scene, look)
    assert (hold.name, hold.target) == ("hold", "worker:3")
    assert (restart.name, restart.slot) == ("restart_worker", 3)


def test_l_shows_the_log_of_the_worker_and_g_its_phone(scene: Scene) -> None:
    async def look(watcher: Watcher) -> None:
        assert watcher.screen.selection().slot == 0
        await watcher.goes_to(LogsScreen, "l")
        await watcher.goes_to(CockpitScreen, "1")
        await watcher.goes_to(PhonesScreen, "g")

    watch(scene, look)


def test_requeue_is_about_the_failures_under_the_cursor(scene: Scene) -> None:
    async def look(watcher: Watcher) -> list[Command]:
        await watcher.focus("why")
        assert len(watcher.screen.selection().jobs) == 3
        await watcher.press("j")
        assert len(watcher.screen.selection().jobs) == 6
        await watcher.press("r")
        await watcher.dialog(Requeue)
        return commands(scene)

    assert watch(scene, look) == []


def test_enter_on_failures_shows_them_in_the_ledger(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        await watcher.focus("failed-rows")
        await watcher.press("j")
        await watcher.goes_to(LedgerScreen, "enter")
        assert isinstance(watcher.app.shown, LedgerScreen)
        await watcher.until(lambda: "why:=appium_crash" in watcher.text, "the filter")
        return watcher.text

    assert "status:failed,retrying why:=appium_crash" in watch(scene, look, WIDE)


def test_types_of_failures_are_marked_sorted_and_requeued_together(scene: Scene) -> None:
    async def look(watcher: Watcher) -> tuple[int, list[str]]:
        await watcher.focus("failed-rows")
        await watcher.press("space", "space")
        chosen = watcher.screen.selection()
        assert chosen.marked
        await watcher.press("A", "o")
        return len(chosen.jobs), list(watcher.screen.failed_rows.keys)

    number, order = watch(scene, look, WIDE)
    assert number == 3
    assert [key.partition("/")[2] for key in order] == sorted(
        key.partition("/")[2] for key in order
    )


def test_the_next_issue_is_chosen_round_and_round_and_opened(scene: Scene) -> None:
    async def look(watcher: Watcher) -> list[str | None]:
        lines = watcher.screen.picks("issues")
        seen: list[str | None] = []
        for _ in range(4):
            await watcher.press("exclamation_mark")
            seen.append(lines.cursor_key)
        assert watcher.screen.selection().resources == ("P033",)
        await watcher.goes_to(PhonesScreen, "enter")
        return seen

    assert watch(scene, look) == ["orphan:P033", "people", "files", "orphan:P033"]


def test_a_dismissed_line_goes_and_the_number_with_it(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        note = await watcher.note_after("d")
        assert "acct_033" in note
        await watcher.until(lambda: "+- Attention 2" in watcher.text, "the number")
        return watcher.text

    text = watch(scene, look, WIDE)
    assert "acct_033 is on with no job" not in text.split("+- Attention")[1].split("+-")[0]


def test_the_log_pane_has_the_keys_of_a_tail(scene: Scene) -> None:
    async def look(watcher: Watcher) -> None:
        log = watcher.screen.log_pane
        await watcher.focus("log")
        await watcher.press("f")
        assert not watcher.follows()
        assert "paused, 0 held back" in watcher.text
        await watcher.press("e")
        assert watcher.screen.log_pane.record is not None
        assert watcher.screen.log_pane.record.level == "ERROR"
        first = log.cursor_key
        await watcher.press("E")
        assert log.cursor_key != first
        assert watcher.screen.selection().log_line is not None
        await watcher.press("G")
        assert watcher.follows()
        await watcher.goes_to(LogsScreen, "enter")

    watch(scene, look, WIDE)


def test_new_lines_of_workers_arrive_and_those_of_servers_do_not(scene: Scene) -> None:
    moment = NOW.isoformat(timespec="milliseconds")

    async def look(watcher: Watcher) -> str:
        logs = scene.work_dir / "logs"
        (logs / "appium_0.log").write_text("2025-12-26 12:04:31:449 - a server talks\n")
        with (logs / "worker_4.log").open("a", encoding="utf-8") as file:
            file.write(f'ts={moment} level=debug worker=4 event="a detail"\n')
            file.write(f'ts={moment} level=warning worker=4 event="upload is slow"\n')
        await watcher.until(lambda: "upload is slow" in watcher.text, "the line")
        return watcher.text

    text = watch(scene, look)
    assert "12:04:31 W4 WARN  upload is slow" in text
    assert "a server talks" not in text
    assert "a detail" not in text


def test_search_goes_to_the_ledger_or_from_the_log_to_the_logs(scene: Scene) -> None:
    async def look(watcher: Watcher) -> None:
        await watcher.goes_to(LedgerScreen, "slash")
        await watcher.press("escape")
        await watcher.goes_to(CockpitScreen, "1")
        await watcher.focus("log")
        await watcher.goes_to(LogsScreen, "slash")

    watch(scene, look)


def test_columns_order_and_times_change_by_key(scene: Scene) -> None:
    async def look(watcher: Watcher) -> None:
        assert await watcher.note_after("c") == "Workers: job, port and start."
        assert "SINCE" in watcher.line("W  STATE")
        await watcher.press("c", "c", "o", "o")
        assert watcher.screen.worker_sort == ("for", False)
        await watcher.press("O")
        assert watcher.screen.worker_sort == ("for", True)
        assert next(iter(watcher.screen.worker_rows.keys)) == "4"
        assert "can be marked" in await watcher.note_after("space")
        assert "can be marked" in await watcher.note_after("A")
        await watcher.press("t")
        assert watcher.app.time_style is TimeStyle.AGE
        assert "    0:04 -- INFO  worker 3 backoff" in watcher.text

    watch(scene, look)


def test_every_part_can_be_copied_and_exported(scene: Scene) -> None:
    async def look(watcher: Watcher) -> dict[str, tuple[str, str, str]]:
        found = {}
        for pane in ("worker-rows", "why", "issues", "log"):
            await watcher.focus(pane)
            screen = watcher.screen
            exported = screen.exported()
            assert exported is not None
            form = exported.formats[0]
            found[pane] = (screen.copied("text"), screen.copied("json"), exported.written(form))
        return found

    found = watch(scene, look)
    assert "acct_029" in found["worker-rows"][0]
    assert json.loads(found["worker-rows"][1])["key"] == "acct_029"
    assert "adb_timeout" in found["why"][0]
    assert json.loads(found["why"][1].replace("}\n{", "},{").join("[]"))[0]["count"] == 2
    assert found["issues"][0].startswith("phone acct_033")
    assert json.loads(found["issues"][1])["id"] == "orphan:P033"
    assert "worker 3 backoff" in found["log"][0]
    assert json.loads(found["log"][1])["source"] == "orch"
    assert all(written for _, _, written in found.values())


def test_who_only_observes_has_no_acting_keys(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        await watcher.press("h", "r", "R", "s", "S", "B", "u", "Q")
        await watcher.pilot.pause(0.2)
        assert watcher.app.screen is watcher.screen
        return watcher.text

    text = watch(scene, look, WIDE, observe=True)
    assert commands(scene) == []
    assert "h hold worker" not in text
    assert "S stop" not in text


def test_help_and_the_way_back(scene: Scene) -> None:
    async def look(watcher: Watcher) -> None:
        await watcher.press("question_mark")
        assert isinstance(watcher.on_top, HelpScreen)
        await watcher.press("escape")
        assert isinstance(watcher.on_top, CockpitScreen)

    watch(scene, look)


def test_what_happened_meanwhile_is_told_to_who_comes_back(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        await watcher.press("j")
        scene.clock.moment = NOW + timedelta(minutes=14)
        claim = scene.under_way[0]
        scene.ledger.mark_submitted(claim)
        scene.ledger.succeed(claim)
        await watcher.until(lambda: "since you left" in watcher.text, "the line")
        return watcher.line("since you left")

    assert "since you left at 12:04:  +1 ok" in watch(scene, look, WIDE)


def test_who_works_on_another_screen_or_in_a_dialog_has_not_left(scene: Scene) -> None:
    async def look(watcher: Watcher) -> str:
        for key in ("2", "j", "question_mark", "escape", "1"):
            scene.clock.moment += timedelta(seconds=90)
            await watcher.press(key)
        assert isinstance(watcher.on_top, CockpitScreen)
        return watcher.text

    assert "since you left" not in watch(scene, look, WIDE)


def test_a_worker_is_put_under_the_cursor_from_elsewhere(scene: Scene) -> None:
    async def look(watcher: Watcher) -> None:
        watcher.screen.select_worker(4)
        await watcher.pilot.pause()
        assert watcher.screen.selection().slot == 4
        assert watcher.line("4  job").startswith(">4")

    watch(scene, look)


# -- what it costs --------------------------------------------------------------------------------


class Wired(ConsoleApp):
    """Counts what it would send to a terminal."""

    bytes_sent = 0

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        update: object = renderable
        if isinstance(update, CompositorUpdate):
            self.bytes_sent += len(update.render_segments(self.console).encode())
        super()._display(screen, renderable)


def wired(scene: Scene) -> Wired:
    logs = LogStream(scene.work_dir / scene.settings.paths.logs)
    return Wired(watch=scene.watch(), logs=logs, now=scene.clock)


def a_second(scene: Scene, number: int) -> None:
    """What five workers and their supervisor write in a second."""
    scene.clock.moment = moment = NOW + timedelta(seconds=number)
    status = scene.run_dir.read_status() or {}
    for worker in status["workers"]:
        if worker["beat"]:
            worker["beat"] = (moment - timedelta(seconds=worker["slot"] % 3)).isoformat()
            worker["cpu_seconds"] += 0.1 + 0.01 * ((number + worker["slot"]) % 3)
            worker["memory_mb"] += number % 2
    change_status(scene, workers=status["workers"], updated_at=moment.isoformat())
    slot, stamp = number % 5, moment.isoformat(timespec="milliseconds")
    path = scene.work_dir / "logs" / f"worker_{slot}.log"
    with path.open("a", encoding="utf-8") as file:
        file.write(f'ts={stamp} level=info worker={slot} event="tapped Next ({number}, 1180)"\n')


def test_five_workers_cost_at_most_two_kilobytes_a_second(scene: Scene) -> None:
    seconds = 10
    app = wired(scene)

    async def look(watcher: Watcher) -> int:
        await watcher.pilot.pause(0.1)
        app.bytes_sent = 0
        for number in range(1, seconds + 1):
            a_second(scene, number)
            await watcher.reads(f"tapped Next ({number}, 1180)")
            watcher.screen.show_rows()
            watcher.screen.show_ages(scene.clock.moment)
            await watcher.pilot.pause()
        return app.bytes_sent

    sent = watch(scene, look, app=app)
    assert 0 < sent / seconds <= 2_000


def test_nothing_is_sent_while_nothing_happens(scene: Scene) -> None:
    app = wired(scene)

    async def look(watcher: Watcher) -> int:
        await watcher.pilot.pause(0.3)
        app.bytes_sent = 0
        await watcher.pilot.pause(1.5)
        return app.bytes_sent

    assert watch(scene, look, app=app) == 0
