"""The real adb and Appium of this host, for a work directory that is to use them on the farm."""

from __future__ import annotations

import subprocess
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.config import SETTINGS_FILE, Settings
from engine.errors import SettingsError
from engine.phones.android_sdk import android_sdk
from engine.phones.appium_install import appium_program
from simulator.errors import FarmError
from simulator.ports import free_block

_KILL_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RealPrograms:
    """What geelark.toml names instead of the light programs; Appium is found by the engine."""

    adb: Path
    android_home: Path
    adb_server_port: int
    """Of an adb server of its own, so that nobody's adb on 5037 is touched."""


def real_programs(work_dir: Path) -> RealPrograms:
    """The programs of this host, and a free port. Raises FarmError naming what is missing."""
    settings = Settings()
    try:
        sdk = android_sdk(settings)
        sdk.check()
        appium_program(settings, work_dir).check()
    except SettingsError as exc:
        raise FarmError(f"Real adb and Appium cannot be used: {exc}") from exc
    assert sdk.adb is not None
    return RealPrograms(adb=sdk.adb, android_home=sdk.home, adb_server_port=free_block(1))


def end_adb_server(work_dir: Path) -> None:
    """End the adb server that a work directory has of its own, if it has one and it runs."""
    with (work_dir / SETTINGS_FILE).open("rb") as file:
        phones = tomllib.load(file)["phones"]
    port = phones.get("adb_server_port")
    if not port:
        return
    command = (*phones["adb_command"], "-P", str(port), "kill-server")
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, capture_output=True, timeout=_KILL_SECONDS, check=False)
