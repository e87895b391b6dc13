"""A Device driven through Appium and UiAutomator2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.phones.device import Device
from engine.phones.phone import Pause

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings


def open_device(
    server_url: str,
    serial: str,
    *,
    system_port: int,
    settings: Settings,
    log: FilteringBoundLogger,
    pause: Pause,
) -> Device:
    """Open a session on the phone with this adb serial; tried ``session_tries`` times."""
    raise NotImplementedError
