"""Where Appium is on this host, and what environment it needs to find its driver and adb.

``geelark-console doctor --install`` puts pinned versions of Appium and its UiAutomator2 driver into
a folder of the project, never globally; what is pinned lies in ``engine/phones/appium``. Nothing in
here starts a program: it is asked for before each start of a server.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import SettingsError
from engine.phones.android_sdk import android_sdk
from engine.settings_groups import Appium

if TYPE_CHECKING:
    from engine.config import Settings

PINNED: Final = Path(__file__).parent / "appium"
"""``package.json`` and ``package-lock.json`` of what is installed."""
FOLDER_NAME: Final = ".appium"
STAMP_NAME: Final = ".installed"
"""Written last into the folder of an installation; holds what it was made from."""
_BUILT_IN: Final = Appium().command
_CHECKOUT: Final = Path(__file__).parents[2]


class Origin(StrEnum):
    """What decided which Appium is used."""

    SETTING = "appium.command"
    INSTALLED = "doctor --install"
    PATH = "PATH"


@dataclass(frozen=True, kw_only=True, slots=True)
class AppiumProgram:
    """How to start Appium here; ``check`` tells whether it is there."""

    command: tuple[str, ...]
    """Program with its fixed arguments; the server's own come after them."""
    environment: Mapping[str, str]
    """To be added to the child's environment: APPIUM_HOME, ANDROID_HOME, where they are known."""
    origin: Origin

    @property
    def home(self) -> Path:
        """Appium's own folder, in which it looks for its drivers."""
        named = self.environment.get("APPIUM_HOME") or os.environ.get("APPIUM_HOME")
        return Path(named) if named else Path.home() / ".appium"

    def check(self) -> None:
        """Raises SettingsError where the program cannot be found."""
        program = self.command[0]
        if shutil.which(program) is not None:
            return
        if self.origin is Origin.INSTALLED:
            raise SettingsError(
                f"The Node program {program!r}, which Appium needs, was not found: install Node, "
                "or set appium.command."
            )
        raise SettingsError(
            f"The Appium program {program!r} was not found: install it with `geelark-console "
            "doctor --install`, or set appium.command."
        )


def install_folder(settings: Settings, work_dir: Path) -> Path:
    """Where ``doctor --install`` puts Appium and where it is looked for.

    ``paths.appium``; else ``.appium`` of the checkout that this program runs from, so that all its
    work directories share one; else ``.appium`` of the work directory.
    """
    if settings.paths.appium is not None:
        return work_dir / settings.paths.appium
    checkout = (_CHECKOUT / "pyproject.toml").is_file()
    return (_CHECKOUT if checkout else work_dir) / FOLDER_NAME


def installed_script(folder: Path) -> Path | None:
    """The script of a finished installation, to be run by Node; None where there is none."""
    script = folder / "node_modules" / "appium" / "index.js"
    return script if (folder / STAMP_NAME).is_file() and script.is_file() else None


def appium_program(settings: Settings, work_dir: Path) -> AppiumProgram:
    """The Appium to start: ``appium.command`` if set, else installed here, else the one on PATH.

    Never raises and starts nothing. A missing program or SDK shows when it is used; ``check`` and
    ``android_sdk`` tell it before, each in one sentence.
    """
    extra: dict[str, str] = {}
    with contextlib.suppress(SettingsError):
        extra["ANDROID_HOME"] = str(android_sdk(settings).home)
    command = settings.appium.command
    if command != _BUILT_IN:
        return AppiumProgram(command=command, environment=extra, origin=Origin.SETTING)
    folder = install_folder(settings, work_dir)
    script = installed_script(folder)
    if script is None:
        return AppiumProgram(command=command, environment=extra, origin=Origin.PATH)
    return AppiumProgram(
        command=(shutil.which("node") or "node", str(script)),
        environment=extra | {"APPIUM_HOME": str(folder)},
        origin=Origin.INSTALLED,
    )
