"""Appium sessions on the farm's phones: what the phone's automation server would answer.

Faults of a boot strike here; their texts are those that the real Appium hands to its client.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from simulator.adb_server import LOGIN_MARK, AdbServer
from simulator.app.machine import AppMissing, ElementMissing
from simulator.app.phone_screens import LAUNCHER
from simulator.farm_file import FaultKind
from simulator.phone import Phone
from simulator.world import Farm

UNKNOWN: Final = "unknown error"
_SERVER_SIDE: Final = (
    "An unknown server-side error occurred while processing the command. Original error: "
)
_HANG_UP: Final = "Could not proxy command to the remote server. Original error: socket hang up"
_ACTIONS_BEFORE_SHARE: Final = 5
"""Taps and texts that the shortest way to Share takes at least, the one on Share left out."""
DEVICE_WAIT_SECONDS: Final = 20.0
"""How long the driver looks for a phone while none is online."""
READ_TIMEOUT_MS: Final = 240_000
"""How long the driver waits for the phone's automation server, unless the client says."""


class DeviceFault(Exception):
    """An answer that is an error: WebDriver's kind, its text, how long it takes (simulated)."""

    def __init__(self, kind: str, message: str, *, after: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.after = after


@dataclass(slots=True)
class Session:
    """The automation server that one Appium session runs on a phone."""

    id: str
    phone: Phone
    boot: int
    serial: str
    adb: AdbServer
    read_timeout_ms: int = READ_TIMEOUT_MS
    actions: int = 0
    crashed: bool = False


class Sessions:
    """All sessions of the farm; one phone has one at most."""

    def __init__(self, farm: Farm) -> None:
        self._farm = farm
        self._sessions: dict[str, Session] = {}
        self._struck: set[tuple[str, int]] = set()
        """Boots whose fault in mid-flow has struck: once a boot."""

    def create(self, adb: AdbServer, serial: str, read_timeout_ms: int) -> Session:
        """Start automation on a phone. Raises DeviceFault."""
        phone = adb.online(serial)
        if phone is None:
            if adb.any_online():
                text = f"Device {serial} was not in the list of connected devices"
                raise DeviceFault(UNKNOWN, _SERVER_SIDE + text)
            text = "Could not find a connected Android device in 20000ms"
            raise DeviceFault(UNKNOWN, _SERVER_SIDE + text, after=DEVICE_WAIT_SECONDS)
        if not adb.logged_in(phone):
            said = f"The actual output '{LOGIN_MARK.strip()}' cannot be converted to an integer"
            text = f"Error getting device API level. Original error: {said}"
            raise DeviceFault(UNKNOWN, _SERVER_SIDE + text)
        if phone.fault_of_this_boot is FaultKind.SESSION_REFUSED:
            text = (
                "The instrumentation process cannot be initialized within 30000ms timeout. Make"
                " sure the application under test does not crash and investigate the logcat output."
            )
            raise DeviceFault(UNKNOWN, _SERVER_SIDE + text, after=30.0)
        for other in [one for one in self._sessions.values() if one.phone is phone]:
            other.crashed = True
        phone.touch()
        session_id = secrets.token_hex(16)
        session = Session(session_id, phone, phone.boots, serial, adb, read_timeout_ms)
        self._sessions[session.id] = session
        return session

    def close(self, session_id: str) -> bool:
        """End a session; one that is gone is no error. Whether its phone could be tidied up."""
        session = self._sessions.pop(session_id, None)
        return session is None or self._connected(session)

    def run(self, session_id: str, command: str, arguments: Mapping[str, Any]) -> object:
        """Carry out a command on the phone of a session. Raises DeviceFault."""
        session = self._sessions.get(session_id)
        if session is None:
            raise DeviceFault("invalid session id", "A session is either terminated or not started")
        if command in _THROUGH_ADB:
            self._check_adb(session, command)
        else:
            self._check_server(session, command)
        handler = _COMMANDS[command]
        session.phone.touch()
        before = len(session.phone.app.uploads)
        value = handler(session.phone, arguments)
        if len(session.phone.app.uploads) > before:
            self._after_share(session)
        return value

    # -- faults ----------------------------------------------------------------------------------

    def _connected(self, session: Session) -> bool:
        return (
            session.adb.online(session.serial) is session.phone
            and session.phone.boots == session.boot
        )

    def _check_adb(self, session: Session, command: str) -> None:
        if self._connected(session):
            return
        text = (
            f"Error executing adbExec. Original error: 'Command 'adb -s {session.serial} shell"
            " dumpsys window displays' exited with code 1'; Command output: error: device offline"
        )
        if command == "focus":
            text = (
                "Could not retrieve the currently focused package and activity. Original error:"
                f" {text}"
            )
        raise DeviceFault(UNKNOWN, _SERVER_SIDE + text)

    def _check_server(self, session: Session, command: str) -> None:
        if session.crashed or not self._connected(session):
            session.crashed = True
            raise DeviceFault(UNKNOWN, _not_running(command))
        if command in _ACTIONS:
            session.actions += 1
        boot = (session.phone.id, session.boot)
        if boot in self._struck:
            if session.phone.fault_of_this_boot is FaultKind.PHONE_SILENT:
                raise _silence(session.read_timeout_ms)
            return
        turn = 1 + int(session.phone.fault_position * _ACTIONS_BEFORE_SHARE)
        if session.actions < turn or session.phone.fault_of_this_boot not in _MID_FLOW:
            return
        self._struck.add(boot)
        if session.phone.fault_of_this_boot is FaultKind.PHONE_SILENT:
            raise _silence(session.read_timeout_ms)
        session.crashed = True
        if session.phone.fault_of_this_boot is FaultKind.CONNECTION_DROPPED:
            session.phone.adb_lost = True
        raise DeviceFault(UNKNOWN, _SERVER_SIDE + _HANG_UP)

    def _after_share(self, session: Session) -> None:
        """The fault after the point of no return: the tap worked, its answer may be lost too."""
        if not session.phone.boot_draw(FaultKind.AFTER_SHARE):
            return
        session.phone.adb_lost = True
        session.crashed = True
        if session.phone.fault_position < 0.5:
            raise DeviceFault(UNKNOWN, _SERVER_SIDE + _HANG_UP)


def _silence(limit_ms: int) -> DeviceFault:
    text = (
        "Could not proxy command to the remote server. Original error: timeout of"
        f" {limit_ms}ms exceeded"
    )
    return DeviceFault(UNKNOWN, _SERVER_SIDE + text, after=limit_ms / 1000)


def _not_running(command: str) -> str:
    return (
        f"{_SERVER_SIDE}'{_PROXIED.get(command, 'POST /' + command)}' cannot be proxied to"
        " UiAutomator2 server because the instrumentation process is not running (probably"
        " crashed). Check the server log and/or the logcat output for more details"
    )


# -- commands ------------------------------------------------------------------------------------


def _source(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    return phone.app.source()


def _tap(phone: Phone, arguments: Mapping[str, Any]) -> object:
    phone.app.tap(float(arguments["x"]), float(arguments["y"]))
    return None


def _text(phone: Phone, arguments: Mapping[str, Any]) -> object:
    try:
        phone.app.set_text(
            str(arguments["id"]), str(arguments["text"]), append=bool(arguments.get("append"))
        )
    except ElementMissing as exc:
        text = f"An element could not be located on the page: {exc}"
        raise DeviceFault("no such element", text) from None
    return None


def _back(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    phone.app.back()
    return None


def _home(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    phone.app.home()
    return None


def _screenshot(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    return base64.b64encode(phone.app.screenshot()).decode("ascii")


def _size(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    return list(phone.app.habits.layout.screen)


def _activate(phone: Phone, arguments: Mapping[str, Any]) -> object:
    package = str(arguments["package"])
    try:
        phone.app.launch(package)
    except AppMissing:
        text = f"Unable to resolve the launchable activity of '{package}'. Is it installed?"
        raise DeviceFault(UNKNOWN, _SERVER_SIDE + text) from None
    return None


def _terminate(phone: Phone, arguments: Mapping[str, Any]) -> object:
    return phone.app.terminate(str(arguments["package"]))


def _focus(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    return {"package": phone.app.package, "activity": phone.app.activity}


def _state(phone: Phone, arguments: Mapping[str, Any]) -> object:
    """4 in front, 3 in the background, 1 not running."""
    if phone.app.front == arguments["package"]:
        return 4
    return 3 if phone.app.alive or arguments["package"] == LAUNCHER else 1


_COMMANDS: Final[dict[str, Callable[[Phone, Mapping[str, Any]], object]]] = {
    "source": _source,
    "tap": _tap,
    "text": _text,
    "back": _back,
    "home": _home,
    "screenshot": _screenshot,
    "size": _size,
    "activate": _activate,
    "terminate": _terminate,
    "focus": _focus,
    "state": _state,
}
_THROUGH_ADB: Final = frozenset({"activate", "terminate", "focus", "state", "home"})
"""Carried out through adb, not by the automation server."""
_ACTIONS: Final = frozenset({"tap", "text"})
_MID_FLOW: Final = frozenset(
    {FaultKind.SESSION_LOST, FaultKind.CONNECTION_DROPPED, FaultKind.PHONE_SILENT}
)
_PROXIED: Final = {"source": "GET /source", "tap": "POST /actions", "screenshot": "GET /screenshot"}
COMMANDS: Final = frozenset(_COMMANDS)
