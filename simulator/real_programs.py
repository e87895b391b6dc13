"""The real adb and Appium of this host, for a work directory that is to use them on the farm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.config import Settings
from engine.errors import SettingsError
from engine.phones.android_sdk import android_sdk
from engine.phones.appium_install import appium_program
from simulator.errors import FarmError


@dataclass(frozen=True, kw_only=True, slots=True)
class RealPrograms:
    """What geelark.toml names instead of the light programs; Appium is found by the engine."""

    adb: Path
    android_home: Path


def real_programs(work_dir: Path) -> RealPrograms:
    """The programs of this host. Raises FarmError naming what is missing."""
    settings = Settings()
    try:
        sdk = android_sdk(settings)
        sdk.check()
        appium_program(settings, work_dir).check()
    except SettingsError as exc:
        raise FarmError(f"Real adb and Appium cannot be used: {exc}") from exc
    assert sdk.adb is not None
    return RealPrograms(adb=sdk.adb, android_home=sdk.home)
