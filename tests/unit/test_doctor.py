"""The doctor's questions, each answered well and badly, and all of them within their time."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.doctor import android, appium, host, ports
from engine.doctor.examination import could_run, examine
from engine.doctor.finding import Check, Finding, Level, Place, from_sentence, ok
from engine.errors import SettingsError
from engine.phones.adb_version import refuse_other_server
from simulator.ports import free_block
from tests.adb_version_server import adb_server
from tests.node_programs import POSIX_ONLY, NodePrograms, lay_package, lay_sdk
from tests.scripted_adb import AdbRule, ScriptedAdb

VERSION = "Android Debug Bridge version 1.0.41\nVersion 29.0.6-test\n"


def place(work_dir: Path, **tables: Any) -> Place:
    return Place(work_dir=work_dir, settings=Settings.model_validate(tables))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- the examination -------------------------------------------------------------------------------


def test_no_check_keeps_the_others_waiting_or_raises(tmp_path: Path) -> None:
    release = threading.Event()

    def hangs(_place: Place) -> Finding:
        release.wait()
        return ok("hangs", "")

    def breaks(_place: Place) -> Finding:
        raise KeyError("x")

    def refuses(_place: Place) -> Finding:
        raise SettingsError("The thing at http://x is wrong: correct a.b.")

    asked = {
        "hangs": hangs,
        "breaks": breaks,
        "refuses": refuses,
        "fine": lambda _p: ok("fine", ""),
    }
    checks = [Check(name=name, ask=ask) for name, ask in asked.items()]
    try:
        found = examine(tmp_path, checks=checks, patience=0.3)
    finally:
        release.set()
    assert [(one.name, one.level) for one in found] == [
        ("settings", "ok"), ("hangs", "warn"), ("breaks", "fail"), ("refuses", "fail"),
        ("fine", "ok"),
    ]  # fmt: skip
    assert found[1].found == "no answer within 0 s"
    assert "KeyError" in found[2].found
    assert (found[3].found, found[3].remedy) == ("The thing at http://x is wrong", "correct a.b")
    assert not could_run(found)


def test_settings_that_cannot_be_used_are_a_finding_and_the_rest_is_asked(tmp_path: Path) -> None:
    (tmp_path / "geelark.toml").write_text("[run]\nwrokers = 2\n")
    checks = [Check(name="x", ask=lambda at: ok("x", str(at.settings.run.workers)))]
    bad, other = examine(tmp_path, checks=checks)
    assert bad.level == "fail"
    assert "run.wrokers" in bad.found + bad.remedy
    assert other.found == "3"


def test_secrets_of_the_work_directory_are_taken_out_of_what_a_check_says(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GEELARK_API_TOKEN=very-secret-token-77\n")
    says = Check(name="x", ask=lambda _p: ok("x", "it said very-secret-token-77"))
    found = examine(tmp_path, checks=[says])[-1]
    assert "very-secret" not in found.found


def test_a_sentence_without_a_remedy_stays_whole() -> None:
    found = from_sentence("x", Level.WARN, "Nothing helps.")
    assert (found.found, found.remedy) == ("Nothing helps", "")


# -- adb and SDK -----------------------------------------------------------------------------------


@pytest.fixture
def adb(tmp_path: Path) -> ScriptedAdb:
    program = ScriptedAdb(tmp_path / "adb")
    program.rules(AdbRule("version", out=VERSION))
    return program


def test_adb_and_a_server_of_its_version_are_well(
    adb: ScriptedAdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place(tmp_path, phones={"adb_command": adb.command})
    with adb_server(41) as port:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        found = android.adb(here)
        refuse_other_server(adb.command, port)
    assert (found.level, found.found.split()[0]) == ("ok", "29.0.6-test")
    assert f"server on port {port}" in found.found
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(free_port()))
    assert "no server yet" in android.adb(here).found


def test_an_adb_server_of_another_version_is_refused_before_it_is_ended(
    adb: ScriptedAdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with adb_server(39) as port:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(port))
        found = android.adb(place(tmp_path, phones={"adb_command": adb.command}))
        with pytest.raises(SettingsError, match=r"is of version 1\.0\.39 .* of 1\.0\.41.*: set"):
            refuse_other_server(adb.command, port)
    assert found.level == "fail"
    assert "1.0.39" in found.found
    assert "kill-server" in found.remedy
    assert set(adb.commands) == {"version"}  # any other command would have ended that server


def test_without_a_server_nothing_is_started_to_compare_with(adb: ScriptedAdb) -> None:
    refuse_other_server(adb.command, free_port())
    assert adb.calls == []


def test_a_program_that_is_not_adb_is_told_apart_from_one_that_is_not_there(
    adb: ScriptedAdb, tmp_path: Path
) -> None:
    adb.rules(AdbRule("version", out="hello"))
    with pytest.raises(SettingsError, match=r"does not say that it is adb: .*phones\.adb_command"):
        android.adb(place(tmp_path, phones={"adb_command": adb.command}))
    with pytest.raises(SettingsError, match=r"cannot be run .*: install the Android platform"):
        android.adb(place(tmp_path, phones={"adb_command": ["/nowhere/adb"]}))


@POSIX_ONLY
def test_two_adb_versions_in_one_setup_are_a_failure(adb: ScriptedAdb, tmp_path: Path) -> None:
    theirs = lay_sdk(tmp_path / "sdk")
    here = place(
        tmp_path,
        phones={"adb_command": adb.command},
        appium={"android_home": str(tmp_path / "sdk")},
    )
    theirs.write_text("#!/bin/sh\necho Android Debug Bridge version 1.0.41\n")
    assert android.sdk(here).level == "ok"
    theirs.write_text("#!/bin/sh\necho Android Debug Bridge version 1.0.32\n")
    found = android.sdk(here)
    assert found.level == "fail"
    assert "1.0.32, ours is 29.0.6-test" in found.found
    assert "phones.adb_command" in found.remedy


# -- Node, Appium, driver --------------------------------------------------------------------------


@POSIX_ONLY
def test_a_node_that_is_too_old_for_this_appium_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = lay_package(tmp_path, "appium", version="3.8.0", engines={"node": "^20.19.0"})
    programs = NodePrograms(tmp_path / "bin")
    monkeypatch.setenv("PATH", programs.path)
    here = place(tmp_path, appium={"command": ["node", str(script)]})
    missing = appium.node(here)
    assert (missing.level, missing.found) == ("fail", "not found")
    programs.node("v20.19.4")
    assert appium.node(here).level == "ok"
    assert appium.server(here).found.startswith("3.8.0")
    programs.node("v18.20.4")
    found = appium.node(here)
    assert (found.level, found.remedy) == ("fail", "install Node ^20.19.0")


@POSIX_ONLY
def test_an_appium_that_is_no_package_is_asked(tmp_path: Path) -> None:
    wrapper = tmp_path / "appium.sh"
    drivers = '{"uiautomator2": {"version": "8.7.0"}}'

    def says(version: str, listing: str) -> None:
        wrapper.write_text(
            f"#!/bin/sh\ncase $1 in --version) echo '{version}';; driver) echo '{listing}';; esac\n"
        )
        wrapper.chmod(0o700)

    here = place(tmp_path, appium={"command": [str(wrapper)]})
    says("3.8.0", drivers)
    assert (appium.server(here).level, appium.driver(here).level) == ("ok", "ok")
    says("2.19.0", "{}")
    with pytest.raises(SettingsError, match=r"version 3 is needed"):
        appium.server(here)
    with pytest.raises(SettingsError, match="no UiAutomator2 driver"):
        appium.driver(here)
    says("hello", "hello")
    assert (appium.server(here).level, appium.driver(here).level) == ("warn", "warn")


# -- ports -----------------------------------------------------------------------------------------


def test_a_port_that_a_stranger_holds_names_him_and_the_setting(tmp_path: Path) -> None:
    base = free_block(13)
    appium_port, own_adb, system = base, base + 1, base + 2
    run = {"workers": 1}
    wanted = {"base_port": appium_port, "system_port_base": system}

    def found(held: int) -> Finding:
        with socket.create_server(("127.0.0.1", held)):
            phones = {"adb_server_port": own_adb}
            return ports.free(place(tmp_path, run=run, appium=wanted, phones=phones))

    at = found(appium_port)
    assert (at.level, f"port {appium_port} held by " in at.found) == ("fail", True)
    assert f"(pid {os.getpid()})" in at.found
    assert "appium.base_port" in at.remedy
    at = found(own_adb)
    assert (at.level, "phones.adb_server_port" in at.remedy) == ("fail", True)
    at = found(system + 9)
    assert (at.level, f"systemPort: port {system + 9} held by" in at.found) == ("warn", True)
    assert found(base + 12).level == "ok"


def test_ports_that_meet_are_refused(tmp_path: Path) -> None:
    meeting = {"base_port": 8200, "system_port_base": 8200}
    with pytest.raises(SettingsError, match="would both be 8200"):
        ports.free(place(tmp_path, appium=meeting))


# -- host ------------------------------------------------------------------------------------------


def test_room_is_measured_where_the_work_directory_is_or_will_be(tmp_path: Path) -> None:
    found = host.disk(place(tmp_path / "not" / "yet"))
    assert found.found.split(";")[0].endswith(f"GB free at {tmp_path}")
    greedy = place(tmp_path, logs={"evidence_megabytes": 10**9})
    assert (host.disk(greedy).level, host.python(greedy).level) == ("warn", "ok")
    assert "logs.evidence_megabytes" in host.disk(greedy).remedy
