"""A phone that is started while the one before is still going off, and how it is seen off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import JobError, NotInGeelarkError, PhoneError, StopRequested
from engine.phones.appium_server import AppiumServer
from engine.processes import ProcessRegistry
from engine.slot_processes import SlotProcesses
from engine.workloads.base import WorkerSlot
from engine.workloads.errand import Errand
from engine.workloads.phone_visit import PhoneVisit
from tests.posting_phone import TimedReport
from tests.posting_phone import World as AppWorld
from tests.scripted_adb import ScriptedAdb
from tests.scripted_provider import Asked, Reply, batch, serving, settings_for
from tests.unit.test_phones_station import PHONE, World, clip

BOUND = 20.0
"""Seconds after which a wait that should end has failed."""
FULL = 47001
"""All phones that the plan allows at once are on."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as provider:
        yield World(provider, ScriptedAdb(tmp_path / "adb"), tmp_path)


class Visit:
    """A visit to a phone that never boots: it ends there, whatever came before."""

    def __init__(self, world: World, make_room: Callable[[], bool]) -> None:
        self.world = world
        self.report = TimedReport(AppWorld())
        slot = WorkerSlot(
            index=0,
            settings=settings_for(world.provider.url, boot_timeout_seconds=0.05),
            work_dir=world.work_dir,
            run_id="run-1",
            log=world.book.log,
            processes=SlotProcesses(ProcessRegistry(world.work_dir / "processes"), 0),
        )
        self.visit = PhoneVisit(
            station=world.station(boot_timeout_seconds=0.05, stop_tries=2),
            server=AppiumServer(slot),
            slot=slot,
            phone=PHONE,
            report=self.report,
            submit=self.report.submit,
            make_room=make_room,
        )

    def fails(self) -> JobError:
        with pytest.raises(JobError) as caught:
            self.visit.prepare("j1", clip(self.world))
        return caught.value

    @property
    def starts(self) -> int:
        return len(self.world.provider.calls("phone/start"))


def full_until(world: World, room: list[bool]) -> None:
    """The provider has no capacity until there is room; then the phone boots without end."""

    def answer(_asked: Asked) -> Reply:
        if not room:
            return batch([], [{"code": FULL, "id": PHONE.id, "msg": ""}])
        world.states[PHONE.id] = 1
        return batch([{"id": PHONE.id}], [])

    world.provider.rule("phone/start", answer)


def test_a_plan_that_is_full_waits_for_the_phone_before_to_be_off(world: World) -> None:
    room: list[bool] = []
    full_until(world, room)

    def make_room() -> bool:
        room.append(True)
        return True

    visit = Visit(world, make_room)
    assert "did not boot" in str(visit.fails())
    assert (len(room), visit.starts) == (1, 2)
    assert visit.visit.end().released
    assert world.states[PHONE.id] == 2


def test_a_plan_that_is_full_without_a_phone_before_is_told_at_once(world: World) -> None:
    full_until(world, [])
    visit = Visit(world, lambda: False)
    error = visit.fails()
    assert error.retry_soon
    assert visit.starts == 1
    assert visit.visit.end().released


def test_what_no_room_would_change_waits_for_nobody(world: World) -> None:
    world.states[PHONE.id] = 3
    asked: list[str] = []

    def make_room() -> bool:
        asked.append("room")
        return True

    assert isinstance(Visit(world, make_room).fails(), NotInGeelarkError)
    assert asked == []


def test_a_phone_that_cannot_be_seen_off_beside_the_next_job_is_an_alarm(world: World) -> None:
    visit = Visit(world, lambda: False)
    world.provider.rule("phone/start", world.starts_or_stops(1))
    assert isinstance(visit.fails(), PhoneError)
    world.provider.answer("phone/stop", batch([], [{"code": 43006, "id": PHONE.id}]))
    visit.visit.leave()
    errand = Errand("farewell", lambda _pause: visit.visit.see_off())
    assert not errand.result(time.sleep).released
    assert "may still be on" in visit.report.alarms[0]
    assert world.registered() == [PHONE.id]


def test_a_store_that_hangs_keeps_no_phone_on(world: World) -> None:
    stopped = threading.Event()
    sending: list[bool] = []
    world.provider.rule("phone/start", world.starts_or_stops(1))
    stop = world.starts_or_stops(2)

    def hang() -> None:
        stopped.wait(BOUND)

    world.provider.answer("/put", Reply(raw=b"", also=hang))

    def stops(asked: Asked) -> Reply:
        sending.append("send" in {thread.name for thread in threading.enumerate()})
        stopped.set()
        return stop(asked)

    world.provider.rule("phone/stop", stops)
    visit = Visit(world, lambda: False)
    visit.fails()
    assert visit.visit.end().released
    assert sending == [True]


def test_who_waits_for_a_farewell_may_be_stopped_and_the_phone_goes_off(world: World) -> None:
    visit = Visit(world, lambda: False)
    world.provider.rule("phone/start", world.starts_or_stops(1))
    visit.fails()

    def stop(_seconds: float) -> None:
        raise StopRequested("The worker was asked to stop.")

    visit.visit.leave()
    errand = Errand("farewell", lambda _pause: visit.visit.see_off())
    with pytest.raises(StopRequested):
        errand.wait(stop)
    errand.wait(time.sleep)
    assert world.states[PHONE.id] == 2
    assert world.registered() == []
