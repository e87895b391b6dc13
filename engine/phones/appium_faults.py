"""What the Appium client raises, as typed errors.

Almost every fault of phone, adb or driver has the same class, so its text decides; the texts are
the stable parts of what Appium 3 with UiAutomator2 was seen to say. The client's transport errors
(urllib3) are no WebDriver exceptions and tell about the server itself.
"""

from __future__ import annotations

import re
from typing import Final

import urllib3.exceptions
from selenium.common.exceptions import (
    InvalidSessionIdException,
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)

from engine.errors import (
    AdbError,
    AppiumError,
    ConnectionDroppedError,
    GloginError,
    InternalError,
    JobError,
    NavigationError,
    PhoneError,
)
from engine.logs import redact
from engine.phones.adb import LOGIN_MARK

DRIVER_ERRORS: Final = (WebDriverException, urllib3.exceptions.HTTPError)
"""All that the client raises for a call that failed."""

PORT_BUSY: Final = re.compile(r"local port #?\d+ is busy")
"""A forward of an earlier session is still there; another systemPort works at once."""


class ServerGoneError(AppiumError):
    """The Appium server's process is not there any more."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent
        """The command may have been carried out; if not, it certainly was not."""


class ServerSlowError(AppiumError):
    """The Appium server did not answer in the client's time; it may still be at it."""


_TEXTS: Final[tuple[tuple[re.Pattern[str], type[JobError], str], ...]] = (
    (re.compile(re.escape(LOGIN_MARK)), GloginError, "the phone wants a new login"),
    (
        re.compile("adb server version .* doesn't match this client"),
        AdbError,
        (
            "an adb of another version ended the adb server: use one adb for everything on this "
            "host, or set phones.adb_server_port"
        ),
    ),
    (
        re.compile(
            "Neither ANDROID_HOME nor ANDROID_SDK_ROOT|The Android SDK root folder|"
            "Could not find 'adb'"
        ),
        InternalError,
        (
            "its Android SDK folder is wrong: set ANDROID_HOME or appium.android_home to the "
            "folder that contains platform-tools"
        ),
    ),
    (
        re.compile("Could not find a driver for automationName"),
        InternalError,
        "it has no UiAutomator2 driver: run `geelark-console doctor --install`",
    ),
    (re.compile("socket hang up"), ConnectionDroppedError, "the connection to the phone broke"),
    (
        re.compile("device offline|device '.*?' not found|no devices/emulators found"),
        AdbError,
        "adb lost the phone",
    ),
    (re.compile("device unauthorized"), AdbError, "adb is not authorised on the phone"),
    (
        re.compile("not in the list of connected devices|not find a connected Android device"),
        AdbError,
        "adb does not list the phone as connected",
    ),
    (
        re.compile("uiautomator2ServerInstallTimeout"),
        AdbError,
        (
            "the driver's apps did not get onto the phone in time: its line is slow, or "
            "appium.server_install_timeout_ms too short"
        ),
    ),
    (
        re.compile(r"timed out after \d+ ?ms|adbExecTimeout"),
        AdbError,
        "the phone did not answer adb in time",
    ),
    (PORT_BUSY, AppiumError, "the local port to the phone is taken"),
    (
        re.compile("instrumentation process"),
        AppiumError,
        "the UiAutomator2 server on the phone does not run",
    ),
    (
        re.compile(r"timeout of \d+ ?ms exceeded"),
        AppiumError,
        "the UiAutomator2 server on the phone did not answer in time",
    ),
    (
        re.compile("Unable to resolve the launchable activity"),
        PhoneError,
        "the app is not installed on the phone: install it there",
    ),
    (
        re.compile("WRITE_SECURE_SETTINGS|SecurityException"),
        AppiumError,
        "the phone refuses a setting that the driver needs",
    ),
)

_WITHOUT: Final = (
    (re.compile(r"An unknown server-side error occurred while processing the command\. "), ""),
    (re.compile(r"Error executing adbExec\. "), ""),
    (re.compile(r"Original error: "), ""),
    (re.compile(r"'Command '\S*?adb\S*(?: -P \d+)?(?: -s \S+)? "), "'Command 'adb "),
    (re.compile(r"/session/[0-9a-f-]{36}"), ""),
    (
        re.compile(r"[.;] (?:Check the server log|Make sure the application|For documentation).*"),
        "",
    ),
)
"""What every message says, and the host's paths in it; away, so that the rest fits."""
_LONGEST: Final = 200


def job_error(exc: Exception, doing: str) -> JobError:
    """The typed error for what the client raised while ``doing`` (``tap``, ``open a session``)."""
    if isinstance(exc, urllib3.exceptions.HTTPError):
        return _transport_error(exc, doing)
    text = _message(exc)
    if isinstance(exc, InvalidSessionIdException):
        return ConnectionDroppedError(f"The Appium session was gone when asked to {doing}.")
    if isinstance(exc, NoSuchElementException | StaleElementReferenceException):
        return NavigationError(f"The screen lacks the field when asked to {doing}: {text}.")
    for pattern, kind, words in _TEXTS:
        if pattern.search(str(getattr(exc, "msg", "") or "")):
            return kind(f"Appium could not {doing}: {words} ({text}).")
    return AppiumError(f"Appium could not {doing}: {text}.")


def _transport_error(exc: urllib3.exceptions.HTTPError, doing: str) -> JobError:
    cause = getattr(exc, "reason", None) or exc
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        text = f"The Appium server is not running when asked to {doing}."
        return ServerGoneError(text, sent=False)
    if isinstance(cause, urllib3.exceptions.TimeoutError):
        return ServerSlowError(f"The Appium server did not answer in time when asked to {doing}.")
    text = f"The Appium server ended while it was asked to {doing} ({type(cause).__name__})."
    return ServerGoneError(text, sent=True)


def _message(exc: Exception) -> str:
    """The first line of what was said: further ones are a stack trace with the host's paths."""
    said = str(getattr(exc, "msg", "") or type(exc).__name__)
    line = " ".join(said.partition("\n")[0].split())
    for pattern, instead in _WITHOUT:
        line = pattern.sub(instead, line)
    return redact(line)[:_LONGEST].rstrip(". ")
