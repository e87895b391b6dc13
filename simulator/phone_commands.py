"""What a client's automation does on a phone's screen, whichever way it came there."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from simulator.app.machine import AppMissing, ElementMissing
from simulator.app.phone_screens import LAUNCHER
from simulator.phone import Phone

UNKNOWN: Final = "unknown error"
SERVER_SIDE: Final = (
    "An unknown server-side error occurred while processing the command. Original error: "
)


class DeviceFault(Exception):
    """An answer that is an error: WebDriver's kind, its text, how long it takes (simulated)."""

    def __init__(self, kind: str, message: str, *, after: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.after = after


def carry_out(phone: Phone, command: str, arguments: Mapping[str, Any]) -> object:
    """Carry out one of ``COMMANDS``. Raises DeviceFault."""
    return _COMMANDS[command](phone, arguments)


def _source(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    return phone.app.source()


def _tap(phone: Phone, arguments: Mapping[str, Any]) -> object:
    phone.app.tap(float(arguments["x"]), float(arguments["y"]))
    return None


def _text(phone: Phone, arguments: Mapping[str, Any]) -> object:
    try:
        phone.app.set_text(
            str(arguments["id"]), str(arguments["text"]), append=bool(arguments.get("append"))
        )
    except ElementMissing as exc:
        text = f"An element could not be located on the page: {exc}"
        raise DeviceFault("no such element", text) from None
    return None


def _back(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    phone.app.back()
    return None


def _home(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    phone.app.home()
    return None


def _screenshot(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    return base64.b64encode(phone.app.screenshot()).decode("ascii")


def _size(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    return list(phone.app.habits.layout.screen)


def _activate(phone: Phone, arguments: Mapping[str, Any]) -> object:
    package = str(arguments["package"])
    try:
        phone.app.launch(package)
    except AppMissing:
        text = f"Unable to resolve the launchable activity of '{package}'. Is it installed?"
        raise DeviceFault(UNKNOWN, SERVER_SIDE + text) from None
    return None


def _terminate(phone: Phone, arguments: Mapping[str, Any]) -> object:
    return phone.app.terminate(str(arguments["package"]))


def _focus(phone: Phone, _arguments: Mapping[str, Any]) -> object:
    return {"package": phone.app.package, "activity": phone.app.activity}


def _state(phone: Phone, arguments: Mapping[str, Any]) -> object:
    """4 in front, 3 in the background, 1 not running."""
    if phone.app.front == arguments["package"]:
        return 4
    return 3 if phone.app.alive or arguments["package"] == LAUNCHER else 1


_COMMANDS: Final[dict[str, Callable[[Phone, Mapping[str, Any]], object]]] = {
    "source": _source,
    "tap": _tap,
    "text": _text,
    "back": _back,
    "home": _home,
    "screenshot": _screenshot,
    "size": _size,
    "activate": _activate,
    "terminate": _terminate,
    "focus": _focus,
    "state": _state,
}
THROUGH_ADB: Final = frozenset({"activate", "terminate", "focus", "state", "home"})
"""Carried out through adb, not by the automation server."""
COMMANDS: Final = frozenset(_COMMANDS)
