"""Appium sessions on the farm's phones: what the phone's automation server would answer.

Faults of a boot strike here; their texts are those that the real Appium hands to its client.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from simulator.adb_server import LOGIN_MARK, AdbServer
from simulator.farm_file import FaultKind
from simulator.mid_flow import MidFlow
from simulator.phone import Phone
from simulator.phone_commands import (
    COMMANDS,
    SERVER_SIDE,
    THROUGH_ADB,
    UNKNOWN,
    DeviceFault,
    carry_out,
)
from simulator.world import Farm

__all__ = ["COMMANDS", "DeviceFault", "Session", "Sessions"]

_HANG_UP: Final = "Could not proxy command to the remote server. Original error: socket hang up"
DEVICE_WAIT_SECONDS: Final = 20.0
"""How long the driver looks for a phone while none is online."""
READ_TIMEOUT_MS: Final = 240_000
"""How long the driver waits for the phone's automation server, unless the client says."""


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

    def __init__(self, farm: Farm, mid_flow: MidFlow) -> None:
        self._farm = farm
        self._mid_flow = mid_flow
        self._sessions: dict[str, Session] = {}

    def create(self, adb: AdbServer, serial: str, read_timeout_ms: int) -> Session:
        """Start automation on a phone. Raises DeviceFault."""
        phone = adb.online(serial)
        if phone is None:
            if adb.any_online():
                text = f"Device {serial} was not in the list of connected devices"
                raise DeviceFault(UNKNOWN, SERVER_SIDE + text)
            text = "Could not find a connected Android device in 20000ms"
            raise DeviceFault(UNKNOWN, SERVER_SIDE + text, after=DEVICE_WAIT_SECONDS)
        if not adb.logged_in(phone):
            said = f"The actual output '{LOGIN_MARK.strip()}' cannot be converted to an integer"
            text = f"Error getting device API level. Original error: {said}"
            raise DeviceFault(UNKNOWN, SERVER_SIDE + text)
        if phone.fault_of_this_boot is FaultKind.SESSION_REFUSED:
            text = (
                "The instrumentation process cannot be initialized within 30000ms timeout. Make"
                " sure the application under test does not crash and investigate the logcat output."
            )
            raise DeviceFault(UNKNOWN, SERVER_SIDE + text, after=30.0)
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
        if command in THROUGH_ADB:
            self._check_adb(session, command)
        else:
            self._check_server(session, command)
        session.phone.touch()
        before = len(session.phone.app.uploads)
        value = carry_out(session.phone, command, arguments)
        if len(session.phone.app.uploads) > before:
            self._after_share(session)
        return value

    def look_seconds(self, session_id: str) -> float:
        """What the next page source of a session takes, in simulated seconds."""
        session, span = self._sessions.get(session_id), self._farm.file.delays.look
        return session.phone.delay("look", span) if session is not None and any(span) else 0.0

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
        raise DeviceFault(UNKNOWN, SERVER_SIDE + text)

    def _check_server(self, session: Session, command: str) -> None:
        if session.crashed or not self._connected(session):
            session.crashed = True
            raise DeviceFault(UNKNOWN, _not_running(command))
        if command in _ACTIONS:
            session.actions += 1
        kind = self._mid_flow.due(session.phone, session.actions)
        if kind is None:
            return
        if kind is FaultKind.PHONE_SILENT:
            raise _silence(session.read_timeout_ms)
        session.crashed = True
        if kind is FaultKind.CONNECTION_DROPPED:
            session.phone.lose_adb()
        raise DeviceFault(UNKNOWN, SERVER_SIDE + _HANG_UP)

    def _after_share(self, session: Session) -> None:
        """The fault after the point of no return: the tap worked, its answer may be lost too."""
        if not session.phone.boot_draw(FaultKind.AFTER_SHARE):
            return
        session.phone.lose_adb()
        session.crashed = True
        if session.phone.fault_position < 0.5:
            raise DeviceFault(UNKNOWN, SERVER_SIDE + _HANG_UP)


def _silence(limit_ms: int) -> DeviceFault:
    text = (
        "Could not proxy command to the remote server. Original error: timeout of"
        f" {limit_ms}ms exceeded"
    )
    return DeviceFault(UNKNOWN, SERVER_SIDE + text, after=limit_ms / 1000)


def _not_running(command: str) -> str:
    return (
        f"{SERVER_SIDE}'{_PROXIED.get(command, 'POST /' + command)}' cannot be proxied to"
        " UiAutomator2 server because the instrumentation process is not running (probably"
        " crashed). Check the server log and/or the logcat output for more details"
    )


_ACTIONS: Final = frozenset({"tap", "text"})
_PROXIED: Final = {"source": "GET /source", "tap": "POST /actions", "screenshot": "GET /screenshot"}
