"""One attached device: the same steps as a cloud phone, exclusive, and nothing to be billed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from engine.config import Phones, Settings
from engine.errors import AdbError, ContentError, PhoneError, SettingsError
from engine.phones.attached import AttachedStation
from engine.phones.registry import PhoneRegistry
from engine.phones.station import PhoneStation
from engine.phones.stations import open_station
from tests.scripted_adb import AdbRule, ScriptedAdb
from tests.scripted_provider import LogBook

SERIAL = "1A2B3C"


@pytest.fixture
def adb(tmp_path: Path) -> ScriptedAdb:
    program = ScriptedAdb(tmp_path / "adb")
    program.good_phone(SERIAL)
    return program


def settings(adb: ScriptedAdb, **phones: Any) -> Settings:
    content = {
        "device": "grapheneos",
        "device_serial": SERIAL,
        "device_account": "acc1",
        "adb_command": adb.command,
    }
    return Settings(phones=Phones.model_validate(content | phones))


def station(adb: ScriptedAdb, tmp_path: Path, run_id: str = "r", **phones: Any) -> AttachedStation:
    return AttachedStation(settings(adb, **phones), tmp_path, run_id=run_id, log=LogBook().log)


def test_settings_choose_the_station(adb: ScriptedAdb, tmp_path: Path) -> None:
    log = LogBook().log
    attached = open_station(settings(adb), tmp_path, run_id="r", log=log)
    assert isinstance(attached, AttachedStation)
    cloud = open_station(settings(adb, device="geelark"), tmp_path, run_id="r", log=log)
    assert isinstance(cloud, PhoneStation)
    cloud.close()
    attached.close()


def test_device_goes_through_a_job(adb: ScriptedAdb, tmp_path: Path) -> None:
    place = station(adb, tmp_path)
    place.check()
    phone = place.find("any account")
    place.start(phone, job_id="j1", slot=0, pause=time.sleep)
    place.wait_started(phone, time.sleep)
    assert place.connect(phone, time.sleep) == SERIAL
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"video")
    place.deliver(phone, place.send(clip, time.sleep), time.sleep)
    pushed = next(line for line in adb.commands if " push " in line)
    target = pushed.rpartition(" ")[2]
    assert target.startswith("/sdcard/Download/")
    assert adb.commands[-1].endswith(f"MEDIA_SCANNER_SCAN_FILE -d file://{target}")
    (state,) = place.inventory()
    assert (state.state, state.ours, state.job_id) == ("started", True, "j1")
    receipt = place.stop(phone)
    assert (receipt.released, receipt.detail, receipt.minutes) == (True, "given back", 0)
    assert place.registered() == []


def test_two_workers_never_share_the_device(adb: ScriptedAdb, tmp_path: Path) -> None:
    first, second = station(adb, tmp_path), station(adb, tmp_path, "other")
    phone = first.find("a")
    first.start(phone, job_id="j1", slot=0, pause=time.sleep)
    with pytest.raises(PhoneError, match="in use by worker 0") as raised:
        second.start(phone, job_id="j2", slot=1, pause=time.sleep)
    assert raised.value.retry_soon
    assert [one.id for one in second.stop_ours([1])] == []
    assert [one.released for one in second.stop_ours(None)] == [True]
    second.start(phone, job_id="j2", slot=1, pause=time.sleep)


@pytest.mark.parametrize(
    ("phones", "words"),
    [
        ({"device_serial": ""}, r"phones\.device_serial"),
        ({"device_serial": "nowhere"}, "nowhere is not listed"),
        ({"device_account": ""}, r"phones\.device_account"),
        ({"adb_command": ("no-such-adb",)}, r"phones\.adb_command"),
    ],
)
def test_check_names_what_to_set(
    adb: ScriptedAdb, tmp_path: Path, phones: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        station(adb, tmp_path, **phones).check()


def test_video_that_cannot_be_pushed_is_told(adb: ScriptedAdb, tmp_path: Path) -> None:
    place = station(adb, tmp_path)
    phone = place.find("a")
    with pytest.raises(ContentError):
        place.deliver(phone, place.send(tmp_path / "missing.mp4", time.sleep), time.sleep)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"video")
    adb.good_phone(SERIAL, AdbRule("push", err="adb: error: No space left on device\n", code=1))
    with pytest.raises(AdbError, match="No space left"):
        place.deliver(phone, place.send(clip, time.sleep), time.sleep)


def test_a_cloud_phone_that_a_crashed_run_left_on_is_not_forgotten(
    adb: ScriptedAdb, tmp_path: Path
) -> None:
    """Its entry is all that is known of a phone that goes on costing."""
    PhoneRegistry(tmp_path / "books", run_id="crashed").register(
        "42", "acct001", slot=0, job_id="j1"
    )
    place = station(adb, tmp_path)
    for receipts in (place.stop_ours([0]), place.stop_ours(None), place.stop_named(["42"])):
        (receipt,) = receipts
        assert not receipt.released
        assert "--stop-all --device geelark" in receipt.detail
    assert PhoneRegistry(tmp_path / "books").find("42") is not None


def test_an_unreadable_record_of_the_device_is_set_aside_by_stop_all(
    adb: ScriptedAdb, tmp_path: Path
) -> None:
    place = station(adb, tmp_path)
    phone = place.find("a")
    folder = tmp_path / "books" / "phones"
    folder.mkdir(parents=True)
    (folder / f"{SERIAL}.json").write_text("{ torn")
    with pytest.raises(PhoneError, match="--stop-all"):
        place.start(phone, job_id="j1", slot=0, pause=time.sleep)
    assert [one.released for one in place.stop_ours(None)] == [True]
    place.start(phone, job_id="j1", slot=0, pause=time.sleep)
