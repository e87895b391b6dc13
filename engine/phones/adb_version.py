"""Versions of adb programs and of the adb server that runs on this host.

A client that meets a server of another protocol version ends it and starts its own, and with it go
the connections of everybody else; so two adb versions on one port end each other's work for ever.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.errors import SettingsError
from engine.phones.child_env import needed_only

DEFAULT_PORT: Final = 5037
LOCAL_HOST: Final = "127.0.0.1"
"""Where adb servers listen, and their forwards."""
PORT_VARIABLE: Final = "ANDROID_ADB_SERVER_PORT"
_ANSWER_SECONDS: Final = 10.0
"""Longest wait for an adb program to tell its version; it takes some milliseconds."""
_SERVER_SECONDS: Final = 2.0
_PROTOCOL: Final = re.compile(r"Android Debug Bridge version 1\.0\.(\d+)")
_RELEASE: Final = re.compile(r"^Version (\S+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class AdbVersion:
    """What ``adb version`` says."""

    protocol: int
    """41 is 1.0.41; clients and servers of different ones do not suffer each other."""
    release: str
    """Of the platform tools; empty where it is not told."""

    def __str__(self) -> str:
        return self.release or f"1.0.{self.protocol}"


def client_version(command: Sequence[str]) -> AdbVersion:
    """Ask an adb program. Raises SettingsError where it cannot be run or is none."""
    shown = " ".join(command)
    try:
        answer = subprocess.run(
            (*command, "version"),
            env=needed_only(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        said = "no answer in time" if isinstance(exc, subprocess.TimeoutExpired) else exc.strerror
        raise SettingsError(
            f"The adb program {shown!r} cannot be run ({said}): install the Android platform "
            "tools, or set phones.adb_command."
        ) from None
    text = answer.stdout.decode("utf-8", errors="replace")
    found, release = _PROTOCOL.search(text), _RELEASE.search(text)
    if found is None:
        raise SettingsError(
            f"The program {shown!r} does not say that it is adb: install the Android platform "
            "tools, or set phones.adb_command."
        )
    return AdbVersion(protocol=int(found[1]), release=release[1] if release else "")


def server_port(own: int = 0) -> int:
    """Port of the adb server to ask: ``own`` where there is one, else this host's clients' one."""
    if own:
        return own
    with contextlib.suppress(ValueError):
        return int(os.environ.get(PORT_VARIABLE, ""))
    return DEFAULT_PORT


def server_environment(own: int) -> dict[str, str]:
    """What a child's environment needs so that its adb asks our own server; empty without one."""
    return {PORT_VARIABLE: str(own)} if own else {}


def server_version(port: int) -> int | None:
    """Protocol version of the server on a port; None where none answers. Starts none."""
    try:
        with socket.create_connection((LOCAL_HOST, port), timeout=_SERVER_SECONDS) as line:
            line.sendall(b"000chost:version")
            answer = _read(line, 12)
            return int(answer[8:], 16) if answer[:8] == b"OKAY0004" else None
    except (OSError, ValueError):
        return None


def _read(line: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size and (part := line.recv(size - len(content))):
        content += part
    return content


def refuse_other_server(command: Sequence[str], port: int) -> None:
    """Raises SettingsError where a server of another version runs on the port.

    The program is started only where there is a server to compare it with.
    """
    running = server_version(port)
    if running is None:
        return
    version = client_version(command)
    if version.protocol != running:
        raise SettingsError(
            f"The adb server on port {port} is of version 1.0.{running} and {command[0]} of "
            f"1.0.{version.protocol}, so they would end each other: set phones.adb_command to the "
            "adb that started it, or end it with its own `adb kill-server`."
        )
