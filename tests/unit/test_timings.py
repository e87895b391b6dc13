"""Phases of attempts, read from the events of real run directories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.event_file import EVENTS_MAX_BYTES
from engine.insight.timings import Timings
from engine.insight.values import UsualTimes
from engine.run_state import RunDirectory

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_run(tmp_path: Path) -> RunDirectory:
    run = RunDirectory(tmp_path / "run")
    run.create()
    return run


def outcome(job: str = "j0", attempt: object = 1, **more: Any) -> dict[str, Any]:
    at = more.pop("at", NOW)
    return {
        "ts": at.isoformat(),
        "run_id": "r",
        "event": "outcome",
        "job": job,
        "status": "success",
        "attempt": attempt,
        "claimed_at": (at - timedelta(minutes=5)).isoformat(),
        "phases": {"start": 0.5, "boot": 40.0, "stop": 10.0},
        "failed_in": "",
    } | more


def test_an_attempt_tells_its_phases_in_their_order_and_where_it_failed(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    timings = Timings(run, lambda: NOW)
    assert not timings.update()
    run.append_event({"event": "worker_job", "job": "j0"})
    run.append_event(outcome(status="failed", error_type="adb_timeout", failed_in="connect"))
    run.append_event(outcome(attempt=2))
    assert timings.update()
    bad, good = timings.of_job("j0")
    assert (bad.outcome, bad.failed_in, bad.attempt) == ("adb_timeout", "connect", 1)
    assert list(bad.phases.items()) == [("start", 0.5), ("boot", 40.0), ("stop", 10.0)]
    assert bad.claimed_at == NOW - timedelta(minutes=5)
    assert (good.outcome, good.failed_in) == ("success", "")
    assert not timings.update(), "nothing happened since"
    assert not timings.of_job("another")


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"status": "pending"}, "given back"),
        ({"status": "failed", "error_type": ""}, "unclassified"),
        ({"status": "retrying", "error_type": "phone_error"}, "phone_error"),
    ],
)
def test_an_attempt_without_success_has_a_word_for_its_end(
    tmp_path: Path, fields: dict[str, str], word: str
) -> None:
    run = a_run(tmp_path)
    run.append_event(outcome(**fields))
    timings = Timings(run, lambda: NOW)
    timings.update()
    assert timings.of_job("j0")[0].outcome == word


def test_events_of_older_engines_and_strange_ones_are_read_without_complaint(
    tmp_path: Path,
) -> None:
    run = a_run(tmp_path)
    old = outcome()
    del old["phases"], old["attempt"], old["claimed_at"]
    for event in (
        old,
        outcome("a", phases=[1, 2]),
        {**outcome("b"), "job": None},
        outcome("c", phases={"boot": "long", "stop": 1}, attempt="x", claimed_at="soon", ts=7),
        outcome("d", claimed_at="2026-03-02T12:00:00"),
    ):
        run.append_event(event)
    with run.events_path.open("ab") as file:
        file.write(b'\xff{"event": "outcome"\n"outcome"\n')
    timings = Timings(run, lambda: NOW)
    timings.update()
    assert not any(timings.of_job(job) for job in ("j0", "a", "b"))
    (strange,) = timings.of_job("c")
    assert (dict(strange.phases), strange.attempt, strange.claimed_at) == ({"stop": 1.0}, 1, None)
    assert timings.of_job("d")[0].claimed_at is None, "a time without zone is none of ours"


def test_what_was_rotated_away_before_and_while_following_is_known(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    filler = b'{"event": "padding"}' + b" " * EVENTS_MAX_BYTES + b"\n"

    def grow() -> None:
        with run.events_path.open("ab") as file:
            file.write(filler)

    run.append_event(outcome("first"))
    grow()
    run.append_event(outcome("second"))  # rotates
    timings = Timings(run, lambda: NOW)
    timings.update()
    assert timings.of_job("first")
    assert timings.of_job("second")
    grow()
    run.append_event(outcome("third"))  # rotates again
    assert timings.update()
    assert len(timings.of_job("third")) == len(timings.of_job("second")) == 1


def test_usual_times_are_those_of_the_successes_of_thirty_days(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    for number in range(1, 12):
        phases = {"boot": float(number), "stop": 1.0}
        if number > 8:
            phases["appium"] = 3.0  # seldom gone through
        run.append_event(outcome(f"j{number}", phases=phases))
    run.append_event(outcome("bad", status="failed", phases={"boot": 900.0}))
    run.append_event(outcome("old", at=NOW - timedelta(days=31), phases={"boot": 900.0}))
    timings = Timings(run, lambda: NOW)
    timings.update()
    usual = timings.usual()
    assert usual.median == {"boot": 6.0, "stop": 1.0}
    assert usual.p90["boot"] == 10.0
    assert usual.attempts == 11
    assert usual.total_median == pytest.approx(7.0)
    assert timings.usual() is usual, "not made anew while nothing changed"


def test_four_successes_make_nothing_usual(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    for number in range(4):
        run.append_event(outcome(f"j{number}"))
    timings = Timings(run, lambda: NOW)
    timings.update()
    assert timings.usual() == UsualTimes(attempts=4)


def test_without_a_run_directory_nothing_is_known(tmp_path: Path) -> None:
    timings = Timings(RunDirectory(tmp_path / "none"), lambda: NOW)
    assert not timings.update()
    assert timings.usual() == UsualTimes()
