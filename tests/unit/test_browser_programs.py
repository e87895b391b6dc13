"""Browser and driver are found where they lie, and refused in one sentence where they do not do."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from engine.downloads import programs
from engine.downloads.programs import BrowserPrograms, find_programs
from engine.errors import InputError
from engine.settings_downloads import Downloads

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the programs of these tests are POSIX scripts"
)
NO_EDGE = pytest.mark.skipif(
    any(
        Path(place).exists() for place in ("/opt/microsoft/msedge/msedge", "/usr/bin/msedgedriver")
    ),
    reason="this host has Edge, and these tests are of one that has none",
)


def program(path: Path, says: str, *, then: str = "exit 0") -> Path:
    """A program that says its version so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n{then}\n")
    path.chmod(0o700)
    return path


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    return program(tmp_path / "b" / "msedge", "Microsoft Edge 150.0.3500.1")


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    return program(tmp_path / "d" / "msedgedriver", "Microsoft Edge WebDriver 150.0.3499.9 (abc)")


def edge(**given: Path) -> Downloads:
    return Downloads(browser="edge", browser_binary=given.get("browser"), **_driver(given))


def _driver(given: dict[str, Path]) -> dict[str, Path]:
    return {"driver_binary": given["driver"]} if "driver" in given else {}


def test_programs_of_the_settings_are_taken(browser: Path, driver: Path) -> None:
    found = find_programs(edge(browser=browser, driver=driver), {"PATH": ""})

    assert found == BrowserPrograms(browser, driver, "edge")


def test_programs_of_the_path_are_found(browser: Path, driver: Path) -> None:
    path = os.pathsep.join((str(browser.parent), str(driver.parent)))

    assert find_programs(edge(), {"PATH": path}) == BrowserPrograms(browser, driver, "edge")


def test_a_driver_beside_its_browser_or_in_the_folder_of_the_hosts_variable_is_found(
    tmp_path: Path, browser: Path, driver: Path
) -> None:
    beside = program(browser.with_name("msedgedriver"), "Microsoft Edge WebDriver 150.1.2.3")
    first = find_programs(edge(browser=browser), {"PATH": ""})
    beside.unlink()
    second = find_programs(edge(browser=browser), {"PATH": "", "EDGEWEBDRIVER": str(driver.parent)})

    assert (first.driver, second.driver) == (beside, driver)


def test_the_driver_of_the_browsers_version_is_taken_before_one_of_another(
    browser: Path, driver: Path, tmp_path: Path
) -> None:
    old = program(tmp_path / "old" / "msedgedriver", "Microsoft Edge WebDriver 114.0.1.2")
    environ = {"PATH": str(old.parent), "EDGEWEBDRIVER": str(driver.parent)}

    assert find_programs(edge(browser=browser), environ).driver == driver


def test_a_driver_of_another_version_is_refused_with_both_versions(
    browser: Path, tmp_path: Path
) -> None:
    old = program(tmp_path / "old" / "msedgedriver", "Microsoft Edge WebDriver 114.0.1.2")

    with pytest.raises(InputError) as refused:
        find_programs(edge(browser=browser, driver=old), {"PATH": ""})

    said = str(refused.value)
    assert f"{old} is of version 114" in said
    assert f"{browser} of version 150" in said
    assert "downloads.driver_binary" in said


@NO_EDGE
def test_no_browser_and_no_driver_are_named_with_what_helps(browser: Path) -> None:
    with pytest.raises(InputError, match=r"No edge browser was found: install .*browser_binary"):
        find_programs(edge(), {"PATH": ""})
    with pytest.raises(InputError, match=r"No driver \(msedgedriver\) .*downloads.driver_binary"):
        find_programs(edge(browser=browser), {"PATH": ""})


def test_a_program_that_is_not_there_or_may_not_be_run_is_refused(
    browser: Path, driver: Path
) -> None:
    with pytest.raises(InputError, match=r"driver_binary names .*no such program"):
        find_programs(edge(browser=browser, driver=driver.with_name("none")), {"PATH": ""})
    driver.chmod(0o600)
    with pytest.raises(InputError, match=r"driver_binary names .*may not run"):
        find_programs(edge(browser=browser, driver=driver), {"PATH": ""})


def test_a_program_that_fails_is_refused_with_its_status(browser: Path, tmp_path: Path) -> None:
    broken = program(tmp_path / "broken" / "msedgedriver", "lib missing", then="exit 127")

    with pytest.raises(InputError, match=r"cannot be run \(it ended with status 127\)"):
        find_programs(edge(browser=browser, driver=broken), {"PATH": ""})


def test_a_program_that_does_not_say_its_version_in_time_is_not_judged(
    browser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "VERSION_SECONDS", 0.2)
    slow = program(tmp_path / "slow" / "msedgedriver", "", then="exec sleep 30")
    began = time.monotonic()

    found = find_programs(edge(browser=browser, driver=slow), {"PATH": ""})

    assert found.driver == slow
    assert time.monotonic() - began < 10
