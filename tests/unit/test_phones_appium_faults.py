"""What the Appium client raises becomes a type of ours, by its class and then by its text."""

from __future__ import annotations

from typing import Any

import pytest
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
    JobError,
    NavigationError,
    PhoneError,
)
from engine.jobs import ErrorCategory
from engine.phones.appium_faults import job_error

SERVER_SIDE = "An unknown server-side error occurred while processing the command. Original error: "
PROXY = (
    "cannot be proxied to UiAutomator2 server because the instrumentation process is not running"
)


@pytest.mark.parametrize(
    ("text", "kind", "error_type"),
    [
        (f"'GET /source' {PROXY} (probably crashed).", AppiumError, "appium_crash"),
        (
            (
                "Error executing adbExec. Original error: 'Command 'adb shell x' exited with "
                "code 1'; Command output: error: device offline"
            ),
            AdbError,
            "adb_timeout",
        ),
        (
            "Could not proxy command to the remote server. Original error: socket hang up",
            ConnectionDroppedError,
            "connection_dropped",
        ),
        (
            "Could not proxy command to the remote server. Original error: timeout of 9ms exceeded",
            AppiumError,
            "appium_crash",
        ),
        (
            (
                "Error executing adbExec. Original error: 'Command 'adb' timed out after 3000ms'. "
                "Try to increase the 3000ms adb execution timeout represented by 'adbExecTimeout'"
            ),
            AdbError,
            "adb_timeout",
        ),
        ("Could not find a connected Android device in 20000ms", AdbError, "adb_timeout"),
        ("Device 127.0.0.1:1 was not in the list of connected devices", AdbError, "adb_timeout"),
        (
            "Error getting device API level. Original error: error: device unauthorized.",
            AdbError,
            "adb_timeout",
        ),
        (
            (
                "Error getting device API level. Original error: The actual output 'error: you "
                "should run glogin to login first' cannot be converted to an integer"
            ),
            GloginError,
            "glogin_expired",
        ),
        (
            "UiAutomator2 Server cannot start because the local port #8220 is busy.",
            AppiumError,
            "appium_crash",
        ),
        (
            "The instrumentation process cannot be initialized within 3000ms timeout.",
            AppiumError,
            "appium_crash",
        ),
        ("Permission denial: WRITE_SECURE_SETTINGS", AppiumError, "appium_crash"),
        ("Unable to resolve the launchable activity of 'x'.", PhoneError, "phone_error"),
        ("something nobody has seen before", AppiumError, "appium_crash"),
        ("", AppiumError, "appium_crash"),
    ],
)
def test_driver_text_decides_the_type(text: str, kind: type[JobError], error_type: str) -> None:
    error = job_error(WebDriverException(f"{SERVER_SIDE}{text}"), "tap")
    assert type(error) is kind
    assert error.error_type == error_type
    assert error.category is ErrorCategory.INFRASTRUCTURE
    assert "tap" in str(error)


def test_class_decides_before_the_text() -> None:
    gone = job_error(InvalidSessionIdException("A session is either terminated"), "tap")
    assert isinstance(gone, ConnectionDroppedError)
    for missing in (NoSuchElementException("x"), StaleElementReferenceException("x")):
        assert isinstance(job_error(missing, "tap"), NavigationError)


def test_transport_errors_of_the_client_tell_about_the_server() -> None:
    pool: Any = None
    refused = urllib3.exceptions.NewConnectionError(pool, "Connection refused")
    cases = [
        (urllib3.exceptions.MaxRetryError(pool, "/source", refused), "is not running"),
        (
            urllib3.exceptions.MaxRetryError(
                pool, "/source", urllib3.exceptions.ReadTimeoutError(pool, "/", "Read timed out.")
            ),
            "did not answer in time",
        ),
        (urllib3.exceptions.ReadTimeoutError(pool, "/", "Read timed out."), "did not answer"),
        (urllib3.exceptions.ProtocolError("Connection aborted."), "ended while it was asked"),
    ]
    for exc, words in cases:
        error = job_error(exc, "tap")
        assert isinstance(error, AppiumError)
        assert words in str(error)


def test_a_message_keeps_what_happened_and_no_path_of_the_host() -> None:
    said = (
        f"{SERVER_SIDE}Error executing adbExec. Original error: 'Command '/opt/my sdk/adb -P 5041 "
        "-s 10.0.0.1\\:5555 shell cmd package' exited with code 1'; Command output: error: device "
        "offline\n    at /home/x/y.js"
    ).replace("my sdk", "sdk")
    error = job_error(WebDriverException(said), "open x")
    assert str(error) == (
        "Appium could not open x: adb lost the phone ('Command 'adb shell cmd package' exited with "
        "code 1'; Command output: error: device offline)."
    )
