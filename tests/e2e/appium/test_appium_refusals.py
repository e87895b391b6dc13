"""Phones, logins and settings that let no session be opened, over real adb and real Appium."""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from engine.errors import (
    AdbError,
    AppiumError,
    ConnectionDroppedError,
    GloginError,
    InternalError,
    JobError,
)
from engine.phones.adb import Adb
from engine.phones.adb_server import AdbServer
from engine.phones.appium_install import appium_program
from engine.phones.appium_server import AppiumServer, PortTakenError
from simulator.farm_file import FaultKind
from tests.appium_farm import AppiumFarm
from tests.appium_faults import fails

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


# -- opening a session ----------------------------------------------------------------------------


@dataclass
class Refusal:
    """A phone that lets no session be opened, and how that is told."""

    fault: FaultKind
    kind: type[JobError]
    words: str
    limits: dict[str, Any] = field(default_factory=dict)
    within: float = 5


REFUSALS = [
    Refusal(
        FaultKind.LINE_SILENT, AdbError, "did not answer adb in time", {"adb_exec_timeout_ms": 500}
    ),
    Refusal(
        FaultKind.AUTOMATION_MISSING,
        AppiumError,
        "UiAutomator2 server on the phone does not run",
        within=12,
    ),
    Refusal(
        FaultKind.SESSION_REFUSED,
        AppiumError,
        "UiAutomator2 server on the phone does not run",
        {"server_launch_timeout_ms": 1500},
    ),
    Refusal(
        FaultKind.SETTINGS_DENIED,
        AppiumError,
        "refuses a setting",
        {"ignore_hidden_api_policy_error": False},
    ),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: str(refusal.fault))
def test_a_phone_that_refuses_a_session_says_why(
    farm: AppiumFarm, serial: str, refusal: Refusal
) -> None:
    farm.arm(refusal.fault)
    error = fails(refusal.kind, lambda: farm.open(serial, **refusal.limits), within=refusal.within)
    assert refusal.words in str(error)


def test_a_phone_that_denies_its_settings_is_posted_on_all_the_same(
    farm: AppiumFarm, serial: str
) -> None:
    farm.arm(FaultKind.SETTINGS_DENIED)
    device = farm.open(serial)
    assert "<hierarchy" in device.source()
    device.close()


def test_an_unknown_phone_is_told_while_another_is_connected(farm: AppiumFarm, serial: str) -> None:
    error = fails(AdbError, lambda: farm.open("127.0.0.1:1"), within=2)
    assert "does not list the phone as connected" in str(error)


def test_a_phone_that_accepts_no_key_is_told_by_adb_and_by_appium(
    farm: AppiumFarm, serial: str
) -> None:
    farm.adb.disconnect(serial)
    farm.arm(FaultKind.ADB_UNAUTHORIZED)
    error = fails(AdbError, farm.connect, within=3)
    assert "failed to authenticate" in str(error)
    error = fails(AdbError, lambda: farm.open(serial), within=3)
    assert "not authorised" in str(error)


def test_a_taken_port_is_told_and_the_next_one_of_the_slot_is_used(
    farm: AppiumFarm, serial: str
) -> None:
    first = farm.settings.get_system_port_range(0)[0]
    with socket.create_server(("127.0.0.1", first)):
        error = fails(AppiumError, lambda: farm.open(serial), within=5)
        assert "local port to the phone is taken" in str(error)
        device = farm.open(serial, session_tries=2)
        assert [forward.port for forward in farm.adb.forwards()] == [first + 1]
        device.close()


# -- adb ------------------------------------------------------------------------------------------


def test_a_wrong_login_code_is_refused_and_repeated_nowhere(farm: AppiumFarm) -> None:
    serial = farm.farm.switch_on(1)
    farm.adb.connect(serial)
    farm.adb.wait_device(serial, timeout=5, polls=repeat(0.02), pause=time.sleep)
    wrong = SecretStr("marked-wrong-code")
    error = fails(GloginError, lambda: farm.adb.login(serial, wrong), within=3)
    assert "did not accept the login" in str(error)
    assert "marked-wrong-code" not in str(error) + farm.book.text
    fails(GloginError, lambda: farm.adb.check_answers(serial), within=3)
    fails(GloginError, lambda: farm.open(serial), within=5)

    def connect_anew() -> None:
        farm.connect(1)

    device = farm.open(serial, session_tries=2, renew=connect_anew)
    assert "<hierarchy" in device.source()
    device.close()


def test_adb_tells_a_dropped_a_silent_and_an_absent_phone(farm: AppiumFarm, serial: str) -> None:
    farm.arm(FaultKind.LINE_DROPPED, "shell:echo")
    with pytest.raises((AdbError, ConnectionDroppedError)):
        farm.adb.check_answers(serial)
    fails(ConnectionDroppedError, lambda: farm.adb.check_answers(serial), within=3)
    assert farm.adb.devices() == {serial: "offline"}
    assert farm.connect() == serial
    farm.arm(FaultKind.LINE_SILENT)
    brief = farm.settings.phones.model_copy(update={"adb_command_timeout_seconds": 1})
    impatient = Adb(brief, farm.book.log, server_port=farm.adb_port)
    error = fails(AdbError, lambda: impatient.check_answers(serial), within=2)
    assert "did not end within 1 s" in str(error)
    farm.disarm()
    error = fails(AdbError, lambda: farm.adb.connect("127.0.0.1:1"), within=3)
    assert "Connection refused" in str(error)


def test_a_file_goes_to_the_phone_by_adb_and_a_refused_one_is_told(
    farm: AppiumFarm, serial: str, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(os.urandom(3_000_000))
    farm.adb.push(serial, clip, "/sdcard/Download/clip.mp4", timeout=10)
    assert "clip.mp4" in farm.adb.shell(serial, "ls /sdcard/Download")
    error = fails(
        AdbError, lambda: farm.adb.push(serial, clip, "/system/clip.mp4", timeout=10), within=5
    )
    assert "Permission denied" in str(error) or "Read-only" in str(error)
    farm.arm(FaultKind.LINE_DROPPED, "sync:push")
    with pytest.raises((AdbError, ConnectionDroppedError)):
        farm.adb.push(serial, clip, "/sdcard/Download/again.mp4", timeout=10)


def test_settings_that_are_wrong_are_not_tried_again(
    farm: AppiumFarm, serial: str, tmp_path: Path
) -> None:
    with farm.other_appium(android_home=str(tmp_path)) as other:
        error = fails(
            InternalError, lambda: farm.open(serial, url=other.url, session_tries=3), within=5
        )
    assert "appium.android_home" in str(error)


def test_a_slow_line_that_gets_the_drivers_apps_not_across_names_the_setting(
    farm: AppiumFarm,
) -> None:
    bare = farm.connect(1)
    for app in ("io.appium.uiautomator2.server", "io.appium.uiautomator2.server.test"):
        farm.run_adb("-s", bare, "uninstall", app)
    farm.arm(FaultKind.INSTALL_SLOW, number=1)
    error = fails(AdbError, lambda: farm.open(bare, server_install_timeout_ms=1000), within=5)
    assert "appium.server_install_timeout_ms" in str(error)
    farm.disarm(1)
    device = farm.open(bare, server_install_timeout_ms=20_000, adb_exec_timeout_ms=20_000)
    assert "<hierarchy" in device.source()
    device.close()


# -- this host ------------------------------------------------------------------------------------


def test_ports_that_others_hold_are_named_and_their_servers_left_alone(farm: AppiumFarm) -> None:
    pid = farm.server.pid
    error = fails(
        PortTakenError,
        lambda: AppiumServer(farm.slot).start(time.sleep),
        within=2,
        error_type="appium_crash",
    )
    assert "appium.base_port" in str(error)
    error = fails(AdbError, lambda: AdbServer(farm.slot).start(time.sleep), within=2)
    assert "phones.adb_server_port" in str(error)
    assert farm.server.pid == pid
    assert farm.server.healthy()
    assert farm.adb.devices() == {}


def test_an_appium_without_its_driver_says_so_when_it_is_started(
    farm: AppiumFarm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = appium_program(farm.settings, tmp_path).command
    monkeypatch.setenv("APPIUM_HOME", str(tmp_path))

    def start() -> None:
        with farm.other_appium(command=command):
            pass

    error = fails(AppiumError, start, within=5)
    assert "Could not load the driver 'uiautomator2' because it is not installed" in str(error)
