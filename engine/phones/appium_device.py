"""A Device driven through Appium and UiAutomator2.

The Appium client is imported when the first session is opened: a process that never opens one does
not pay for it.
"""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from engine.errors import AppiumError, JobError
from engine.phones.device import Device
from engine.phones.phone import Pause

if TYPE_CHECKING:
    from appium.webdriver.webdriver import WebDriver
    from structlog.typing import FilteringBoundLogger

    from engine.config import Appium, Settings
    from engine.phones.appium_client import PhoneConnection

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_T = TypeVar("_T")


class AppiumDevice:
    """One Appium session (see ``device.Device``)."""

    def __init__(
        self, driver: WebDriver, connection: PhoneConnection, log: FilteringBoundLogger
    ) -> None:
        self._driver: WebDriver | None = driver
        self._connection = connection
        self._log = log

    def source(self) -> str:
        """The UiAutomator2 page source as XML."""
        text = self._do("read the screen", lambda driver: driver.page_source)
        if not isinstance(text, str) or "<" not in text:
            raise AppiumError("Appium gave no page source when asked to read the screen.")
        return text

    def tap(self, x: int, y: int) -> None:
        """Tap once at a point of the screen, in pixels."""
        self._do("tap", lambda driver: driver.tap([(x, y)]))

    def set_text(self, resource_id: str, text: str) -> None:
        """Replace the text of the field with this resource-id, verbatim.

        Raises NavigationError when the screen has no such field.
        """

        def replace(driver: WebDriver) -> None:
            field = driver.find_element("id", resource_id)
            field.clear()
            with self._connection.typing_text():
                field.send_keys(text)

        self._do(f"fill {resource_id}", replace)

    def press_back(self) -> None:
        self._do("press back", lambda driver: driver.back())

    def open_app(self, package: str) -> None:
        """Start the app or bring it to the front."""
        self._do(f"open {package}", lambda driver: driver.activate_app(package))

    def close_app(self, package: str) -> None:
        """End the app, whatever it shows."""
        self._do(f"close {package}", lambda driver: driver.terminate_app(package))

    def screenshot(self) -> bytes:
        """The screen as PNG."""
        encoded = self._do("take a screenshot", lambda driver: driver.get_screenshot_as_base64())
        try:
            image = base64.b64decode(encoded)
        except ValueError:
            image = b""
        if not image.startswith(_PNG):
            raise AppiumError("Appium gave no PNG when asked to take a screenshot.")
        return image

    def close(self) -> None:
        """End the session; never raises, safe to repeat."""
        from engine.phones.appium_faults import DRIVER_ERRORS, job_error

        driver, self._driver = self._driver, None
        if driver is None:
            return
        try:
            driver.quit()
        except DRIVER_ERRORS as exc:
            # The server ends a session without commands by itself (newCommandTimeout).
            self._log.info("session not closed", why=str(job_error(exc, "close the session")))

    def _do(self, doing: str, step: Callable[[WebDriver], _T]) -> _T:
        """Carry out one step; what the client raises becomes a typed JobError."""
        from engine.phones.appium_faults import DRIVER_ERRORS, job_error

        if self._driver is None:
            raise AppiumError(f"The Appium session is closed, so it cannot {doing}.")
        try:
            return step(self._driver)
        except DRIVER_ERRORS as exc:
            raise job_error(exc, doing) from exc


def open_device(
    server_url: str,
    serial: str,
    *,
    system_ports: Sequence[int],
    settings: Settings,
    log: FilteringBoundLogger,
    pause: Pause,
) -> Device:
    """Open a session on the phone with this adb serial.

    Tried ``session_tries`` times within ``session_timeout_seconds`` in all. The first of the
    slot's ``system_ports`` is used; the others are room for a port that an earlier session left
    blocked. Raises AppiumError, AdbError, ConnectionDroppedError, GloginError.
    """
    from engine.phones.appium_client import PhoneConnection, open_driver
    from engine.phones.appium_faults import DRIVER_ERRORS, PORT_BUSY, job_error

    limits = settings.appium
    began = time.monotonic()
    error: JobError | None = None
    port = 0
    for attempt in range(1, limits.session_tries + 1):
        left = began + limits.session_timeout_seconds - time.monotonic()
        if left <= 0:
            break
        connection = PhoneConnection(server_url, timeout=left)
        try:
            driver = open_driver(connection, capabilities(limits, serial, system_ports[port]))
        except DRIVER_ERRORS as exc:
            connection.end()
            error = job_error(exc, f"open a session on {serial}")
            log.warning("session refused", attempt=attempt, why=str(error))
            if PORT_BUSY.search(str(exc)):
                port = (port + 1) % len(system_ports)
            elif attempt < limits.session_tries:
                pause(limits.health_poll_seconds)
            continue
        connection.wait_at_most(limits.command_timeout_seconds)
        log.info("session open", serial=serial, ms=round((time.monotonic() - began) * 1000))
        return AppiumDevice(driver, connection, log)
    raise error or AppiumError(f"No time was left to open an Appium session on {serial}.")


def capabilities(limits: Appium, serial: str, system_port: int) -> dict[str, Any]:
    """What the session asks of Appium, all from the settings.

    The read time-out of the phone's server lies below the client's own, so that the phone's fault
    is told by Appium instead of being lost with the call.
    """
    return {
        "platformName": "Android",
        "appium:automationName": "UiAutomator2",
        "appium:udid": serial,
        "appium:systemPort": system_port,
        "appium:newCommandTimeout": limits.new_command_timeout_seconds,
        "appium:adbExecTimeout": limits.adb_exec_timeout_ms,
        "appium:uiautomator2ServerInstallTimeout": limits.server_install_timeout_ms,
        "appium:uiautomator2ServerLaunchTimeout": limits.server_launch_timeout_ms,
        "appium:uiautomator2ServerReadTimeout": math.ceil(limits.command_timeout_seconds * 800),
        "appium:androidDeviceReadyTimeout": limits.device_ready_timeout_seconds,
        "appium:noReset": True,
        "appium:dontStopAppOnReset": True,
        "appium:skipLogcatCapture": True,
        "appium:ignoreHiddenApiPolicyError": True,
        "appium:suppressKillServer": True,
    }
