"""The browser and its driver, found where they are usually installed; never fetched.

Selenium would fetch what is missing (its manager); nothing of ours asks it to.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from engine.errors import InputError
from engine.processes import end_tree, start
from engine.settings_downloads import Downloads

VERSION_SECONDS: Final = 10.0
"""Longest wait for a program to say its version; one that is slower is asked nothing more."""
_VERSION: Final = re.compile(r"(\d+)(?:\.\d+){1,3}")
_MOST_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class BrowserPrograms:
    """A browser and the driver that goes with it."""

    browser: Path
    driver: Path
    name: str
    """``chromium`` (Chrome, too) or ``edge``."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the programs of one sort of browser are called, and where they lie beside the PATH."""

    names: tuple[str, ...]
    places: tuple[str, ...]
    windows_places: tuple[str, ...]
    """Below the folders of programs."""
    driver: str
    driver_places: tuple[str, ...]
    driver_variable: str
    """Variable that names the driver's folder on some hosts."""
    remedy: str


_KINDS: Final[Mapping[str, _Kind]] = {
    "chromium": _Kind(
        names=("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
        places=("/usr/lib/chromium/chromium", "/opt/google/chrome/chrome", "/snap/bin/chromium"),
        windows_places=(
            "Chromium/Application/chrome.exe",
            "Google/Chrome/Application/chrome.exe",
        ),
        driver="chromedriver",
        driver_places=(
            "/usr/bin/chromedriver",
            "/usr/lib/chromium/chromedriver",
            "/usr/lib/chromium-browser/chromedriver",
            "/snap/bin/chromium.chromedriver",
        ),
        driver_variable="CHROMEWEBDRIVER",
        remedy="install Chromium or Chrome with its driver (Debian: chromium, chromium-driver)",
    ),
    "edge": _Kind(
        names=("microsoft-edge", "microsoft-edge-stable", "msedge"),
        places=("/opt/microsoft/msedge/msedge",),
        windows_places=("Microsoft/Edge/Application/msedge.exe",),
        driver="msedgedriver",
        driver_places=("/usr/bin/msedgedriver", "/opt/microsoft/msedgedriver/msedgedriver"),
        driver_variable="EDGEWEBDRIVER",
        remedy="install Microsoft Edge and the driver of its version (msedgedriver)",
    ),
}


def find_programs(settings: Downloads, environ: Mapping[str, str] = os.environ) -> BrowserPrograms:
    """The first browser with a driver of its own major version: those of the settings, of the PATH,
    of the usual places.

    Raises InputError with one sentence: what is missing, cannot be run or does not go together, and
    what helps.
    """
    kind = _KINDS[settings.browser]
    browsers = _all(settings.browser_binary, "browser_binary", _browsers(kind, environ))
    if not browsers:
        raise InputError(
            f"No {settings.browser} browser was found: {kind.remedy}, or set "
            "downloads.browser_binary to its program."
        )
    found = _all(settings.driver_binary, "driver_binary", _drivers(kind, environ))
    first: InputError | None = None
    for browser in browsers:
        beside = browser.resolve().with_name(_executable(kind.driver))
        drivers = found
        if settings.driver_binary is None and _can_run(beside):
            drivers = tuple(dict.fromkeys((*found, beside)))
        if not drivers:
            continue
        for driver in drivers:
            refusal = _refusal(browser, driver)
            if refusal is None:
                return BrowserPrograms(browser, driver, settings.browser)
            first = first or refusal
    if first is not None:
        raise first
    raise InputError(
        f"No driver ({kind.driver}) was found for the browser {browsers[0]}: {kind.remedy}, or set "
        "downloads.driver_binary to it."
    )


def wrong_driver(
    browser: str, browser_version: str, driver: str, driver_version: str
) -> InputError:
    """The sentence for programs that do not belong together."""
    return InputError(
        f"The driver {driver} is of version {driver_version} and the browser {browser} of version "
        f"{browser_version}: install the driver of the browser's version, or set "
        "downloads.driver_binary to it."
    )


def unsandboxed() -> bool:
    """Whether browsers run without their sandbox: Chromium refuses it to root on Linux. Pages are
    then less well kept from this host, and the operator should know."""
    return sys.platform != "win32" and os.geteuid() == 0


def version_of(program: Path) -> str:
    """What a program says of its version (``150.0.7871.46``); empty where it does not say it.

    Not asked on Windows, where a browser opens a window instead. Raises InputError where the
    program cannot be run.
    """
    if os.name == "nt":
        return ""
    try:
        info = program.stat()
    except OSError as exc:
        raise _unusable(program, exc.strerror or type(exc).__name__) from None
    return _asked(program, (info.st_mtime_ns, info.st_size))


@functools.lru_cache(maxsize=32)
def _asked(program: Path, _as_it_is: tuple[int, int]) -> str:
    try:
        process = start(
            [os.fspath(program), "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as exc:
        raise _unusable(program, exc.strerror or type(exc).__name__) from None
    try:
        said, _none = process.communicate(timeout=VERSION_SECONDS)
    except subprocess.TimeoutExpired:
        return ""  # the driver will say whether it suits
    finally:
        with contextlib.suppress(psutil.Error):
            end_tree(psutil.Process(process.pid), timeout=0)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if process.returncode:
        raise _unusable(program, f"it ended with status {process.returncode}")
    version = _VERSION.search(said[:_MOST_BYTES].decode("utf-8", "replace"))
    return version[0] if version else ""


def _refusal(browser: Path, driver: Path) -> InputError | None:
    """Why these two are not used; a version that is not told is not judged."""
    try:
        versions = version_of(browser), version_of(driver)
    except InputError as exc:
        return exc
    majors = [version.partition(".")[0] for version in versions]
    if all(majors) and majors[0] != majors[1]:
        return wrong_driver(os.fspath(browser), majors[0], os.fspath(driver), majors[1])
    return None


def _all(given: Path | None, setting: str, usual: Iterator[Path]) -> tuple[Path, ...]:
    """The one of the settings, or all that are found. Raises InputError."""
    if given is None:
        return tuple(dict.fromkeys(path for path in usual if _can_run(path)))
    path = Path(found) if (found := shutil.which(os.fspath(given))) else given
    if not path.is_file():
        raise InputError(
            f"downloads.{setting} names {given}, and there is no such program: correct it, or "
            "leave it out to have it looked for."
        )
    if not _can_run(path):
        raise InputError(
            f"downloads.{setting} names {given}, which this user may not run: make it executable, "
            "or name another one."
        )
    return (path.absolute(),)


def _browsers(kind: _Kind, environ: Mapping[str, str]) -> Iterator[Path]:
    yield from _on_path(kind.names, environ)
    if os.name != "nt":
        yield from map(Path, kind.places)
        return
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "LOCALAPPDATA"):
        if folder := environ.get(variable):
            yield from (Path(folder) / place for place in kind.windows_places)


def _drivers(kind: _Kind, environ: Mapping[str, str]) -> Iterator[Path]:
    yield from _on_path((kind.driver,), environ)
    if folder := environ.get(kind.driver_variable):
        yield Path(folder) / _executable(kind.driver)
    if os.name != "nt":
        yield from map(Path, kind.driver_places)


def _on_path(names: Sequence[str], environ: Mapping[str, str]) -> Iterator[Path]:
    path = environ.get("PATH", os.defpath)
    for name in names:
        if found := shutil.which(name, path=path):
            yield Path(found).absolute()


def _executable(name: str) -> str:
    return f"{name}.exe" if os.name == "nt" else name


def _can_run(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _unusable(program: Path, why: str) -> InputError:
    return InputError(
        f"The program {program} cannot be run ({why}): install it again, or name another one in "
        "downloads.browser_binary and downloads.driver_binary."
    )
