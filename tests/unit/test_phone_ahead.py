"""A phone that is started for the next job: taken over, or off again."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import PhoneError, StopRequested
from engine.jobs import Job, JobStatus
from engine.workloads.base import Receipt
from engine.workloads.phone_ahead import PhoneAhead
from tests.scripted_adb import ScriptedAdb
from tests.scripted_provider import Asked, Reply, batch, serving
from tests.unit.test_phones_station import PHONE, World, clip

BOUND = 20.0
"""Seconds after which a wait that should end has failed."""
JOB = Job(job_id="j2", account="acc1", video_path="", caption="", status=JobStatus.CLAIMED)


class Beside:
    """A phone ahead, and what was told of it."""

    def __init__(self, world: World, **phones: float) -> None:
        self.receipts: list[Receipt] = []
        self.alarms: list[str] = []
        short: dict[str, Any] = {
            "boot_first_look_seconds": 0,
            "boot_poll_seconds": 0.02,
            "settle_seconds": 0,
        }
        self.ahead = PhoneAhead(
            world.station(**(short | phones)),
            JOB,
            clip(world),
            slot=3,
            released=self.receipts.append,
            alarm=self.alarms.append,
        )

    @property
    def is_begun(self) -> bool:
        phone = self.ahead.phone(time.sleep)
        return phone is not None and phone.id == PHONE.id


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as provider:
        yield World(provider, ScriptedAdb(tmp_path / "adb"), tmp_path)


def starts(world: World) -> int:
    return len(world.provider.calls("phone/start"))


def test_a_phone_that_boots_ahead_is_on_record_and_idles_only_once_it_is_on(world: World) -> None:
    world.provider.rule("phone/start", world.starts_or_stops(1))
    beside = Beside(world)
    assert beside.is_begun
    assert world.registered() == [PHONE.id]
    assert beside.ahead.idle_seconds == 0
    world.states[PHONE.id] = 0
    beside.ahead.wait_started(time.sleep)
    time.sleep(0.01)
    assert 0.01 <= beside.ahead.idle_seconds < BOUND
    assert (starts(world), world.states[PHONE.id]) == (1, 0)
    beside.ahead.end()


@pytest.mark.parametrize("on", [False, True])
def test_a_phone_that_nobody_takes_over_goes_off(world: World, on: bool) -> None:
    world.provider.rule("phone/start", world.starts_or_stops(0 if on else 1))
    beside = Beside(world)
    beside.ahead.phone(time.sleep)
    if on:
        beside.ahead.wait_started(time.sleep)
    beside.ahead.end()
    assert (world.states[PHONE.id], world.registered()) == (2, [])
    assert [receipt.released for receipt in beside.receipts] == [True]
    beside.ahead.end()
    assert len(beside.receipts) == 1, "it is safe to repeat"
    names = [thread.name for thread in threading.enumerate()]
    assert {"ahead", "send"}.isdisjoint(names)


def test_a_start_that_is_refused_leaves_nothing_and_is_not_asked_again(world: World) -> None:
    full = {"code": 47001, "id": PHONE.id, "msg": ""}
    world.provider.answer("phone/start", batch([], [full]))
    beside = Beside(world)
    assert beside.ahead.phone(time.sleep) is None
    beside.ahead.end()
    assert (starts(world), world.registered(), beside.alarms) == (1, [], [])
    assert world.provider.calls("phone/stop") == []


def test_a_phone_that_does_not_boot_is_off_when_its_job_hears_of_it(world: World) -> None:
    world.provider.rule("phone/start", world.starts_or_stops(1))
    beside = Beside(world, boot_timeout_seconds=0.05)
    assert beside.is_begun
    with pytest.raises(PhoneError, match="did not boot"):
        beside.ahead.wait_started(time.sleep)
    assert (world.states[PHONE.id], world.registered()) == (2, [])


def test_a_job_that_is_stopped_while_it_waits_ends_its_wait(world: World) -> None:
    world.provider.rule("phone/start", world.starts_or_stops(1))
    beside = Beside(world)
    beside.ahead.phone(time.sleep)

    def stop(_seconds: float) -> None:
        raise StopRequested("The worker was asked to stop.")

    with pytest.raises(StopRequested, match="asked to stop"):
        beside.ahead.wait_started(stop)
    beside.ahead.halt()
    assert (world.states[PHONE.id], world.registered()) == (2, [])


def test_a_start_whose_answer_comes_after_the_end_leaves_no_phone_on(world: World) -> None:
    asked, go_on = threading.Event(), threading.Event()
    start = world.starts_or_stops(1)

    def slow(request: Asked) -> Reply:
        asked.set()
        go_on.wait(BOUND)
        return start(request)

    world.provider.rule("phone/start", slow)
    beside = Beside(world)
    assert asked.wait(BOUND)
    ending = threading.Thread(target=beside.ahead.end)
    ending.start()
    go_on.set()
    ending.join(BOUND)
    assert (world.states[PHONE.id], world.registered()) == (2, [])


def test_a_phone_that_cannot_be_stopped_is_an_alarm_and_stays_on_record(world: World) -> None:
    beside = Beside(world, stop_tries=1, stop_backoff_seconds=0.01)
    beside.ahead.wait_started(time.sleep)
    world.provider.answer("phone/stop", batch([], [{"code": 43006, "id": PHONE.id}]))
    beside.ahead.end()
    assert "may still be on" in beside.alarms[0]
    assert world.registered() == [PHONE.id]
