"""What settings promise about looks and sounds: lines, signs, the bell, times of other zones."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from console.alarms import Alarms
from console.app import ConsoleApp
from console.screens.help import HelpScreen
from console.screens.ledger import LedgerScreen
from console.times import expected, span
from console.widgets.row_table import RowTable
from engine.insight.values import Attention, Level
from tests.console.desk_operator import Operator
from tests.console.pilot import drive, screen_lines
from tests.console.scene import NOW, Scene, live_day
from tests.console.test_palette import with_settings

T = TypeVar("T")
SIZES = [(80, 24), (100, 30), (120, 40), (160, 48)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as scene:
        yield scene


def at_desk(
    scene: Scene, script: Callable[[Operator], Awaitable[T]], size: tuple[int, int] = (160, 48)
) -> T:
    async def run(pilot: Pilot[Any]) -> T:
        operator = Operator(pilot)
        await operator.until(lambda: operator.app.latest.overview is not None, "the first look")
        await pilot.pause(0.2)
        return await script(operator)

    return drive(scene.app(), run, size)


async def every_screen(operator: Operator) -> list[str]:
    """All lines of the five screens and of a job."""
    lines = []
    for key in ("1", "3", "4", "5", "2", "enter"):
        await operator.press(key)
        await operator.pilot.pause(0.3)
        lines += screen_lines(operator.app)
    return lines


@pytest.mark.parametrize("size", SIZES)
def test_without_a_setting_everything_is_drawn_in_ascii(
    scene: Scene, size: tuple[int, int]
) -> None:
    lines = at_desk(scene, every_screen, size)
    assert [line for line in lines if not line.isascii()] == []


def test_boxes_and_rules_are_light_lines_where_the_settings_want_them(scene: Scene) -> None:
    lines = at_desk(with_settings(scene, "\n[console]\nbox_drawing = true\n"), every_screen)
    text = "\n".join(lines)
    assert "┌─ Jobs 82 ─" in text
    assert "─" * 160 in text
    assert "+--" not in text.replace("0 +--", "")
    assert "-" * 10 not in text.replace("+" + "-" * 60, "")


def test_states_have_the_signs_that_the_settings_want(scene: Scene) -> None:
    async def script(operator: Operator) -> tuple[str, str]:
        await operator.press("2")
        await operator.pilot.pause(0.3)
        ledger = "\n".join(screen_lines(operator.app))
        await operator.press("question_mark")
        assert isinstance(operator.app.screen, HelpScreen)
        return ledger, str(operator.app.screen.query_one(Static).render())

    ledger, told = at_desk(with_settings(scene, "\n[console]\nunicode_glyphs = true\n"), script)
    assert "▸ claimed" in ledger
    assert "↻ failed" in ledger
    assert "✓                      success" in told


# -- the bell --------------------------------------------------------------------------------------


def line(name: str, level: Level = Level.ALARM) -> Attention:
    return Attention(id=name, level=level, since=None, text=name)


def test_an_alarm_rings_once_and_again_when_it_comes_back() -> None:
    alarms = Alarms()
    looks = [[], [line("a")], [line("a")], [line("a"), line("b")], [], [line("a")]]
    assert [alarms.news(look) for look in looks] == [False, True, False, True, False, True]


def test_what_is_there_at_the_first_look_and_what_only_warns_rings_not() -> None:
    alarms = Alarms()
    assert not alarms.news([line("a")])
    assert not alarms.news([line("a"), line("people", Level.WARNING)])


class Rung(ConsoleApp):
    """Counts instead of ringing."""

    rings = 0

    def bell(self) -> None:
        self.rings += 1


@pytest.mark.parametrize(("setting", "rings"), [("true", 1), ("false", 0)])
def test_the_bell_rings_for_a_new_alarm_only_where_it_is_switched_on(
    scene: Scene, setting: str, rings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from console.messages import Looked

    monkeypatch.setattr("tests.console.scene.ConsoleApp", Rung)

    async def script(operator: Operator) -> int:
        app = operator.app
        assert isinstance(app, Rung)
        sight = app.latest.sight
        assert sight is not None
        more = (*sight.overview.attention, line("orphan:new"))
        app.post_message(Looked(replace(sight, overview=replace(sight.overview, attention=more))))
        await operator.until(lambda: app.latest.sight is not sight, "the news")
        return app.rings

    assert at_desk(with_settings(scene, f"\n[console]\nbell = {setting}\n"), script) == rings


def test_what_was_dismissed_and_solved_is_told_again_when_it_comes_back(scene: Scene) -> None:
    from dataclasses import replace

    from console.messages import Looked

    async def script(operator: Operator) -> set[str]:
        app = operator.app
        await operator.press("4")
        sight = app.latest.sight
        assert sight is not None
        app.desk.dismissed.add(sight.overview.attention[0].id)
        solved = replace(sight, overview=replace(sight.overview, attention=()))
        app.post_message(Looked(solved))
        await operator.until(lambda: app.latest.sight is solved, "the news")
        return app.desk.dismissed

    assert at_desk(scene, script) == set()


# -- colours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["1", "2", "4", "5"])
def test_a_tone_has_its_colour_in_the_tables_of_every_screen(scene: Scene, key: str) -> None:
    async def script(operator: Operator) -> set[str]:
        await operator.press(key)
        await operator.pilot.pause(0.2)
        table = operator.app.screen.query(RowTable).first()
        tones = ("good", "busy", "warn", "bad")
        return {str(table.get_component_styles(f"row-table--{tone}").color.hex) for tone in tones}

    assert len(at_desk(scene, script)) == 4 - 1  # busy and warn share the accent's colour


# -- times -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_a_day_that_began_before_midnight_has_no_cut_time(
    scene: Scene, size: tuple[int, int]
) -> None:
    scene.clock.moment = NOW + timedelta(hours=12, minutes=10)
    lines = at_desk(scene, every_screen, size)
    cut = re.compile(r"\d[h:]?\.\.|\b\d\d? [A-Z][a-z]{2}\.\.")
    assert [text for text in lines if cut.search(text)] == []
    assert [text for text in lines if " 12h29m " in text]


def test_times_are_those_of_the_zone_in_the_settings(scene: Scene) -> None:
    with_settings(scene, "")
    path = scene.work_dir / "geelark.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"UTC"', '"Asia/Tokyo"'), encoding="utf-8"
    )
    scene = with_settings(scene, "")
    zone = scene.settings.zone
    fixed = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC).astimezone(zone)
    app = scene.app()
    app.now = lambda: fixed

    async def script(pilot: Pilot[Any]) -> list[str]:
        operator = Operator(pilot)
        await operator.press("2")
        assert isinstance(app.shown, LedgerScreen)
        ledger = app.shown
        await operator.until(lambda: ledger.list.shown, "the jobs")
        await pilot.pause(0.2)
        return screen_lines(app)

    lines = drive(app, script)
    assert lines[0].endswith("21:04:31 JST")
    assert " 21:03 " in lines[6]


def test_a_forecast_that_has_passed_is_no_forecast() -> None:
    assert expected(NOW - timedelta(minutes=1), NOW) == "-"
    assert expected(NOW + timedelta(minutes=1), NOW) == "12:05"
    assert expected(None, NOW) == "-"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (35_999, "9:59:59"),
        (36_000, "10h00m"),
        (44_950, "12h29m"),
        (359_999, "99h59m"),
        (360_300, "4d04h"),
    ],
)
def test_a_long_time_needs_no_seconds_and_fits_its_column(seconds: int, said: str) -> None:
    assert span(seconds) == said
    assert len(said) <= 7
