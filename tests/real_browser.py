"""Real browsers for tests: the programs, or the reason why there are none.

Without a browser and its driver such a test is skipped and says so; with GEELARK_REQUIRE_BROWSER=1
it fails instead.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from engine.downloads.browser import Browser
from engine.downloads.browser_processes import processes_of_browser
from engine.downloads.programs import BrowserPrograms, find_programs
from engine.errors import InputError
from engine.marked import new_marker
from engine.processes import ProcessRegistry
from engine.settings_downloads import Downloads
from engine.slot_processes import SlotProcesses

REQUIRED = "GEELARK_REQUIRE_BROWSER"


def browser_programs(settings: Downloads | None = None) -> BrowserPrograms:
    """What this host has; the test is skipped, or fails, where it has none."""
    try:
        return find_programs(settings or Downloads())
    except InputError as exc:
        _without(str(exc))


def _without(reason: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True)
class OpenBrowser:
    """A browser of a test, and what it is made of."""

    browser: Browser
    marker: str
    scratch: Path
    profile: Path

    def processes(self) -> int:
        """How many of its processes, the driver's among them, live."""
        return len(processes_of_browser(self.marker, self.profile))


def open_browser(
    work_dir: Path,
    settings: Downloads,
    *,
    profile: Path | None = None,
    slot: int = 1,
    pause: Callable[[float], object] = time.sleep,
) -> OpenBrowser:
    """As a worker's session starts one."""
    marker = new_marker(work_dir, slot)
    scratch = work_dir / "scratch" / str(slot)
    browser = Browser.start(
        browser_programs(settings),
        settings,
        keeper=SlotProcesses(ProcessRegistry(work_dir / "processes"), slot),
        marker=marker,
        log=work_dir / f"driver_{slot}.log",
        scratch=scratch,
        profile=profile,
        pause=pause,
    )
    return OpenBrowser(browser, marker, scratch, profile or scratch / "profile")
