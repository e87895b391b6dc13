"""Who paused claims, and what a resume means then."""

from __future__ import annotations

import queue
from datetime import date
from pathlib import Path

from engine.config import Run
from engine.control import LimitReached, StandingOrders
from engine.processes import ProcessRegistry
from engine.run_state import RunDirectory
from engine.supervision import Message, Workers

TODAY = date(2026, 3, 2)


def orders(path: Path) -> StandingOrders:
    """As a supervisor that starts now finds them."""
    workers = Workers(
        1,
        run=Run(),
        command=lambda _slot: [],
        registry=ProcessRegistry(path / "processes"),
        logs=path,
        inbox=queue.Queue[Message](),
    )
    return StandingOrders(RunDirectory(path), workers)


def limited(path: Path) -> StandingOrders:
    found = orders(path)
    found.pause_for_limit(TODAY, 12.0, by="the limit", why="all is spent")
    return found


def test_a_limit_pauses_and_says_why_over_a_restart_too(tmp_path: Path) -> None:
    limited(tmp_path)
    found = orders(tmp_path)
    assert (found.paused, found.paused_by, found.paused_why) == (True, "the limit", "all is spent")
    assert found.limit_reached == LimitReached(TODAY, 12.0)


def test_a_resume_against_the_limit_holds_for_its_day(tmp_path: Path) -> None:
    limited(tmp_path).pause(paused=False, by="ana")
    found = orders(tmp_path)
    assert (found.paused, found.paused_why, found.unlimited_day) == (False, "", TODAY)
    assert found.limit_reached is None


def test_a_limit_that_is_lifted_by_itself_is_no_word_of_the_operator(tmp_path: Path) -> None:
    limited(tmp_path).lift_limit()
    found = orders(tmp_path)
    assert (found.paused, found.unlimited_day, found.limit_reached) == (False, None, None)


def test_a_pause_of_the_operator_takes_the_place_of_the_limits(tmp_path: Path) -> None:
    limited(tmp_path).pause(paused=True, by="ana")
    found = orders(tmp_path)
    assert (found.paused, found.paused_by, found.paused_why) == (True, "ana", "")
    assert found.limit_reached is None, "so another day does not lift it"


def test_a_resume_of_another_pause_is_no_word_against_the_limit(tmp_path: Path) -> None:
    found = orders(tmp_path)
    found.pause(paused=True, by="ana")
    found.pause(paused=False, by="bo")
    assert found.unlimited_day is None
