"""One session of the light Appium server: WebDriver commands carried out on a phone of the farm."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from simulator import appium_elements as elements
from simulator.element_book import ElementBook, WebDriverError
from simulator.farm_link import FarmLink, FarmUnreachable

__all__ = ["Session", "WebDriverError", "mobile_commands", "server_side"]

_SERVER_SIDE: Final = (
    "An unknown server-side error occurred while processing the command. Original error: "
)
Json = Any


def server_side(message: str) -> WebDriverError:
    """A failure of the driver or the phone."""
    return WebDriverError("unknown error", _SERVER_SIDE + message)


class Session:
    """A phone under a client's hands; commands run one after the other."""

    def __init__(self, link: FarmLink, capabilities: Mapping[str, Json], adb_port: int) -> None:
        self.capabilities = dict(capabilities)
        self.lock = threading.Lock()
        self._link = link
        self.book = ElementBook(lambda: str(self.device("source")))
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

    def click(self, name: str) -> None:
        self.tap(*self.book.centre(name))

    def write(self, name: str, text: str, *, append: bool) -> None:
        """Type into a field, or replace what is in it. Raises WebDriverError."""
        resource_id = self.book.field(name, text)
        self.device("text", id=resource_id, text=text, append=append)

    def type_blindly(self, text: str) -> bool:
        """``mobile: type``: into the focused field if there is one; says True in any case."""
        for node in elements.parse(self.device("source")).iter():
            if node.get("focused") == "true" and node.get("hint"):
                self.device("text", id=node.get("resource-id", ""), text=text, append=True)
        return True

    def perform(self, sources: list[Mapping[str, Json]]) -> None:
        """W3C actions: what they tap is tapped. Raises WebDriverError."""
        for x, y in self.book.taps(sources):
            self.tap(x, y)


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
