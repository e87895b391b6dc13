"""Versions of Appium, of its driver and of the Node that they need, read from their packages.

Starting Node to ask costs half a second each; the packages say the same at once. An Appium that is
no package that we can see (a wrapper, a container) has no version here: it must be asked.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import SettingsError
from engine.phones.appium_install import PINNED, AppiumProgram

APPIUM: Final = "appium"
DRIVER: Final = "appium-uiautomator2-driver"
MAJOR: Final = 3
"""Of Appium: the one that the engine's capabilities and error texts are of."""
_NUMBER: Final = re.compile(r"\d+")
_INSTALL: Final = "run `geelark-console doctor --install`"


@dataclass(frozen=True, kw_only=True, slots=True)
class AppiumPackages:
    """What is there; an empty version is a package that is not."""

    appium: str
    driver: str
    driver_for: str
    """Range of Appium versions that the driver says it is for."""
    node_range: str
    """Range of Node versions that Appium says it needs."""

    def check(self, program: AppiumProgram) -> None:
        """Raises SettingsError for another major version and for a driver that is missing."""
        check_appium(self.appium, program)
        check_driver(self.driver, self.driver_for, program)


def check_appium(version: str, program: AppiumProgram) -> None:
    """Raises SettingsError where it is no Appium of the needed major version."""
    if major(version) != MAJOR:
        raise SettingsError(
            f"Appium {version} was found ({' '.join(program.command)}) and version {MAJOR} is "
            f"needed: {_INSTALL}, or set appium.command."
        )


def check_driver(version: str, wanted_appium: str, program: AppiumProgram) -> None:
    """Raises SettingsError where the UiAutomator2 driver is missing or for another Appium."""
    if not version:
        raise SettingsError(
            f"Appium has no UiAutomator2 driver in {program.home}: {_INSTALL}, or "
            "`appium driver install uiautomator2`."
        )
    if wanted_appium and str(MAJOR) not in _majors(wanted_appium):
        raise SettingsError(
            f"The UiAutomator2 driver {version} in {program.home} is for Appium {wanted_appium}, "
            f"not {MAJOR}: {_INSTALL}, or `appium driver update uiautomator2`."
        )


def packages(program: AppiumProgram) -> AppiumPackages | None:
    """The packages behind a program; None where no Appium package can be seen behind it."""
    found = next(_appium_packages(program.command), None)
    if found is None:
        return None
    driver = _package(program.home / "node_modules" / DRIVER / "package.json")
    return AppiumPackages(
        appium=_text(found, "version"),
        driver=_text(driver, "version"),
        driver_for=_text(driver, "peerDependencies", APPIUM),
        node_range=_text(found, "engines", "node"),
    )


def pinned_versions() -> dict[str, str]:
    """Package to version, as ``doctor --install`` puts them there."""
    wanted: dict[str, str] = _package(PINNED / "package.json")["dependencies"]
    return wanted


def pinned_node_range() -> str:
    """Node versions that the pinned Appium runs on."""
    lock = _package(PINNED / "package-lock.json")
    return _text(lock, "packages", f"node_modules/{APPIUM}", "engines", "node")


def major(version: str) -> int | None:
    """First number of a version; None where it has none."""
    found = _NUMBER.match(version.strip().removeprefix("v"))
    return int(found.group()) if found else None


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version is in a range such as ``^20.19.0 || >=24``; what is not understood is."""
    have = _numbers(version)
    return not wanted.strip() or any(
        all(_holds(have, term) for term in part.split()) for part in wanted.split("||")
    )


def _holds(have: tuple[int, ...], term: str) -> bool:
    least = _numbers(term)
    if term.startswith("^"):
        return have[0] == least[0] and have >= least
    return have >= least if term.startswith(">=") else True


def _numbers(text: str) -> tuple[int, ...]:
    """Major, minor and patch; what is not said is 0."""
    found = [int(number) for number in _NUMBER.findall(text.partition("-")[0])[:3]]
    return tuple(found + [0] * (3 - len(found)))


def _majors(wanted: str) -> set[str]:
    parts = (part.strip(" ^~>=v") for part in wanted.split("||"))
    return {part.partition(".")[0] for part in parts}


def _appium_packages(command: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The package that a program or script of the command belongs to, links followed."""
    for part in command:
        found = shutil.which(part) or part
        path = Path(found)
        if not path.is_absolute() or not path.is_file():
            continue
        # npm's global programs on Windows are scripts beside the packages, elsewhere links.
        beside = path.parent / "node_modules" / APPIUM
        for folder in (beside, *path.resolve().parents):
            package = _package(folder / "package.json")
            if package.get("name") == APPIUM:
                yield package


def _package(path: Path) -> dict[str, Any]:
    """A package's description; empty where there is none to be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _text(package: dict[str, Any], *keys: str) -> str:
    found: Any = package
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""
