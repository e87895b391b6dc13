"""The terminal without a person: what it shows, counts and answers, and what closing it does."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.screen_model import ScreenModel
from simulator.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]

posix = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")


def drawn(*parts: str | bytes, columns: int = 20, rows: int = 5) -> list[str]:
    """The screen after these pieces were written to it."""
    return model_of(*parts, columns=columns, rows=rows).lines()


def model_of(*parts: str | bytes, columns: int = 20, rows: int = 5) -> ScreenModel:
    model = ScreenModel(columns, rows)
    for part in parts:
        model.feed(part.encode() if isinstance(part, str) else part)
    return model


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("one\r\ntwo", ["one", "two", "", "", ""]),
        ("\x1b[2;3Hhere", ["", "  here", "", "", ""]),
        ("\x1b[31;1mred\x1b[0m plain", ["red plain", "", "", "", ""]),
        ("old\x1b[2J\x1b[Hnew", ["new", "", "", "", ""]),
        ("12345\x1b[3D\x1b[K", ["12", "", "", "", ""]),
        ("12345\x1b[3G\x1b[1K", ["   45", "", "", "", ""]),
        ("12345\x1b[2G\x1b[2X", ["1  45", "", "", "", ""]),
        ("a\tb\bc", ["a       c", "", "", "", ""]),
        ("1\r\n2\r\n3\r\n4\r\n5\r\n6", ["2", "3", "4", "5", "6"]),
        ("1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[4;1H\n", ["1", "3", "4", "", "5"]),
        ("1\r\n2\r\n3\r\n4\r\n5\x1b[2;4r\x1b[2;1H\x1bM", ["1", "", "2", "3", "5"]),
        ("1\r\n2\x1b[S", ["2", "", "", "", ""]),
        ("日本\x1b[2Gx", [" x本", "", "", "", ""]),
        ("e\u0301a", ["e\u0301a", "", "", "", ""]),
        ("x" * 22, ["x" * 20, "xx", "", "", ""]),
        ("shell\x1b[?1049hfull\x1b[?1049l", ["shell", "", "", "", ""]),
        ("\x1bPquery\x1b\\\x1b(Btext", ["text", "", "", "", ""]),
    ],
)
def test_the_screen_shows_what_a_terminal_shows(written: str, seen: list[str]) -> None:
    assert drawn(written) == seen


def test_sequences_and_characters_may_come_in_pieces() -> None:
    whole = "\x1b[2;2H日本\x1b]52;c;eA==\x07\x1b[0mend".encode()
    assert drawn(*(whole[at : at + 1] for at in range(len(whole)))) == ["", " 日本end", "", "", ""]


def test_what_reaches_beyond_the_screen_is_kept() -> None:
    model = model_of("\x1b]52;c;aGFjaw==\x07\a\x1b[?25l\x1b[?1000;2004h")
    assert model.clipboard == ["c;aGFjaw=="]
    assert model.bells == 1
    assert not model.cursor_shown
    assert {"1000", "2004"} <= model.modes


def test_questions_are_answered_as_an_xterm_does() -> None:
    model = model_of("\x1b[3;4H\x1b[6n\x1b[?2026$p\x1b[c")
    assert model.answers() == b"\x1b[3;4R\x1b[?2026;0$y\x1b[?62;22c"
    assert model.answers() == b""


SCRIPT = """
import os, sys, time
size, env = os.get_terminal_size(), os.environ
print(f"size {size.columns}x{size.lines} {env['TERM']} {env['COLORTERM']}", flush=True)
for line in sys.stdin:
    word = line.strip()
    if word == "leave":
        sys.exit(7)
    while word == "work" and time.process_time() < 0.3:
        pass
    print(f"\\x1b[2J\\x1b[3;5Hheard {word}", flush=True)
"""


@pytest.fixture
def script() -> Iterator[Terminal]:
    with Terminal([sys.executable, "-c", SCRIPT], size=(70, 20)) as terminal:
        yield terminal


@posix
def test_a_program_finds_a_terminal_of_the_size_asked_for(script: Terminal) -> None:
    script.wait_for("size 70x20 xterm-256color truecolor")


@posix
def test_keys_reach_the_program_and_its_answer_is_seen_and_counted(script: Terminal) -> None:
    script.wait_for("size")
    script.quiet(0.05)
    pressed = script.send("hello", "enter")
    seen = script.wait_for("heard hello")
    assert script.screen()[2].startswith("    heard hello")
    assert 0 <= seen - pressed < 5
    script.quiet(0.05)  # the end of the line may come by itself
    assert script.bytes_between(pressed) >= len("hello\r\n\x1b[2J\x1b[3;5Hheard hello\r\n")
    assert script.bytes_between(script.quiet(0.05) + 0.001) == 0


@posix
def test_the_exit_status_is_the_programs(script: Terminal) -> None:
    script.wait_for("size")
    script.send("leave", "enter")
    assert script.wait_exit() == 7
    assert not script.alive


@posix
def test_a_missing_needle_is_told_with_the_screen(script: Terminal) -> None:
    script.wait_for("size")
    with pytest.raises(TimeoutError, match=r"does not show 'never'(.|\n)*\|size 70x20"):
        script.wait_for("never", timeout=0.05)


@posix
def test_closing_the_terminal_hangs_the_program_up(script: Terminal) -> None:
    script.wait_for("size")
    script.close_terminal()
    assert script.wait_exit() == -signal.SIGHUP


@posix
def test_memory_and_processor_time_are_the_programs(script: Terminal) -> None:
    script.wait_for("size")
    assert 1 < script.rss_mb() < 500
    script.send("work", "enter")
    script.wait_for("heard work")
    assert 0.2 <= script.cpu_seconds() < 5


@posix
def test_a_command_that_does_not_exist_ends_at_once() -> None:
    with Terminal(["/no/such/program"]) as terminal:
        assert terminal.wait_exit() == 127


APP = """
from textual.app import App
from textual.widgets import Static

class Small(App):
    BINDINGS = [("x", "change", "change"), ("q", "quit", "quit")]
    def compose(self):
        yield Static("ready 日本", id="word")
    def action_change(self):
        self.query_one("#word").update("changed")

Small().run()
"""


@pytest.fixture
def app() -> Iterator[Terminal]:
    with Terminal([sys.executable, "-c", APP]) as terminal:
        terminal.wait_for("ready 日本")
        yield terminal


@posix
def test_a_textual_program_is_seen_as_a_person_sees_it(app: Terminal) -> None:
    assert app.screen()[0] == "ready 日本"
    assert app.model.alternate
    app.send("x")
    app.wait_for("changed")
    app.wait_gone("ready")


@posix
def test_a_textual_program_hears_of_another_window_size(app: Terminal) -> None:
    app.quiet(0.1)
    app.resize(100, 30)
    app.wait_for("ready")
    assert app.model.rows == 30


@posix
def test_a_textual_program_leaves_the_terminal_as_it_was(app: Terminal) -> None:
    app.send("q")
    assert app.wait_exit() == 0
    assert not app.model.alternate
    assert app.model.cursor_shown
    assert not app.model.modes & {"1000", "1003", "1006", "2004"}


@posix
def test_every_piece_of_output_can_be_heard_with_its_time() -> None:
    heard: list[tuple[float, str]] = []
    with Terminal([sys.executable, "-c", SCRIPT]) as terminal:
        terminal.wait_for("size")
        terminal.on_paint(lambda at, rows: heard.append((at, rows[2].strip())))
        pressed = terminal.send("word", "enter")
        terminal.wait_for("heard word")
        terminal.on_paint(None)
    assert heard[-1][1] == "heard word"
    assert pressed <= heard[-1][0] <= time.monotonic()
