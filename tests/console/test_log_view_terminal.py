"""The log on a real terminal: what it sends, and that what the terminal shows is what is so."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.terminal import Terminal

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the pseudo-terminal of the test is POSIX"
)

ROOT = Path(__file__).resolve().parents[2]
QUIET = 0.12
"""Seconds without output after which a paint is over; a paint comes within two frames of 1/60 s."""

PROGRAM = Path(__file__).with_name("log_program.py")


def start(size: tuple[int, int]) -> Terminal:
    env = {"PYTHONPATH": str(ROOT), "TEXTUAL_ANIMATIONS": "none"}
    return Terminal([sys.executable, str(PROGRAM)], size=size, env=env)


@pytest.fixture(params=[(80, 24), (160, 48)], ids=["80x24", "160x48"])
def terminal(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """A log of 100 lines, following."""
    with start(request.param) as terminal:
        terminal.wait_for("entry 00099")
        terminal.quiet(QUIET)
        yield terminal


def cost(terminal: Terminal, *keys: str) -> int:
    """Bytes that come when keys are pressed, until nothing comes any more."""
    begin = terminal.send(*keys)
    terminal.quiet(QUIET)
    return terminal.bytes_between(begin)


def test_a_followed_line_costs_its_own_bytes(terminal: Terminal) -> None:
    most = 1_100 if terminal.model.columns == 80 else 4_600
    assert 0 < cost(terminal, "1") <= most / 2
    assert any("entry 00100" in row for row in terminal.screen())


def test_sixty_lines_in_four_batches_keep_to_the_budget(terminal: Terminal) -> None:
    spent = sum(cost(terminal, "9") for _ in range(4))
    assert any("entry 00159" in row for row in terminal.screen())
    assert spent <= 20_000


def test_a_paused_log_sends_nothing_for_new_lines(terminal: Terminal) -> None:
    cost(terminal, "p")
    assert cost(terminal, "9", "9", "1") == 0
    cost(terminal, "end")
    assert any("entry 00130" in row for row in terminal.screen())


def test_a_hidden_log_sends_nothing_and_is_true_when_it_is_seen_again(terminal: Terminal) -> None:
    cost(terminal, "o")
    terminal.wait_for("another screen")
    assert cost(terminal, "9", "1") == 0
    cost(terminal, "o")
    assert any("entry 00115" in row for row in terminal.screen())


def test_a_message_over_the_log_stays_in_its_place_while_lines_come(terminal: Terminal) -> None:
    cost(terminal, "t")
    before = [y for y, row in enumerate(terminal.screen()) if "a message over" in row]
    cost(terminal, "9", "1")
    assert before
    assert [y for y, row in enumerate(terminal.screen()) if "a message over" in row] == before
    cost(terminal, "t")
    assert_true_to_a_full_repaint(terminal)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_pressed_the_terminal_shows_what_a_full_repaint_shows(seed: int) -> None:
    keys = [*"1112", *"9wptfo", "up", "down", "pageup", "pagedown", "home", "end"]
    draw = random.Random(seed)
    with start((80, 24)) as terminal:
        terminal.wait_for("entry 00099")
        for _ in range(12):
            terminal.send(*draw.choices(keys, k=draw.randint(1, 4)))
            terminal.quiet(QUIET)
            terminal.send(*draw.choices(keys, k=draw.randint(1, 4)))
            assert_true_to_a_full_repaint(terminal)


def assert_true_to_a_full_repaint(terminal: Terminal) -> None:
    terminal.quiet(3 * QUIET)  # on a busy host a key may wait its turn
    before = terminal.screen()
    begin = terminal.send("R")
    terminal.wait_until(lambda _rows: terminal.bytes_between(begin) > 2_000, what="a full repaint")
    terminal.quiet(QUIET)
    assert terminal.screen() == before
