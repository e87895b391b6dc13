"""Opening a session: what is asked of Appium, how often, and on which port."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import AppiumError, GloginError, InternalError, JobError
from engine.phones.adb_version import server_port
from engine.phones.phone import Pause

if TYPE_CHECKING:
    from appium.webdriver.webdriver import WebDriver
    from structlog.typing import FilteringBoundLogger

    from engine.config import Appium
    from engine.phones.appium_client import PhoneConnection

Revive = Callable[[Pause], bool]
"""Starts the Appium server anew if it died, and says whether it had to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """All that it takes to open a session on one phone, also a second time."""

    server_url: str
    serial: str
    system_ports: Sequence[int]
    """Of the slot: the first is used, the others are room for one that is blocked."""
    adb_port: int
    """Of the worker's own adb server; 0 = the host's."""
    limits: Appium
    log: FilteringBoundLogger
    pause: Pause
    revive: Revive
    renew: Callable[[], None]
    """Connects and logs in to the phone anew: its login may lapse at any time. Raises JobErrors."""
    unclosed: Callable[[], None]
    """Called when a session could not be ended in its time: its server is still busy with it."""

    def open(self) -> tuple[WebDriver, PhoneConnection]:
        """Raises AppiumError, AdbError, ConnectionDroppedError, GloginError, InternalError."""
        from engine.phones.appium_faults import PORT_BUSY, ServerGoneError

        began = time.monotonic()
        error: JobError | None = None
        port = 0
        for attempt in range(1, self.limits.session_tries + 1):
            left = began + self.limits.session_timeout_seconds - time.monotonic()
            if left <= 0:
                break
            opened = self._try(self.system_ports[port], left)
            if not isinstance(opened, JobError):
                spent = round((time.monotonic() - began) * 1000)
                self.log.info("session open", serial=self.serial, ms=spent)
                return opened
            error = opened
            self.log.warning("session refused", attempt=attempt, why=str(error))
            if isinstance(error, InternalError):
                break  # a wrong setting does not pass by itself
            if PORT_BUSY.search(str(error)):
                port = (port + 1) % len(self.system_ports)
            elif isinstance(error, GloginError) and attempt < self.limits.session_tries:
                self.renew()
            elif isinstance(error, ServerGoneError) and self.revive(self.pause):
                continue
            elif attempt < self.limits.session_tries:
                self.pause(self.limits.health_poll_seconds)
        raise error or AppiumError(f"No time was left to open an Appium session on {self.serial}.")

    def _try(
        self, system_port: int, seconds: float
    ) -> tuple[WebDriver, PhoneConnection] | JobError:
        from engine.phones.appium_client import PhoneConnection, open_driver
        from engine.phones.appium_faults import DRIVER_ERRORS, job_error

        connection = PhoneConnection(self.server_url, timeout=seconds)
        wanted = capabilities(self.limits, self.serial, system_port, self.adb_port)
        try:
            driver = open_driver(connection, wanted)
        except DRIVER_ERRORS as exc:
            connection.end()
            return job_error(exc, f"open a session on {self.serial}")
        connection.wait_at_most(self.limits.command_timeout_seconds)
        return driver, connection


def capabilities(
    limits: Appium, serial: str, system_port: int, adb_port: int = 0
) -> dict[str, Any]:
    """What the session asks of Appium, all from the settings.

    The read time-out of the phone's server lies below the client's own, so that the phone's fault
    is told by Appium instead of being lost with the call. ``noReset`` and the like would do
    nothing: no app is named.
    """
    read_timeout = limits.server_read_timeout_ms or math.ceil(limits.command_timeout_seconds * 800)
    return {
        "platformName": "Android",
        "appium:automationName": "UiAutomator2",
        "appium:udid": serial,
        "appium:systemPort": system_port,
        "appium:adbPort": server_port(adb_port),
        "appium:newCommandTimeout": limits.new_command_timeout_seconds,
        "appium:adbExecTimeout": limits.adb_exec_timeout_ms,
        "appium:uiautomator2ServerInstallTimeout": limits.server_install_timeout_ms,
        "appium:uiautomator2ServerLaunchTimeout": limits.server_launch_timeout_ms,
        "appium:uiautomator2ServerReadTimeout": read_timeout,
        "appium:androidDeviceReadyTimeout": limits.device_ready_timeout_seconds,
        "appium:skipDeviceInitialization": limits.skip_device_initialization,
        "appium:skipServerInstallation": limits.skip_server_installation,
        "appium:skipUnlock": limits.skip_unlock,
        "appium:skipLogcatCapture": limits.skip_logcat_capture,
        "appium:ignoreHiddenApiPolicyError": limits.ignore_hidden_api_policy_error,
        "appium:suppressKillServer": True,
    }
