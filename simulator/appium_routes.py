"""WebDriver's HTTP commands: which address does what on a session."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from simulator.appium_elements import attribute
from simulator.appium_session import Session, WebDriverError, mobile_commands, server_side
from simulator.appium_sessions import Server

VERSION: Final = "3.8.0-light"
Json = Any
Body = Mapping[str, Any]
_UNKNOWN: Final = (
    "The requested resource could not be found, or a request was received using an HTTP method that"
    " is not supported by the mapped resource"
)
_SESSION: Final = re.compile(r"^/session/([^/]+)(/.*)?$")
_Command = Callable[[Session, Body, tuple[str, ...]], Json]


def answer(server: Server, method: str, path: str, body: Body) -> Json:
    """The value of a command. Raises WebDriverError."""
    match (method, path):
        case ("GET", "/status"):
            ready = "The server is ready to accept new connections"
            return {"ready": True, "message": ready, "build": {"version": VERSION}}
        case ("POST", "/session"):
            return server.create(body)
        case ("GET", "/appium/sessions"):
            return server.discover()
    found = _SESSION.match(path)
    if found is None:
        raise WebDriverError("unknown command", _UNKNOWN)
    session_id, rest = found.group(1), found.group(2) or ""
    if (method, rest) == ("DELETE", ""):
        return server.delete(session_id)
    return _in_session(server.session(session_id), method, rest, body)


def _in_session(session: Session, method: str, rest: str, body: Body) -> Json:
    for wanted, pattern, command in _ROUTES:
        parts = pattern.match(rest)
        if wanted == method and parts is not None:
            with session.lock:
                try:
                    return command(session, body, parts.groups())
                finally:
                    session.touched()
    raise WebDriverError("unknown command", _UNKNOWN)


def _execute(session: Session, body: Body, _parts: tuple[str, ...]) -> Json:
    script = str(body.get("script", ""))
    name = script.removeprefix("mobile:").strip()
    commands = mobile_commands(session)
    if not script.startswith("mobile:") or name not in commands:
        if name == "shell":
            raise server_side("Potentially insecure feature 'adb_shell' has not been enabled.")
        known = ", ".join(sorted(commands))
        raise WebDriverError(
            "unknown command", f"Unknown mobile command '{name}'. Only {known} are supported."
        )
    arguments = body.get("args") or [{}]
    return commands[name](arguments[0] if isinstance(arguments, list) else arguments)


def _mobile(name: str) -> _Command:
    """An older address of a ``mobile:`` command."""

    def run(session: Session, body: Body, _parts: tuple[str, ...]) -> Json:
        return mobile_commands(session)[name](body)

    return run


def _find(session: Session, body: Body, parts: tuple[str, ...]) -> Json:
    return session.book.find_one(str(body["using"]), str(body["value"]), *parts)


def _find_all(session: Session, body: Body, parts: tuple[str, ...]) -> Json:
    return session.book.find(str(body["using"]), str(body["value"]), *parts)


def _attribute(session: Session, _body: Body, parts: tuple[str, ...]) -> Json:
    return attribute(session.book.element(parts[0]), parts[1])


def _is(name: str) -> _Command:
    def run(session: Session, _body: Body, parts: tuple[str, ...]) -> Json:
        return session.book.element(parts[0]).get(name) == "true"

    return run


def _rect(session: Session, _body: Body, parts: tuple[str, ...]) -> Json:
    return session.book.rect(parts[0])


def _type(session: Session, body: Body, parts: tuple[str, ...]) -> Json:
    text = body["text"] if "text" in body else "".join(body.get("value", ()))
    session.write(parts[0], str(text), append=True)


def _window(session: Session, _body: Body, _parts: tuple[str, ...]) -> Json:
    return {"x": 0, "y": 0, "width": session.width, "height": session.height}


def _simple(what: Callable[[Session], Json]) -> _Command:
    return lambda session, _body, _parts: what(session)


def _element_do(what: Callable[[Session, str], Json]) -> _Command:
    return lambda session, _body, parts: what(session, parts[0])


_ELEMENT: Final = r"/element/([^/]+)"
_ROUTES: Final[tuple[tuple[str, re.Pattern[str], _Command], ...]] = tuple(
    (method, re.compile(f"^{pattern}$"), command)
    for method, pattern, command in (
        ("GET", "", _simple(lambda session: session.described())),
        ("GET", "/appium/capabilities", _simple(lambda session: session.described())),
        ("GET", "/source", _simple(lambda session: session.device("source"))),
        ("GET", "/screenshot", _simple(lambda session: session.device("screenshot"))),
        ("POST", "/back", _simple(lambda session: session.device("back"))),
        ("POST", "/element", _find),
        ("POST", "/elements", _find_all),
        ("POST", f"{_ELEMENT}/element", _find),
        ("POST", f"{_ELEMENT}/elements", _find_all),
        ("POST", f"{_ELEMENT}/click", _element_do(lambda session, name: session.click(name))),
        (
            "POST",
            f"{_ELEMENT}/clear",
            _element_do(lambda session, name: session.write(name, "", append=False)),
        ),
        ("POST", f"{_ELEMENT}/value", _type),
        (
            "GET",
            f"{_ELEMENT}/text",
            _element_do(lambda session, name: session.book.element(name).get("text", "")),
        ),
        (
            "GET",
            f"{_ELEMENT}/name",
            _element_do(lambda session, name: session.book.element(name).get("class", "")),
        ),
        ("GET", f"{_ELEMENT}/attribute/([^/]+)", _attribute),
        ("GET", f"{_ELEMENT}/rect", _rect),
        ("GET", f"{_ELEMENT}/displayed", _is("displayed")),
        ("GET", f"{_ELEMENT}/enabled", _is("enabled")),
        ("GET", f"{_ELEMENT}/selected", _is("selected")),
        (
            "POST",
            "/actions",
            lambda session, body, _parts: session.perform(list(body.get("actions", ()))),
        ),
        ("DELETE", "/actions", _simple(lambda session: None)),
        ("POST", "/execute/sync", _execute),
        ("POST", "/execute", _execute),
        ("GET", "/window/rect", _window),
        ("GET", "/window/current/size", _window),
        ("GET", "/timeouts", _simple(lambda session: {"command": session.limit * 1000})),
        ("POST", "/timeouts", _simple(lambda session: None)),
        ("GET", "/orientation", _simple(lambda session: "PORTRAIT")),
        ("GET", "/context", _simple(lambda session: "NATIVE_APP")),
        ("GET", "/contexts", _simple(lambda session: ["NATIVE_APP"])),
        ("GET", "/appium/settings", _simple(lambda session: {})),
        ("POST", "/appium/settings", _simple(lambda session: None)),
        ("GET", "/appium/device/current_package", _mobile("getCurrentPackage")),
        ("GET", "/appium/device/current_activity", _mobile("getCurrentActivity")),
        ("POST", "/appium/device/activate_app", _mobile("activateApp")),
        ("POST", "/appium/device/terminate_app", _mobile("terminateApp")),
        ("POST", "/appium/device/app_state", _mobile("queryAppState")),
        ("POST", "/appium/device/press_keycode", _mobile("pressKey")),
        ("POST", "/appium/device/hide_keyboard", _mobile("hideKeyboard")),
    )
)
