"""What goes wrong in a session, over real adb and real Appium: typed, bounded, nothing left.

Each fault is met on a simulated phone by the real programs; what is expected is the engine's type,
that it is tried again or not, and that nothing of ours stays behind.
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress

import psutil
import pytest

from engine.errors import (
    AdbError,
    AppiumError,
    ConnectionDroppedError,
    NavigationError,
    PhoneError,
    TouchUnknownError,
)
from engine.phones.appium_faults import ServerGoneError, ServerSlowError
from engine.phones.device import Device
from simulator.farm_file import FaultKind
from tests.appium_farm import AppiumFarm, meanwhile, until
from tests.appium_faults import APP, BUSY, fails, has_ended, known_as_ended

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


# -- a session that is open -----------------------------------------------------------------------


def test_a_dropped_phone_fails_looks_adb_calls_and_nothing_hangs(
    farm: AppiumFarm, device: Device
) -> None:
    farm.arm(FaultKind.LINE_DROPPED)
    known_as_ended(device)
    error = fails(AppiumError, device.source, within=2)
    assert "UiAutomator2 server on the phone does not run" in str(error)
    error = fails(AdbError, lambda: device.open_app(APP), within=2)
    assert "adb lost the phone" in str(error)
    began = time.monotonic()
    device.close()
    assert time.monotonic() - began < 2 * BUSY


def test_a_drop_during_a_call_is_told_and_the_session_stays_lost(
    farm: AppiumFarm, device: Device
) -> None:
    farm.arm(FaultKind.LINE_DROPPED, "source")
    fails(ConnectionDroppedError, device.source, within=2)
    serial = farm.connect()
    known_as_ended(device)
    anew = farm.open(serial)
    assert "<hierarchy" in anew.source()
    anew.close()


def test_a_crash_of_the_phones_server_fails_looks_only(farm: AppiumFarm, device: Device) -> None:
    farm.arm(FaultKind.SESSION_LOST, "source")
    fails(ConnectionDroppedError, device.source, within=2)
    known_as_ended(device)
    fails(AppiumError, device.source, within=2)
    device.open_app(APP)


def test_a_phones_server_that_listens_no_more_is_a_broken_connection(
    farm: AppiumFarm, device: Device
) -> None:
    farm.arm(FaultKind.AUTOMATION_UNREACHABLE)
    fails(ConnectionDroppedError, device.screenshot, within=2)
    fails(ConnectionDroppedError, device.source, within=2)


def test_a_phones_server_that_hangs_is_given_up_at_its_time_and_may_come_back(
    farm: AppiumFarm, device: Device
) -> None:
    farm.arm(FaultKind.PHONE_SILENT)
    error = fails(AppiumError, device.source, within=3)
    assert "did not answer in time" in str(error)
    farm.disarm()
    assert "<hierarchy" in device.source()


def test_a_look_that_the_client_gives_up_is_asked_of_the_phone_once(
    farm: AppiumFarm, serial: str
) -> None:
    device = farm.open(serial, command_timeout_seconds=1, server_read_timeout_ms=2500)
    farm.arm(FaultKind.PHONE_SILENT)
    before = farm.log_text.count("--> GET /session/")
    error = fails(ServerSlowError, device.source, within=2, error_type="appium_crash")
    assert "The Appium server did not answer in time" in str(error)
    assert farm.log_text.count("--> GET /session/") == before + 1
    farm.disarm()
    device.close()


def test_a_silent_line_ends_an_adb_call_at_its_time_and_the_close_at_its_own(
    farm: AppiumFarm, serial: str
) -> None:
    device = farm.open(serial, adb_exec_timeout_ms=1000, close_timeout_seconds=1)
    farm.arm(FaultKind.LINE_SILENT)
    error = fails(AdbError, lambda: device.open_app(APP), within=3)
    assert "did not answer adb in time" in str(error)
    began = time.monotonic()
    device.close()
    assert time.monotonic() - began < 1.5 * BUSY
    assert not farm.server.healthy()
    farm.server.start(time.sleep)
    assert farm.server.healthy()


def test_a_killed_adb_server_loses_the_phone_until_it_is_connected_anew(
    farm: AppiumFarm, device: Device
) -> None:
    (record,) = farm.registry.records(role="own_adb")
    process = record.process()
    assert process is not None
    process.kill()
    process.wait(5)
    known_as_ended(device)
    fails(AppiumError, device.source, within=2)
    farm.server.stop()
    device.close()
    farm.adb_server.start(time.sleep)
    farm.server.start(time.sleep)
    anew = farm.open(farm.connect())
    assert "<hierarchy" in anew.source()
    anew.close()


def test_a_session_without_commands_is_ended_and_told_as_gone(
    farm: AppiumFarm, serial: str
) -> None:
    device = farm.open(serial, new_command_timeout_seconds=1)
    until(lambda: not farm.adb.forwards())
    error = fails(ConnectionDroppedError, device.source, within=2)
    assert "session was gone" in str(error)
    device.close()


def test_a_second_session_on_a_phone_ends_the_first(farm: AppiumFarm, device: Device) -> None:
    second = farm.open(farm.farm.do(lambda: farm.phone().serial))
    fails(ConnectionDroppedError, device.source, within=2)
    second.source()
    second.close()


def test_a_missing_app_and_a_missing_field_are_told_apart(device: Device) -> None:
    error = fails(PhoneError, lambda: device.open_app("com.nope.app"), within=3)
    assert "not installed on the phone" in str(error)
    fails(NavigationError, lambda: device.set_text(f"{APP}:id/nope", "words"), within=3)


# -- the Appium server ----------------------------------------------------------------------------


def kill_appium(farm: AppiumFarm) -> None:
    assert farm.server.pid is not None
    process = psutil.Process(farm.server.pid)
    process.send_signal(signal.SIGKILL)
    with suppress(psutil.TimeoutExpired):
        process.wait(5)


def test_a_killed_appium_is_told_at_once_and_leaves_no_forward_and_no_child(
    farm: AppiumFarm, device: Device
) -> None:
    assert farm.server.pid is not None
    children = psutil.Process(farm.server.pid).children(recursive=True)
    assert children
    assert farm.adb.forwards()
    kill_appium(farm)
    error = fails(ServerGoneError, device.source, within=2, error_type="appium_crash")
    assert "is not running" in str(error)
    farm.server.restart(time.sleep)
    assert farm.adb.forwards() == []
    assert all(has_ended(child) for child in children)
    error = fails(ConnectionDroppedError, device.source, within=2)
    assert "session was gone" in str(error)


def test_a_session_goes_on_where_its_appium_was_killed(farm: AppiumFarm, serial: str) -> None:
    device = farm.open(serial, revive=True)
    device.open_app(APP)
    screen = device.source()
    kill_appium(farm)
    began = time.monotonic()
    device.close_app(APP)  # it cannot have reached the dead server, so it is not lost
    assert time.monotonic() - began < 4 * BUSY
    until(lambda: device.source() != screen)
    first = farm.settings.get_system_port_range(0)[0]
    assert [forward.port for forward in farm.adb.forwards()] == [first]
    device.close()


def test_a_tap_that_a_killed_appium_may_have_passed_on_is_not_repeated(
    farm: AppiumFarm, serial: str
) -> None:
    device = farm.open(serial, revive=True, server_read_timeout_ms=6000)
    device.open_app(APP)
    farm.arm(FaultKind.PHONE_SILENT, "tap")
    asked = farm.log_text.count("--> POST /session/")

    def kill_when_asked() -> None:
        until(lambda: farm.log_text.count("--> POST /session/") > asked)
        kill_appium(farm)
        farm.disarm()

    with meanwhile(kill_when_asked):
        error = fails(
            TouchUnknownError, lambda: device.tap(540, 900), within=6, error_type="appium_crash"
        )
    assert "ended while it was asked to tap" in str(error)
    assert "<hierarchy" in device.source()
    device.close()


def test_no_appium_refuses_a_session_and_its_start_removes_forwards_of_a_killed_one(
    farm: AppiumFarm, serial: str
) -> None:
    farm.server.stop()
    error = fails(ServerGoneError, lambda: farm.open(serial), within=2, error_type="appium_crash")
    assert "is not running" in str(error)
    ports = farm.settings.get_system_port_range(0)
    for port in (ports[0], ports[-1], ports[-1] + 1):
        farm.run_adb("-s", serial, "forward", f"tcp:{port}", "tcp:6790")
    farm.server.start(time.sleep)
    assert [forward.port for forward in farm.adb.forwards()] == [ports[-1] + 1]
