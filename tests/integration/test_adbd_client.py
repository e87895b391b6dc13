"""The real adb client and server on simulated phones: what it prints, what it gets across."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import SettingsError
from engine.phones.android_sdk import android_sdk
from simulator.android_system import AUTOMATION, INSTRUMENTATION
from simulator.farm_file import FaultKind
from tests.apk_files import compiled_manifest
from tests.light_farm import LightFarm, free_port, running_farm
from tests.raw_adb import arm, disarm, unknown_commands, until

MARK = "error: you should run glogin to login first\n"


@dataclass
class AdbHost:
    """The adb program with a server of its own."""

    program: str
    port: int

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (self.program, *words),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "ANDROID_ADB_SERVER_PORT": str(self.port)},
        )

    def said(self, *words: str, stdin: str = "") -> str:
        """What it prints, errors included."""
        done = self.run(*words, stdin=stdin)
        return done.stdout + done.stderr


def adb_program() -> str:
    """The real adb; the test is skipped where there is none, or fails where it is required."""
    try:
        sdk = android_sdk(Settings())
        sdk.check()
    except SettingsError as exc:
        if os.environ.get("GEELARK_REQUIRE_APPIUM") == "1":
            pytest.fail(f"real adb is required: {exc}", pytrace=False)
        pytest.skip(f"real adb is not there: {exc}")
    return str(sdk.adb)


@pytest.fixture(scope="module")
def host() -> Iterator[AdbHost]:
    made = AdbHost(adb_program(), free_port())
    made.run("start-server")
    yield made
    made.run("kill-server")


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LightFarm]:
    with running_farm(tmp_path_factory.mktemp("farm"), phones={"prepared": False}) as made:
        yield made
        assert unknown_commands(made) == []


@pytest.fixture
def serial(farm: LightFarm) -> Iterator[str]:
    """Serial of a phone that is on; it is off afterwards."""
    yield farm.switch_on()
    disarm(farm)
    phone = farm.phone()
    farm.do(lambda: phone.shut(phone.farm.clock.now(), "test over"))


@pytest.fixture
def shell(farm: LightFarm, host: AdbHost, serial: str) -> Iterator[Callable[..., str]]:
    """``adb -s SERIAL …`` on the phone, connected and logged in."""
    assert host.said("connect", serial) == f"connected to {serial}\n"
    login = f"glogin {farm.phone().password}\nexit\n"
    assert host.said("-s", serial, "shell", stdin=login) == "login success\n"
    yield lambda *words: host.said("-s", serial, *words)
    host.run("disconnect", serial)


def test_a_connected_phone_is_a_device_and_wants_a_login(
    farm: LightFarm, host: AdbHost, serial: str
) -> None:
    host.run("connect", serial)
    assert f"{serial}\tdevice" in host.said("devices")
    assert host.said("-s", serial, "shell", "echo", "hello") == MARK
    assert host.said("-s", serial, "exec-out", "echo", "hello") == MARK
    wrong = host.said("-s", serial, "shell", stdin="glogin wrong\nexit\n")
    assert wrong == "glogin: login failed\n"
    host.run("disconnect", serial)


def test_a_phone_that_is_off_refuses_and_adb_exits_0(farm: LightFarm, host: AdbHost) -> None:
    serial = farm.switch_on()
    phone = farm.phone()
    farm.do(lambda: phone.shut(phone.farm.clock.now(), "stop"))
    done = host.run("connect", serial)
    assert done.returncode == 0
    assert done.stdout == f"failed to connect to '{serial}': Connection refused\n"


def test_the_exit_status_of_a_command_comes_through(
    host: AdbHost, serial: str, shell: Callable[..., str]
) -> None:
    assert host.run("-s", serial, "shell", "false").returncode == 1
    assert shell("shell", "getprop", "ro.build.version.sdk") == "33\n"
    assert shell("features").split()[0] == "shell_v2"


def test_a_big_video_is_pushed_whole(
    farm: LightFarm, shell: Callable[..., str], tmp_path: Path
) -> None:
    video = tmp_path / "big.mp4"
    video.write_bytes(os.urandom(4_000_000))
    assert "1 file pushed" in shell("push", str(video), "/sdcard/Download/")
    file = farm.phone().files[-1]
    assert file.name == "big.mp4"
    assert file.sha256 == hashlib.sha256(video.read_bytes()).hexdigest()
    assert "1 file pulled" in shell("pull", "/sdcard/Download/big.mp4", str(tmp_path / "again.mp4"))
    assert (tmp_path / "again.mp4").stat().st_size == file.size
    assert "couldn't create file: Permission denied" in shell("push", str(video), "/system/")


def test_an_app_is_installed_and_removed(
    farm: LightFarm, shell: Callable[..., str], tmp_path: Path
) -> None:
    app = tmp_path / "server.apk"
    with zipfile.ZipFile(app, "w") as archive:
        archive.writestr("AndroidManifest.xml", compiled_manifest(AUTOMATION, 278))
    assert "Success" in shell("install", "-r", str(app))
    assert f"Package [{AUTOMATION}]" in shell("shell", "dumpsys", "package", AUTOMATION)
    assert "Success" in shell("uninstall", AUTOMATION)
    assert f"Package [{AUTOMATION}]" not in shell("shell", "dumpsys", "package", AUTOMATION)
    app.write_bytes(b"no archive")
    assert "INSTALL_PARSE_FAILED" in shell("install", str(app))
    assert f"instrumentation:{INSTRUMENTATION}" not in shell("shell", "pm list instrumentation")


def test_a_phone_whose_line_is_gone_is_offline(
    farm: LightFarm, host: AdbHost, serial: str, shell: Callable[..., str]
) -> None:
    arm(farm, FaultKind.CONNECTION_DROPPED)
    until(lambda: f"{serial}\toffline" in host.said("devices"))
    assert "device offline" in shell("shell", "echo", "hello")


def test_a_drop_removes_the_forwards_and_the_phone_is_connected_anew(
    farm: LightFarm, host: AdbHost, serial: str, shell: Callable[..., str]
) -> None:
    shell("forward", f"tcp:{free_port()}", "tcp:6790")
    assert serial in host.said("forward", "--list")
    arm(farm, FaultKind.LINE_DROPPED)
    until(lambda: serial not in host.said("forward", "--list"))
    host.run("disconnect", serial)
    assert host.said("connect", serial) == f"connected to {serial}\n"
    assert shell("shell", "echo", "hello") == "hello\n"


def test_a_command_that_is_cut_by_a_drop_exits_0_and_says_nothing(
    farm: LightFarm, host: AdbHost, serial: str, shell: Callable[..., str]
) -> None:
    arm(farm, FaultKind.LINE_DROPPED, "shell:getprop")
    done = host.run("-s", serial, "shell", "getprop", "ro.build.version.sdk")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_phone_that_accepts_nobody_is_unauthorised(
    farm: LightFarm, host: AdbHost, serial: str
) -> None:
    arm(farm, FaultKind.ADB_UNAUTHORIZED)
    assert f"failed to authenticate to {serial}" in host.said("connect", serial)
    assert f"{serial}\tunauthorized" in host.said("devices")
    assert "device unauthorized" in host.said("-s", serial, "shell", "echo", "hello")
    host.run("disconnect", serial)


def test_a_forward_leads_to_nothing_while_no_automation_server_runs(
    shell: Callable[..., str],
) -> None:
    port = free_port()
    shell("forward", f"tcp:{port}", "tcp:6790")
    began = time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011 - refused, reset or closed: as the moment has it
        urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5)
    assert time.monotonic() - began < 2
    shell("forward", "--remove", f"tcp:{port}")
