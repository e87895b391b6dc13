"""The cockpit on a real terminal: a window on the run, never its parent.

Acceptance of console-features 8, items 7 and 8: the terminal closed, the cockpit killed, two
cockpits at once; each time the run goes on, and whoever looks again sees the same.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from simulator.terminal import Terminal
from tests.e2e.cockpit_seat import (
    OFFER,
    POSIX_ONLY,
    START_SECONDS,
    assert_in_order,
    cockpit,
    console_command,
    decline,
    holder,
    sentence,
    text,
    toy_day,
)
from tests.e2e.toy_farm import ROOT, ToyFarm

pytestmark = POSIX_ONLY
WAITING = ("a k1 submit do", "b k2 until:go submit do", "c k3 submit do until:go")
"""Three jobs, two of which end when the file ``go`` is there."""
LIVE = re.compile(r"\| RUNNING ")
FIGURES = re.compile(r"JOBS 3 +success 1 +claimed 2")


@pytest.fixture
def run_of_three(tmp_path: Path) -> Iterator[ToyFarm]:
    with toy_day(tmp_path, *WAITING) as farm:
        run = farm.start("--run", "--workers", "2")
        farm.wait_for(lambda: sorted(farm.statuses().values()) == ["claimed", "claimed", "success"])
        yield farm
        (tmp_path / "go").touch()
        run.communicate(timeout=30)


# -- from nothing ----------------------------------------------------------------------------------


def test_a_run_is_offered_with_its_plan_started_detached_and_left_running(tmp_path: Path) -> None:
    with toy_day(tmp_path, *WAITING) as farm, cockpit(tmp_path) as terminal:
        terminal.wait_for(OFFER)
        terminal.wait_for(re.compile(r"Jobs +3 for 3 keys"))
        terminal.wait_for("Workers    3, up to 3 rooms")
        terminal.wait_for("Cost  ")
        assert holder(tmp_path) is None, "nothing is started before a person says so"
        terminal.send("y")
        terminal.wait_for(LIVE, START_SECONDS)
        pid = holder(tmp_path)
        assert pid is not None
        assert psutil.Process(pid).terminal() is None, "the run has no terminal"
        terminal.wait_for(FIGURES)
        terminal.send("q")
        terminal.wait_for("leave it running")
        terminal.send("y")
        assert terminal.wait_exit() == 0
        assert_in_order(terminal)
        assert f"process {pid}" in sentence(terminal)
        assert holder(tmp_path) == pid
        (tmp_path / "go").touch()
        psutil.Process(pid).wait(30)
        assert set(farm.statuses().values()) == {"success"}
        assert sorted(farm.done()) == ["a", "b", "c"]


def test_an_offer_that_is_declined_starts_nothing_and_q_leaves_at_once(tmp_path: Path) -> None:
    with toy_day(tmp_path, *WAITING), cockpit(tmp_path) as terminal:
        decline(terminal)
        terminal.wait_for("NO RUN")
        terminal.send("q")
        assert terminal.wait_exit(5) == 0
        assert_in_order(terminal)
        assert sentence(terminal) == "", "nothing is left to say"
        assert holder(tmp_path) is None
        assert not (tmp_path / "parallel_progress.csv").exists(), "nothing was seeded"


def test_enter_alone_starts_nothing(tmp_path: Path) -> None:
    with toy_day(tmp_path, *WAITING), cockpit(tmp_path) as terminal:
        terminal.wait_for(OFFER)
        terminal.send("enter")
        terminal.wait_gone(OFFER)
        assert holder(tmp_path) is None
        assert not (tmp_path / "parallel_progress.csv").exists()


# -- the window goes away --------------------------------------------------------------------------


def test_a_closed_terminal_ends_the_cockpit_and_not_the_run_it_started(tmp_path: Path) -> None:
    with toy_day(tmp_path, *WAITING) as farm:
        with cockpit(tmp_path) as terminal:
            terminal.wait_for(OFFER)
            terminal.wait_for(re.compile(r"Jobs +3"))
            terminal.send("y")
            terminal.wait_for(FIGURES, START_SECONDS)
            pid = holder(tmp_path)
            assert pid is not None
            terminal.close_terminal()
            began = time.monotonic()
            terminal.wait_exit(5)
            assert time.monotonic() - began < 2.5, "gone within about a second"
        assert holder(tmp_path) == pid
        with cockpit(tmp_path) as again:
            again.wait_for(FIGURES)
            assert OFFER not in text(again), "a live run is watched, not started"
            (tmp_path / "go").touch()
            again.wait_for(re.compile(r"JOBS 3 +success 3"))
        assert sorted(farm.done()) == ["a", "b", "c"]


def test_a_killed_cockpit_leaves_the_run_unharmed(run_of_three: ToyFarm) -> None:
    work_dir = run_of_three.work_dir
    pid = holder(work_dir)
    with cockpit(work_dir) as terminal:
        terminal.wait_for(FIGURES)
        terminal.kill(signal.SIGKILL)
        assert terminal.wait_exit() == -signal.SIGKILL
    assert holder(work_dir) == pid
    with cockpit(work_dir) as again:
        again.wait_for(FIGURES)
        assert run_of_three.statuses() == {"a": "success", "b": "claimed", "c": "claimed"}
        (work_dir / "go").touch()
        again.wait_for(re.compile(r"JOBS 3 +success 3"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_cockpit_and_gives_the_terminal_back(
    run_of_three: ToyFarm, number: signal.Signals
) -> None:
    work_dir = run_of_three.work_dir
    pid = holder(work_dir)
    with cockpit(work_dir) as terminal:
        terminal.wait_for(FIGURES)
        assert terminal.model.alternate
        terminal.kill(number)
        assert terminal.wait_exit(5) == 0
        assert_in_order(terminal)
    assert holder(work_dir) == pid


def test_a_shell_gets_its_terminal_back_as_it_was(tmp_path: Path) -> None:
    """Echo and whole lines: what a person types next is seen and waits for his ``enter``."""
    after = '"$@"; echo "status $?"; stty -a'
    with toy_day(tmp_path, *WAITING):
        words = ["sh", "-c", after, "sh", *console_command(str(tmp_path))]
        with Terminal(words, env={"PYTHONPATH": str(ROOT)}, cwd=ROOT) as terminal:
            terminal.wait_for(OFFER, START_SECONDS)
            decline(terminal)
            terminal.send("q")
            terminal.wait_exit()
            said = sentence(terminal)
            assert "status 0" in said
            assert {"echo", "icanon", "isig", "opost", "ixon"} <= set(said.replace(";", "").split())
            assert_in_order(terminal)


# -- two at once -----------------------------------------------------------------------------------


def test_two_cockpits_show_the_same_and_a_pause_in_one_is_seen_in_the_other(
    run_of_three: ToyFarm,
) -> None:
    work_dir = run_of_three.work_dir
    with cockpit(work_dir) as one, cockpit(work_dir, size=(160, 48)) as other:
        one.wait_for(FIGURES)
        other.wait_for(re.compile(r"success 1 +claimed 2"))
        one.send("s")
        one.wait_for(re.compile(r"\| PAUSED"))
        other.wait_for(re.compile(r"\| PAUSED"))
        other.send("s")
        one.wait_for(LIVE)
        other.wait_for(LIVE)
        one.send("q")
        one.wait_for("leave it running")
        one.send("y")
        assert one.wait_exit() == 0
        (work_dir / "go").touch()
        other.wait_for(re.compile(r"success 3"))
