"""How a browser is started: with its profile, without questions, and open about what drives it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from selenium.webdriver.common.options import ArgOptions

from engine.downloads.driver_connection import BROWSER_NAMES
from engine.downloads.programs import BrowserPrograms, unsandboxed
from engine.settings_downloads import Downloads

_KEYS: Final = {"chromium": "goog:chromeOptions", "edge": "ms:edgeOptions"}
_ARGUMENTS: Final = (
    # A clone's cookies are read as the base's were written: without a keyring of this session.
    "--password-store=basic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-component-update",
    # Pages that are left are not kept: they would only take memory.
    "--disable-back-forward-cache",
    "--window-size=1280,1024",
)
_UNSEEN: Final = (
    "--headless=new",
    # A window without tab strip, address bar and start page: nothing turns while a server is waited
    # for (it took a twelfth of a core), and a start takes a third of the CPU.
    "--app=data:,",
)
_PREFERENCES: Final = {
    "download.prompt_for_download": False,
    "download.directory_upgrade": True,
    "download.open_pdf_in_system_reader": False,
    "plugins.always_open_pdf_externally": True,
    "profile.default_content_setting_values.automatic_downloads": 1,
    "profile.password_manager_enabled": False,
    "credentials_enable_service": False,
    "translate.enabled": False,
}
_SHARED_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - asked for its room only
_LEAST_SHARED: Final = 256 << 20
"""Bytes; with less, as in most containers, pages crash."""


def options_for(
    programs: BrowserPrograms, settings: Downloads, *, profile: Path, scratch: Path
) -> ArgOptions:
    """What the driver is asked for when it is to start the browser."""
    options: Any = _Options()
    caps = options.to_capabilities()
    milliseconds = round(settings.browser_answer_seconds * 1000)
    caps["browserName"] = BROWSER_NAMES[programs.name]
    # Waiting is done by looks at the page: they can be stopped, and tell what is there.
    caps["pageLoadStrategy"] = "none"
    caps["unhandledPromptBehavior"] = "dismiss"
    caps["timeouts"] = {"implicit": 0, "pageLoad": milliseconds, "script": milliseconds}
    caps[_KEYS[programs.name]] = {
        "binary": os.fspath(programs.browser),
        "args": _arguments(settings, profile),
        "prefs": _PREFERENCES | {"download.default_directory": os.fspath(scratch / "downloads")},
    }
    made: ArgOptions = options
    return made


def _arguments(settings: Downloads, profile: Path) -> list[str]:
    arguments = [f"--user-data-dir={profile.absolute()}", *_ARGUMENTS]
    if settings.headless:
        arguments += _UNSEEN
    if unsandboxed():
        arguments.append("--no-sandbox")
    if _little_shared_memory():
        arguments.append("--disable-dev-shm-usage")
    return arguments


def _little_shared_memory() -> bool:
    if sys.platform != "linux":
        return False
    try:
        return shutil.disk_usage(_SHARED_MEMORY).free < _LEAST_SHARED
    except OSError:
        return True


class _Options(ArgOptions):
    """Nothing but what is set: selenium's own classes would look for programs."""

    @property
    def default_capabilities(self) -> dict[str, Any]:
        return {}
