"""A device over Appium's HTTP: bounded, never repeated silently, faults typed by class and text."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.config import Appium, Settings
from engine.errors import (
    AppiumError,
    ConnectionDroppedError,
    GloginError,
    InternalError,
    NavigationError,
    StopRequested,
    TouchUnknownError,
)
from engine.phones.appium_device import open_device
from engine.phones.appium_faults import ServerGoneError
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
    *,
    revive: Revive = lambda _pause: False,
    renew: Callable[[], None] = lambda: None,
    unclosed: Callable[[], None] = lambda: None,
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
        renew=renew,
        unclosed=unclosed,
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


# -- a server that dies ---------------------------------------------------------------------------

DEAD = Reply(drop=True)


def test_a_look_that_a_dying_server_cut_is_repeated_in_a_new_session(appium: Provider) -> None:
    revived: list[Any] = []

    def revive(pause: Any) -> bool:
        revived.append(pause)
        return True

    device = open_on(appium, revive=revive)
    appium.answer("/session/s1/source", DEAD, value("<hierarchy/>"))
    assert device.source() == "<hierarchy/>"
    assert revived == [time.sleep]
    assert len(appium.calls("/session")) == 2


def test_a_tap_that_a_dying_server_cut_is_an_error_and_the_session_goes_on(
    appium: Provider,
) -> None:
    device = open_on(appium, revive=lambda _pause: True)
    appium.answer("/session/s1/actions", DEAD, value(None))
    with pytest.raises(TouchUnknownError, match="ended while it was asked to tap"):
        device.tap(1, 2)
    assert len(appium.calls("/session/s1/actions")) == 1
    assert len(appium.calls("/session")) == 2
    device.tap(1, 2)


def test_a_server_that_lives_or_dies_too_often_is_not_waited_for(appium: Provider) -> None:
    appium.answer("/session/s1/source", DEAD)
    with pytest.raises(ServerGoneError):
        open_on(appium).source()
    assert len(appium.calls("/session/s1/source")) == 1
    with pytest.raises(ServerGoneError):
        open_on(appium, revive=lambda _pause: True).source()
    assert len(appium.calls("/session/s1/source")) == 4


def test_a_login_that_lapsed_is_renewed_before_the_next_try(appium: Provider) -> None:
    lapsed = fault(f"{SERVER_SIDE}error: you should run glogin to login first")
    renewed: list[int] = []
    appium.answer("/session", lapsed, value(SESSION))
    open_on(appium, renew=lambda: renewed.append(1), session_tries=2).source()
    assert renewed == [1]
    appium.answer("/session", lapsed)
    with pytest.raises(GloginError):
        open_on(appium, renew=lambda: renewed.append(1), session_tries=2)
    assert renewed == [1, 1]


def test_a_session_that_is_not_ended_in_time_is_told(appium: Provider) -> None:
    unclosed: list[int] = []
    device = open_on(appium, unclosed=lambda: unclosed.append(1), close_timeout_seconds=1)
    appium.answer("/session/s1", Reply(delay=3, raw=b"{}"))
    began = time.monotonic()
    device.close()
    assert time.monotonic() - began < 2.5
    assert unclosed == [1]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (
            "Neither ANDROID_HOME nor ANDROID_SDK_ROOT environment variable was exported.",
            "appium.android_home",
        ),
        ("Could not find a driver for automationName 'UiAutomator2'", "doctor --install"),
    ],
)
def test_a_wrong_setting_is_not_tried_again(appium: Provider, text: str, remedy: str) -> None:
    appium.answer("/session", fault(f"{SERVER_SIDE}{text}"))
    with pytest.raises(InternalError, match=remedy):
        open_on(appium, session_tries=3)
    assert len(appium.calls("/session")) == 1
