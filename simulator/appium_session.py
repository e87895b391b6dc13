"""One session of the light Appium server: WebDriver commands carried out on a phone of the farm."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element

from simulator import appium_elements as elements
from simulator.farm_link import FarmLink, FarmUnreachable

ELEMENT_KEY: Final = "element-6066-11e4-a52e-4f735466cecf"
_SERVER_SIDE: Final = (
    "An unknown server-side error occurred while processing the command. Original error: "
)
_STATUS: Final = {
    "invalid session id": 404,
    "no such element": 404,
    "stale element reference": 404,
    "unknown command": 404,
    "invalid selector": 400,
    "invalid argument": 400,
    "invalid element state": 400,
}
Json = Any


class WebDriverError(Exception):
    """An error as the WebDriver protocol names it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def status(self) -> int:
        return _STATUS.get(self.kind, 500)


def server_side(message: str) -> WebDriverError:
    """A failure of the driver or the phone."""
    return WebDriverError("unknown error", _SERVER_SIDE + message)


class Session:
    """A phone under a client's hands; commands run one after the other."""

    def __init__(self, link: FarmLink, capabilities: Mapping[str, Json], adb_port: int) -> None:
        self.capabilities = dict(capabilities)
        self.lock = threading.Lock()
        self._link = link
        self._elements: dict[str, tuple[tuple[int, ...], str, str]] = {}
        self._system_port = _bind(self._capability("systemPort"))
        try:
            opened = self._ask(
                "/device/session",
                {
                    "port": adb_port,
                    "serial": str(self._capability("udid") or ""),
                    "read_timeout_ms": int(
                        self._capability("uiautomator2ServerReadTimeout") or 240_000
                    ),
                },
            )
        except BaseException:
            self._system_port.close()
            raise
        self.id = str(opened["id"])
        self.width, self.height = int(opened["width"]), int(opened["height"])
        self.android = str(opened["android"])
        self.limit = float(self._capability("newCommandTimeout") or 60)
        self.last_command = time.monotonic()

    def _capability(self, name: str) -> Json:
        return self.capabilities.get(f"appium:{name}", self.capabilities.get(name))

    @property
    def idle_too_long(self) -> bool:
        """newCommandTimeout has passed; 0 switches it off."""
        return 0 < self.limit < time.monotonic() - self.last_command

    def touched(self) -> None:
        """A command has ended: the idle time counts from here."""
        self.last_command = time.monotonic()

    def described(self) -> dict[str, Json]:
        """Capabilities as the answer to a new session has them."""
        return {
            "platformName": "Android",
            **self.capabilities,
            "appium:deviceUDID": self._capability("udid"),
            "appium:platformVersion": self.android,
            "appium:deviceScreenSize": f"{self.width}x{self.height}",
        }

    def close(self) -> None:
        """End it and give the port back. Raises WebDriverError where the phone is gone."""
        try:
            connected = self._link.ask("DELETE", f"/device/session/{self.id}")["value"]
        except FarmUnreachable:
            connected = False
        finally:
            self._system_port.close()
        if not connected and not self._capability("ignoreHiddenApiPolicyError"):
            raise server_side(
                "Error executing adbExec. Original error: 'Command 'adb -s"
                f" {self._capability('udid')} shell settings delete global hidden_api_policy'"
                " exited with code 1'; Command output: error: device offline"
            )

    # -- the phone -------------------------------------------------------------------------------

    def device(self, command: str, **arguments: Json) -> Json:
        """One command of the phone's automation. Raises WebDriverError."""
        return self._ask(f"/device/session/{self.id}/{command}", arguments)

    def _ask(self, path: str, content: Mapping[str, Json]) -> Json:
        try:
            answer = self._link.ask("POST", path, content)
        except FarmUnreachable as exc:
            text = f"Could not proxy command to the remote server. Original error: {exc}"
            raise server_side(text) from None
        if "error" in answer:
            raise WebDriverError(answer["error"], answer["message"])
        return answer["value"]

    def tap(self, x: float, y: float) -> None:
        self.device("tap", x=x, y=y)

    # -- elements --------------------------------------------------------------------------------

    def find(self, using: str, value: str, within: str = "") -> list[dict[str, str]]:
        """References to every match. Raises WebDriverError."""
        root = elements.parse(self.device("source"))
        try:
            found = elements.find(root, using, value)
        except elements.BadSelector as exc:
            raise WebDriverError("invalid selector", str(exc)) from None
        path = self._elements[within][0] if within in self._elements else ()
        return [
            self._reference(one)
            for one in found
            if one.path[: len(path)] == path and one.path != path
        ]

    def _reference(self, found: elements.Found) -> dict[str, str]:
        name = f"00000000-0000-{len(self._elements):04x}-ffff-{len(found.path):012x}"
        element = found.element
        self._elements[name] = (found.path, element.tag, element.get("resource-id", ""))
        return {ELEMENT_KEY: name, "ELEMENT": name}

    def element(self, name: str) -> Element:
        """The element as it stands on the screen now. Raises WebDriverError when it is gone."""
        if name not in self._elements:
            raise WebDriverError(
                "no such element", f"The element identified by '{name}' is unknown"
            )
        path, tag, resource_id = self._elements[name]
        node = elements.at(elements.parse(self.device("source")), path)
        if node is None or node.tag != tag or node.get("resource-id", "") != resource_id:
            raise WebDriverError(
                "stale element reference",
                "The previously found element is not present in the current view anymore",
            )
        return node

    def centre(self, name: str) -> tuple[float, float]:
        left, top, right, bottom = elements.bounds(self.element(name))
        return (left + right) / 2, (top + bottom) / 2

    def click(self, name: str) -> None:
        self.tap(*self.centre(name))

    def write(self, name: str, text: str, *, append: bool) -> None:
        """Type into a field, or replace what is in it. Raises WebDriverError."""
        resource_id = self.element(name).get("resource-id", "")
        if not resource_id:
            text = f"Cannot set the element to '{text}'. Did you interact with the correct element?"
            raise WebDriverError("invalid element state", text)
        self.device("text", id=resource_id, text=text, append=append)

    def type_blindly(self, text: str) -> bool:
        """``mobile: type``: into the focused field if there is one; says True in any case."""
        for node in elements.parse(self.device("source")).iter():
            if node.get("focused") == "true" and node.get("hint"):
                self.device("text", id=node.get("resource-id", ""), text=text, append=True)
        return True

    def perform(self, sources: list[Mapping[str, Json]]) -> None:
        """W3C actions: a pointer that goes down and up where it is, is a tap; swipes do nothing."""
        for source in sources:
            if source.get("type") != "pointer":
                continue
            here = (0.0, 0.0)
            pressed: tuple[float, float] | None = None
            for action in source.get("actions", ()):
                kind = action.get("type")
                if kind == "pointerMove":
                    here = self._moved(here, action)
                elif kind == "pointerDown":
                    pressed = here
                elif kind == "pointerUp" and pressed == here:
                    self.tap(*here)

    def _moved(self, here: tuple[float, float], action: Mapping[str, Json]) -> tuple[float, float]:
        origin = action.get("origin", "viewport")
        x, y = float(action.get("x", 0)), float(action.get("y", 0))
        if isinstance(origin, Mapping):
            left, top = self.centre(str(origin.get(ELEMENT_KEY) or origin.get("ELEMENT")))
            return left + x, top + y
        return (here[0] + x, here[1] + y) if origin == "pointer" else (x, y)


def _bind(port: Json) -> socket.socket:
    """Hold the session's local port. Raises WebDriverError where somebody has it."""
    wanted = [int(port)] if port else list(range(8200, 8300))
    for number in wanted:
        held = socket.socket()
        with contextlib.suppress(OSError):
            held.bind(("127.0.0.1", number))
            held.listen(1)
            return held
        held.close()
    raise server_side(
        f"UiAutomator2 Server cannot start because the local port #{wanted[0]} is busy. Make sure"
        " the port you provide via 'systemPort' capability is not occupied. This situation might"
        " often be a result of an inaccurate sessions management, e.g. old automation sessions on"
        " the same device must always be closed before starting new ones."
    )


def mobile_commands(session: Session) -> dict[str, Callable[[Mapping[str, Json]], Json]]:
    """``mobile: …`` extensions by name."""

    def click(args: Mapping[str, Json]) -> None:
        if args.get("elementId"):
            session.click(str(args["elementId"]))
        else:
            session.tap(float(args["x"]), float(args["y"]))

    def package(args: Mapping[str, Json]) -> str:
        return str(args.get("appId") or args.get("package") or args.get("bundleId") or "")

    def key(args: Mapping[str, Json]) -> None:
        code = args.get("keycode")
        if code in (3, 4):
            session.device("back" if code == 4 else "home")

    return {
        "activateApp": lambda args: session.device("activate", package=package(args)),
        "terminateApp": lambda args: session.device("terminate", package=package(args)),
        "queryAppState": lambda args: session.device("state", package=package(args)),
        "isAppInstalled": lambda args: package(args).startswith("com."),
        "startActivity": lambda args: session.device(
            "activate", package=str(args.get("component") or args.get("intent")).partition("/")[0]
        ),
        "getCurrentPackage": lambda _: session.device("focus")["package"],
        "getCurrentActivity": lambda _: session.device("focus")["activity"],
        "clickGesture": click,
        "type": lambda args: session.type_blindly(str(args["text"])),
        "replaceElementValue": lambda args: session.write(
            str(args["elementId"]), str(args["text"]), append=False
        ),
        "pressKey": key,
        "isKeyboardShown": lambda _: False,
        "hideKeyboard": lambda _: True,
        "isLocked": lambda _: False,
        "unlock": lambda _: None,
        "swipeGesture": lambda _: None,
        "scrollGesture": lambda _: False,
        "getSystemBars": lambda _: {"statusBar": 48},
        "deviceInfo": lambda _: {"platformVersion": session.android, "model": "Light Phone"},
        "batteryInfo": lambda _: {"level": 1, "state": 5},
        "getDeviceTime": lambda _: time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
