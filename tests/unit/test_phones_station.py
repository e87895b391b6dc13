"""A phone's way through a job, and who may stop it."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.errors import (
    ContentError,
    GloginError,
    JobError,
    NetworkError,
    NotInGeelarkError,
    PhoneError,
    ServiceUnreachableError,
    StopRequested,
)
from engine.phones.codes import ApiAdbError
from engine.phones.phone import Phone
from engine.phones.registry import PhoneEntry, PhoneRegistry
from engine.phones.station import PhoneStation
from engine.processes import identity
from tests.scripted_adb import AdbRule, ScriptedAdb
from tests.scripted_provider import (
    Asked,
    LogBook,
    Provider,
    Reply,
    Script,
    batch,
    listing,
    phone_row,
    serving,
    settings_for,
    statuses,
)

SERIAL = "10.0.0.1:5555"
PWD = "marked-pwd"
PHONE = Phone(id="11", serial_name="acc1")


@dataclass
class World:
    """A provider with phones that start and stop at once, an adb, and a work directory."""

    provider: Provider
    adb: ScriptedAdb
    work_dir: Path
    states: dict[str, int] = field(default_factory=lambda: {"11": 2, "12": 2, "13": 0})
    book: LogBook = field(default_factory=LogBook)

    def __post_init__(self) -> None:
        names = {"11": "acc1", "12": "acc2", "13": "person's"}
        rows = [phone_row(phone_id, names[phone_id], 2) for phone_id in self.states]
        self.provider.rule("phone/list", listing(*rows, phone_row("21", "acc11")))
        self.provider.rule("phone/status", statuses(self.states))
        self.provider.rule("phone/start", self.starts_or_stops(0))
        self.provider.rule("phone/stop", self.starts_or_stops(2))
        self.provider.answer("auth/status", Reply())
        self.provider.answer("adb/setStatus", Reply())
        item = {"code": 0, "ip": "10.0.0.1", "port": "5555", "pwd": PWD}
        self.provider.rule(
            "adb/getData", lambda asked: Reply({"items": [item | {"id": asked.body["ids"][0]}]})
        )
        self.provider.answer(
            "upload/getUrl",
            Reply({"uploadUrl": f"{self.provider.url}/put", "resourceUrl": "marked-resource"}),
        )
        self.provider.answer("/put", Reply(raw=b""))
        self.provider.answer("phone/uploadFile", Reply({"taskId": "t1"}))
        self.provider.answer("phone/uploadFile/result", Reply({"status": 1}), Reply({"status": 2}))
        self.adb.good_phone(SERIAL)

    def starts_or_stops(self, status: int) -> Script:
        def answer(asked: Asked) -> Reply:
            for phone_id in asked.body["ids"]:
                self.states[phone_id] = status
            return batch([{"id": phone_id} for phone_id in asked.body["ids"]], [])

        return answer

    def station(self, run_id: str = "run-1", **phones: Any) -> PhoneStation:
        settings = settings_for(self.provider.url, adb_command=self.adb.command, **phones)
        return PhoneStation(settings, self.work_dir, run_id=run_id, log=self.book.log)

    @property
    def registry(self) -> PhoneRegistry:
        return PhoneRegistry(self.work_dir / "books")

    def registered(self) -> list[str]:
        return [entry.id for entry in self.registry.entries()]

    def left_by_a_dead_worker(self, phone_id: str = "11", *, slot: int = 0) -> PhoneEntry:
        entry = PhoneEntry.model_validate(
            {
                "id": phone_id,
                "serial_name": "acc1",
                "since": "2026-03-04T12:00:00Z",
                "slot": slot,
                "job_id": "j-old",
                "run_id": "run-0",
                "pid": 2**22 + 1,
                "pid_started": 1.0,
                "adb_serial": SERIAL,
            }
        )
        folder = self.registry.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{phone_id}.json").write_text(entry.model_dump_json(), encoding="utf-8")
        return entry


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serving() as provider:
        yield World(provider, ScriptedAdb(tmp_path / "adb"), tmp_path)


def start(station: PhoneStation, phone: Phone = PHONE, *, slot: int = 0) -> None:
    station.start(phone, job_id="j1", slot=slot, pause=time.sleep)


# -- find ----------------------------------------------------------------------------------------


def test_phone_is_found_by_its_exact_name_only(world: World) -> None:
    assert world.station().find("acc1").id == "11"
    assert world.station().find("acc11").id == "21"
    with pytest.raises(NotInGeelarkError, match="No phone is named acc"):
        world.station().find("acc")


def test_account_is_condemned_only_after_a_look_through_the_whole_inventory(world: World) -> None:
    rows = [phone_row(str(number), f"acc{number}") for number in range(150)]

    def filter_that_finds_nothing(asked: Asked) -> Reply:
        if "serialName" in asked.body:
            return Reply({"total": 0, "items": []})
        return listing(*rows)(asked)

    world.provider.rule("phone/list", filter_that_finds_nothing)
    assert world.station().find("acc149").id == "149"


def test_two_phones_of_one_name_are_for_a_person_to_settle(world: World) -> None:
    world.provider.rule("phone/list", listing(phone_row("1", "acc1"), phone_row("2", "acc1")))
    with pytest.raises(NotInGeelarkError, match=r"2 phones are named acc1 \(1, 2\)"):
        world.station().find("acc1")


# -- start ---------------------------------------------------------------------------------------


def test_phone_is_on_record_before_the_provider_is_asked_to_start_it(world: World) -> None:
    seen: list[list[str]] = []
    world.provider.answer(
        "phone/start", Reply(data={}, also=lambda: seen.append(world.registered()))
    )
    start(world.station())
    assert seen == [["11"]]
    entry = world.registry.find("11")
    assert isinstance(entry, PhoneEntry)
    assert (entry.serial_name, entry.slot, entry.job_id, entry.run_id, entry.pid) == (
        "acc1",
        0,
        "j1",
        "run-1",
        os.getpid(),
    )


@pytest.mark.parametrize("status", [0, 1])
def test_phone_that_a_person_uses_is_left_alone(world: World, status: int) -> None:
    world.states["11"] = status
    station = world.station()
    with pytest.raises(PhoneError, match=r"acc1 is start.* was not started by us") as raised:
        start(station)
    assert raised.value.retry_soon
    assert station.stop(PHONE).released
    assert world.states["11"] == status
    assert world.provider.calls("phone/stop") == []
    assert world.registered() == []


def test_expired_phone_is_not_started(world: World) -> None:
    world.states["11"] = 3
    with pytest.raises(NotInGeelarkError, match="acc1 has expired"):
        start(world.station())
    assert world.provider.calls("phone/start") == []


@pytest.mark.parametrize("code", [43007, 47002, 43020, 41001, 43004])
def test_refused_start_leaves_nothing_registered(world: World, code: int) -> None:
    world.provider.answer("phone/start", batch([], [{"code": code, "id": "11", "msg": ""}]))
    with pytest.raises(JobError, match=f"code {code}"):
        start(world.station())
    assert world.registered() == []


@pytest.mark.parametrize(
    "bad",
    [
        Reply(drop=True),
        Reply(status=504),
        Reply(status=524),
        Reply(raw=b"<html>"),
        Reply(raw=b"{}"),
        Reply(raw=b"[]"),
    ],
)
def test_start_with_a_lost_answer_is_looked_at_and_not_repeated(world: World, bad: Reply) -> None:
    bad.also = lambda: world.states.update({"11": 1})
    world.provider.answer("phone/start", bad)
    start(world.station())
    assert len(world.provider.calls("phone/start")) == 1
    assert world.registered() == ["11"]


def test_start_that_was_lost_on_the_way_is_asked_again(world: World) -> None:
    works = world.starts_or_stops(0)

    def lost_first(asked: Asked) -> Reply:
        first = len(world.provider.calls("phone/start")) == 1
        return Reply(drop=True) if first else works(asked)

    world.provider.rule("phone/start", lost_first)
    start(world.station())
    assert world.states["11"] == 0
    assert len(world.provider.calls("phone/start")) == 2


def test_start_without_any_answer_stays_on_record_until_the_phone_is_seen_off(
    world: World,
) -> None:
    world.provider.answer("phone/start", Reply(drop=True))
    station = world.station(http_retries=1)
    with pytest.raises(NetworkError):
        start(station)
    assert world.registered() == ["11"]
    assert station.stop(PHONE).released
    assert world.registered() == []
    assert len(world.provider.calls("phone/stop")) == 1


def test_second_worker_is_refused_and_its_stop_does_not_touch_the_phone(world: World) -> None:
    start(world.station())
    live = world.registry.find("11")
    assert isinstance(live, PhoneEntry)
    parent = live.model_copy(update={"pid": os.getppid(), "slot": 4})
    parent = parent.model_copy(update={"pid_started": identity(os.getppid())})
    path = world.registry.folder / "11.json"
    path.write_text(parent.model_dump_json(), encoding="utf-8")
    other = world.station()
    with pytest.raises(PhoneError) as raised:
        start(other)
    assert raised.value.retry_soon
    receipt = other.stop(PHONE)
    assert receipt.released
    assert "not ours: it is looked after by worker 4" in receipt.detail
    assert world.states["11"] == 0
    assert world.provider.calls("phone/stop") == []


def test_phone_left_by_a_dead_worker_is_stopped_before_it_is_started_anew(world: World) -> None:
    world.left_by_a_dead_worker()
    world.states["11"] = 0
    start(world.station())
    paths = [asked.path for asked in world.provider.asked]
    assert paths.index("phone/stop") < paths.index("phone/start")
    entry = world.registry.find("11")
    assert isinstance(entry, PhoneEntry)
    assert entry.job_id == "j1"


def test_phone_left_behind_that_cannot_be_stopped_is_not_started(world: World) -> None:
    world.left_by_a_dead_worker()
    world.states["11"] = 0
    world.provider.answer("phone/stop", batch([], [{"code": 43006, "id": "11"}]))
    with pytest.raises(PhoneError, match="left behind by worker 0 of run run-0") as raised:
        start(world.station(stop_tries=2))
    assert raised.value.retry_soon
    assert world.registered() == ["11"]
    assert world.provider.calls("phone/start") == []


def test_phone_that_this_slots_last_job_could_not_stop_is_taken_up_again(world: World) -> None:
    station = world.station(stop_tries=1)
    start(station)
    works = world.provider.scripts["phone/stop"]
    world.provider.answer("phone/stop", batch([], [{"code": 43005, "id": "11"}]))
    assert not station.stop(PHONE).released
    world.provider.scripts["phone/stop"] = works
    start(station)
    assert world.states["11"] == 0


# -- boot ----------------------------------------------------------------------------------------


def test_boot_is_waited_for_through_lost_answers(world: World) -> None:
    looks = iter([2, 1, None, 1, 0])

    def status(_asked: Asked) -> Reply:
        number = next(looks)
        if number is None:
            return Reply(status=400)
        return batch([{"id": "11", "status": number}], [])

    world.provider.rule("phone/status", status)
    world.station().wait_started(PHONE, time.sleep)
    assert next(looks, "none left") == "none left"


def test_phone_is_not_asked_before_it_could_be_started(world: World) -> None:
    calls: list[int] = []
    world.states["11"] = 0

    def note(_seconds: float) -> None:
        calls.append(len(world.provider.calls("phone/status")))

    world.station(boot_first_look_seconds=25).wait_started(PHONE, note)
    assert calls[0] == 0
    assert len(world.provider.calls("phone/status")) == 1


def test_boot_that_fails_is_told_at_once(world: World) -> None:
    looks = iter([1, 2, 2])
    world.provider.rule(
        "phone/status", lambda _asked: batch([{"id": "11", "status": next(looks)}], [])
    )
    with pytest.raises(PhoneError, match="went off while it was booting"):
        world.station().wait_started(PHONE, time.sleep)
    assert next(looks) == 2


def test_boot_is_bounded_and_tells_what_was_last_heard(world: World) -> None:
    world.states["11"] = 1
    with pytest.raises(PhoneError, match=r"acc1 did not boot within 0 s; last heard: starting"):
        world.station(boot_timeout_seconds=0.2).wait_started(PHONE, time.sleep)


def test_stop_ends_the_wait_for_the_boot(world: World) -> None:
    world.states["11"] = 1

    def stop(_seconds: float) -> None:
        raise StopRequested("stop")

    with pytest.raises(StopRequested):
        world.station().wait_started(PHONE, stop)


# -- connect -------------------------------------------------------------------------------------


def test_connecting_ends_with_a_shell_that_answers(world: World) -> None:
    station = world.station()
    start(station)
    assert station.connect(PHONE, time.sleep) == SERIAL
    assert world.adb.commands[:3] == [f"disconnect {SERIAL}", f"connect {SERIAL}", "devices"]
    assert world.adb.commands[3] == f"-s {SERIAL} shell"
    assert world.adb.commands[4].startswith(f"-s {SERIAL} shell echo ")
    assert PWD not in world.book.text
    entry = world.registry.find("11")
    assert isinstance(entry, PhoneEntry)
    assert entry.adb_serial == SERIAL


def test_adb_that_takes_its_time_is_polled_and_enabled_again(world: World) -> None:
    ready = world.provider.scripts["adb/getData"]
    assert callable(ready)

    def data(asked: Asked) -> Reply:
        if len(world.provider.calls("adb/setStatus")) > 1:
            return ready(asked)
        looks = len(world.provider.calls("adb/getData"))
        return Reply({"items": [{"code": 49001 if looks > 1 else 42002, "id": "11"}]})

    world.provider.rule("adb/getData", data)
    station = world.station(adb_device_timeout_seconds=3, adb_enable_tries=10)
    assert station.connect(PHONE, time.sleep) == SERIAL
    assert len(world.provider.calls("adb/setStatus")) == 2
    assert len(world.provider.calls("adb/getData")) > 2


def test_adb_that_never_comes_is_an_adb_error(world: World) -> None:
    world.provider.answer("adb/getData", Reply({"items": [{"code": 49001, "id": "11"}]}))
    with pytest.raises(ApiAdbError, match="adb is not enabled on the phone"):
        world.station(adb_device_timeout_seconds=0.1).connect(PHONE, time.sleep)
    assert len(world.provider.calls("adb/setStatus")) == 3


def test_refused_login_is_tried_with_a_fresh_password(world: World) -> None:
    passwords = iter(["old", "old", PWD])
    item = {"code": 0, "id": "11", "ip": "10.0.0.1", "port": "5555"}
    world.provider.rule(
        "adb/getData", lambda _asked: Reply({"items": [item | {"pwd": next(passwords)}]})
    )
    world.adb.good_phone(SERIAL, AdbRule("glogin old", out="glogin: login failed\n"))
    assert world.station().connect(PHONE, time.sleep) == SERIAL


def test_login_that_is_always_refused_ends_after_the_allowed_tries(world: World) -> None:
    world.adb.good_phone(SERIAL, AdbRule("glogin", out="glogin: login failed\n"))
    with pytest.raises(GloginError):
        world.station(glogin_tries=2).connect(PHONE, time.sleep)
    assert len(world.provider.calls("adb/getData")) == 2


def test_connection_that_drops_is_made_anew(world: World) -> None:
    dropped = AdbRule("shell echo", err="error: device offline\n", code=1, times=1)
    world.adb.good_phone(SERIAL, dropped)
    assert world.station().connect(PHONE, time.sleep) == SERIAL
    assert world.adb.commands.count(f"connect {SERIAL}") == 2


# -- upload --------------------------------------------------------------------------------------


def clip(world: World, name: str = "clip.MP4") -> Path:
    path = world.work_dir / name
    path.write_bytes(b"video" * 1000)
    return path


def upload(station: PhoneStation, path: Path) -> None:
    station.deliver(PHONE, station.send(path, time.sleep), time.sleep)


def test_video_goes_to_the_cloud_and_onto_the_phone(world: World) -> None:
    path = clip(world)
    upload(world.station(), path)
    assert world.provider.calls("upload/getUrl")[0].body == {"fileType": "mp4"}
    assert world.provider.calls("/put")[0].raw == path.read_bytes()
    assert world.provider.calls("phone/uploadFile")[0].body == {
        "id": "11",
        "fileUrl": "marked-resource",
    }
    assert len(world.provider.calls("phone/uploadFile/result")) == 2
    assert "marked-resource" not in world.book.text


def test_broken_upload_is_sent_again_with_a_fresh_grant(world: World) -> None:
    world.provider.answer("/put", Reply(status=403, raw=b""), Reply(drop=True), Reply(raw=b""))
    upload(world.station(), clip(world))
    assert len(world.provider.calls("upload/getUrl")) == 3


def test_phone_that_fails_to_fetch_the_video_is_asked_once_more(world: World) -> None:
    world.provider.answer("phone/uploadFile/result", Reply({"status": 3}))
    with pytest.raises(PhoneError, match="failed to fetch clip"):
        upload(world.station(), clip(world))
    assert len(world.provider.calls("phone/uploadFile")) == 2


def test_phone_that_never_has_the_video_is_not_waited_for_without_end(world: World) -> None:
    world.provider.answer("phone/uploadFile/result", Reply({"status": 0}))
    with pytest.raises(PhoneError, match="did not have the video within"):
        upload(world.station(upload_wait_seconds=0.1), clip(world))


def test_file_that_the_provider_does_not_take_asks_nobody(world: World) -> None:
    with pytest.raises(ContentError, match=r"no \.mov files \(clip\.mov\): convert it to mp4"):
        upload(world.station(), clip(world, "clip.mov"))
    assert world.provider.asked == []


def test_missing_video_is_the_contents_fault(world: World) -> None:
    with pytest.raises(ContentError, match="does not exist") as raised:
        upload(world.station(), world.work_dir / "no.mp4")
    assert raised.value.error_type == "missing_video"


# -- stop ----------------------------------------------------------------------------------------


def test_nothing_is_started_while_no_phone_could_be_stopped(world: World) -> None:
    station = world.station(stop_tries=1)
    start(station)
    world.provider.answer("phone/stop", Reply(code=40014))
    assert not station.stop(PHONE).released
    other = world.station("run-2")
    starts = len(world.provider.calls("phone/start"))
    with pytest.raises(PhoneError, match=r"acc2 is not started.*phone/stop") as raised:
        other.start(Phone(id="12", serial_name="acc2"), job_id="j2", slot=1, pause=time.sleep)
    assert raised.value.retry_soon
    assert len(world.provider.calls("phone/start")) == starts
    assert world.registered() == ["11"]


def test_stopped_phone_is_seen_off_cleared_and_disconnected(world: World) -> None:
    station = world.station()
    start(station)
    station.connect(PHONE, time.sleep)
    receipt = station.stop(PHONE)
    assert (receipt.released, receipt.id, receipt.label) == (True, "11", "acc1")
    assert receipt.detail == "seen shut down"
    assert world.states["11"] == 2
    assert world.registered() == []
    assert world.adb.commands[-1] == f"disconnect {SERIAL}"


def test_a_connection_that_could_not_be_recorded_is_cut_all_the_same(world: World) -> None:
    station = world.station()
    start(station)
    lock = world.registry.folder / ".lock"
    lock.unlink()
    lock.mkdir()  # whatever keeps the record from being written
    station.connect(PHONE, time.sleep)
    lock.rmdir()
    (entry,) = world.registry.entries()
    assert isinstance(entry, PhoneEntry)
    assert entry.adb_serial == ""
    assert station.stop(PHONE).released
    assert world.adb.commands[-1] == f"disconnect {SERIAL}"


def test_phone_that_stays_on_stays_on_record_with_an_alarm(world: World) -> None:
    station = world.station(stop_tries=2)
    start(station)
    world.provider.answer("phone/stop", batch([], [{"code": 43005, "id": "11"}]))
    receipt = station.stop(PHONE)
    assert not receipt.released
    assert "executing a task" in receipt.detail
    assert world.registered() == ["11"]
    alarm = next(line for line in world.book.text.splitlines() if "MAY STILL BE ON" in line)
    assert alarm.startswith("error")
    assert "phone=acc1" in alarm
    assert "since=" in alarm
    assert "minutes=" in alarm


def test_stop_never_raises_even_without_a_provider(tmp_path: Path) -> None:
    with serving() as provider:
        world = World(provider, ScriptedAdb(tmp_path / "adb"), tmp_path)
        station = world.station(stop_tries=2)
        start(station)
    receipt = station.stop(PHONE)
    assert not receipt.released
    assert world.registered() == ["11"]


def test_stop_of_a_phone_that_is_not_ours_asks_nobody(world: World) -> None:
    receipt = world.station().stop(Phone(id="13", serial_name="person's"))
    assert (receipt.released, receipt.detail) == (True, "not started by us")
    assert world.provider.asked == []


def test_phone_of_ours_whose_entry_became_unreadable_is_stopped_all_the_same(world: World) -> None:
    station = world.station()
    start(station)
    (world.registry.folder / "11.json").write_text("{torn", encoding="utf-8")
    receipt = station.stop(PHONE)
    assert receipt.released
    assert world.states["11"] == 2
    assert "unreadable registry file was set aside" in receipt.detail
    assert world.registered() == []


def test_unreadable_entry_of_somebody_else_is_left_to_the_end_of_the_run(world: World) -> None:
    start(world.station(run_id="another"))
    (world.registry.folder / "11.json").write_text("{torn", encoding="utf-8")
    station = world.station()
    with pytest.raises(PhoneError):
        start(station)
    station.stop(PHONE)
    assert world.states["11"] == 0
    assert world.registered() == ["11"]


def test_ours_are_stopped_by_slot_and_all_together(world: World) -> None:
    world.left_by_a_dead_worker("11", slot=0)
    world.left_by_a_dead_worker("12", slot=1)
    world.states.update({"11": 0, "12": 1})
    supervisor = world.station("run-9")
    assert [receipt.id for receipt in supervisor.stop_ours([1])] == ["12"]
    assert world.states == {"11": 0, "12": 2, "13": 0}
    assert [receipt.id for receipt in supervisor.stop_ours(None)] == ["11"]
    assert world.states == {"11": 2, "12": 2, "13": 0}
    assert supervisor.stop_ours(None) == []


def test_one_failing_phone_does_not_keep_the_rest_of_ours_on(world: World) -> None:
    world.left_by_a_dead_worker("11")
    world.left_by_a_dead_worker("12")
    world.states.update({"11": 0, "12": 0})
    works = world.starts_or_stops(2)

    def stop(asked: Asked) -> Reply:
        works(Asked("", {"ids": [one for one in asked.body["ids"] if one != "11"]}, {}))
        return batch([], [{"code": 43006, "id": "11"}])

    world.provider.rule("phone/stop", stop)
    receipts = {one.id: one for one in world.station(stop_tries=2).stop_ours(None)}
    assert (receipts["11"].released, receipts["12"].released) == (False, True)
    assert world.registered() == ["11"]


def test_unreadable_entry_is_stopped_by_its_name_reported_and_kept_aside(world: World) -> None:
    world.registry.folder.mkdir(parents=True)
    (world.registry.folder / "11.json").write_text("{torn", encoding="utf-8")
    world.states["11"] = 0
    (receipt,) = world.station().stop_ours(None)
    assert receipt.released
    assert "unreadable registry file was set aside" in receipt.detail
    assert world.states["11"] == 2
    assert world.registered() == []
    assert [path.read_text(encoding="utf-8") for path in unreadable(world)] == ["{torn"]


def unreadable(world: World) -> list[Path]:
    return list(world.registry.folder.glob("*.unreadable-*"))


def test_named_phones_are_stopped_whoever_started_them(world: World) -> None:
    receipts = world.station().stop_named(["13", "99", "13"])
    assert [(receipt.id, receipt.released) for receipt in receipts] == [("13", True), ("99", True)]
    assert world.states["13"] == 2


def test_later_start_of_the_same_phone_is_not_stopped_by_an_earlier_round(world: World) -> None:
    world.left_by_a_dead_worker("11")
    world.states["11"] = 0
    refused = threading.Event()

    def refuse_once(asked: Asked) -> Reply:
        if not refused.is_set():
            refused.set()
            path = world.registry.folder / "11.json"
            content = json.loads(path.read_text(encoding="utf-8"))
            content |= {"since": "2026-03-04T13:00:00Z", "job_id": "j-new"}
            path.write_text(json.dumps(content), encoding="utf-8")
            return batch([], [{"code": 43005, "id": "11"}])
        return world.starts_or_stops(2)(asked)

    world.provider.rule("phone/stop", refuse_once)
    (receipt,) = world.station().stop_ours(None)
    assert receipt.detail == "somebody else stopped it in the meantime"
    assert world.states["11"] == 0
    entry = world.registry.find("11")
    assert isinstance(entry, PhoneEntry)
    assert entry.job_id == "j-new"


# -- looking -------------------------------------------------------------------------------------


def test_inventory_joins_the_provider_with_the_registry(world: World) -> None:
    world.left_by_a_dead_worker("11", slot=2)
    world.left_by_a_dead_worker("77")
    rows = [phone_row("11", "acc1", 0), phone_row("13", "person's", 1), phone_row("12", "acc2", 2)]
    world.provider.rule("phone/list", listing(*rows))
    states = {state.id: state for state in world.station().inventory()}
    assert (states["11"].state, states["11"].ours, states["11"].slot) == ("started", True, 2)
    assert states["11"].job_id == "j-old"
    assert states["11"].minutes > 0
    assert (states["13"].state, states["13"].ours) == ("starting", False)
    assert (states["12"].state, states["12"].ours) == ("off", False)
    assert (states["77"].state, states["77"].ours) == ("unknown", True)
    assert "does not list it" in states["77"].note


def test_registered_phones_are_told_without_a_provider(tmp_path: Path) -> None:
    with serving() as provider:
        world = World(provider, ScriptedAdb(tmp_path / "adb"), tmp_path)
    world.left_by_a_dead_worker("11")
    (world.registry.folder / "12.json").write_text("", encoding="utf-8")
    ours, torn = world.station().registered()
    assert (ours.id, ours.state, ours.ours) == ("11", "unknown", True)
    assert (torn.id, torn.ours) == ("12", True)
    assert "cannot be read" in torn.note


def test_phone_whose_stop_was_asked_for_is_stopping_until_it_is_seen_off(world: World) -> None:
    station = world.station(stop_tries=1)
    start(station)
    rows = [phone_row("11", "acc1", 0)]
    world.provider.rule("phone/list", listing(*rows))
    (before,) = station.inventory()
    assert (before.state, before.code, before.stopping_since) == ("started", "0", None)
    works = world.provider.scripts["phone/stop"]
    world.provider.answer("phone/stop", batch([], [{"code": 43005, "id": "11"}]))
    assert not station.stop(PHONE).released
    (listed,), (kept,) = station.inventory(), station.registered()
    assert (listed.state, listed.code, kept.state) == ("stopping", "0", "stopping")
    assert listed.stopping_since is not None
    assert not station.stop(PHONE).released
    assert station.registered()[0].stopping_since == listed.stopping_since
    world.provider.scripts["phone/stop"] = works
    assert station.stop(PHONE).released
    assert station.registered() == []


def test_it_is_told_whether_a_phones_keeper_lives(world: World) -> None:
    world.left_by_a_dead_worker("12")
    station = world.station()
    start(station)
    attended = {state.id: state.attended for state in station.registered()}
    assert attended == {"11": True, "12": False}


# -- check ---------------------------------------------------------------------------------------


def test_check_passes_where_the_token_works(world: World) -> None:
    world.station().check()
    assert [asked.path for asked in world.provider.asked] == ["auth/status"]


@pytest.mark.parametrize("reply", [Reply(code=40003), Reply(status=503), Reply(code=50000)])
def test_check_refuses_before_anything_starts(world: World, reply: Reply) -> None:
    world.provider.answer("auth/status", reply)
    with pytest.raises(ServiceUnreachableError):
        world.station(http_retries=0).check()
