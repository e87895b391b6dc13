"""The video's way beside the job's own steps: what is told of it, and that it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ContentError, PhoneError, StopRequested
from engine.phones.phone import Pause
from engine.workloads.errand import Errand
from engine.workloads.video_way import VideoWay
from tests.posting_phone import TimedReport
from tests.posting_phone import World as AppWorld
from tests.scripted_adb import ScriptedAdb
from tests.scripted_provider import Reply, serving
from tests.unit.test_phones_station import PHONE, World, clip

BOUND = 20.0
"""Seconds after which a wait that should end has failed."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as provider:
        yield World(provider, ScriptedAdb(tmp_path / "adb"), tmp_path)


def wait_until_failed(way: VideoWay) -> None:
    deadline = time.monotonic() + BOUND
    while time.monotonic() < deadline:
        way.check()
        time.sleep(0.005)


def test_video_is_sent_before_the_phone_is_on_and_fetched_only_then(world: World) -> None:
    sent = threading.Event()
    world.provider.answer("/put", Reply(raw=b"", also=sent.set))
    way = VideoWay(world.station(), PHONE, clip(world))
    assert sent.wait(BOUND)
    assert world.provider.calls("phone/uploadFile") == []
    way.phone_is_on()
    report = TimedReport(AppWorld())
    way.arrive(report)
    assert len(world.provider.calls("phone/uploadFile")) == 1
    assert report.phases[-1] == "upload"
    way.end()


def test_waiting_for_the_store_is_a_phase_of_its_own(world: World) -> None:
    on_its_way = threading.Event()

    def slow() -> None:
        on_its_way.wait(BOUND)

    world.provider.answer("/put", Reply(raw=b"", also=slow))
    way = VideoWay(world.station(), PHONE, clip(world))
    way.phone_is_on()
    report = TimedReport(AppWorld())
    report.stop_at = on_its_way.set
    way.arrive(report)
    assert report.phases == ["send", "upload"]
    way.end()


def test_video_that_cannot_be_sent_is_told_while_the_phone_still_boots(world: World) -> None:
    way = VideoWay(world.station(), PHONE, world.work_dir / "no.mp4")
    with pytest.raises(ContentError, match="does not exist"):
        wait_until_failed(way)
    way.end()


def test_phone_that_does_not_fetch_its_video_is_told_beside_the_other_steps(world: World) -> None:
    world.provider.answer("phone/uploadFile/result", Reply({"status": 3}))
    way = VideoWay(world.station(), PHONE, clip(world))
    way.phone_is_on()
    with pytest.raises(PhoneError, match="failed to fetch"):
        wait_until_failed(way)
    way.end()


def test_visit_that_ends_early_leaves_nothing_of_the_video_under_way(world: World) -> None:
    world.provider.answer("phone/uploadFile/result", Reply({"status": 1}))
    way = VideoWay(world.station(upload_poll_seconds=60), PHONE, clip(world))
    way.phone_is_on()
    way.end()
    names = [thread.name for thread in threading.enumerate()]
    assert {"send", "upload"}.isdisjoint(names)


def test_who_waits_for_an_errand_may_be_stopped(world: World) -> None:
    def endless(pause: Pause) -> None:
        while True:
            pause(60)

    def stop(_seconds: float) -> None:
        raise StopRequested("The worker was asked to stop.")

    errand = Errand("endless", endless)
    with pytest.raises(StopRequested, match="asked to stop"):
        errand.result(stop)
    errand.end()
    assert errand.done
