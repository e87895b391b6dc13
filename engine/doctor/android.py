"""Checks of adb and of the Android SDK folder that Appium is handed."""

from __future__ import annotations

import shutil

from engine.doctor.finding import Finding, Level, Place, fail, from_sentence, info, ok
from engine.errors import SettingsError
from engine.phones.adb_version import (
    AdbVersion,
    client_version,
    server_port,
    server_version,
)
from engine.phones.android_sdk import AndroidSdk, android_sdk

_ADB, _SDK = "adb", "Android SDK"


def adb(place: Place) -> Finding:
    """The client runs, and no server of another version is at work on its port."""
    command = place.settings.phones.adb_command
    version = client_version(command)
    found = f"{version} ({shutil.which(command[0]) or command[0]})"
    if own := place.settings.phones.adb_server_port:
        return ok(_ADB, f"{found}, own servers from port {own} on")
    port = server_port()
    running = server_version(port)
    if running is not None and running != version.protocol:
        return fail(
            _ADB,
            f"{version}, but the adb server on port {port} is of 1.0.{running}: they would end "
            "each other",
            "set phones.adb_command to the adb that started it, or end it with its own "
            "`adb kill-server`",
        )
    server = f"server on port {port}" if running is not None else "no server yet"
    return ok(_ADB, f"{found}, {server}")


def sdk(place: Place) -> Finding:
    """Appium finds an adb in it, of the same protocol version as our own."""
    found = android_sdk(place.settings)
    found.check()
    where = f"{found.home} ({found.named_by or 'of the adb program'})"
    try:
        ours = client_version(place.settings.phones.adb_command)
    except SettingsError:
        return info(_SDK, f"{where}; not compared with our adb, which does not run")
    assert found.adb is not None
    theirs = client_version((str(found.adb),))
    if ours.protocol == theirs.protocol:
        return ok(_SDK, where)
    return _two_versions(found, ours, theirs)


def _two_versions(found: AndroidSdk, ours: AdbVersion, theirs: AdbVersion) -> Finding:
    return from_sentence(
        _SDK,
        Level.FAIL,
        f"{found.adb} is adb {theirs}, ours is {ours}, so they would end each other's server: set "
        "phones.adb_command to the one, or the SDK to that of the other",
    )
