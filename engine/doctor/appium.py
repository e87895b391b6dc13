"""Checks of what drives the phones: Node, Appium, its UiAutomator2 driver."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from engine.doctor.finding import Finding, Place, fail, info, ok, warn
from engine.errors import SettingsError
from engine.phones.appium_install import AppiumProgram, Origin, appium_program
from engine.phones.appium_versions import (
    AppiumPackages,
    check_appium,
    check_driver,
    major,
    packages,
    pinned_node_range,
    satisfies,
)
from engine.phones.child_env import needed_only

ANSWER_SECONDS: Final = 15.0
"""Longest wait for Node or Appium to answer; Appium takes one to two seconds on a slow host."""
_NODE, _APPIUM, _DRIVER = "Node", "Appium", "driver"
_BY_HAND: Final = "look with `appium --version` and `appium driver list --installed`"


def node(place: Place) -> Finding:
    """Node is there in a version that Appium runs on."""
    program = appium_program(place.settings, place.work_dir)
    installed = packages(program)
    wanted = (installed.node_range if installed else "") or pinned_node_range()
    needed = installed is not None or program.origin is not Origin.SETTING
    path = shutil.which("node")
    version = said((path, "--version")) if path else ""
    remedy = f"install Node {wanted}"
    if not version:
        found = "does not run" if path else "not found"
        return fail(_NODE, found, remedy) if needed else warn(_NODE, found, remedy)
    shown = f"{version.removeprefix('v')} ({path})"
    if not satisfies(version, wanted):
        found = f"{shown}; Appium needs {wanted}"
        return fail(_NODE, found, remedy) if needed else warn(_NODE, found, remedy)
    return ok(_NODE, shown)


def server(place: Place) -> Finding:
    """Appium is there, of the major version that the engine speaks with."""
    program = appium_program(place.settings, place.work_dir)
    program.check()
    installed = packages(program)
    version = installed.appium if installed else _asked_version(program)
    if major(version) is None:
        return warn(_APPIUM, f"{' '.join(program.command)} does not tell its version", _BY_HAND)
    check_appium(version, program)
    return ok(_APPIUM, f"{version} ({program.origin})")


def driver(place: Place) -> Finding:
    """The UiAutomator2 driver is in Appium's folder, for this major version."""
    program = appium_program(place.settings, place.work_dir)
    try:
        program.check()
    except SettingsError:
        return info(_DRIVER, "not looked for without Appium")
    installed = packages(program)
    if installed is None:
        version = _asked_driver(program)
        if version is None:
            return warn(_DRIVER, "Appium does not tell its drivers", _BY_HAND)
        installed = AppiumPackages(appium="", driver=version, driver_for="", node_range="")
    check_driver(installed.driver, installed.driver_for, program)
    return ok(_DRIVER, f"UiAutomator2 {installed.driver} ({program.home})")


def _asked_version(program: AppiumProgram) -> str:
    return said((*program.command, "--version"), program)


def _asked_driver(program: AppiumProgram) -> str | None:
    """Version of the driver; empty where Appium has none, None where it does not say."""
    text = said((*program.command, "driver", "list", "--installed", "--json"), program)
    try:
        drivers = json.loads(text)
        return str(drivers["uiautomator2"]["version"]) if "uiautomator2" in drivers else ""
    except (ValueError, KeyError, TypeError):
        return None


def said(command: Sequence[str], program: AppiumProgram | None = None) -> str:
    """What a program prints on its standard output; empty where it fails or takes too long."""
    extra = dict(program.environment) if program is not None else {}
    try:
        answer = subprocess.run(
            list(command),
            env=needed_only(**extra),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode("utf-8", errors="replace").strip() if not answer.returncode else ""
