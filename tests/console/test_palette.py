"""Commands by name, own keys and what leaves the cockpit: what the operator is told is true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from console import exports
from console.exports import Exported
from console.palette import TYPED, ConsoleCommands
from console.screens.help import HelpScreen
from console.screens.ledger import LedgerScreen
from console.screens.phones import PhonesScreen
from engine.config import SETTINGS_FILE, Settings
from tests.console.desk_operator import Operator
from tests.console.pilot import drive, screen_lines
from tests.console.scene import Scene, live_day

T = TypeVar("T")


def at_desk(
    scene: Scene, script: Callable[[Operator], Awaitable[T]], size: tuple[int, int] = (80, 24)
) -> T:
    async def run(pilot: Pilot[Any]) -> T:
        operator = Operator(pilot)
        await operator.until(lambda: operator.app.latest.overview is not None, "the first look")
        return await script(operator)

    return drive(scene.app(), run, size)


async def typed(operator: Operator, text: str) -> None:
    """Type a command into the palette and take the first one offered."""
    commands = ConsoleCommands(operator.app.screen)
    hits = [hit async for hit in commands.search(text)]
    hits[0].command()
    await operator.pilot.pause()


@pytest.fixture
def scene(tmp_path: Path) -> Any:
    with live_day(tmp_path) as scene:
        yield scene


def with_settings(scene: Scene, text: str) -> Scene:
    path = scene.work_dir / SETTINGS_FILE
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    scene.settings = Settings.load(scene.work_dir)
    return scene


# -- commands with arguments -----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["xml", "../../x", "txt"])
def test_an_export_in_a_format_that_there_is_not_writes_no_file(scene: Scene, form: str) -> None:
    async def script(operator: Operator) -> str:
        await operator.press("2")
        assert isinstance(operator.app.shown, LedgerScreen)
        ledger = operator.app.shown
        await operator.until(lambda: ledger.list.shown, "the jobs")
        await typed(operator, f"export {form}")
        await operator.until(lambda: operator.app.note, "an answer")
        return operator.app.note

    assert at_desk(scene, script) == f"{form} is no format for this; there is csv, json, md."
    assert not (scene.work_dir / exports.FOLDER).exists()


def test_phones_all_lists_those_of_others_too(scene: Scene) -> None:
    async def script(operator: Operator) -> tuple[str, int, int]:
        await typed(operator, "phones all")
        await operator.until(lambda: isinstance(operator.app.shown, PhonesScreen), "the phones")
        phones = operator.app.shown
        assert isinstance(phones, PhonesScreen)
        await operator.until(lambda: phones.table.lines, "its rows")
        return phones.bar.expression, len(phones.table.lines), len(phones.table.report.lines)

    expression, shown, known = at_desk(scene, script)
    assert expression == ""
    assert shown == known > 0


def test_phones_with_a_filter_shows_what_it_matches(scene: Scene) -> None:
    async def script(operator: Operator) -> str:
        await typed(operator, "phones is:orphan")
        await operator.until(lambda: isinstance(operator.app.shown, PhonesScreen), "the phones")
        assert isinstance(operator.app.shown, PhonesScreen)
        return operator.app.shown.bar.expression

    assert at_desk(scene, script) == "is:orphan"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("save f4 why:", "why"),
        ("save f9 why:adb_timeout", "Filters are saved under f2, f3, f4, f5."),
        ("save F4 why:adb_timeout", "F4 is now: why:adb_timeout."),
        ("save f4 is:orphan", "F4 is now: is:orphan."),
        ("workers many", "workers does not take many."),
        ("workers", "workers needs an argument"),
    ],
)
def test_what_a_command_cannot_take_is_said(scene: Scene, command: str, told: str) -> None:
    async def script(operator: Operator) -> str:
        await typed(operator, command)
        return operator.app.note

    assert told in at_desk(scene, script)


def test_a_filter_that_cannot_be_is_not_saved(scene: Scene) -> None:
    async def script(operator: Operator) -> str:
        await typed(operator, "save f4 wye:adb_timeout")
        return str(operator.app.filters["f4"])

    assert at_desk(scene, script) == "is:person"


def test_every_typed_command_has_an_example_that_begins_with_it() -> None:
    assert [one.word for one in TYPED if not one.example.startswith(f"{one.word} ")] == []


# -- own keys --------------------------------------------------------------------------------------

OWN_KEYS = """
[console.keys]
"app.stop-phones" = "f9,f10"
"app.help" = "f12"
"""


def test_footer_help_and_palette_name_the_operators_own_keys(scene: Scene) -> None:
    async def script(operator: Operator) -> tuple[str, list[str], list[str]]:
        footer = screen_lines(operator.app)[-1]
        commands = ConsoleCommands(operator.app.screen)
        offered = [str(hit.prompt) async for hit in commands.discover()]
        await operator.press("f12")
        assert isinstance(operator.app.screen, HelpScreen)
        operator.app.screen.query_one("#help-body").scroll_end(animate=False)
        await operator.pilot.pause()
        text = str(operator.app.screen.query_one(Static).render())
        return footer, offered, text.splitlines()

    footer, offered, help_lines = at_desk(with_settings(scene, OWN_KEYS), script)
    assert "f9 Stop phones" in footer
    assert "f12 Help" in footer
    assert "Stop phones  (f9)" in offered
    assert [line.split()[:2] for line in help_lines if "each seen off" in line] == [["f9", "f10"]]
    assert [line.split()[:2] for line in help_lines if "This screen's keys" in line] == [
        ["f12", "This"]
    ]


@pytest.mark.parametrize("screen", ["1", "2", "3", "4", "5"])
def test_every_screens_footer_at_80_columns_names_the_help(scene: Scene, screen: str) -> None:
    async def script(operator: Operator) -> str:
        await operator.press(screen)
        await operator.pilot.pause(0.1)
        return screen_lines(operator.app)[-1]

    assert "? Help" in at_desk(scene, script)


# -- answers and copies ----------------------------------------------------------------------------


def test_the_answer_to_an_act_is_told_on_the_next_screen_where_its_own_is_closed(
    scene: Scene,
) -> None:
    async def script(operator: Operator) -> str:
        await operator.press("2")
        await operator.until(lambda: operator.app.latest.jobs, "the jobs")
        operator.app.open_job(operator.app.latest.jobs[0].job.job_id)  # type: ignore[index]
        await operator.until(lambda: len(operator.app.screen_stack) == 2, "the job")
        operator.app.notes.text = ""
        operator.do(operator.app.desk.undo())
        operator.app.pop_screen()
        await operator.until(lambda: operator.app.note, "an answer")
        return operator.app.note

    assert at_desk(scene, script) == "There is nothing to take back."


def test_a_copy_with_half_a_character_is_sent_with_a_sign_in_its_place(scene: Scene) -> None:
    async def script(operator: Operator) -> tuple[str, str]:
        operator.do(operator.app.copy_out("half \ud83d of it"))
        await operator.until(lambda: operator.app.note, "an answer")
        return operator.app.note, operator.app.clipboard

    note, copied = at_desk(scene, script)
    assert note == "Sent to the terminal's clipboard: 12 characters."
    assert copied == "half ? of it"


def test_half_a_character_keeps_no_export_from_being_written(scene: Scene) -> None:
    exported = Exported(name="jobs", headers=["error"], rows=[["\udcff broken"]])

    async def script(operator: Operator) -> str:
        operator.do(operator.app.export(exported, "csv"))
        await operator.until(lambda: operator.app.note, "an answer")
        return operator.app.note

    assert at_desk(scene, script).startswith("Written to ")
    (path,) = (scene.work_dir / exports.FOLDER).iterdir()
    assert path.read_text(encoding="utf-8").splitlines() == ["error", "\\udcff broken"]
