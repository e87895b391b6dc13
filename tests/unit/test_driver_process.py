"""A driver is asked for its port, in time and as long as nobody asks to stop; none is left."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.downloads.browser_errors import BrowserError
from engine.downloads.driver_process import DriverProcess
from engine.downloads.programs import BrowserPrograms
from engine.errors import InputError, StopRequested
from engine.marked import VARIABLE, new_marker, with_marker
from engine.processes import ProcessRegistry
from engine.slot_processes import SlotProcesses

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the drivers of these tests are POSIX scripts"
)
SAYS = "echo ChromeDriver was started successfully on port 4567."


class Starting:
    """A driver that does what a script says."""

    def __init__(self, folder: Path, script: str) -> None:
        self.folder = folder
        self.marker = new_marker(folder, 1)
        self.log = folder / "driver.log"
        self.program = folder / "chromedriver"
        self.program.write_text(f"#!/bin/sh\n{script}\n")
        self.program.chmod(0o700)
        self.registry = ProcessRegistry(folder / "processes")

    def start(
        self, *, seconds: float = 5, pause: Callable[[float], object] = time.sleep
    ) -> DriverProcess:
        scratch = self.folder / ("s" * 60)
        scratch.mkdir(exist_ok=True)
        return DriverProcess.start(
            BrowserPrograms(self.program, self.program, "chromium"),
            keeper=SlotProcesses(self.registry, 1),
            marker=self.marker,
            log=self.log,
            scratch=scratch,
            seconds=seconds,
            pause=pause,
        )

    @property
    def left(self) -> bool:
        return bool(with_marker(self.marker) or self.registry.records())


def test_the_port_is_read_from_what_this_driver_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEELARK_API_TOKEN", "one")
    monkeypatch.setenv("SITE_PASSWORD", "two")
    begun = Starting(tmp_path, f"env; {SAYS}; exec sleep 30")
    begun.log.write_text("ChromeDriver was started successfully on port 1111.\n")

    driver = begun.start()
    known = begun.log.read_text()
    driver.stop(0)

    assert (driver.port, driver.url) == (4567, "http://127.0.0.1:4567")
    assert f"{VARIABLE}=" in known
    assert f"BREAKPAD_DUMP_LOCATION={tmp_path}" in known  # not the user's home
    assert "GEELARK_API_TOKEN" not in known
    assert "SITE_PASSWORD" not in known
    assert not begun.left


def test_a_temporary_folder_with_a_long_name_leaves_room_for_a_socket(tmp_path: Path) -> None:
    begun = Starting(tmp_path, f"env; {SAYS}; exec sleep 30")

    begun.start().stop(0)

    lines = begun.log.read_text().splitlines()
    folder = next(line.partition("=")[2] for line in lines if line.startswith("TMPDIR="))
    assert sys.platform != "linux" or len(os.fsencode(folder)) < 50


def test_a_driver_that_ends_says_no_port_or_cannot_be_run_is_one_sentence(tmp_path: Path) -> None:
    ended = Starting(tmp_path, "exit 3")
    with pytest.raises(BrowserError, match=r"ended while it was starting \(status 3\)"):
        ended.start()
    silent = Starting(tmp_path, "exec sleep 30")
    with pytest.raises(BrowserError, match=r"not ready within 0.3 s"):
        silent.start(seconds=0.3)
    silent.program.chmod(0o600)
    with pytest.raises(InputError, match=r"cannot be run"):
        silent.start()

    assert not ended.left
    assert not silent.left


def test_a_stop_ends_the_wait_for_a_driver(tmp_path: Path) -> None:
    begun = Starting(tmp_path, "exec sleep 30")

    def stop(_seconds: float) -> None:
        raise StopRequested("Stopped.")

    with pytest.raises(StopRequested):
        begun.start(pause=stop)
    assert not begun.left
