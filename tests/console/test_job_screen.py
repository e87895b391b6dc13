"""The Job screen, as an operator sees and steers it (console-features 6.10)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image
from textual.pilot import Pilot

from console.dialogs.requeue import Requeue
from console.screens.job import JobScreen
from console.screens.job_files import FilesScreen, PictureScreen
from console.screens.ledger import LedgerScreen
from console.screens.logs import LogsScreen
from console.screens.phones import PhonesScreen
from console.widgets.row_table import RowTable
from engine.config import Settings
from engine.insight.values import JobLine
from engine.jobs import ErrorCategory, Failure, NewJob
from tests.console.desk_operator import Operator
from tests.console.pilot import drive, screen_lines
from tests.console.scene import CAMPAIGN, NOW, Scene, live_day

T = TypeVar("T")
NARROW, WIDE = (80, 24), (160, 48)
HOSTILE = "[/b] //*[@text='Next'] \x1b]52;c;ZXZpbA==\x07 界界 \u202e"


class Reader(Operator):
    """Somebody in front of a job."""

    @property
    def screen(self) -> JobScreen:
        screen = self.app.shown
        assert isinstance(screen, JobScreen)
        return screen

    @property
    def lines(self) -> list[str]:
        return screen_lines(self.app)

    @property
    def all(self) -> str:
        """Everything that is on the screen."""
        return "\n".join(self.lines)

    async def sees(self, *words: str) -> None:
        """Wait until all of these are on the screen."""
        for word in words:
            await self.until(lambda: word in self.all, repr(word))  # noqa: B023


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as made:
        yield made


def chosen(scene: Scene, wanted: Callable[[JobLine], object]) -> list[str]:
    """Ids of the jobs of a kind."""
    watch = scene.watch()
    watch.refresh()
    found = [line.job.job_id for line in watch.job_lines() if wanted(line)]
    assert found
    return found


def retryable(line: JobLine) -> bool:
    return line.glyph == "~" and line.job.attempts == 2


def read(
    scene: Scene,
    script: Callable[[Reader], Awaitable[T]],
    jobs: list[str],
    *,
    size: tuple[int, int] = NARROW,
    observe: bool = False,
) -> T:
    """Open the first of these jobs, among all of them, and play a script."""
    app = scene.app(observe=observe)

    async def run(pilot: Pilot[Any]) -> T:
        reader = Reader(pilot)
        await reader.until(lambda: app.latest.overview is not None, "the first look")
        app.open_job(jobs[0], jobs)
        await reader.sees(f"JOB {jobs[0][:6]}")
        found = await script(reader)
        app.feed.close()  # no news while the test takes the screens down
        await pilot.pause()
        return found

    return drive(app, run, size)


# -- what is shown --------------------------------------------------------------------------------


def test_a_narrow_screen_begins_like_the_mock_up(scene: Scene) -> None:
    jobs = chosen(scene, retryable)

    async def script(ana: Reader) -> list[str]:
        await ana.sees("ATTEMPT 2", "HISTORY", "video    acct_")
        return ana.lines

    lines = read(scene, script, jobs)
    assert lines[0].startswith(f" JOB {jobs[0]} ")
    assert lines[0].endswith(f"1 of {len(jobs)}   [ previous   ] next   esc back")
    rules = [place for place, line in enumerate(lines) if line == "-" * 80]
    assert rules == [1, 6, 11, 16, 19, 22]
    assert lines[7].split()[:5] == ["TRY", "PASS", "W", "CLAIMED", "PHONE"]
    assert [line[:5].split() for line in lines[8:11]] == [["1"], [">", "2"], ["3"]]
    assert lines[21].endswith("more rows: down")


def test_the_sheet_scrolls_and_its_sections_are_panes(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.sees("more rows")
        top = ana.lines[2]
        await ana.press("end")
        assert "around the failure" in ana.all
        await ana.press("home")
        assert ana.lines[2] == top
        await ana.press("tab")
        assert ana.lines[2].startswith(" TRY PASS")
        await ana.press("shift+tab")
        assert ana.lines[2] == top
        await ana.press("shift+tab")
        assert "WHAT HAPPENS NEXT" in ana.all
        await ana.press("pageup", "k", "up", "j")
        assert "more rows" in ana.all

    read(scene, script, chosen(scene, retryable))


def test_a_wide_and_tall_screen_has_boxes(scene: Scene) -> None:
    jobs = chosen(scene, retryable)

    async def script(ana: Reader) -> list[str]:
        await ana.sees("around the failure", "usual (30 days)", "remedy", "again in pass 3")
        await ana.sees("+- What --", "+- Attempts --", "+- Attempt 2: error --")
        return ana.lines

    lines = read(scene, script, jobs, size=WIDE)
    assert lines[2].startswith("+- What --")
    assert "+- What happens next --" in lines[2]
    assert lines[12].startswith("+- Attempts --")
    assert any(line.startswith("+- Attempt 2: error --") for line in lines)
    assert any("ERROR  acct_" in line for line in lines)
    assert "2 tries used" not in lines[0]
    assert "2 of 3 tries used, again in pass 3" in lines[0]
    assert all(len(line) <= 160 for line in lines)


def test_other_sizes_are_shown_too_and_follow_the_window(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.sees("ATTEMPT 2")
        await ana.pilot.resize_terminal(120, 40)
        await ana.sees("+- Attempts", "(checked 12:04:31)")
        await ana.pilot.resize_terminal(110, 30)
        await ana.sees("WHAT HAPPENS NEXT")
        await ana.pilot.resize_terminal(60, 20)
        await ana.sees("This window is 60x20")

    read(scene, script, chosen(scene, retryable))


def test_a_job_under_way_is_followed_to_its_end(scene: Scene) -> None:
    claim = scene.under_way[1]

    async def script(ana: Reader) -> None:
        await ana.sees("boot, 0:39")
        scene.clock.moment = NOW + timedelta(seconds=5)
        await ana.sees("boot, 0:44")
        failure = Failure(
            error="adb went away",
            category=ErrorCategory.INFRASTRUCTURE,
            error_type="adb_timeout",
        )
        scene.ledger.fail(claim, failure)
        await ana.sees("adb went away")
        assert "boot, 0:44" not in ana.all

    read(scene, script, [claim.job_id])


def test_the_whole_caption_is_one_key_away(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.sees("(c all)")
        await ana.press("c")
        assert "(c all)" not in ana.all
        assert "Friday." in ana.all
        await ana.press("c")
        assert "(c all)" in ana.all

    read(scene, script, chosen(scene, retryable))


def test_the_size_of_a_video_that_is_there_is_told(scene: Scene) -> None:
    jobs = chosen(scene, retryable)
    video = scene.ledger.jobs()[jobs[0]].video_path
    path = scene.work_dir / video
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x" * 14_200)

    async def script(ana: Reader) -> None:
        await ana.sees("14.2 kB")

    read(scene, script, jobs)


def test_a_job_that_is_not_in_the_ledger_is_a_sentence(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.sees("is not in the ledger")
        for key in ("y", "x", "i", "g", "equals_sign", "c"):
            assert await ana.note_after(key)
        assert "is not in the ledger" in ana.all

    read(scene, script, ["DZ-gone"])


def test_a_job_that_a_reset_took_away_is_told(scene: Scene) -> None:
    jobs = chosen(scene, retryable)

    async def script(ana: Reader) -> None:
        await ana.sees("Attempt 2: error")
        scene.ledger.path.unlink()
        await ana.sees("is not in the ledger: the day was reset")

    read(scene, script, jobs, size=WIDE)


@pytest.mark.parametrize("size", [NARROW, (120, 40), WIDE])
def test_hostile_text_stays_text(scene: Scene, size: tuple[int, int]) -> None:
    job_id = "DX[/b]"
    new = NewJob(
        job_id=job_id,
        account="a [b]x[/b] 界",
        video_path=f"videos/{HOSTILE}.mp4",
        caption=HOSTILE * 9,
    )
    scene.ledger.seed(lambda _known: [new])

    async def script(ana: Reader) -> str:
        await ana.sees("No attempt", "[/b]")
        await ana.press("c")
        return ana.all

    shown = read(scene, script, [job_id], size=size)
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)
    assert r"\x1b]52" in shown


# -- ways -----------------------------------------------------------------------------------------


def test_one_steps_through_the_jobs_that_it_was_opened_among(scene: Scene) -> None:
    jobs = chosen(scene, retryable)[:3]

    async def script(ana: Reader) -> None:
        await ana.sees("ATTEMPT 2")
        assert "first of 3" in await ana.note_after("left_square_bracket")
        await ana.press("right_square_bracket", "right_square_bracket")
        await ana.sees(f"JOB {jobs[2]}", "3 of 3", f"evidence/{jobs[2]}")
        assert "last of 3" in await ana.note_after("right_square_bracket")
        await ana.press("left_square_bracket")
        await ana.sees(f"JOB {jobs[1]}", f"evidence/{jobs[1]}")
        assert ana.screen.selection().jobs == (jobs[1],)

    read(scene, script, jobs)


def test_a_job_that_was_opened_alone_has_no_neighbours(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        assert "[ previous" not in ana.lines[0]
        assert "opened alone" in await ana.note_after("right_square_bracket")

    read(scene, script, chosen(scene, retryable)[:1])


@pytest.mark.parametrize(
    ("key", "screen"),
    [
        ("l", LogsScreen),
        ("enter", LogsScreen),
        ("g", PhonesScreen),
        ("equals_sign", LedgerScreen),
    ],
)
def test_keys_lead_to_what_belongs_to_the_job(scene: Scene, key: str, screen: type[Any]) -> None:
    async def script(ana: Reader) -> None:
        await ana.sees("ATTEMPT 2")
        await ana.press(key)
        await ana.until(lambda: isinstance(ana.app.screen, screen), screen.__name__)
        if key == "equals_sign":
            await ana.sees("/ why:=", "adb_timeout")

    jobs = chosen(scene, lambda line: retryable(line) and line.job.error_type == "adb_timeout")
    read(scene, script, jobs)


@pytest.mark.parametrize("key", ["escape", "1"])
def test_escape_and_the_number_of_the_screen_below_lead_back(scene: Scene, key: str) -> None:
    async def script(ana: Reader) -> None:
        await ana.press(key)
        await ana.until(lambda: not isinstance(ana.app.screen, JobScreen), "the way back")

    read(scene, script, chosen(scene, retryable))


# -- acts -----------------------------------------------------------------------------------------


def test_acting_keys_act_on_this_job(scene: Scene) -> None:
    jobs = chosen(scene, lambda line: line.next == "person" and line.job.error_type == "logged_out")

    async def script(ana: Reader) -> None:
        await ana.sees("logged_out")
        assert ana.screen.selection().keys == ("acct_021",)
        await ana.press("r")
        await ana.dialog(Requeue)
        assert jobs[0] in ana.facts

    read(scene, script, jobs)


def test_who_observes_has_no_acting_keys(scene: Scene) -> None:
    async def script(ana: Reader) -> None:
        await ana.sees("ATTEMPT 2")
        assert "Requeue" not in ana.lines[-1]
        await ana.press("r")
        assert isinstance(ana.app.screen, JobScreen)

    read(scene, script, chosen(scene, retryable), observe=True)


def test_a_report_and_its_record_are_copied(scene: Scene) -> None:
    jobs = chosen(scene, retryable)

    async def script(ana: Reader) -> tuple[str, str]:
        await ana.sees("ATTEMPT 2")
        await ana.note_after("y")
        report = ana.app.clipboard
        await ana.note_after("Y")
        return report, ana.app.clipboard

    report, record = read(scene, script, jobs)
    assert report.startswith(f"Job {jobs[0]}: ~ failed, 2 of 3 tries used")
    for part in ("attempts:", "error: infrastructure/", "steps.jsonl", "log ("):
        assert part in report
    assert json.loads(record)["job"] == jobs[0]
    assert len(json.loads(record)["attempts_made"]) == 2


def test_the_attempts_are_exported(scene: Scene) -> None:
    async def script(ana: Reader) -> str:
        await ana.sees("ATTEMPT 2")
        exported = ana.screen.exported()
        assert exported is not None
        return exported.written("csv")

    assert read(scene, script, chosen(scene, retryable)).count("infrastructure") == 2


# -- evidence -------------------------------------------------------------------------------------


def kept(scene: Scene, job_id: str, name: str, content: bytes = b"\x00") -> Path:
    path = scene.work_dir / "evidence" / job_id / "2" / name
    path.write_bytes(content)
    return path


def screenshot(scene: Scene, job_id: str) -> Path:
    path = kept(scene, job_id, "screen.png")
    Image.new("RGB", (540, 960), "red").save(path)
    return path


def test_the_last_screen_is_drawn_beside_the_error(scene: Scene) -> None:
    jobs = chosen(scene, retryable)
    screenshot(scene, jobs[0])

    async def script(ana: Reader) -> None:
        await ana.sees("+- screen.png --", "▀" * 20)
        await ana.press("right_square_bracket")
        await ana.sees(f"evidence/{jobs[1]}")
        await ana.until(lambda: "▀" not in ana.all, "the picture's end")

    read(scene, script, jobs, size=WIDE)


def test_the_drawing_can_be_switched_off(scene: Scene) -> None:
    jobs = chosen(scene, retryable)
    screenshot(scene, jobs[0])
    with (scene.work_dir / "geelark.toml").open("a", encoding="utf-8") as file:
        file.write("\n[console]\nscreenshot = false\n")
    scene.settings = Settings.load(scene.work_dir, overrides={"campaign": CAMPAIGN})

    async def script(ana: Reader) -> None:
        await ana.sees("screen.png", "around the failure")
        assert "+- screen.png" not in ana.all

    read(scene, script, jobs, size=WIDE)


def test_a_broken_picture_is_a_sentence(scene: Scene) -> None:
    jobs = chosen(scene, retryable)
    kept(scene, jobs[0], "screen.png", b"no picture")

    async def script(ana: Reader) -> None:
        await ana.sees("screen.png cannot be shown")

    read(scene, script, jobs, size=WIDE)


def test_evidence_files_are_listed_opened_and_their_paths_copied(scene: Scene) -> None:
    jobs = chosen(scene, retryable)
    picture = screenshot(scene, jobs[0])
    unknown = kept(scene, jobs[0], "dump.bin")

    async def script(ana: Reader) -> None:
        await ana.sees("ATTEMPT 2")
        await ana.press("i")
        await ana.until(lambda: isinstance(ana.app.screen, FilesScreen), "the list")
        table = ana.app.screen.query_one(RowTable)
        assert table.move_to(str(picture))
        await ana.press("y")
        assert ana.app.clipboard == str(picture)
        await ana.press("enter")
        await ana.sees("▀" * 10)
        assert isinstance(ana.app.screen, PictureScreen)
        await ana.press("escape")
        assert table.move_to(str(unknown))
        await ana.press("enter")
        assert ana.app.clipboard == str(unknown)
        steps = picture.with_name("steps.jsonl")
        assert table.move_to(str(steps))
        await ana.press("enter")
        await ana.sees("cannot be given to a pager")
        assert ana.app.clipboard == str(steps)
        await ana.press("escape")
        assert isinstance(ana.app.screen, JobScreen)

    read(scene, script, jobs)


def test_a_job_without_evidence_says_so(scene: Scene) -> None:
    new = NewJob(job_id="DZ1", account="acct_new", video_path="videos/x.mp4", caption="x")
    scene.ledger.seed(lambda _known: [new])

    async def script(ana: Reader) -> None:
        await ana.sees("No attempt")
        assert "No evidence" in await ana.note_after("i")

    read(scene, script, ["DZ1"])
