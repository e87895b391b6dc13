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

from engine.errors import AdbError, AppiumError, InternalError
from engine.logs import is_full, rotate
from engine.phones.adb import Adb
from engine.phones.adb_version import server_environment
from engine.phones.appium_ending import why_it_ended
from engine.phones.appium_install import appium_program
from engine.phones.appium_versions import check_appium
from engine.phones.child_env import needed_only
from engine.phones.phone import Pause
from engine.private_files import explain
from engine.processes import ProgramError

if TYPE_CHECKING:
    from engine.workloads.base import ChildProcess, WorkerSlot

_ARGUMENTS: Final = (
    "--use-drivers",
    "uiautomator2",
    "--log-format",
    "json",
    "--log-timestamp",
    "--local-timezone",
)
"""No insecure feature: nothing of ours needs one."""
_START_POLL_SECONDS: Final = 0.1
"""A server takes about a second to start: asking once a second would double that."""
_STATUS_TIMEOUT = 5.0
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
        self._own_adb = settings.get_adb_server_port(slot.index)
        self._adb = Adb(settings.phones, slot.log, server_port=self._own_adb)
        self._system_ports = settings.get_system_port_range(slot.index)
        self._processes = slot.processes
        self._log = slot.log
        self._child: ChildProcess | None = None
        self._distrusted = False

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

        Raises PortTakenError (a stranger has the port), AppiumError (not ready in time, ended; with
        ``retry_soon`` where this host has no room or no process left for it), InternalError (the
        program cannot be run), SettingsError (another major version), and what ``pause`` raises; a
        server that was started is then stopped again.
        """
        if self.healthy():
            return
        self.stop()
        if not port_is_free(self._host, self._port):
            raise PortTakenError(
                f"Port {self._port} on {self._host} is held by another program: end it, or set "
                "appium.base_port so that this worker's server gets another port."
            )
        self._remove_forwards()
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
            "--log-level",
            self._limits.log_level,
        )
        rotate(self._log_path, self._log_limits)
        try:
            return self._processes.spawn(
                "appium",
                command,
                log_path=self._log_path,
                env=needed_only(
                    **program.environment,
                    **server_environment(self._own_adb),
                    **_node_environment(self._limits.heap_megabytes),
                ),
            )
        except ProgramError as exc:
            raise InternalError(
                f"The Appium program {program.command[0]!r} cannot be run ({exc.strerror}): "
                "install Appium or set appium.command."
            ) from exc
        except OSError as exc:
            raise AppiumError(
                f"Appium could not be started just now: {explain(exc)}", retry_soon=True
            ) from exc

    def _wait_ready(self, child: ChildProcess, pause: Pause) -> None:
        deadline = time.monotonic() + self._limits.start_timeout_seconds
        while True:
            if not child.alive():
                raise AppiumError(
                    f"Appium on port {self._port} ended while it was starting"
                    f"{why_it_ended(self._log_path)}; see {self._log_path}."
                )
            # Ready counts only while our own process lives: the port was free before it.
            status = self._status()
            if _is_ready(status) and child.alive():
                self._check_version(status)
                return
            if time.monotonic() >= deadline:
                raise AppiumError(
                    f"Appium on port {self._port} was not ready within "
                    f"{self._limits.start_timeout_seconds:.0f} s; see {self._log_path}."
                )
            pause(min(self._limits.health_poll_seconds, _START_POLL_SECONDS))

    def _check_version(self, status: object) -> None:
        """Raises SettingsError for another major version; one that is not told is not judged."""
        build = status.get("build") if isinstance(status, dict) else None
        version = build.get("version") if isinstance(build, dict) else None
        if isinstance(version, str):
            check_appium(version, appium_program(self._settings, self._work_dir))

    def _status(self) -> object:
        """What the server says about itself; None where it does not answer."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_STATUS_TIMEOUT)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/status")
                answer = connection.getresponse()
                content = json.loads(answer.read(_LARGEST_STATUS))
                return content["value"] if answer.status == 200 else None
            except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
                return None

    def healthy(self) -> bool:
        """Our process lives, answers that it is ready, and is not distrusted."""
        if self._child is None or self._distrusted or not self._child.alive():
            return False
        return _is_ready(self._status())

    def distrust(self) -> None:
        """It hangs in a session that it should have ended: the next start is a restart."""
        self._distrusted = True

    @property
    def log_is_full(self) -> bool:
        """Whether the log has its size: the server holds the file, so only a restart rotates it."""
        return is_full(self._log_path, self._log_limits)

    def restart(self, pause: Pause) -> None:
        """Stop, then start. Raises as ``start`` does."""
        self.stop()
        self.start(pause)

    def revive(self, pause: Pause) -> bool:
        """Start anew a server of ours that died; False where it answers: nothing is done then.

        Raises as ``start`` does.
        """
        if self._child is None or self.healthy():
            return False
        self._log.warning("appium died", port=self._port)
        self.restart(pause)
        return True

    def stop(self) -> None:
        """Stop our server and all below it within the configured time; safe to repeat."""
        child, self._child = self._child, None
        self._distrusted = False
        if child is not None:
            child.stop(self._limits.stop_timeout_seconds)
            self._remove_forwards()

    def _remove_forwards(self) -> None:
        """Free this slot's system ports: a server that was killed leaves its forwards in adb."""
        try:
            left = [found for found in self._adb.forwards() if found.port in self._system_ports]
            for forward in left:
                self._adb.remove_forward(forward)
                self._log.info("forward removed", serial=forward.serial, port=forward.port)
        except (AdbError, InternalError) as exc:
            # A session that meets a forward says so, and takes the next port.
            self._log.warning("forwards not looked at", why=str(exc))


def _node_environment(heap_megabytes: int) -> dict[str, str]:
    """NODE_OPTIONS with a bound for the heap, after those that are there."""
    if not heap_megabytes:
        return {}
    bounds = f"--max-old-space-size={heap_megabytes} --max-semi-space-size=2"
    return {"NODE_OPTIONS": f"{os.environ.get('NODE_OPTIONS', '')} {bounds}".strip()}


def _is_ready(status: object) -> bool:
    return isinstance(status, dict) and status.get("ready") is True
