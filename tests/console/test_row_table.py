"""The table: what stays where when rows change, what is repainted, and what keys and mouse do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen

from console.widgets.row_table import Column, Drawn, RowTable
from tests.console.pilot import WireApp, drive, screen_lines

COLUMNS = [
    Column("job", "JOB", 11),
    Column("account", "ACCOUNT", 8),
    Column("status", "STATUS", 8),
    Column("try", "TRY", 4),
    Column("next", "NEXT", 6),
    Column("when", "WHEN", 6),
    Column("why", "WHY", 12, flex=True),
]
HOSTILE = [
    "//*[@text='Next'] [adb] [/b]",
    "[@click=app.quit]leave[/]",
    "[bold red]x[/bold red][/x]",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J\x1b[31m",
    "line\nbreak\r\ttab",
    "界" * 40,
    "👩\u200d🚀❤\ufe0f" * 9,
    "\u202eevil\u202c שלום",
    "\udcff broken",
    "x" * 1_000_000,
    "a" + "\u0301" * 100_000,
]


class TableApp(WireApp):
    """A table of its own rows; ``values`` overrides cells."""

    CSS = ".row-table--bad { color: #ff0000; }"

    def __init__(self, keys: Sequence[str], columns: Sequence[Column] = COLUMNS) -> None:
        super().__init__()
        self.rows = list(keys)
        self.table = RowTable(columns, placeholder="no job matches")
        self.values: dict[tuple[str, str], Drawn] = {}
        self.asked: list[str] = []
        self.moved: list[str | None] = []
        self.opened: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.set_rows(self.rows, self.cell)
        self.table.focus()

    def cell(self, row: str, column: str) -> Drawn:
        self.asked.append(row)
        return self.values.get((row, column), row if column == "job" else column[:2])

    @on(RowTable.CursorMoved)
    def note_move(self, event: RowTable.CursorMoved) -> None:
        self.moved.append(event.key)

    @on(RowTable.Opened)
    def note_opening(self, event: RowTable.Opened) -> None:
        self.opened.append(event.key)

    def shown(self) -> list[str]:
        """Marker and job of each row on the screen."""
        return [line[:14].rstrip() for line in screen_lines(self)[1:] if line]


def jobs(count: int) -> list[str]:
    return [f"j{number}" for number in range(count)]


def test_looks_as_drawn_in_the_design() -> None:
    app = TableApp(["DL3kk2Rt5ye", "DK9p0aaLm2q", "DG7qq1Lx3ma"])
    for key in app.rows:
        app.values[key, "status"] = ("~ failed", "bad")
        app.values[key, "why"] = Text("phone_error", "bad")

    async def script(pilot: Pilot[Any]) -> list[str]:
        app.table.set_sort(("when", "v"))
        await pilot.press("down")
        app.table.set_marks({"DG7qq1Lx3ma"})
        await pilot.pause()
        return screen_lines(app)

    assert drive(app, script, (80, 5)) == [
        "   JOB          ACCOUNT   STATUS    TRY   NEXT    WHEN v  WHY",
        "   DL3kk2Rt5ye  ac        ~ failed  tr    ne      wh      phone_error",
        ">  DK9p0aaLm2q  ac        ~ failed  tr    ne      wh      phone_error",
        " * DG7qq1Lx3ma  ac        ~ failed  tr    ne      wh      phone_error",
        "",
    ]


def test_keys_move_the_cursor_and_keep_it_in_sight() -> None:
    app = TableApp(jobs(100))

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        for key, expected in [
            ("down", "j1"),
            ("j", "j2"),
            ("k", "j1"),
            ("up", "j0"),
            ("up", "j0"),
            ("pagedown", "j9"),
            ("end", "j99"),
            ("pageup", "j90"),
            ("down", "j91"),
            ("home", "j0"),
        ]:
            await pilot.press(key)
            await pilot.pause()
            assert app.table.cursor_key == expected
            assert any(line == f">  {expected}" for line in app.shown())

    drive(app, script, (80, 10))
    assert app.moved == ["j0", "j1", "j2", "j1", "j0", "j9", "j99", "j90", "j91", "j0"]


def test_enter_and_double_click_open_a_row_and_a_click_moves_to_it() -> None:
    app = TableApp(jobs(100))

    async def script(pilot: Pilot[Any]) -> None:
        await pilot.press("enter")
        await pilot.click(RowTable, offset=(5, 4))
        await pilot.pause()
        assert app.table.cursor_key == "j3"
        assert app.opened == ["j0"]
        await pilot.double_click(RowTable, offset=(5, 6))
        await pilot.click(RowTable, offset=(5, 0))  # the header is no row

    drive(app, script, (80, 10))
    assert app.opened == ["j0", "j5"]
    assert app.table.cursor_key == "j5"


def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    app = TableApp(jobs(100))

    async def script(pilot: Pilot[Any]) -> list[str]:
        app.table._on_mouse_scroll_down(_wheel(app.table))
        await pilot.pause()
        return app.shown()

    shown = drive(app, script, (80, 10))
    assert shown[0] != ">  j0"
    assert app.table.cursor_key == "j0"


def _wheel(table: RowTable) -> Any:
    from textual.events import MouseScrollDown

    return MouseScrollDown(table, 5, 5, 0, 1, 0, False, False, False)


def test_cursor_marks_and_top_row_stay_when_rows_come_and_go() -> None:
    app = TableApp(jobs(100))

    async def script(pilot: Pilot[Any]) -> tuple[list[str], list[str]]:
        app.table.move_to("j50")
        app.table.toggle_mark()
        await pilot.pause()
        before = app.shown()
        rows = [f"new{number}" for number in range(7)] + [key for key in app.rows if key != "j3"]
        app.table.set_rows(rows, app.cell)
        await pilot.pause()
        return before, app.shown()

    before, after = drive(app, script, (80, 10))
    assert " * j50" in before
    assert ">  j51" in before
    assert after == before


def test_the_first_rows_stay_in_sight_when_new_ones_come_above() -> None:
    app = TableApp(jobs(20))

    async def script(pilot: Pilot[Any]) -> list[str]:
        app.table.set_rows(["new", *app.rows], app.cell)
        await pilot.pause()
        return app.shown()[:3]

    assert drive(app, script, (80, 10)) == ["   new", ">  j0", "   j1"]


def test_the_cursor_goes_to_the_nearest_row_when_its_own_has_gone() -> None:
    app = TableApp(jobs(10))

    async def script(pilot: Pilot[Any]) -> list[str | None]:
        app.table.move_to("j5")
        places: list[str | None] = []
        for gone in ({"j5"}, {"j5", "j6", "j7", "j8", "j9"}, set(jobs(10))):
            app.table.set_rows([key for key in app.rows if key not in gone], app.cell)
            places.append(app.table.cursor_key)
            await pilot.pause()
        return places

    assert drive(app, script) == ["j6", "j4", None]
    assert app.moved[-3:] == ["j6", "j4", None]


def test_marks_stay_on_rows_that_a_filter_hides() -> None:
    app = TableApp(jobs(10))

    async def script(pilot: Pilot[Any]) -> None:
        app.table.toggle_mark()
        app.table.toggle_mark()
        app.table.set_rows(["j8", "j9"], app.cell)
        app.table.mark_all_shown()
        assert app.table.marked == {"j0", "j1", "j8", "j9"}
        app.table.mark_all_shown()
        assert app.table.marked == {"j0", "j1"}
        app.table.set_rows(app.rows, app.cell)
        await pilot.pause()

    drive(app, script)
    assert app.table.marked == {"j0", "j1"}


def test_marking_steps_down_and_marking_again_takes_the_mark_away() -> None:
    app = TableApp(jobs(3))

    async def script(pilot: Pilot[Any]) -> list[str]:
        app.table.toggle_mark()
        app.table.toggle_mark()
        await pilot.press("home")
        app.table.toggle_mark()
        await pilot.pause()
        return app.shown()

    assert drive(app, script) == ["   j0", ">* j1", "   j2"]


def test_attention_is_seen_on_marked_rows_and_under_the_cursor() -> None:
    app = TableApp(jobs(3))

    async def script(pilot: Pilot[Any]) -> list[str]:
        app.table.set_marks({"j1", "j2"})
        app.table.set_attention({"j0", "j1"})
        await pilot.pause()
        return app.shown()

    assert drive(app, script) == [">! j0", " *!j1", " * j2"]


def test_an_empty_table_says_why() -> None:
    app = TableApp([])

    async def script(pilot: Pilot[Any]) -> list[str]:
        await pilot.press("down", "end", "pageup", "enter")
        app.table.toggle_mark()
        app.table.mark_all_shown()
        return screen_lines(app)

    lines = drive(app, script)
    assert lines[1] == "   no job matches"
    assert app.opened == []
    assert app.table.marked == set()


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, ["job", "account", "status", "try", "next", "when", "why"]),
        (60, ["job", "account", "status", "try", "why"]),
        (40, ["job", "status", "why"]),
        (12, ["why"]),
        (3, ["why"]),
    ],
)
def test_columns_fall_away_by_priority_and_from_the_right(width: int, expected: list[str]) -> None:
    priorities = {"job": 1, "account": 3, "try": 4, "next": 4, "when": 4}
    columns = [
        Column(
            column.key,
            column.title,
            column.width,
            flex=column.flex,
            priority=priorities.get(column.key, 0 if column.key == "why" else 2),
        )
        for column in COLUMNS
    ]
    app = TableApp(jobs(3), columns)

    async def script(_pilot: Pilot[Any]) -> list[str]:
        assert all(len(line) <= width for line in screen_lines(app))
        return list(app.table.shown_columns)

    assert drive(app, script, (width, 10)) == expected


def test_figures_stand_right_and_flexible_columns_share_the_rest() -> None:
    columns = [
        Column("job", "JOB", 4, flex=True),
        Column("n", "N", 5, "right"),
        Column("why", "WHY", 4, flex=True),
    ]
    app = TableApp(["j0"], columns)
    app.values["j0", "n"] = "42"

    async def script(pilot: Pilot[Any]) -> list[str]:
        app.table.set_sort(("n", "^"))
        await pilot.pause()
        return screen_lines(app)[:2]

    assert drive(app, script, (33, 5)) == [
        "   JOB             N^ WHY",
        ">  j0             42  wh",
    ]


def test_the_header_says_which_rows_are_in_sight() -> None:
    app = TableApp(jobs(100))

    async def script(pilot: Pilot[Any]) -> tuple[str, str]:
        before = screen_lines(app)[0]
        await pilot.press("end")
        await pilot.pause()
        return before, screen_lines(app)[0]

    before, after = drive(app, script, (84, 11))
    assert before.endswith("  1-10 of 100")
    assert after.endswith("  91-100 of 100")


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_one_changed_cell_sends_at_most_300_bytes(size: tuple[int, int]) -> None:
    app = TableApp(jobs(1000))

    async def script(pilot: Pilot[Any]) -> dict[str, int]:
        await app.sent(pilot)
        sent = {}
        for column, value in [("status", ("x failed", "bad")), ("why", "logged_out")]:
            app.values["j3", column] = value  # type: ignore[assignment]
            app.table.refresh_cells([("j3", column)])
            wire = await app.sent(pilot)
            assert (value if isinstance(value, str) else value[0]) in wire
            sent[column] = len(wire)
        return sent

    sent = drive(app, script, size)
    assert all(0 < count <= 300 for count in sent.values()), sent


def test_nothing_is_sent_for_rows_out_of_sight_or_cells_that_look_the_same() -> None:
    app = TableApp(jobs(1000))

    async def script(pilot: Pilot[Any]) -> str:
        await app.sent(pilot)
        app.values["j900", "why"] = "changed"
        app.table.refresh_cells([("j900", "why"), ("j3", "why"), ("j3", "column of another table")])
        app.table.refresh_row("j900")
        app.table.refresh_row("j4")
        app.table.set_rows(app.rows, app.cell)
        app.table.set_rows([*app.rows, "one more below"], app.cell)
        return await app.sent(pilot)

    # The header counts the rows; nothing else differs.
    sent = drive(app, script)
    assert "1-23 of 1001" in sent
    assert "j3" not in sent
    assert len(sent) < 300


def test_nothing_is_sent_while_another_screen_is_shown() -> None:
    app = TableApp(jobs(50))

    async def script(pilot: Pilot[Any]) -> tuple[str, list[str]]:
        await app.push_screen(Screen())
        await app.sent(pilot)
        app.values["j0", "why"] = "changed"
        app.table.refresh_cells([("j0", "why")])
        app.table.set_rows(app.rows[:40], app.cell)
        hidden = await app.sent(pilot)
        app.pop_screen()
        await pilot.pause()
        return hidden, screen_lines(app)

    hidden, lines = drive(app, script)
    assert hidden == ""
    assert lines[1].endswith("changed")
    assert "1-23 of 40" in lines[0]


def test_a_new_row_lays_out_nothing() -> None:
    app = TableApp(jobs(5))

    async def script(pilot: Pilot[Any]) -> str:
        await app.sent(pilot)
        app.table.set_rows([*app.rows, "new"], app.cell)
        return await app.sent(pilot)

    sent = drive(app, script)
    assert "new" in sent
    assert "j0" not in sent


def test_fifty_thousand_rows_are_set_at_once_and_only_those_in_sight_are_read() -> None:
    app = TableApp([])
    rows = jobs(50_000)

    async def script(pilot: Pilot[Any]) -> float:
        app.asked.clear()
        began = time.perf_counter()
        app.table.set_rows(rows, app.cell)
        took = time.perf_counter() - began
        await pilot.press("end")
        await pilot.pause()
        return took

    took = drive(app, script)
    assert took <= 0.05
    assert app.table.cursor_key == "j49999"
    assert set(app.asked) <= {*rows[:25], *rows[-25:]}


def test_fifty_changed_rows_move_nothing() -> None:
    app = TableApp(jobs(1000))

    async def script(pilot: Pilot[Any]) -> tuple[list[str], list[str]]:
        app.table.move_to("j500")
        app.table.toggle_mark()
        await pilot.pause()
        before = app.shown()
        for number in range(480, 530):
            app.values[f"j{number}", "why"] = "adb_timeout"
        app.table.refresh_cells([(f"j{number}", "why") for number in range(480, 530)])
        await pilot.pause()
        return before, app.shown()

    before, after = drive(app, script)
    assert after == before
    assert app.table.cursor_key == "j501"
    assert app.table.marked == {"j500"}


@pytest.mark.parametrize(
    "make", [str, Text, lambda text: (text, "bad")], ids=["str", "Text", "cell"]
)
def test_hostile_text_is_shown_as_it_is_and_obeyed_nowhere(make: Any) -> None:
    app = TableApp([f"j{number}" for number in range(len(HOSTILE))])
    for number, text in enumerate(HOSTILE):
        app.values[f"j{number}", "why"] = make(text)

    async def script(pilot: Pilot[Any]) -> tuple[list[str], str]:
        app.table.set_rows(app.rows[::-1], app.cell)
        wire = await app.sent(pilot)
        app.table.set_rows(app.rows, app.cell)
        wire += await app.sent(pilot)
        await pilot.click(RowTable, offset=(62, 2))
        return screen_lines(app), wire

    lines, wire = drive(app, script, (100, 24))
    assert lines[1].endswith("//*[@text='Next'] [adb] [/b]")
    assert "[@click=app.quit]leave[/]" in lines[2]
    assert r"\x1b]52;c;ZXZpbA==" in lines[4]
    assert lines[6].replace(r"\r", "").endswith(r"line\nbreak\ttab")  # rich drops \r from a Text
    assert "\x1b]52" not in wire
    assert "\x1b[2J" not in wire
    assert "\u202e" not in wire
    assert wire.encode("utf-8")
    assert app.is_running is False  # it ended with the test, not by the click


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters()), min_size=1, max_size=8), st.integers(5, 90))
def test_any_text_keeps_every_line_as_wide_as_the_table(texts: list[str], width: int) -> None:
    app = TableApp([f"j{number}" for number in range(len(texts))])
    for number, text in enumerate(texts):
        app.values[f"j{number}", "status"] = Text.assemble((text, "bad"), text)
        app.values[f"j{number}", "why"] = text

    async def script(_pilot: Pilot[Any]) -> set[int]:
        strips = app.screen._compositor.render_strips()
        return {sum(segment.cell_length for segment in strip) for strip in strips}

    assert drive(app, script, (width, 10)) == {width}


def test_a_table_that_is_not_displayed_sends_nothing_and_is_right_when_it_comes_back() -> None:
    app = TableApp(jobs(5))

    async def script(pilot: Pilot[Any]) -> tuple[str, list[str]]:
        app.table.display = False
        await app.sent(pilot)
        app.table.set_rows(["j4", "new"], app.cell)
        hidden = await app.sent(pilot)
        app.table.display = True
        await pilot.pause()
        return hidden, app.shown()

    assert drive(app, script) == ("", [">  j4", "   new"])


def test_rows_under_a_dialog_go_on_to_change() -> None:
    app = TableApp(jobs(2))

    async def script(pilot: Pilot[Any]) -> str:
        await app.push_screen(ModalScreen())
        await app.sent(pilot)
        app.values["j1", "why"] = "changed"
        app.table.refresh_row("j1")
        return await app.sent(pilot)

    assert "changed" in drive(app, script)


def test_another_theme_repaints_the_cells_in_its_colours() -> None:
    app = TableApp(jobs(2))
    app.values["j1", "why"] = ("changed", "bad")

    async def script(pilot: Pilot[Any]) -> str:
        await app.sent(pilot)
        app.theme = "ansi-dark"
        await pilot.pause()
        app.theme = "textual-light"
        return await app.sent(pilot)

    sent = drive(app, script)
    assert "changed" in sent
    assert "j0" in sent
