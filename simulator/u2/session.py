"""One session of the automation server: its routes, carried out on the phone's screen."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from simulator.appium_elements import attribute
from simulator.element_book import ElementBook, WebDriverError
from simulator.phone_commands import DeviceFault, carry_out
from simulator.u2.http import HttpRequest

if TYPE_CHECKING:
    from simulator.phone import Phone

Json = Any
Body = Mapping[str, Any]
Parts = tuple[str, ...]
_HOME_KEY: Final = 3
_BACK_KEY: Final = 4


class AutomationSession:
    """A client's session: its elements, how much it has done."""

    def __init__(self, phone: Phone) -> None:
        self.id = secrets.token_hex(16)
        self.phone = phone
        self.actions = 0
        """Taps and texts so far."""
        self.settings: dict[str, Json] = {}
        self.book = ElementBook(lambda: str(self.do("source")))

    def do(self, command: str, **arguments: Json) -> Json:
        """Carry out a command of the phone. Raises WebDriverError."""
        try:
            return carry_out(self.phone, command, arguments)
        except DeviceFault as fault:
            raise WebDriverError(fault.kind, str(fault)) from None

    def write(self, name: str, text: str, *, append: bool) -> None:
        """Type into a field, or replace what is in it. Raises WebDriverError."""
        self.do("text", id=self.book.field(name, text), text=text, append=append)

    def click(self, body: Body) -> None:
        """A tap on an element or a point. Raises WebDriverError."""
        origin = body.get("origin")
        if isinstance(origin, Mapping):
            name = str(origin.get("ELEMENT") or next(iter(origin.values())))
            x, y = self.book.centre(name)
        else:
            offset = body.get("offset") or body
            x, y = float(offset["x"]), float(offset["y"])
        self.do("tap", x=x, y=y)

    def press(self, code: int) -> None:
        """A key of the phone."""
        if code in (_HOME_KEY, _BACK_KEY):
            self.do("back" if code == _BACK_KEY else "home")


@dataclass(frozen=True, slots=True)
class Route:
    """One route: its name, as faults wait for it, and what it does."""

    name: str
    run: Callable[[AutomationSession, Body, Parts], Json]
    in_session: bool
    acts: int
    """1 for a tap or a text: faults in mid-flow count them."""


def _find(session: AutomationSession, body: Body, _parts: Parts) -> Json:
    within = str(body.get("context") or "")
    return session.book.find_one(str(body["strategy"]), str(body["selector"]), within)


def _find_all(session: AutomationSession, body: Body, _parts: Parts) -> Json:
    within = str(body.get("context") or "")
    return session.book.find(str(body["strategy"]), str(body["selector"]), within)


def _tap_element(session: AutomationSession, _body: Body, parts: Parts) -> None:
    x, y = session.book.centre(parts[0])
    session.do("tap", x=x, y=y)


def _type(session: AutomationSession, body: Body, parts: Parts) -> None:
    session.write(parts[0], str(body.get("text", "")), append=not body.get("replace"))


def _perform(session: AutomationSession, body: Body, _parts: Parts) -> None:
    for x, y in session.book.taps(list(body.get("actions", ()))):
        session.do("tap", x=x, y=y)


def _window(session: AutomationSession, _body: Body, _parts: Parts) -> Json:
    width, height = session.phone.app.habits.layout.screen
    return {"width": width, "height": height}


def _info(session: AutomationSession, _body: Body, _parts: Parts) -> Json:
    width, height = session.phone.app.habits.layout.screen
    return {
        "androidId": session.phone.id,
        "apiVersion": str(session.phone.android + 20),
        "platformVersion": str(session.phone.android),
        "manufacturer": "Light",
        "model": "Light Phone",
        "brand": "Light",
        "realDisplaySize": f"{width}x{height}",
        "displayDensity": 420,
        "locale": "en_US",
        "timeZone": "UTC",
        "networks": [],
        "bluetooth": {"state": "OFF"},
    }


def _no_more(_session: AutomationSession, _body: Body, _parts: Parts) -> Json:
    """Gestures move nothing here: there is no more to scroll."""
    return False


def _copy(session: AutomationSession, body: Body, _parts: Parts) -> None:
    session.phone.system.clipboard = str(body.get("content", ""))


def _change_settings(session: AutomationSession, body: Body, _parts: Parts) -> None:
    session.settings.update(body.get("settings", {}))


def _always(value: Json) -> Callable[[AutomationSession, Body, Parts], Json]:
    return lambda _session, _body, _parts: value


def _plain(command: str) -> Callable[[AutomationSession, Body, Parts], Json]:
    return lambda session, _body, _parts: session.do(command)


def _element(
    what: Callable[[AutomationSession, Parts], Json],
) -> Callable[[AutomationSession, Body, Parts], Json]:
    return lambda session, _body, parts: what(session, parts)


_OF: Final = r"/session/([^/]+)"
_EL: Final = rf"{_OF}/element/([^/]+)"
_BATTERY: Final = {"level": 1, "status": 5}
_TABLE: Final[
    tuple[tuple[str, str, str, Callable[[AutomationSession, Body, Parts], Json]], ...]
] = (
    ("GET", "/status", "status", _always(None)),
    ("GET", "/sessions", "sessions", _always(None)),
    ("POST", "/session", "session", _always(None)),
    ("DELETE", _OF, "quit", _always(None)),
    ("GET", f"{_OF}/appium/device/pixel_ratio", "info", _always(2.625)),
    ("GET", f"{_OF}/window/current/size", "size", _window),
    ("GET", f"{_OF}/window/rect", "size", _window),
    ("GET", f"{_OF}/appium/device/system_bars", "info", _always({"statusBar": 84})),
    ("GET", f"{_OF}/appium/device/info", "info", _info),
    ("GET", f"{_OF}/appium/device/battery_info", "info", _always(_BATTERY)),
    ("GET", f"{_OF}/source", "source", _plain("source")),
    ("GET", f"{_OF}/screenshot", "screenshot", _plain("screenshot")),
    ("GET", f"{_OF}/orientation", "info", _always("PORTRAIT")),
    ("POST", f"{_OF}/element", "find", _find),
    ("POST", f"{_OF}/elements", "find", _find_all),
    ("GET", f"{_EL}/text", "element", _element(lambda s, p: s.book.element(p[0]).get("text", ""))),
    (
        "GET",
        f"{_EL}/attribute/([^/]+)",
        "element",
        _element(lambda s, p: attribute(s.book.element(p[0]), p[1])),
    ),
    ("GET", f"{_EL}/rect", "element", _element(lambda s, p: s.book.rect(p[0]))),
    ("GET", f"{_EL}/name", "element", _element(lambda s, p: s.book.element(p[0]).get("class"))),
    ("POST", f"{_EL}/click", "tap", _tap_element),
    ("POST", f"{_EL}/value", "text", _type),
    ("POST", f"{_EL}/clear", "text", _element(lambda s, p: s.write(p[0], "", append=False))),
    ("POST", f"{_OF}/actions", "tap", _perform),
    ("POST", f"{_OF}/appium/gestures/click", "tap", lambda s, body, _: s.click(body)),
    ("POST", f"{_OF}/appium/tap", "tap", lambda s, body, _: s.click(body)),
    (
        "POST",
        f"{_OF}/appium/device/press_keycode",
        "key",
        lambda s, body, _: s.press(int(body["keycode"])),
    ),
    ("POST", f"{_OF}/back", "back", _plain("back")),
    ("GET", f"{_OF}/appium/settings", "settings", lambda s, _b, _p: s.settings),
    ("POST", f"{_OF}/appium/settings", "settings", _change_settings),
    ("GET", f"{_OF}/appium/device/display_density", "info", _always(420)),
    ("POST", f"{_OF}/appium/gestures/(?:scroll|swipe|drag|fling|long_click)", "gesture", _no_more),
    ("POST", f"{_OF}/appium/device/set_clipboard", "settings", _copy),
    ("POST", f"{_OF}/appium/device/open_notifications", "key", _always(None)),
    ("POST", f"{_OF}/timeouts", "settings", _always(None)),
)
_ACTIONS: Final = frozenset({"tap", "text"})
_ROUTES: Final = tuple(
    (
        method,
        re.compile(f"^{pattern}$"),
        Route(name, run, pattern.startswith(f"{_OF}/"), int(name in _ACTIONS)),
    )
    for method, pattern, name, run in _TABLE
)


def route_of(request: HttpRequest) -> tuple[Route | None, Parts]:
    """The route of a request, and what its path names: the session, the element."""
    for method, pattern, route in _ROUTES:
        found = pattern.match(request.path)
        if found is not None and method == request.method:
            return route, found.groups()
    return None, ()
