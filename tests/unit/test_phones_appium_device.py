"""A device over Appium's HTTP: bounded, never repeated silently, faults typed by class and text."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3.exceptions
from selenium.common.exceptions import (
    InvalidSessionIdException,
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)

from engine.config import Appium, Settings
from engine.errors import (
    AdbError,
    AppiumError,
    ConnectionDroppedError,
    GloginError,
    JobError,
    NavigationError,
    PhoneError,
    StopRequested,
)
from engine.jobs import ErrorCategory
from engine.phones.appium_device import open_device
from engine.phones.appium_faults import job_error
from engine.phones.appium_opening import Revive, capabilities
from engine.phones.device import Device
from tests.scripted_provider import Asked, LogBook, Provider, Reply, serving

SESSION = {"sessionId": "s1", "capabilities": {"platformName": "Android"}}
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
SERVER_SIDE = "An unknown server-side error occurred while processing the command. Original error: "
PNG = b"\x89PNG\r\n\x1a\n....."
CAPTION = "Zeile eins 🎬\nZeile zwei — „marked caption“"


def value(content: Any, status: int = 200) -> Reply:
    return Reply(raw=json.dumps({"value": content}).encode(), status=status)


def fault(message: str, kind: str = "unknown error", status: int = 500) -> Reply:
    return value({"error": kind, "message": message, "stacktrace": "at /home/x/y.js"}, status)


@pytest.fixture
def appium() -> Iterator[Provider]:
    with serving() as server:
        server.answer("/session", value(SESSION))
        server.answer("/session/s1", value(None))
        server.answer("/session/s1/source", value("<hierarchy/>"))
        server.answer("/session/s1/actions", value(None))
        server.answer("/session/s1/back", value(None))
        server.answer("/session/s1/execute/sync", value(True))
        server.answer("/session/s1/element", value({ELEMENT: "e1"}))
        server.answer("/session/s1/element/e1/clear", value(None))
        server.answer("/session/s1/element/e1/value", value(None))
        server.answer("/session/s1/screenshot", value(base64.b64encode(PNG).decode()))
        yield server


def open_on(
    appium: Provider,
    pause: Any = time.sleep,
    revive: Revive = lambda _pause: False,
    adb_port: int = 0,
    **limits: Any,
) -> Device:
    fast = {"health_poll_seconds": 0.01, "command_timeout_seconds": 1, "session_timeout_seconds": 3}
    return open_device(
        appium.url,
        "10.0.0.1:5555",
        system_ports=range(8200, 8210),
        settings=Settings(appium=Appium.model_validate(fast | limits)),
        log=LogBook().log,
        pause=pause,
        adb_port=adb_port,
        revive=revive,
    )


# -- session -------------------------------------------------------------------------------------


def test_session_asks_for_phone_port_and_bounds_of_the_settings(appium: Provider) -> None:
    open_on(appium, adb_port=5041, new_command_timeout_seconds=77, adb_exec_timeout_ms=5000)
    wanted = appium.asked[0].body["capabilities"]["alwaysMatch"]
    assert wanted == {
        "platformName": "Android",
        "appium:automationName": "UiAutomator2",
        "appium:udid": "10.0.0.1:5555",
        "appium:systemPort": 8200,
        "appium:adbPort": 5041,
        "appium:newCommandTimeout": 77,
        "appium:adbExecTimeout": 5000,
        "appium:uiautomator2ServerInstallTimeout": 120_000,
        "appium:uiautomator2ServerLaunchTimeout": 10_000,
        "appium:uiautomator2ServerReadTimeout": 800,
        "appium:androidDeviceReadyTimeout": 60,
        "appium:skipDeviceInitialization": False,
        "appium:skipServerInstallation": False,
        "appium:skipUnlock": True,
        "appium:skipLogcatCapture": True,
        "appium:ignoreHiddenApiPolicyError": True,
        "appium:suppressKillServer": True,
    }


def test_phones_own_read_timeout_ends_before_the_clients(appium: Provider) -> None:
    limits = Appium(command_timeout_seconds=60)
    wanted = capabilities(limits, "x", 8200)
    assert wanted["appium:uiautomator2ServerReadTimeout"] < 60_000


def test_refused_session_is_tried_again_up_to_its_tries(appium: Provider) -> None:
    refusal = fault(f"{SERVER_SIDE}The instrumentation process cannot be initialized.")
    appium.answer("/session", refusal, refusal, value(SESSION))
    open_on(appium, session_tries=3)
    assert len(appium.calls("/session")) == 3
    appium.answer("/session", refusal)
    with pytest.raises(AppiumError, match="UiAutomator2 server on the phone does not run"):
        open_on(appium, session_tries=2)
    assert len(appium.calls("/session")) == 5


def test_busy_port_of_an_earlier_session_moves_on_to_the_next(appium: Provider) -> None:
    busy = fault(
        f"{SERVER_SIDE}UiAutomator2 Server cannot start because the local port #8200 is busy."
    )
    appium.answer("/session", busy, value(SESSION))
    open_on(appium, session_tries=2)
    ports = [
        asked.body["capabilities"]["alwaysMatch"]["appium:systemPort"]
        for asked in appium.calls("/session")
    ]
    assert ports == [8200, 8201]


def test_session_that_is_never_answered_ends_at_its_time(appium: Provider) -> None:
    appium.answer("/session", Reply(delay=5, raw=b"{}"))
    began = time.monotonic()
    with pytest.raises(AppiumError, match="did not answer in time when asked to open a session"):
        open_on(appium, session_timeout_seconds=1, session_tries=3)
    assert time.monotonic() - began < 3
    assert len(appium.calls("/session")) == 1


def test_stop_ends_the_pause_between_two_sessions(appium: Provider) -> None:
    appium.answer("/session", fault(f"{SERVER_SIDE}error: device offline"))

    def stop(_seconds: float) -> None:
        raise StopRequested("stop")

    with pytest.raises(StopRequested):
        open_on(appium, stop)


def test_closing_ends_the_session_once_and_never_raises(appium: Provider) -> None:
    device = open_on(appium)
    appium.answer("/session/s1", fault("broken"))
    device.close()
    device.close()
    assert len(appium.calls("/session/s1")) == 1
    with pytest.raises(AppiumError, match="session is closed"):
        device.source()


# -- use -----------------------------------------------------------------------------------------


def test_device_speaks_what_the_flow_needs(appium: Provider) -> None:
    device = open_on(appium)
    assert device.source() == "<hierarchy/>"
    device.tap(540, 1200)
    (actions,) = appium.calls("/session/s1/actions")
    pointer = next(one for one in actions.body["actions"] if one["type"] == "pointer")
    assert pointer["parameters"] == {"pointerType": "touch"}
    assert [step["type"] for step in pointer["actions"]] == [
        "pointerMove",
        "pointerDown",
        "pause",
        "pointerUp",
    ]
    assert (pointer["actions"][0]["x"], pointer["actions"][0]["y"]) == (540, 1200)
    device.press_back()
    device.open_app("com.instagram.android")
    device.close_app("com.instagram.android")
    opened, closed = appium.calls("/session/s1/execute/sync")
    assert opened.body["script"] == "mobile: activateApp"
    assert closed.body["script"] == "mobile: terminateApp"
    assert opened.body["args"][0]["appId"] == "com.instagram.android"
    assert device.screenshot() == PNG


def test_text_is_replaced_verbatim_and_marked_as_sensitive(appium: Provider) -> None:
    device = open_on(appium)
    device.set_text("com.instagram.android:id/caption", CAPTION)
    (found,) = appium.calls("/session/s1/element")
    assert found.body == {"using": "id", "value": "com.instagram.android:id/caption"}
    paths = [asked.path for asked in appium.asked]
    assert paths.index("/session/s1/element/e1/clear") < paths.index("/session/s1/element/e1/value")
    (typed,) = appium.calls("/session/s1/element/e1/value")
    assert typed.body["text"] == CAPTION
    assert typed.headers["X-Appium-Is-Sensitive"] == "true"
    device.source()
    others = [asked for asked in appium.asked if asked is not typed]
    assert not any("X-Appium-Is-Sensitive" in asked.headers for asked in others)


def test_missing_field_is_a_navigation_error(appium: Provider) -> None:
    appium.answer("/session/s1/element", fault("no", "no such element", 404))
    with pytest.raises(NavigationError):
        open_on(appium).set_text("com.instagram.android:id/caption", "text")


@pytest.mark.parametrize("answer", [value("bm90IGEgcG5n"), value("?"), value("")])
def test_picture_that_is_none_is_an_error(appium: Provider, answer: Reply) -> None:
    appium.answer("/session/s1/screenshot", answer)
    with pytest.raises(AppiumError, match="no PNG"):
        open_on(appium).screenshot()


@pytest.mark.parametrize("answer", [value(None), value(""), value(7), Reply(raw=b"")])
def test_source_that_is_none_is_an_error(appium: Provider, answer: Reply) -> None:
    appium.answer("/session/s1/source", answer)
    with pytest.raises(AppiumError, match="no page source"):
        open_on(appium).source()


# -- silence and loss ----------------------------------------------------------------------------


def test_read_that_times_out_is_sent_once(appium: Provider) -> None:
    device = open_on(appium)
    appium.answer("/session/s1/source", Reply(delay=2, raw=b"{}"))
    began = time.monotonic()
    with pytest.raises(AppiumError, match="did not answer in time when asked to read the screen"):
        device.source()
    assert time.monotonic() - began < 1.9
    assert len(appium.calls("/session/s1/source")) == 1


def test_tap_that_times_out_is_sent_once(appium: Provider) -> None:
    device = open_on(appium)
    appium.answer("/session/s1/actions", Reply(delay=2, raw=b"{}"))
    with pytest.raises(AppiumError, match="did not answer in time when asked to tap"):
        device.tap(1, 1)
    assert len(appium.calls("/session/s1/actions")) == 1


@pytest.mark.parametrize("path", ["source", "actions"])
def test_server_that_dies_during_a_call_is_an_appium_error(appium: Provider, path: str) -> None:
    device = open_on(appium)
    appium.answer(f"/session/s1/{path}", Reply(drop=True))
    with pytest.raises(AppiumError, match="Appium server ended while it was asked to"):
        device.source() if path == "source" else device.tap(1, 1)
    assert len(appium.calls(f"/session/s1/{path}")) == 1


def test_server_that_is_gone_is_an_appium_error() -> None:
    with serving() as appium:
        appium.answer("/session", value(SESSION))
        device = open_on(appium)
    with pytest.raises(AppiumError, match="Appium server"):
        device.source()
    device.close()
    with pytest.raises(AppiumError, match="is not running when asked to open a session"):
        open_on(appium, session_tries=1)


def test_server_fault_reaches_the_flow_with_its_first_line_only(appium: Provider) -> None:
    device = open_on(appium)

    def hang_up(_asked: Asked) -> Reply:
        return fault(f"{SERVER_SIDE}Could not proxy command: socket hang up\n    at /home/host/x")

    appium.rule("/session/s1/source", hang_up)
    with pytest.raises(ConnectionDroppedError, match="socket hang up") as raised:
        device.source()
    assert "/home" not in str(raised.value)


# -- the fault table -----------------------------------------------------------------------------

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
