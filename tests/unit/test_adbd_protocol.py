"""The phones' adb daemon on the wire: greeting, streams, the login gate, faults of the line."""

from __future__ import annotations

import hashlib
import struct
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.adbd import wire
from simulator.android_system import AUTOMATION, INSTRUMENTATION
from simulator.farm_file import FaultKind
from tests.light_farm import LightFarm, running_farm
from tests.raw_adb import RawAdb, arm, unknown_commands, until

MARK = "error: you should run glogin to login first\n"


@pytest.fixture(scope="module")
def all_tests_farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightFarm]:
    with running_farm(tmp_path_factory.mktemp("farm")) as made:
        yield made


@pytest.fixture
def farm(all_tests_farm: LightFarm) -> Iterator[LightFarm]:
    """Phones that are off before and after each test."""
    yield all_tests_farm
    phone = all_tests_farm.phone()
    all_tests_farm.do(lambda: phone.shut(phone.farm.clock.now(), "test over"))


@pytest.fixture
def phone(farm: LightFarm) -> Iterator[RawAdb]:
    """A connection to a phone that has been logged in to."""
    with connected(farm) as adb:
        adb.log_in(farm.phone().password)
        yield adb


def connected(farm: LightFarm) -> RawAdb:
    """Switch the phone on, connect, greet."""
    farm.switch_on()
    adb = RawAdb(farm.phone().port)
    assert adb.greet().command == wire.CNXN
    return adb


# -- the connection --------------------------------------------------------------------------------


def test_a_phone_names_only_features_that_it_has(farm: LightFarm) -> None:
    farm.switch_on()
    with RawAdb(farm.phone().port) as adb:
        answer = adb.greet()
    assert (answer.command, answer.arg0) == (wire.CNXN, wire.VERSION)
    kind, _, told = answer.data.decode().partition("::")
    assert kind == "device"
    features = dict(pair.split("=") for pair in told.split(";"))["features"].split(",")
    assert features == ["shell_v2", "cmd", "stat_v2", "ls_v2", "fixed_push_mkdir"]


def test_nothing_listens_before_adb_is_open_nor_after_the_phone_is_off(farm: LightFarm) -> None:
    phone = farm.phone()
    farm.do(lambda: phone.start(energy_saving=False))
    with pytest.raises(ConnectionRefusedError):
        RawAdb(phone.port)
    farm.do(lambda: phone.set_adb(open_=True))
    port = phone.port
    with RawAdb(port) as adb:
        adb.greet()
        farm.do(lambda: phone.shut(phone.farm.clock.now(), "stop"))
        with pytest.raises(EOFError):
            adb.read()
    with pytest.raises(ConnectionRefusedError):
        RawAdb(port)


def test_each_boot_has_another_port(farm: LightFarm) -> None:
    farm.switch_on()
    first = farm.phone().port
    farm.do(lambda: farm.phone().restart())
    farm.switch_on()
    assert farm.phone().port != first


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        wire.HEADER.pack(wire.OPEN, 1, 0, 2**31, 0, wire.OPEN ^ 0xFFFFFFFF),
        b"\0" * 24,
    ],
    ids=["http", "endless", "zeros"],
)
def test_who_does_not_speak_adb_is_cut_off(farm: LightFarm, junk: bytes) -> None:
    farm.switch_on()
    with RawAdb(farm.phone().port) as adb:
        adb.socket.sendall(junk)
        with pytest.raises(EOFError):
            adb.read()


def test_packets_of_streams_that_are_not_there_do_no_harm(phone: RawAdb) -> None:
    phone.send(wire.OKAY, 77, 99)
    phone.send(wire.CLSE, 77, 99)
    phone.send(wire.WRTE, 77, 99, b"hello")
    assert phone.read() == wire.Packet(wire.CLSE, 0, 77)
    assert phone.shell("echo well") == ("well\n", 0)


def test_an_unknown_service_is_refused_and_remembered(farm: LightFarm, phone: RawAdb) -> None:
    assert phone.open("jdwp:1") is None
    assert "adb jdwp:1" in unknown_commands(farm)


# -- the shell -------------------------------------------------------------------------------------


def test_every_command_wants_a_login_first(farm: LightFarm) -> None:
    with connected(farm) as adb:
        assert adb.shell("echo hello") == (MARK, 0)
        assert adb.service("exec:echo hello").rest() == MARK.encode()
        assert "glogin" in adb.push("/sdcard/Download/a.mp4", b"x")
        assert adb.shell("glogin wrong") == ("glogin: login failed\n", 0)
        assert adb.shell(f"glogin {farm.phone().password}") == ("login success\n", 0)
        assert adb.shell("echo hello") == ("hello\n", 0)


def test_a_login_is_that_of_the_light_adb_and_ends_with_the_boot(farm: LightFarm) -> None:
    serial = farm.connect()
    with RawAdb(farm.phone().port) as adb:
        adb.greet()
        assert adb.shell("echo hello") == ("hello\n", 0)
    assert farm.adb("-s", serial, "shell", "echo", "hello").stdout == "hello\n"
    farm.do(lambda: farm.phone().restart())
    with connected(farm) as adb:
        assert adb.shell("echo hello") == (MARK, 0)


def test_a_login_lapses(farm: LightFarm, tmp_path: Path) -> None:
    with running_farm(tmp_path, delays={"adb_offline": [0, 0], "glogin_life": 200}) as short:
        phone = short.phone()
        short.do(lambda: phone.start(energy_saving=False))
        until(lambda: phone.running)
        short.do(lambda: phone.set_adb(open_=True))
        until(lambda: phone.adb_open)
        with RawAdb(phone.port) as adb:
            adb.greet()
            adb.log_in(phone.password)
            until(lambda: adb.shell("echo hello") == (MARK, 0))


def test_the_first_version_of_the_shell_protocol_is_plain(phone: RawAdb) -> None:
    assert phone.service("shell:getprop ro.build.version.sdk").rest() == b"33\n"


def test_commands_are_joined_as_a_shell_joins_them(phone: RawAdb) -> None:
    assert phone.shell("echo 'a;b' && echo c; false && echo d || echo e") == ("a;b\nc\ne\n", 0)
    assert phone.shell("echo a; false") == ("a\n", 1)


def test_an_unknown_command_fails_and_is_remembered(farm: LightFarm, phone: RawAdb) -> None:
    said, code = phone.shell("frobnicate --hard 'two words'")
    assert code == 127
    assert "frobnicate: inaccessible or not found" in said
    assert "shell frobnicate --hard 'two words'" in unknown_commands(farm)


def test_a_command_that_is_known_with_other_words_is_remembered_too(
    farm: LightFarm, phone: RawAdb
) -> None:
    assert phone.shell("dumpsys battery")[1] == 127
    assert "shell dumpsys battery" in unknown_commands(farm)


# -- files -----------------------------------------------------------------------------------------


def test_a_pushed_file_is_on_the_phone_as_one_of_the_light_adb_is(
    farm: LightFarm, phone: RawAdb
) -> None:
    content = bytes(range(256)) * 1000
    assert phone.push("/sdcard/Download/clip.mp4", content) == ""
    file = farm.phone().files[-1]
    assert (file.name, file.size) == ("clip.mp4", len(content))
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert phone.shell("ls /sdcard/Download")[0] == "clip.mp4\n"
    assert farm.do(lambda: farm.phone().gallery()[0].is_video)


def test_a_push_to_where_the_shell_may_not_write_is_refused(farm: LightFarm, phone: RawAdb) -> None:
    files = farm.phone().files
    assert "Permission denied" in phone.push("/system/clip.mp4", b"x")
    assert farm.phone().files == files


def test_files_are_looked_at_listed_and_pulled(phone: RawAdb) -> None:
    phone.push("/sdcard/Download/looked.mp4", b"x" * 1000)
    mode, size, _time = struct.unpack(
        "<III", phone.ask_sync(b"STAT", "/sdcard/Download/looked.mp4")[4:]
    )
    assert (mode & 0o170000, size) == (0o100000, 1000)
    assert phone.ask_sync(b"STAT", "/sdcard/nothing")[4:] == bytes(12)
    assert len(phone.ask_sync(b"STA2", "/sdcard/Download")) == 72
    assert b"looked.mp4" in phone.ask_sync(b"LIST", "/sdcard/Download/")
    pulled = phone.ask_sync(b"RECV", "/sdcard/Download/looked.mp4")
    assert pulled[:8] == struct.pack("<4sI", b"DATA", 1000)
    assert len(pulled) == 8 + 1000 + 8
    assert phone.ask_sync(b"RECV", "/sdcard/nothing").startswith(b"FAIL")


# -- faults ----------------------------------------------------------------------------------------


def test_a_phone_that_accepts_nobody_asks_for_authorisation_for_ever(farm: LightFarm) -> None:
    farm.switch_on()
    arm(farm, FaultKind.ADB_UNAUTHORIZED)
    with RawAdb(farm.phone().port) as adb:
        assert adb.greet().command == wire.AUTH
        adb.send(wire.AUTH, wire.AUTH_SIGNATURE, 0, b"signature")
        assert adb.read().command == wire.AUTH


def test_a_slow_line_delays_each_packet_once(farm: LightFarm, phone: RawAdb) -> None:
    arm(farm, FaultKind.LINE_SLOW, latency=0.05)
    began = time.monotonic()
    assert phone.shell("echo hello") == ("hello\n", 0)
    # OPEN, the end of the input, and the OKAYs of two answers.
    assert 0.15 < time.monotonic() - began < 2


def test_a_silent_line_holds_back_what_it_has_to_say(farm: LightFarm) -> None:
    farm.switch_on()
    arm(farm, FaultKind.LINE_SILENT, real_seconds=0.3)
    with RawAdb(farm.phone().port, patience=0.05) as adb:
        with pytest.raises(TimeoutError):
            adb.greet()
        adb.socket.settimeout(5)
        assert adb.read().command == wire.CNXN


def test_a_dropped_line_can_be_connected_anew_and_a_lost_one_cannot(farm: LightFarm) -> None:
    with connected(farm) as adb:
        arm(farm, FaultKind.LINE_DROPPED)
        with pytest.raises(EOFError):
            adb.read()
    with RawAdb(farm.phone().port) as adb:
        assert adb.greet().command == wire.CNXN
        arm(farm, FaultKind.CONNECTION_DROPPED)
        with pytest.raises(EOFError):
            adb.read()
    with pytest.raises(ConnectionRefusedError):
        RawAdb(farm.phone().port)


def test_a_fault_waits_for_the_command_that_it_was_armed_for(
    farm: LightFarm, phone: RawAdb
) -> None:
    arm(farm, FaultKind.LINE_DROPPED, "shell:getprop")
    assert phone.shell("echo hello") == ("hello\n", 0)
    with pytest.raises(EOFError):
        phone.shell("getprop ro.build.version.sdk")


def test_a_login_can_be_refused_for_the_rest_of_a_boot(farm: LightFarm) -> None:
    arm(farm, FaultKind.GLOGIN_REFUSED)
    with connected(farm) as adb:
        said = adb.shell(f"glogin {farm.phone().password}")
    assert said == ("glogin: login failed\n", 0)
    farm.do(lambda: farm.phone().restart())
    with connected(farm) as adb:
        adb.log_in(farm.phone().password)


def test_settings_can_be_denied(farm: LightFarm, phone: RawAdb) -> None:
    assert phone.shell("settings put global one 1; settings get global one") == ("1\n", 0)
    arm(farm, FaultKind.SETTINGS_DENIED)
    said, code = phone.shell("settings delete global one")
    assert "SecurityException: Permission denial" in said
    assert code == 255


def test_what_is_no_fault_of_a_phone_cannot_be_armed(farm: LightFarm) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        arm(farm, FaultKind.HTTP_500)


@pytest.mark.parametrize(("kind", "cut"), [("line_dropped", True), ("adb_unauthorized", False)])
def test_the_farm_file_can_have_a_fault_strike_one_boot(
    tmp_path: Path, kind: str, cut: bool
) -> None:
    """A fault in mid-flow does not strike a phone that nobody automates."""
    script = [{"kind": kind, "account": "acct001", "occurrence": 2}]
    with running_farm(tmp_path, faults={"script": script}) as made:
        made.switch_on()
        with RawAdb(made.phone().port) as adb:
            assert adb.greet().command == wire.CNXN
        made.do(lambda: made.phone().restart())
        made.switch_on()
        with RawAdb(made.phone().port) as adb:
            assert (adb.greet().command == wire.CNXN) is cut


# -- the automation server behind it ---------------------------------------------------------------


def test_the_automation_server_lives_as_long_as_who_started_it_listens(
    farm: LightFarm, phone: RawAdb
) -> None:
    assert phone.open("tcp:6790") is None
    start = f"am instrument -w {INSTRUMENTATION}"
    with RawAdb(farm.phone().port) as other:
        other.greet()
        other.service(f"shell,v2,raw:{start}")
        automation = farm.phone().system
        until(lambda: AUTOMATION in automation.processes)
        stream = phone.service("tcp:6790")
        assert stream.ask("GET", "/status")["ready"] is True
        assert stream.ask("GET", "/frobnicate")["error"] == "unknown command"
        assert "automation GET /frobnicate" in unknown_commands(farm)
    assert stream.rest() == b""
    until(lambda: not automation.processes)
    assert phone.open("tcp:6790") is None
