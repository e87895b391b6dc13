"""The Android SDK folder that Appium is handed: where it is, and whether its driver accepts it.

The driver takes adb from ``ANDROID_HOME/platform-tools`` and from nowhere else; without it every
session fails (behaviour A11.5).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import SettingsError

if TYPE_CHECKING:
    from engine.config import Settings

VARIABLES: Final = ("ANDROID_HOME", "ANDROID_SDK_ROOT")
"""What Appium reads, in its order."""
_SETTING: Final = "appium.android_home"
_TOOLS: Final = "platform-tools"
_ADB_NAMES: Final = ("adb.exe", "adb.bat", "adb.cmd") if sys.platform == "win32" else ("adb",)


@dataclass(frozen=True, kw_only=True, slots=True)
class AndroidSdk:
    """A folder that is named as the SDK; whether it is one, ``check`` tells."""

    home: Path
    named_by: str
    """The setting or variable that names it; empty where the adb program's own place does."""

    @property
    def adb(self) -> Path | None:
        """The adb program that Appium would run; None where there is none."""
        found = (self.home / _TOOLS / name for name in _ADB_NAMES)
        return next((path for path in found if path.is_file()), None)

    def check(self) -> None:
        """Raises SettingsError where Appium's driver would find no adb in it."""
        if not (self.home / _TOOLS).is_dir():
            raise SettingsError(
                f"The Android SDK folder {self.home} contains no {_TOOLS}: correct "
                f"{self.named_by or _SETTING} or install them there."
            )
        if self.adb is None:
            raise SettingsError(
                f"The Android SDK folder {self.home} has no adb in its {_TOOLS}: correct "
                f"{self.named_by or _SETTING} or install the platform tools there."
            )


def android_sdk(settings: Settings, environ: Mapping[str, str] = os.environ) -> AndroidSdk:
    """The SDK by setting, else by environment, else the one that the adb program belongs to.

    Raises SettingsError where nothing leads to one.
    """
    if settings.appium.android_home:
        return AndroidSdk(home=Path(settings.appium.android_home), named_by=_SETTING)
    for name in VARIABLES:
        if environ.get(name):
            return AndroidSdk(home=Path(environ[name]), named_by=name)
    for program in (settings.phones.adb_command[0], "adb"):
        home = _home_of(program, environ)
        if home is not None:
            return AndroidSdk(home=home, named_by="")
    raise SettingsError(
        "Appium needs the Android SDK: install the Android platform tools, or set ANDROID_HOME in "
        f"the environment, or {_SETTING}, to the folder that contains {_TOOLS}."
    )


def _home_of(program: str, environ: Mapping[str, str]) -> Path | None:
    """The SDK folder around an adb program, links followed; None where it lies in none."""
    found = shutil.which(program, path=environ.get("PATH"))
    if found is None:
        return None
    path = Path(found).resolve()
    inside = path.parent.name == _TOOLS and path.name in _ADB_NAMES
    return path.parent.parent if inside else None
