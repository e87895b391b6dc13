"""What goes wrong between the engine and a phone, over real adb and real Appium: typed, bounded.

Each fault is met on a simulated phone by the real programs; what is expected is the engine's type,
that it is tried again or not, and that nothing of ours stays behind.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from engine.config import Settings
from engine.errors import (
    AdbError,
    AppiumError,
    ConnectionDroppedError,
    GloginError,
    InternalError,
    JobError,
    NavigationError,
    PhoneError,
    retry_decision,
)
from engine.jobs import ErrorCategory
from engine.phones.adb import Adb
from engine.phones.appium_faults import ServerGoneError
from engine.phones.device import Device
from simulator.farm_file import FaultKind
from tests.appium_farm import AppiumFarm, appium_farm, meanwhile, need_appium, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
APP = "com.instagram.android"
LIMITS = Settings().retry
BUSY = 3
"""Times as long as alone everything may take while other tests have the host's cores."""


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppiumFarm]:
    need_appium()
    with appium_farm(tmp_path_factory.mktemp("farm")) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left(farm: AppiumFarm) -> Iterator[None]:
    """After every test: servers of ours run, phones are well, and there is nothing else."""
    yield
    farm.disarm()
    for serial in farm.adb.devices():
        farm.adb.disconnect(serial)
    until(lambda: not farm.leftovers())
    assert farm.leftovers() == {}


@pytest.fixture
def serial(farm: AppiumFarm) -> str:
    """The first phone, on, connected and logged in."""
    return farm.connect()


@pytest.fixture
def device(farm: AppiumFarm, serial: str) -> Iterator[Device]:
    """A session on it, with the posting app in front."""
    made = farm.open(serial)
    made.open_app(APP)
    yield made
    made.close()


def fails(
    kind: type[JobError], action: Callable[[], object], *, within: float, error_type: str = ""
) -> JobError:
    """The action's error: of this type, tried again as all infrastructure is, and in time."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        action()
    assert time.monotonic() - began < within * BUSY
    error = caught.value
    assert type(error) is kind
    assert error.error_type == (error_type or kind.default_type)
    again = error.category is ErrorCategory.INFRASTRUCTURE
    assert retry_decision(error.category, 1, LIMITS) is again
    assert not retry_decision(error.category, LIMITS.infrastructure_limit, LIMITS)
    assert "\n" not in str(error)
    assert str(Path.home()) not in str(error)
    return error


def known_as_ended(device: Device) -> None:
    """Until Appium has heard that the phone's server ended; before, it tells the broken line."""

    def told() -> bool:
        with pytest.raises((AppiumError, ConnectionDroppedError)) as caught:
            device.source()
        return isinstance(caught.value, AppiumError)

    until(told)


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
    error = fails(AppiumError, device.source, within=2)
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


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


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
            ServerGoneError, lambda: device.tap(540, 900), within=6, error_type="appium_crash"
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
    farm.adb.wait_device(serial, timeout=5, poll=0.02, pause=time.sleep)
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
