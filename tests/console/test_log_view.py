"""The log on screen: following, pausing, its place over changes, and text that is not ours."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from console.widgets.log_view import LogLine, LogView
from tests.console.pilot import drive, screen_lines

T = TypeVar("T")
HEIGHT = 24


class LogApp(App[None]):
    """Nothing but a log; keeps what the log said."""

    CSS = ".log-view--match { text-style: reverse; } .log-view--error { color: red; }"

    def __init__(self, capacity: int = 1_000) -> None:
        super().__init__()
        self.log_view = LogView(capacity=capacity)
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.log_view

    def on_mount(self) -> None:
        self.log_view.focus()

    def on_log_view_cursor_moved(self, message: LogView.CursorMoved) -> None:
        self.said.append(message)

    def on_log_view_opened(self, message: LogView.Opened) -> None:
        self.said.append(message)

    def on_log_view_follow_changed(self, message: LogView.FollowChanged) -> None:
        self.said.append(message)


def line(key: int, text: str = "", level: str = "INFO") -> LogLine:
    return LogLine(key, ((text or f"line {key}", ""),), level)


def lines(*keys: int) -> list[LogLine]:
    return [line(key) for key in keys]


def shown(app: LogApp) -> list[str]:
    """The rows on screen that are not empty, without the cursor's gutter."""
    return [row[1:] for row in screen_lines(app) if row]


def play(
    script: Callable[[LogApp, Pilot[Any]], Awaitable[T]],
    *,
    first: Sequence[LogLine] = (),
    capacity: int = 1_000,
    size: tuple[int, int] = (80, HEIGHT),
) -> T:
    """Run a script with an app whose log holds ``first``."""
    app = LogApp(capacity)

    async def begin(pilot: Pilot[Any]) -> T:
        app.log_view.append(first)
        await pilot.pause()
        return await script(app, pilot)

    return drive(app, begin, size)


HUNDRED = lines(*range(100))


def test_the_newest_lines_are_shown_while_following() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        assert shown(app) == [f"line {key}" for key in range(76, 100)]
        app.log_view.append(lines(100, 101))
        await pilot.pause()
        assert shown(app) == [f"line {key}" for key in range(78, 102)]

    play(script, first=HUNDRED)


def test_a_log_shorter_than_the_view_begins_at_the_top() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        assert screen_lines(app)[:3] == [" line 0", " line 1", ""]

    play(script, first=lines(0, 1))


def test_moving_up_pauses_and_new_lines_are_counted_and_not_drawn() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("up")
        assert not app.log_view.following
        before = screen_lines(app)
        app.log_view.append(lines(*range(100, 142)))
        await pilot.pause()
        assert screen_lines(app) == before
        assert app.log_view.held_back == 42
        last = app.said[-1]
        assert isinstance(last, LogView.FollowChanged)
        assert (last.following, last.held_back) == (False, 42)

    play(script, first=HUNDRED)


def test_end_follows_again_and_holds_nothing_back() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("pageup", "pageup")
        app.log_view.append(lines(100, 101, 102))
        await pilot.press("end")
        assert app.log_view.following
        assert app.log_view.held_back == 0
        assert shown(app)[-1] == "line 102"
        assert app.log_view.cursor_key == 102

    play(script, first=HUNDRED)


def test_scrolling_down_to_the_end_follows_again() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("pageup")
        assert not app.log_view.following
        await pilot.press("pagedown")
        assert app.log_view.following

    play(script, first=HUNDRED)


def test_pausing_at_the_end_holds_the_next_line_back() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        app.log_view.following = False
        app.log_view.append(lines(100))
        await pilot.pause()
        assert shown(app)[-1] == "line 99"
        assert app.log_view.held_back == 1
        app.log_view.following = True
        await pilot.pause()
        assert shown(app)[-1] == "line 100"

    play(script, first=HUNDRED)


def test_each_change_of_following_is_told_once_whoever_made_it() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> list[tuple[bool, int]]:
        app.log_view.following = False
        await pilot.pause()
        app.log_view.append(lines(100, 101))
        await pilot.press("end", "end")
        app.log_view.pause()
        await pilot.pause()
        told = [said for said in app.said if isinstance(said, LogView.FollowChanged)]
        return [(said.following, said.held_back) for said in told]

    told = play(script, first=HUNDRED)
    assert told == [(False, 0), (False, 2), (True, 0), (False, 0)]


def test_lines_that_come_before_the_view_is_shown_are_there() -> None:
    app = LogApp()
    app.log_view.append(HUNDRED)
    app.log_view.replace(HUNDRED[:50])

    async def script(pilot: Pilot[Any]) -> list[str]:
        return shown(app)

    assert drive(app, script)[-1] == "line 49"


def test_the_wheel_scrolls_and_pauses() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot._post_mouse_events([_wheel_up()], app.log_view)
        assert not app.log_view.following
        assert shown(app)[-1] == "line 96"

    def _wheel_up() -> type[Any]:
        from textual.events import MouseScrollUp

        return MouseScrollUp

    play(script, first=HUNDRED)


def test_a_log_that_fits_cannot_be_scrolled_out_of_following_by_the_wheel() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        from textual.events import MouseScrollUp

        await pilot._post_mouse_events([MouseScrollUp], app.log_view)
        assert app.log_view.following

    play(script, first=lines(0, 1))


def test_the_cursor_moves_by_line_page_and_to_both_ends() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> list[int | None]:
        keys = []
        for key in ("up", "k", "j", "pageup", "home", "down", "G"):
            await pilot.press(key)
            keys.append(app.log_view.cursor_key)
        return keys

    assert play(script, first=HUNDRED) == [99, 98, 99, 53, 0, 1, 99]


def test_the_line_under_the_cursor_has_a_sign_and_not_only_a_colour() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("up", "up")
        assert [row for row in screen_lines(app) if row.startswith(">")] == [">line 98"]

    play(script, first=HUNDRED)


def test_enter_opens_the_line_under_the_cursor() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> list[int]:
        await pilot.press("enter", "up", "enter")
        return [said.key for said in app.said if isinstance(said, LogView.Opened)]

    assert play(script, first=HUNDRED) == [99]


def test_a_click_moves_the_cursor_and_a_double_click_opens() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.click(app.log_view, offset=(5, 3))
        assert app.log_view.cursor_key == 79
        await pilot.click(app.log_view, offset=(5, 4), times=2)
        assert [said.key for said in app.said if isinstance(said, LogView.Opened)] == [80]

    play(script, first=HUNDRED)


def test_the_cursor_is_told_once_for_each_line() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> list[int | None]:
        await pilot.press("home", "home", "down")
        return [said.key for said in app.said if isinstance(said, LogView.CursorMoved)]

    assert play(script, first=HUNDRED) == [0, 1]


def test_go_to_shows_a_line_and_pauses() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        assert app.log_view.go_to(40)
        await pilot.pause()
        assert not app.log_view.following
        assert ">line 40" in screen_lines(app)
        assert not app.log_view.go_to(4_711)
        assert app.log_view.cursor_key == 40

    play(script, first=HUNDRED)


def test_the_ring_forgets_the_oldest_lines_and_goes_on_following() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        app.log_view.append(lines(*range(100, 160)))
        await pilot.pause()
        assert [entry.key for entry in app.log_view.lines] == list(range(60, 160))
        assert shown(app)[-1] == "line 159"

    play(script, first=HUNDRED, capacity=100)


def test_a_paused_place_survives_a_full_ring() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("pageup")
        before = screen_lines(app)
        app.log_view.append(lines(*range(100, 150)))
        await pilot.pause()
        assert screen_lines(app) == before
        assert app.log_view.held_back == 50

    play(script, first=HUNDRED, capacity=100)


def test_a_pause_of_hours_keeps_memory_bounded() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("home")
        for begin in range(100, 1_000, 50):
            app.log_view.append(lines(*range(begin, begin + 50)))
        await pilot.pause()
        assert len(app.log_view.lines) == 200
        assert app.log_view.cursor_key is None
        await pilot.press("end")
        assert [entry.key for entry in app.log_view.lines] == list(range(900, 1_000))

    play(script, first=HUNDRED, capacity=100)


def test_another_filter_keeps_the_place_and_the_cursor_at_their_lines() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        app.log_view.go_to(50)
        await pilot.pause()
        row = screen_lines(app).index(">line 50")
        first = shown(app)[0]
        app.log_view.replace([entry for entry in HUNDRED if entry.key % 2 == 0])
        await pilot.pause()
        assert shown(app)[0] == first
        assert app.log_view.cursor_key == 50
        app.log_view.replace(HUNDRED)
        await pilot.pause()
        assert screen_lines(app).index(">line 50") == row

    play(script, first=HUNDRED)


def test_a_place_whose_line_is_filtered_away_goes_to_the_nearest_before_it() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        app.log_view.go_to(55)
        app.log_view.replace([entry for entry in HUNDRED if entry.key % 10 == 0] + HUNDRED[90:])
        await pilot.pause()
        assert app.log_view.cursor_key == 50

    play(script, first=HUNDRED)


def test_what_was_held_back_is_counted_anew_after_a_filter() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("home")
        more = lines(*range(100, 110))
        app.log_view.append(more)
        app.log_view.replace([*HUNDRED, *more[::2]])
        assert app.log_view.held_back == 5

    play(script, first=HUNDRED)


def test_a_filter_that_lets_nothing_through_shows_nothing() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("up", "up")
        app.log_view.replace(())
        await pilot.press("up", "down", "pageup", "pagedown", "home", "end", "enter")
        assert shown(app) == []
        assert app.log_view.cursor_key is None

    play(script, first=HUNDRED)


def test_a_late_line_appears_where_it_belongs() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        assert app.log_view.insert(line(100, "late"), before=98)
        assert not app.log_view.insert(line(101, "nowhere"), before=4_711)
        await pilot.pause()
        assert shown(app)[-3:] == ["late", "line 98", "line 99"]

    play(script, first=HUNDRED)


def test_a_late_line_above_a_paused_view_moves_nothing() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        app.log_view.go_to(50)
        await pilot.pause()
        before = screen_lines(app)
        app.log_view.insert(line(100, "late"), before=3)
        await pilot.pause()
        assert screen_lines(app) == before
        assert app.log_view.cursor_key == 50
        assert app.log_view.held_back == 1

    play(script, first=HUNDRED)


def test_a_line_that_has_grown_is_shown_anew() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        app.log_view.update_lines([line(99, "line 99 ... 14 more"), line(4_711)])
        await pilot.pause()
        assert shown(app)[-2:] == ["line 98", "line 99 ... 14 more"]
        assert len(app.log_view.lines) == 100

    play(script, first=HUNDRED)


def test_a_long_line_is_cut_with_a_mark_and_wraps_when_asked() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        assert screen_lines(app)[0] == " abcdefg.."
        app.log_view.wrap = True
        await pilot.pause()
        assert screen_lines(app)[:3] == [" abcdefghi", " jklm", " next"]
        app.log_view.wrap = False
        await pilot.pause()
        assert screen_lines(app)[:2] == [" abcdefg..", " next"]

    play(script, first=[line(0, "abcdefghijklm"), line(1, "next")], size=(10, 6))


def test_following_shows_the_last_row_of_a_wrapped_line() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        app.log_view.wrap = True
        await pilot.pause()
        assert screen_lines(app) == [" jklm", " abcdefghi", " jklm"]
        await pilot.press("up")
        assert app.log_view.cursor_key == 8
        await pilot.press("up")
        assert screen_lines(app) == [">abcdefghi", " jklm", " abcdefghi"]

    play(script, first=[line(key, "abcdefghijklm") for key in range(9)], size=(10, 3))


def test_a_wide_character_is_never_half_shown() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        assert screen_lines(app)[0] == " 日本語 .."
        app.log_view.wrap = True
        await pilot.pause()
        assert screen_lines(app)[:2] == [" 日本語日", " 本語"]

    play(script, first=[line(0, "日本語日本語")], size=(10, 4))


def test_matches_of_the_search_are_marked_and_only_those() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> str:
        app.log_view.highlight = re.compile("died|off")
        await pilot.pause()
        strip = app.screen._compositor.render_strips()[0]
        return "".join(part.text for part in strip if part.style and part.style.reverse)

    text = Text("worker died, phone off")
    text.stylize("bold", 3, 10)
    assert play(script, first=[LogLine(0, text)]) == "diedoff"


def test_a_search_does_not_look_beyond_the_edge_of_a_giant_line() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        app.log_view.highlight = re.compile("(a+)+$")  # exponential on a megabyte
        await pilot.pause()
        assert len(shown(app)) == 1

    play(script, first=[line(0, "a" * 1_000_000)], size=(20, 5))


def test_an_error_is_drawn_in_its_style() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> list[bool]:
        strips = app.screen._compositor.render_strips()[:2]
        return ["#ff0000" in str([segment.style for segment in strip]) for strip in strips]

    assert play(script, first=[line(0, "bad", "ERROR"), line(1, "good")]) == [True, False]


HOSTILE = {
    "markup": (
        "//*[@text='Next'] [adb] device [/b] [bold]x",
        "//*[@text='Next'] [adb] device [/b] [bold]x",
    ),
    "escape codes": ("a\x1b[31mred\x1b[0m\x9b2J", r"a\x1b[31mred\x1b[0m\x9b2J"),
    "clipboard": ("x\x1b]52;c;aGFjaw==\x07y", r"x\x1b]52;c;aGFjaw==\x07y"),
    "lines and tabs": ("a\nb\tc\r", r"a\nb\tc\r"),
    "right to left": (
        "\u202eevil \u05e9\u05dc\u05d5\u05dd",
        "\\u202eevil \u05e9\u05dc\u05d5\u05dd",
    ),
    "broken UTF-8": ("\udcff\ufffd", "\\udcff\ufffd"),
    "nothing": (" ", ""),
}


def test_outside_text_is_shown_as_it_is_and_obeyed_nowhere() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> list[str]:
        return [row[1:] for row in screen_lines(app)][: len(HOSTILE)]

    first = [line(key, text) for key, (text, _) in enumerate(HOSTILE.values())]
    assert play(script, first=first) == [seen for _, seen in HOSTILE.values()]


def test_outside_text_with_styles_is_obeyed_nowhere_either() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> str:
        return "".join(screen_lines(app))

    texts = [Text(text, style="bold") for text, _ in HOSTILE.values()]
    drawn = play(script, first=[LogLine(key, text) for key, text in enumerate(texts)])
    assert r"\x1b[31mred" in drawn
    assert "[bold]x" in drawn
    assert drawn.isprintable()


def test_a_line_of_a_megabyte_costs_no_more_than_its_row() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        assert all(row.endswith("..") for row in screen_lines(app)[:4])
        app.log_view.wrap = True
        await pilot.press("up", "pageup", "home", "end")
        assert len(screen_lines(app)) == HEIGHT

    giants = ["x" * 1_000_000, "\x1b" * 1_000_000, "日" * 1_000_000, "a\u0301" * 500_000]
    play(script, first=[line(key, text) for key, text in enumerate(giants)])


def test_marks_without_width_do_not_break_the_row() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        assert len(app.screen._compositor.render_strips()) == HEIGHT
        assert all(strip.cell_length == 80 for strip in app.screen._compositor.render_strips())

    texts = ["\u0301" * 100_000, "👩\u200d💻 family", "\ufe0f\ufe0f", "e\u0301" * 50]
    play(script, first=[line(key, text) for key, text in enumerate(texts)])


def test_the_line_under_the_cursor_is_copied_plain_and_whole() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> str:
        await pilot.press("up")
        return app.log_view.cursor_text

    text = LogLine(0, (("12:00 ", "dim"), ("x" * 200 + "\x1b]52;c;eA==\x07", "")))
    assert play(script, first=[text]) == "12:00 " + "x" * 200 + r"\x1b]52;c;eA==\x07"


def test_lines_that_came_while_the_screen_was_hidden_are_there_when_it_is_shown() -> None:
    class Other(Screen[None]):
        def compose(self) -> ComposeResult:
            yield Static("other")

    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await app.push_screen(Other())
        app.log_view.append(lines(*range(100, 130)))
        await pilot.pause()
        app.pop_screen()
        await pilot.pause()
        assert shown(app)[-1] == "line 129"

    play(script, first=HUNDRED)


async def _drawn(pilot: Pilot[Any], true: Callable[[], bool]) -> None:
    """A busy host draws another size some turns later."""
    for _turn in range(500):
        if true():
            return
        await pilot.pause()


def test_another_size_shows_the_end_again_or_keeps_the_paused_place() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.resize_terminal(60, 10)
        await _drawn(pilot, lambda: len(shown(app)) == 10)
        assert shown(app) == [f"line {key}" for key in range(90, 100)]
        app.log_view.go_to(40)
        await pilot.pause()
        first = shown(app)[0]
        await pilot.resize_terminal(100, 30)
        await _drawn(pilot, lambda: len(shown(app)) == 30)
        assert shown(app)[0] == first

    play(script, first=HUNDRED)


def test_clear_empties_the_log_and_follows() -> None:
    async def script(app: LogApp, pilot: Pilot[Any]) -> None:
        await pilot.press("home")
        app.log_view.clear()
        app.log_view.append(lines(7))
        await pilot.pause()
        assert shown(app) == ["line 7"]
        assert app.log_view.following

    play(script, first=HUNDRED)
