"""The Appium server of one worker slot: started, proved to be ours, watched, stopped.

A server that somebody else runs on the port is never adopted and never killed (behaviour A-D22,
A-D39): with the port taken, a new Appium exits while the old one happily answers.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import AppiumError, InternalError
from engine.logs import is_full, rotate
from engine.phones.appium_install import appium_program
from engine.phones.child_env import without_secrets
from engine.phones.phone import Pause

if TYPE_CHECKING:
    from engine.workloads.base import ChildProcess, WorkerSlot

_ARGUMENTS: Final = (
    "--log-timestamp",
    "--local-timezone",
    "--allow-insecure",
    "uiautomator2:adb_shell",
)
_STATUS_TIMEOUT: Final = 5.0
"""Seconds for one answer to ``GET /status``."""
_LARGEST_STATUS: Final = 65536


class PortTakenError(AppiumError):
    """Somebody else listens on the port that this slot's server needs."""


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now; connections that are closing do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if sys.platform == "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as exc:
            if exc.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


class AppiumServer:
    """One Appium process on the slot's port, in its own process group."""

    def __init__(self, slot: WorkerSlot) -> None:
        settings = slot.settings
        self._settings = settings
        self._work_dir = slot.work_dir
        self._limits = settings.appium
        self._host = settings.appium.host
        self._port = settings.get_appium_port(slot.index)
        self._log_limits = settings.logs
        self._log_path = slot.work_dir / settings.paths.logs / f"appium_{slot.index}.log"
        self._processes = slot.processes
        self._log = slot.log
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int | None:
        """Of our living server."""
        return self._child.pid if self._child is not None and self._child.alive() else None

    @property
    def log_path(self) -> Path:
        return self._log_path

    def start(self, pause: Pause) -> None:
        """Start and wait until ready; nothing is done when it is healthy.

        Raises PortTakenError (a stranger has the port), AppiumError (not ready in time, ended),
        InternalError (the program cannot be run), and what ``pause`` raises; a server that was
        started is then stopped again.
        """
        if self.healthy():
            return
        self.stop()
        if not port_is_free(self._host, self._port):
            raise PortTakenError(
                f"Port {self._port} on {self._host} is held by another program: end it, or set "
                "appium.base_port so that this worker's server gets another port."
            )
        began = time.monotonic()
        self._child = self._spawn()
        try:
            self._wait_ready(self._child, pause)
        except BaseException:
            self.stop()
            raise
        self._log.info(
            "appium ready", port=self._port, pid=self._child.pid,
            ms=round((time.monotonic() - began) * 1000),
        )  # fmt: skip

    def _spawn(self) -> ChildProcess:
        program = appium_program(self._settings, self._work_dir)
        command = (
            *program.command,
            "--address",
            self._host,
            "--port",
            str(self._port),
            *_ARGUMENTS,
        )
        rotate(self._log_path, self._log_limits)
        try:
            return self._processes.spawn(
                "appium",
                command,
                log_path=self._log_path,
                env=without_secrets(**program.environment),
            )
        except OSError as exc:
            raise InternalError(
                f"The Appium program {program.command[0]!r} cannot be run "
                f"({os.strerror(exc.errno) if exc.errno else exc}): install Appium or set "
                "appium.command."
            ) from exc

    def _wait_ready(self, child: ChildProcess, pause: Pause) -> None:
        deadline = time.monotonic() + self._limits.start_timeout_seconds
        while True:
            if not child.alive():
                raise AppiumError(
                    f"Appium on port {self._port} ended while it was starting; see "
                    f"{self._log_path}."
                )
            # Ready counts only while our own process lives: the port was free before it.
            if self._says_ready() and child.alive():
                return
            if time.monotonic() >= deadline:
                raise AppiumError(
                    f"Appium on port {self._port} was not ready within "
                    f"{self._limits.start_timeout_seconds:.0f} s; see {self._log_path}."
                )
            pause(self._limits.health_poll_seconds)

    def _says_ready(self) -> bool:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_STATUS_TIMEOUT)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/status")
                answer = connection.getresponse()
                content = json.loads(answer.read(_LARGEST_STATUS))
                return answer.status == 200 and content["value"]["ready"] is True
            except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
                return False

    def healthy(self) -> bool:
        """Our process lives and answers that it is ready."""
        return self._child is not None and self._child.alive() and self._says_ready()

    @property
    def log_is_full(self) -> bool:
        """Whether the log has its size: the server holds the file, so only a restart rotates it."""
        return is_full(self._log_path, self._log_limits)

    def restart(self, pause: Pause) -> None:
        """Stop, then start. Raises as ``start`` does."""
        self.stop()
        self.start(pause)

    def stop(self) -> None:
        """Stop our server and all below it within the configured time; safe to repeat."""
        child, self._child = self._child, None
        if child is not None:
            child.stop(self._limits.stop_timeout_seconds)
