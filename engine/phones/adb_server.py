"""A worker's own adb server, where the settings ask for one; without it the host's is used.

It runs in the foreground as a recorded child, so that nothing is ever ended because it listens on
a port, and what a developer does with the host's adb server leaves the worker's phones alone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from engine.errors import AdbError, InternalError
from engine.logs import rotate
from engine.phones.adb import Adb
from engine.phones.adb_version import server_environment, server_version
from engine.phones.child_env import needed_only
from engine.private_files import explain
from engine.processes import ProgramError

if TYPE_CHECKING:
    from engine.phones.phone import Pause
    from engine.workloads.base import ChildProcess, WorkerSlot

ROLE: Final = "own_adb"
"""Children are ended in the order of their roles: after Appium, which would start another one."""
_START_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.05


class AdbServer:
    """The adb server of one slot; does nothing where the slot uses the host's."""

    def __init__(self, slot: WorkerSlot) -> None:
        self._command = slot.settings.phones.adb_command
        self._port = slot.settings.get_adb_server_port(slot.index)
        self._log_limits = slot.settings.logs
        self._log_path = slot.work_dir / slot.settings.paths.logs / f"adb_{slot.index}.log"
        self._processes = slot.processes
        self._adb = Adb(slot.settings.phones, slot.log, server_port=self._port)
        self._log = slot.log
        self._child: ChildProcess | None = None

    def start(self, pause: Pause) -> None:
        """Start it where it does not run. Raises AdbError, InternalError, what ``pause`` raises."""
        if not self._port or (self._child is not None and self._child.alive()):
            return
        self.stop()
        if server_version(self._port) is not None:
            raise AdbError(
                f"Another adb server runs on port {self._port}: end it with `adb -P {self._port} "
                "kill-server`, or change phones.adb_server_port."
            )
        began = time.monotonic()
        self._child = self._spawn()
        try:
            self._wait_ready(self._child, pause)
        except BaseException:
            self.stop()
            raise
        self._log.info(
            "adb server ready", port=self._port, ms=round((time.monotonic() - began) * 1000)
        )

    def _spawn(self) -> ChildProcess:
        rotate(self._log_path, self._log_limits)
        try:
            return self._processes.spawn(
                ROLE,
                (*self._command, "nodaemon", "server"),
                log_path=self._log_path,
                env=needed_only(**server_environment(self._port)),
            )
        except ProgramError as exc:
            raise InternalError(
                f"The adb program {self._command[0]!r} cannot be run ({exc.strerror}): install "
                "the Android platform tools or set phones.adb_command."
            ) from exc
        except OSError as exc:
            raise AdbError(
                f"The adb server could not be started just now: {explain(exc)}", retry_soon=True
            ) from exc

    def _wait_ready(self, child: ChildProcess, pause: Pause) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while server_version(self._port) is None or not child.alive():
            if not child.alive() or time.monotonic() >= deadline:
                raise AdbError(
                    f"The adb server on port {self._port} did not start; see {self._log_path}."
                )
            pause(_POLL_SECONDS)

    def stop(self) -> None:
        """End our server and with it its connections and forwards; safe to repeat."""
        child, self._child = self._child, None
        if child is None:
            return
        child.stop(_STOP_SECONDS)
        if server_version(self._port) is not None:
            # Ours had died, and a client of ours started another on the port that was ours.
            self._adb.end_server()
