"""The filter's row: typing, keeping, clearing, what is wrong with it, and figures beside it."""

from __future__ import annotations

import asyncio
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from console.widgets.filter_bar import FilterBar
from console.widgets.row_table import Column, RowTable
from tests.console.pilot import WireApp, drive, screen_lines


class BarApp(WireApp):
    """A bar above a table that has the focus, and what the bar said."""

    def __init__(self, rest: float = 0.02) -> None:
        super().__init__()
        self.bar = FilterBar(rest=rest)
        self.said: list[tuple[str, str]] = []
        self.typed = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield self.bar
        yield RowTable([Column("job", "JOB", 11)])

    def on_mount(self) -> None:
        self.query_one(RowTable).focus()
        self.bar.show_status("14 of 82", "3 marked", "sort: when v")

    @on(FilterBar.Changed)
    @on(FilterBar.Kept)
    @on(FilterBar.Cleared)
    def note(self, event: FilterBar.Changed | FilterBar.Kept | FilterBar.Cleared) -> None:
        self.said.append((type(event).__name__, event.expression))
        self.typed.set()


def row(app: BarApp) -> str:
    return screen_lines(app)[0]


def test_looks_as_drawn_in_the_design() -> None:
    app = BarApp()

    async def script(pilot: Pilot[Any]) -> str:
        app.bar.set_expression("status:failed")
        await pilot.pause()
        return row(app)

    figures = "14 of 82   3 marked   sort: when v"
    assert drive(app, script) == " / status:failed".ljust(79 - len(figures)) + figures


def test_figures_fall_away_from_the_right_before_the_expression_is_cut() -> None:
    app = BarApp()

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        app.bar.set_expression("status:failed why:adb_timeout")
        await pilot.pause()
        before = row(app)
        await pilot.resize_terminal(36, 10)
        await pilot.pause()
        return before, row(app)

    before, after = drive(app, script, (56, 10))
    assert before.endswith("14 of 82   3 marked")
    assert after == " / status:failed why:ad..  14 of 82"


def test_typing_is_said_once_it_rests_and_enter_keeps_it() -> None:
    app = BarApp(rest=0.1)

    async def script(pilot: Pilot[Any]) -> None:
        app.bar.edit()
        await pilot.pause()
        for letter in "try>1":  # faster than any rest
            app.query_one(Input).insert_text_at_cursor(letter)
        await asyncio.wait_for(app.typed.wait(), 5)
        assert app.said == [("Changed", "try>1")]
        assert row(app).startswith(" / try>1")
        await pilot.press("enter")
        await pilot.pause()
        assert not app.bar.editing
        assert isinstance(app.focused, RowTable)

    drive(app, script)
    assert app.said == [("Changed", "try>1"), ("Kept", "try>1")]
    assert app.bar.expression == "try>1"


def test_what_is_kept_at_once_is_not_said_twice() -> None:
    app = BarApp(rest=60)

    async def script(pilot: Pilot[Any]) -> None:
        app.bar.edit()
        await pilot.pause()
        await pilot.press("a", "enter")
        await pilot.pause()

    drive(app, script)
    assert app.said == [("Kept", "a")]


def test_escape_clears_and_goes_back_to_the_table() -> None:
    app = BarApp(rest=60)

    async def script(pilot: Pilot[Any]) -> str:
        app.bar.set_expression("why:x")
        app.bar.error("no such field", 0)
        app.bar.edit()
        await pilot.pause()
        await pilot.press("y", "escape")
        await pilot.pause()
        assert isinstance(app.focused, RowTable)
        return row(app)

    assert drive(app, script).startswith(" /    ")
    assert app.said == [("Cleared", "")]
    assert app.bar.outer_size.height == 1


def test_leaving_the_input_keeps_the_expression() -> None:
    app = BarApp(rest=60)

    async def script(pilot: Pilot[Any]) -> None:
        app.bar.edit()
        await pilot.pause()
        await pilot.press("a", "tab")
        await pilot.pause()

    drive(app, script)
    assert app.said == [("Kept", "a")]
    assert not app.bar.editing


def test_the_keys_of_the_input_are_named_under_it() -> None:
    app = BarApp()

    async def script(pilot: Pilot[Any]) -> str:
        app.bar.edit()
        await pilot.pause()
        return screen_lines(app)[1]

    assert drive(app, script) == "   enter keeps   esc clears"


def test_an_error_points_at_its_place() -> None:
    app = BarApp()

    async def script(pilot: Pilot[Any]) -> list[str]:
        seen = []
        for expression, text, position in [
            ("try>1 whyy:x", "no field 'whyy'", 6),
            ("x" * 40 + " whyy:x", "no field 'whyy': why, when, worker?", 41),
            ("x" * 60 + " whyy:x", "there is no field 'whyy'; the fields are: " + "x" * 40, 61),
        ]:
            app.bar.set_expression(expression)
            app.bar.error(text, position)
            await pilot.pause()
            seen.append(screen_lines(app)[1])
        app.bar.no_error()
        await pilot.pause()
        seen.append(screen_lines(app)[1])
        return seen

    assert drive(app, script) == [
        "         ^ no field 'whyy'",
        "   no field 'whyy': why, when, worker?".ljust(44) + "^",
        "   at 62: there is no field 'whyy'; the fields are: xxxxxxxxxxxxxxxxxxxxxxxxxx..",
        "   JOB",
    ]


def test_the_cursor_does_not_blink() -> None:
    app = BarApp()

    async def script(pilot: Pilot[Any]) -> bool:
        app.bar.edit()
        await pilot.pause()
        return app.query_one(Input).cursor_blink

    assert drive(app, script) is False


def test_hostile_text_is_shown_as_it_is() -> None:
    app = BarApp(rest=60)
    hostile = "[/b] [@click=app.quit]\x1b]52;c;eA==\x07"

    async def script(pilot: Pilot[Any]) -> tuple[list[str], str]:
        app.bar.edit()
        await pilot.pause()
        app.query_one(Input).post_message(Paste(hostile + "\nsecond line"))
        app.bar.error(f"no field {hostile}", 1)
        app.bar.show_status(hostile)
        wire = await app.sent(pilot)
        editing = screen_lines(app)[:2]
        await pilot.press("enter")
        wire += await app.sent(pilot)
        app.bar.set_expression(hostile + "\n" + "x" * 1_000_000)
        return [*editing, row(app)], wire + await app.sent(pilot)

    lines, wire = drive(app, script, (120, 10))
    shown = r"[/b] [@click=app.quit]\x1b]52;c;eA==\x07"
    assert lines[0].startswith(f" / {shown}")
    assert shown in lines[1]
    assert lines[2].startswith(f" / {shown}\\n")
    assert "\x1b]52" not in wire
    assert app.said == [("Kept", shown)]


def test_a_changed_figure_sends_one_line_without_layout() -> None:
    app = BarApp()

    async def script(pilot: Pilot[Any]) -> str:
        await app.sent(pilot)
        app.bar.show_status("15 of 82", "3 marked", "sort: when v")
        return await app.sent(pilot)

    sent = drive(app, script)
    assert " / " in sent
    assert "15" in sent
    assert len(sent) < 150
