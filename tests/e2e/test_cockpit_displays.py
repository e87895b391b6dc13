"""Terminals of all kinds: without colour, with sixteen, with none at all, tiny, unknown.

Acceptance of console-features 8, item 15, and 7 (environment).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.terminal import Terminal
from tests.e2e.cockpit_seat import (
    COLOUR_CODES,
    OFFER,
    POSIX_ONLY,
    START_SECONDS,
    assert_in_order,
    console_command,
    decline,
    seat,
    text,
    toy_day,
)
from tests.e2e.toy_farm import ROOT, ToyFarm

MORE_THAN_SIXTEEN = re.compile(rb"\x1b\[[0-9;]*[34]8;[25];")
HEADER = "geelark-console | NO RUN"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[ToyFarm]:
    with toy_day(tmp_path, "a k1 submit do", "b k2") as farm:
        yield farm


def off_screen(
    *words: str, unset: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command with its streams in pipes, as a script or a service runs it."""
    env = {**ToyFarm.environment(), **environment}
    return subprocess.run(
        console_command(*words),
        cwd=ROOT,
        env={name: value for name, value in env.items() if name not in unset},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_without_a_terminal_one_sentence_names_the_ways_without_a_screen(farm: ToyFarm) -> None:
    answer = off_screen(str(farm.work_dir), TERM="xterm-256color")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert "--status" in answer.stderr
    assert "--run" in answer.stderr
    assert not (farm.work_dir / "logs").exists(), "nothing was begun"


def test_without_a_terminal_and_without_term_it_is_the_same_sentence(farm: ToyFarm) -> None:
    answer = off_screen(str(farm.work_dir), unset=("TERM",))
    assert answer.returncode == 1
    assert "--status" in answer.stderr
    assert "Traceback" not in answer.stderr


@POSIX_ONLY
def test_a_terminal_that_cannot_draw_gets_the_status(farm: ToyFarm) -> None:
    with seat(str(farm.work_dir), TERM="dumb") as terminal:
        assert terminal.wait_exit(START_SECONDS) == 0
        said = text(terminal)
        assert "here is the status instead" in said
        assert "No run is live." in said
        assert b"\x1b[?1049h" not in terminal.output(), "no screen is taken"


def test_a_dumb_terminal_in_a_pipe_prints_the_status_as_well(farm: ToyFarm) -> None:
    answer = off_screen(str(farm.work_dir), "--json", TERM="dumb")
    assert answer.returncode == 0
    assert answer.stdout.startswith("{"), "standard output is data"
    assert "TERM=dumb" in answer.stderr


@POSIX_ONLY
def test_no_color_sends_no_colour_and_everything_is_there_all_the_same(farm: ToyFarm) -> None:
    with seat(str(farm.work_dir), NO_COLOR="1") as terminal:
        terminal.wait_for(OFFER, START_SECONDS)
        terminal.wait_for("for 2 keys")
        decline(terminal)
        terminal.send("2")
        terminal.wait_for("[2 Ledger]")
        terminal.send("3")
        terminal.wait_for("[3 Logs]")
        terminal.send("?")
        terminal.quiet(0.3)
        assert COLOUR_CODES.findall(terminal.output()) == []


@POSIX_ONLY
def test_sixteen_colours_are_enough(farm: ToyFarm) -> None:
    with seat(str(farm.work_dir), unset=("COLORTERM",), TERM="xterm") as terminal:
        terminal.wait_for(OFFER, START_SECONDS)
        terminal.wait_for("for 2 keys")
        decline(terminal)
        terminal.send("2")
        terminal.wait_for("[2 Ledger]")
        terminal.quiet(0.3)
        assert MORE_THAN_SIXTEEN.findall(terminal.output()) == []
        leave(terminal)


@POSIX_ONLY
def test_a_terminal_that_does_not_say_what_it_is_is_drawn_on(farm: ToyFarm) -> None:
    with seat(str(farm.work_dir), unset=("TERM", "COLORTERM")) as terminal:
        terminal.wait_for(HEADER, START_SECONDS)
        terminal.wait_for(OFFER)
        decline(terminal)
        leave(terminal)


@POSIX_ONLY
def test_in_a_tiny_window_it_says_so_its_keys_work_and_a_bigger_one_shows_all(
    farm: ToyFarm,
) -> None:
    with seat(str(farm.work_dir), size=(20, 5)) as terminal:
        terminal.wait_for("20x5 is too small", START_SECONDS)
        terminal.resize(80, 24)
        terminal.wait_for(HEADER)
        terminal.wait_for(OFFER)
        decline(terminal)
        terminal.resize(20, 5)
        terminal.wait_for("20x5 is too small", START_SECONDS)
        leave(terminal)


def leave(terminal: Terminal) -> None:
    """By the one key; nothing of the terminal is kept."""
    terminal.send("q")
    assert terminal.wait_exit(5) == 0
    assert_in_order(terminal)
