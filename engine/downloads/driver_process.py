"""The driver of one browser (chromedriver, msedgedriver): started, asked for its port, ended."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from engine.downloads.browser_errors import BrowserError
from engine.downloads.programs import BrowserPrograms
from engine.errors import InputError
from engine.marked import marking
from engine.polling import growing
from engine.private_files import explain
from engine.processes import ProgramError
from engine.workloads.base import ChildProcess, ProcessKeeper

ROLE: Final = "driver"
"""Of its record; a slot has one browser at a time."""
_PORT: Final = re.compile(rb"started successfully on port (\d{1,5})")
_LOOK_BYTES: Final = 65536
_FIRST_LOOK: Final = 0.01
_LONGEST_LOOK: Final = 0.2
_LONGEST_TEMPORARY: Final = 45
"""Bytes of its folder's name that leave room for a socket's below it (of 108 bytes)."""
_SECRET: Final = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH")
_OURS: Final = "GEELARK_"


class DriverProcess:
    """A driver on a port of its own; the browser that it starts is its child."""

    def __init__(self, child: ChildProcess, port: int) -> None:
        self._child = child
        self.port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def start(
        cls,
        programs: BrowserPrograms,
        *,
        keeper: ProcessKeeper,
        marker: str,
        log: Path,
        scratch: Path,
        seconds: float,
        pause: Callable[[float], object],
    ) -> DriverProcess:
        """Start it and wait until it says its port in ``log``.

        ``scratch``: folder for what it and the browser write beside the profile. Raises
        BrowserError, InputError where the program cannot be run, and what ``pause`` raises; nothing
        is left then.
        """
        # It listens on this host only, and on whichever port is free: nobody else can have it.
        command = (os.fspath(programs.driver), "--port=0", "--log-level=WARNING")
        begins = log.stat().st_size if log.exists() else 0
        try:
            child = keeper.spawn(
                ROLE, command, log_path=log, env=_environment(marker, scratch), cwd=scratch
            )
        except ProgramError as exc:
            raise InputError(
                f"The driver {programs.driver} cannot be run ({exc.strerror}): install it again, "
                "or set downloads.driver_binary."
            ) from None
        except OSError as exc:
            raise BrowserError(
                f"The browser's driver could not be started just now: {explain(exc)}",
                retry_soon=True,
            ) from None
        try:
            return cls(child, _port(child, log, begins, seconds, pause))
        except BaseException:
            child.stop(0)
            raise

    @property
    def alive(self) -> bool:
        return self._child.alive()

    @property
    def pid(self) -> int:
        return self._child.pid

    def stop(self, timeout: float) -> None:
        """End it and all below it, and forget its record; safe to repeat."""
        self._child.stop(timeout)


def _port(
    child: ChildProcess,
    log: Path,
    begins: int,
    seconds: float,
    pause: Callable[[float], object],
) -> int:
    deadline = time.monotonic() + seconds
    for wait in growing(_FIRST_LOOK, _LONGEST_LOOK):
        with log.open("rb") as file:
            file.seek(begins)
            said = _PORT.search(file.read(_LOOK_BYTES))
        if said is not None:
            return int(said[1])
        if not child.alive():
            raise BrowserError(
                f"The browser's driver ended while it was starting (status {child.exit_status}); "
                f"see {log}."
            )
        if time.monotonic() >= deadline:
            break
        pause(wait)
    raise BrowserError(f"The browser's driver was not ready within {seconds:g} s; see {log}.")


def _environment(
    marker: str, scratch: Path, environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Ours without our own settings and what sounds like a secret: pages have no use for them."""
    kept = {
        name: value
        for name, value in environ.items()
        if name == "XAUTHORITY"  # of the display, for a browser with a window
        or not (name.upper().startswith(_OURS) or _SECRET.search(name.upper()))
    }
    folders = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), _temporary(scratch))
    # A crash keeps what a page had in memory: not in the user's home, which nobody sweeps of it.
    folders["BREAKPAD_DUMP_LOCATION"] = os.fspath(scratch.absolute() / "crashes")
    return kept | folders | dict(marking(marker, environ))


def _temporary(scratch: Path) -> str:
    """The scratch folder by a name that is short enough for a socket in it, of which Chromium makes
    one: it does not start otherwise. Linux knows a folder that a program runs in as such, too."""
    whole = os.fspath(scratch.absolute())
    fits = len(os.fsencode(whole)) <= _LONGEST_TEMPORARY
    return whole if fits or sys.platform != "linux" else "/proc/self/cwd"
