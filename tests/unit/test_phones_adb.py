"""adb: outputs are checked, calls are bounded, the login password is on no command line."""

from __future__ import annotations

import sys
import time
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from engine.config import Phones, Settings
from engine.errors import (
    AdbError,
    ConnectionDroppedError,
    GloginError,
    InternalError,
    JobError,
    SettingsError,
)
from engine.phones.adb import Adb, AdbOfSlots, Forward
from engine.polling import growing
from tests.adb_version_server import adb_server
from tests.scripted_adb import AdbRule, ScriptedAdb
from tests.scripted_provider import LogBook

SERIAL = "10.0.0.1:5555"
MARK = "error: you should run glogin to login first\n"


@pytest.fixture
def program(tmp_path: Path) -> ScriptedAdb:
    adb = ScriptedAdb(tmp_path / "adb")
    adb.good_phone(SERIAL)
    return adb


def client(program: ScriptedAdb, book: LogBook | None = None, **phones: Any) -> Adb:
    settings = Phones.model_validate({"adb_command": program.command, **phones})
    return Adb(settings, (book or LogBook()).log)


def test_connect_cuts_the_old_connection_first(program: ScriptedAdb) -> None:
    client(program).connect(SERIAL)
    assert program.commands == [f"disconnect {SERIAL}", f"connect {SERIAL}"]


def test_missing_connection_is_no_reason_not_to_connect(program: ScriptedAdb) -> None:
    program.good_phone(
        SERIAL, AdbRule("disconnect", err=f"error: no such device '{SERIAL}'\n", code=1)
    )
    client(program).connect(SERIAL)


@pytest.mark.parametrize(
    "said",
    [
        f"failed to connect to '{SERIAL}': Connection refused\n",
        f"failed to connect to {SERIAL}\n",
        f"failed to authenticate to {SERIAL}\n",
        "connected to 10.0.0.2:5555\n",
        "",
    ],
)
def test_connect_that_fails_with_exit_status_0_is_an_error(program: ScriptedAdb, said: str) -> None:
    program.good_phone(SERIAL, AdbRule("disconnect"), AdbRule("connect", out=said))
    with pytest.raises(AdbError, match=f"could not connect to {SERIAL}: it said"):
        client(program).connect(SERIAL)


def test_device_is_found_by_its_whole_serial_only(program: ScriptedAdb) -> None:
    program.rules(
        AdbRule(
            "devices",
            out=f"* daemon started successfully\nList of devices attached\n{SERIAL}5\tdevice\n"
            f"{SERIAL}\toffline\nemulator-5554\tdevice\n\n",
        )
    )
    assert client(program).devices() == {
        f"{SERIAL}5": "device",
        SERIAL: "offline",
        "emulator-5554": "device",
    }


def test_waiting_ends_when_the_device_is_ready(program: ScriptedAdb) -> None:
    offline = AdbRule("devices", out=f"List of devices attached\n{SERIAL}\toffline\n\n", times=2)
    program.good_phone(SERIAL, offline)
    pauses: list[float] = []
    client(program).wait_device(SERIAL, timeout=30, polls=growing(0.4, 0.5), pause=pauses.append)
    assert pauses == [0.4, 0.5]


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (f"{SERIAL}\toffline\n", "is offline after 0 s"),
        (f"{SERIAL}5\tdevice\n", "is not listed after 0 s"),
        (f"{SERIAL}\tunauthorized\n", "not authorised"),
    ],
)
def test_device_that_does_not_come_is_an_error_that_tells_its_state(
    program: ScriptedAdb, listed: str, words: str
) -> None:
    program.rules(AdbRule("devices", out=f"List of devices attached\n{listed}\n"))
    with pytest.raises(AdbError, match=words):
        client(program).wait_device(SERIAL, timeout=0, polls=repeat(0.01), pause=time.sleep)


def test_login_goes_through_standard_input_and_into_no_argument_or_log(
    program: ScriptedAdb,
) -> None:
    book = LogBook()
    client(program, book).login(SERIAL, SecretStr("marked-pwd"))
    (call,) = program.calls
    assert call["arguments"] == ["-s", SERIAL, "shell"]
    assert call["stdin"] == "glogin marked-pwd\nexit\n"
    assert "marked-pwd" not in book.text


@pytest.mark.parametrize("said", ["login success\n", "Already logged in\n", "Success\n"])
def test_login_is_believed_when_the_phone_says_so(program: ScriptedAdb, said: str) -> None:
    program.rules(AdbRule("glogin", out=said))
    client(program).login(SERIAL, SecretStr("pwd"))


@pytest.mark.parametrize(
    "said", ["glogin: login failed for marked-pwd\n", "unsuccessful\n", "", MARK]
)
def test_login_without_its_word_is_refused_and_the_password_is_not_repeated(
    program: ScriptedAdb, said: str
) -> None:
    program.rules(AdbRule("glogin", out=said))
    with pytest.raises(GloginError) as raised:
        client(program).login(SERIAL, SecretStr("marked-pwd"))
    assert "marked-pwd" not in str(raised.value)


def test_lapsed_login_is_noticed_although_adb_exits_0(program: ScriptedAdb) -> None:
    program.rules(AdbRule("shell", out=MARK))
    with pytest.raises(GloginError, match="wants a new login"):
        client(program).check_answers(SERIAL)


def test_empty_answer_of_a_cut_connection_is_not_believed(program: ScriptedAdb) -> None:
    program.rules(AdbRule("shell", out=""))
    with pytest.raises(AdbError, match="did not answer a shell command"):
        client(program).check_answers(SERIAL)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("error: device offline\n", ConnectionDroppedError),
        (f"error: device '{SERIAL}' not found\n", ConnectionDroppedError),
        ("error: closed\n", ConnectionDroppedError),
        ("error: device unauthorized.\n", AdbError),
    ],
)
def test_shell_on_a_lost_phone_tells_what_adb_said(
    program: ScriptedAdb, said: str, kind: type[JobError]
) -> None:
    program.rules(AdbRule("shell", err=said, code=1))
    with pytest.raises(kind, match=SERIAL):
        client(program).shell(SERIAL, "getprop")


def test_call_that_hangs_is_ended_at_its_bound(program: ScriptedAdb) -> None:
    program.rules(AdbRule("shell", sleep=30))
    began = time.monotonic()
    with pytest.raises(AdbError, match="did not end within 0 s: adb -s"):
        client(program, adb_command_timeout_seconds=0.4).shell(SERIAL, "getprop")
    assert time.monotonic() - began < 5


def test_server_left_behind_by_the_client_does_not_hold_the_call(tmp_path: Path) -> None:
    script = tmp_path / "adb.py"
    script.write_text(
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3)'])\n"
        "print('List of devices attached')\n",
        encoding="utf-8",
    )
    adb = Adb(Phones(adb_command=(sys.executable, str(script))), LogBook().log)
    began = time.monotonic()
    assert adb.devices() == {}
    assert time.monotonic() - began < 2.5


def test_push_demands_that_adb_says_it_pushed(program: ScriptedAdb, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"video")
    client(program).push(SERIAL, clip, "/sdcard/Download/clip.mp4", timeout=5)
    program.rules(AdbRule("push", err="adb: error: failed to copy: Permission denied\n", code=1))
    with pytest.raises(AdbError, match="Permission denied"):
        client(program).push(SERIAL, clip, "/x", timeout=5)
    program.rules(AdbRule("push", out="couldn't read from device\n", code=1))
    with pytest.raises(ConnectionDroppedError):
        client(program).push(SERIAL, clip, "/sdcard/Download/clip.mp4", timeout=5)


def test_missing_program_names_the_setting(tmp_path: Path) -> None:
    adb = Adb(Phones(adb_command=(str(tmp_path / "no-adb"),)), LogBook().log)
    with pytest.raises(SettingsError, match=r"no-adb.*phones\.adb_command"):
        adb.check_program()
    with pytest.raises(InternalError, match=r"no-adb.*phones\.adb_command"):
        adb.devices()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on open files")
def test_a_host_without_a_file_to_spare_is_no_missing_adb(program: ScriptedAdb) -> None:
    import resource

    adb = client(program)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(
            AdbError, match=r"could not run adb devices just now \(Too many"
        ) as told:
            adb.devices()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert told.value.retry_soon
    assert adb.devices() == {SERIAL: "device"}


def test_our_secrets_are_not_handed_to_adb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEELARK_API_TOKEN", "marked-token")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", "5038")
    script = tmp_path / "adb.py"
    script.write_text(
        "import os\nprint('List of devices attached')\n"
        "print(os.environ.get('GEELARK_API_TOKEN', '-') + '\\t' "
        "+ os.environ['ANDROID_ADB_SERVER_PORT'])\n",
        encoding="utf-8",
    )
    adb = Adb(Phones(adb_command=(sys.executable, str(script))), LogBook().log)
    assert adb.devices() == {"-": "5038"}


# -- the adb server -------------------------------------------------------------------------------


def test_an_adb_of_another_version_that_ends_the_server_is_told(program: ScriptedAdb) -> None:
    said = "adb server version (40) doesn't match this client (41); killing...\n* daemon started\n"
    program.rules(AdbRule("devices", out="List of devices attached\n\n", err=said))
    with pytest.raises(AdbError, match=r"1\.0\.40 was running, ours is 1\.0\.41.*use one adb"):
        client(program).devices()


def test_forwards_are_read_from_the_server_that_is_asked(program: ScriptedAdb) -> None:
    listed = f"{SERIAL} tcp:8200 tcp:6790\nx localabstract:a tcp:1\ny tcp:9 localabstract:b\n\n"
    program.rules(AdbRule("forward --list", out=listed), AdbRule("forward --remove", code=1))
    with adb_server(41) as port:
        adb = Adb(Phones(adb_command=program.command), LogBook().log, server_port=port)
        found = adb.forwards()
        assert found == [Forward(serial=SERIAL, port=8200), Forward(serial="y", port=9)]
        adb.remove_forward(found[0])
    assert program.commands == ["forward --list", f"-s {SERIAL} forward --remove tcp:8200"]


def test_without_an_adb_server_nothing_is_asked_that_would_start_one(program: ScriptedAdb) -> None:
    with adb_server(41) as port:
        pass
    adb = Adb(Phones(adb_command=program.command), LogBook().log, server_port=port)
    assert adb.forwards() == []
    adb.cut_off(SERIAL)
    assert program.commands == []


def test_each_slot_asks_its_own_server_where_it_has_one(tmp_path: Path) -> None:
    script = tmp_path / "adb.py"
    script.write_text(
        "import os\nprint('List of devices attached')\n"
        "print(os.environ.get('ANDROID_ADB_SERVER_PORT', 'none') + '\\tdevice')\n",
        encoding="utf-8",
    )
    phones = Phones(adb_command=(sys.executable, str(script)), adb_server_port=6100)
    adbs = AdbOfSlots(Settings(phones=phones), LogBook().log)
    assert [list(adbs.of(slot).devices()) for slot in (0, 3)] == [["6100"], ["6103"]]
