"""The box: its edges, its lines, the rule that it becomes, and what a change sends."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot

from console.widgets.panel import Panel
from console.widgets.row_table import Column, RowTable
from tests.console.pilot import WireApp, drive, screen_lines


class PanelApp(WireApp):
    """One panel of fixed height above one that holds a table."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    CSS = "#text { height: 5; } #around { height: 5; } .panel--bad { color: #ff0000; }"

    def __init__(self) -> None:
        super().__init__()
        self.panel = Panel(title="Failed 14", footer="enter jobs   r requeue", id="text")
        self.table = RowTable([Column("w", "W", 2), Column("state", "STATE", 8)], marks=False)

    def compose(self) -> ComposeResult:
        yield self.panel
        with Panel(title="Workers 5", id="around"):
            yield self.table

    def on_mount(self) -> None:
        self.panel.set_lines(["one", ("two", "bad"), Text.assemble("thr", ("ee", "bad")), "below"])
        self.table.set_rows(["0", "1"], lambda row, column: row if column == "w" else "job")


def test_a_wide_screen_has_boxes_with_title_and_footer() -> None:
    app = PanelApp()

    async def script(_pilot: Pilot[Any]) -> list[str]:
        return screen_lines(app)

    lines = drive(app, script, (100, 12))
    assert lines[0] == "+- Failed 14 " + "-" * 86 + "+"
    assert lines[1] == "| one" + " " * 94 + "|"
    assert lines[3] == "| three" + " " * 92 + "|"
    assert lines[4].startswith("+-----")
    assert lines[4].endswith(" enter jobs   r requeue -+")
    assert lines[5].startswith("+- Workers 5 ---")
    assert lines[6].startswith("|  W   STATE ")
    assert lines[7].startswith("| >0   job ")


def test_a_narrow_screen_has_rules() -> None:
    app = PanelApp()

    async def script(_pilot: Pilot[Any]) -> list[str]:
        return screen_lines(app)

    lines = drive(app, script, (80, 12))
    assert lines[0] == "-" * 80
    assert lines[1:5] == ["one", "two", "three", "below"]
    assert lines[5] == "-" * 80
    assert lines[7].startswith(">0")


def test_edges_come_back_when_the_window_grows() -> None:
    app = PanelApp()

    async def script(pilot: Pilot[Any]) -> str:
        await pilot.resize_terminal(120, 12)
        await pilot.pause()
        return screen_lines(app)[0]

    assert drive(app, script, (80, 12)).startswith("+- Failed 14 --")


def test_a_changed_line_sends_only_itself_up_to_the_change() -> None:
    app = PanelApp()

    async def script(pilot: Pilot[Any]) -> tuple[str, str, str]:
        await app.sent(pilot)
        app.panel.set_lines(["1ne", *app.panel.lines[1:]])
        first = await app.sent(pilot)
        app.panel.set_lines(list(app.panel.lines))
        return first, await app.sent(pilot), screen_lines(app)[1]

    first, same, line = drive(app, script, (160, 12))
    assert first.replace("\x1b[0m", "").endswith("1")  # the rest of the line is as before
    assert len(first) <= 66
    assert same == ""
    assert line.startswith("| 1ne ")


def test_a_changed_title_sends_only_its_edge() -> None:
    app = PanelApp()

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        await app.sent(pilot)
        app.panel.title = "Failed 15"
        app.panel.footer = "enter jobs"
        changed = await app.sent(pilot)
        app.panel.title = "Failed 15"
        return changed, await app.sent(pilot)

    changed, same = drive(app, script, (100, 12))
    assert "Failed 15" in changed
    assert "one" not in changed
    assert same == ""


def test_a_panel_without_a_height_is_as_high_as_its_lines() -> None:
    app = PanelApp()

    async def script(pilot: Pilot[Any]) -> tuple[int, int]:
        app.panel.styles.height = "auto"
        app.panel.set_lines(["1", "2"])
        await pilot.pause()
        few = app.panel.outer_size.height
        app.panel.set_lines([str(number) for number in range(6)])
        await pilot.pause()
        return few, app.panel.outer_size.height

    assert drive(app, script, (100, 20)) == (4, 8)


def test_hostile_text_is_shown_as_it_is_in_lines_and_edges() -> None:
    app = PanelApp()
    hostile = "[b]x[/x] [@click=app.quit]\x1b]52;c;eA==\x07 \u202e"

    async def script(pilot: Pilot[Any]) -> tuple[list[str], str]:
        app.panel.title = app.panel.footer = hostile
        app.panel.set_lines([hostile, "界" * 100, "x" * 1_000_000])
        return screen_lines(app)[:5], await app.sent(pilot)

    lines, wire = drive(app, script, (100, 12))
    shown = r"[b]x[/x] [@click=app.quit]\x1b]52;c;eA==\x07 \u202e"
    assert lines[0].startswith(f"+- {shown} -")
    assert lines[1].startswith(f"| {shown} ")
    assert lines[2].endswith("界.. |")
    assert lines[4].endswith(f" {shown} -+")
    assert "\x1b]52" not in wire


class _Room(App[None]):
    """A panel of a fixed size, whatever its border is."""

    CSS = "Panel { width: 30; height: 5; }"

    def compose(self) -> ComposeResult:
        with Vertical(classes="-narrow"):
            yield Panel(title="What", footer="enter open")


def test_a_rule_that_becomes_a_box_of_the_same_size_gets_its_words() -> None:
    app = _Room()

    async def run(pilot: Pilot[Any]) -> list[str]:
        await pilot.pause()
        assert not any("What" in line for line in screen_lines(app))
        app.query_one(Vertical).remove_class("-narrow")
        await pilot.pause()
        return screen_lines(app)

    lines = drive(app, run, (80, 24))
    assert lines[0].startswith("+- What --")
    assert "enter open" in lines[4]
