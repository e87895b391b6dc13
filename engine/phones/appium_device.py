"""A Device driven through Appium and UiAutomator2.

The Appium client is imported when the first session is opened: a process that never opens one does
not pay for it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from engine.errors import AppiumError, TouchUnknownError
from engine.phones.appium_opening import Opening, Revive
from engine.phones.device import Device
from engine.phones.phone import Pause

if TYPE_CHECKING:
    from appium.webdriver.webdriver import WebDriver
    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings

_REVIVALS: Final = 2
"""How often one session may lose its server and be opened anew on another."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_T = TypeVar("_T")


class AppiumDevice:
    """One Appium session (see ``device.Device``).

    Where the server dies under it, the session is opened anew on a new one. What may be done twice
    is then repeated, and so is a command that never reached the dead server; a tap or a key may
    have been carried out, and TouchUnknownError says so.
    """

    def __init__(self, opening: Opening) -> None:
        """Opens the session. Raises as ``open_device`` does."""
        self._opening = opening
        self._log = opening.log
        self._driver: WebDriver | None
        self._driver, self._connection = opening.open()
        self._revivals_left = _REVIVALS

    def source(self) -> str:
        """The UiAutomator2 page source as XML."""
        text = self._do("read the screen", lambda driver: driver.page_source)
        if not isinstance(text, str) or "<" not in text:
            raise AppiumError("Appium gave no page source when asked to read the screen.")
        return text

    def tap(self, x: int, y: int) -> None:
        """Tap once at a point of the screen, in pixels."""
        self._do_once("tap", lambda driver: driver.tap([(x, y)]))

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
        self._do_once("press back", lambda driver: driver.back())

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
        from engine.phones.appium_faults import DRIVER_ERRORS, ServerSlowError, job_error

        driver, self._driver = self._driver, None
        if driver is None:
            return
        self._connection.wait_at_most(self._opening.limits.close_timeout_seconds)
        try:
            driver.quit()
        except DRIVER_ERRORS as exc:
            # The server ends a session without commands by itself (newCommandTimeout).
            error = job_error(exc, "close the session")
            self._log.info("session not closed", why=str(error))
            if isinstance(error, ServerSlowError):
                self._opening.unclosed()
        finally:
            self._connection.end()

    def _do_once(self, doing: str, step: Callable[[WebDriver], _T]) -> _T:
        """A step that must not be carried out twice."""
        return self._do(doing, step, twice=False)

    def _do(self, doing: str, step: Callable[[WebDriver], _T], *, twice: bool = True) -> _T:
        """Carry out one step; what the client raises becomes a typed JobError."""
        from engine.phones.appium_faults import DRIVER_ERRORS, ServerGoneError, job_error

        while True:
            if self._driver is None:
                raise AppiumError(f"The Appium session is closed, so it cannot {doing}.")
            try:
                return step(self._driver)
            except DRIVER_ERRORS as exc:
                error = job_error(exc, doing)
                if not isinstance(error, ServerGoneError) or not self._open_anew():
                    raise error from exc
                if error.sent and not twice:
                    raise TouchUnknownError(str(error)) from exc

    def _open_anew(self) -> bool:
        """A session on a new server, if the old one died; False where that did not help.

        Raises as ``open_device`` does.
        """
        if self._revivals_left == 0 or not self._opening.revive(self._opening.pause):
            return False
        self._revivals_left -= 1
        self._connection.end()
        self._driver, self._connection = self._opening.open()
        return True


def open_device(
    server_url: str,
    serial: str,
    *,
    system_ports: Sequence[int],
    settings: Settings,
    log: FilteringBoundLogger,
    pause: Pause,
    adb_port: int = 0,
    revive: Revive = lambda _pause: False,
    renew: Callable[[], None] = lambda: None,
    unclosed: Callable[[], None] = lambda: None,
) -> Device:
    """Open a session on the phone with this adb serial.

    Tried ``session_tries`` times within ``session_timeout_seconds`` in all. The first of the
    slot's ``system_ports`` is used; the others are room for a port that an earlier session left
    blocked. ``adb_port``: of the worker's own adb server, 0 = the host's. ``revive`` starts a dead
    server anew, ``renew`` a login to the phone that lapsed; ``unclosed`` hears of a session that
    the server did not end in time.

    Raises AppiumError, AdbError, ConnectionDroppedError, GloginError, InternalError.
    """
    return AppiumDevice(
        Opening(
            server_url=server_url,
            serial=serial,
            system_ports=system_ports,
            adb_port=adb_port,
            limits=settings.appium,
            log=log,
            pause=pause,
            revive=revive,
            renew=renew,
            unclosed=unclosed,
        )
    )
