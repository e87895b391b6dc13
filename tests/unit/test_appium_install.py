"""Where Appium and the Android SDK are taken from, and what their packages say of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import SettingsError
from engine.phones.android_sdk import android_sdk
from engine.phones.appium_install import (
    PINNED,
    STAMP_NAME,
    AppiumProgram,
    Origin,
    appium_program,
)
from engine.phones.appium_versions import packages, pinned_node_range, pinned_versions, satisfies
from tests.node_programs import lay_package, lay_sdk


@pytest.fixture(autouse=True)
def bare_host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A host that knows no Android, no Appium and no program at all."""
    for name in ("ANDROID_HOME", "ANDROID_SDK_ROOT", "APPIUM_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))


def settings(folder: Path, **appium: object) -> Settings:
    return Settings.model_validate({"paths": {"appium": folder}, "appium": appium})


def installed(folder: Path, *, stamp: bool = True) -> Path:
    """An installation as ``doctor --install`` leaves it; Appium's script."""
    script = lay_package(folder, "appium", version="3.8.0", engines={"node": ">=20"})
    lay_package(folder, "appium-uiautomator2-driver", version="8.7.0")
    if stamp:
        (folder / STAMP_NAME).write_text("x")
    return script


# -- which Appium ----------------------------------------------------------------------------------


def test_a_command_of_the_settings_wins_over_an_installation(tmp_path: Path) -> None:
    installed(tmp_path / "a")
    program = appium_program(settings(tmp_path / "a", command=["/opt/appium"]), tmp_path)
    assert (program.command, program.origin) == (("/opt/appium",), Origin.SETTING)
    assert "APPIUM_HOME" not in program.environment


def test_an_installation_is_run_by_node_with_its_own_driver(tmp_path: Path) -> None:
    script = installed(tmp_path / "a")
    program = appium_program(settings(Path("a")), tmp_path)
    assert program.command == ("node", str(script))
    assert program.environment["APPIUM_HOME"] == str(tmp_path / "a")
    assert program.home == tmp_path / "a"


def test_an_unfinished_installation_is_not_used(tmp_path: Path) -> None:
    installed(tmp_path / "a", stamp=False)
    program = appium_program(settings(tmp_path / "a"), tmp_path)
    assert (program.command, program.origin) == (("appium",), Origin.PATH)


def test_a_missing_program_names_what_installs_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"'appium' was not found: .*doctor --install"):
        appium_program(settings(tmp_path / "a"), tmp_path).check()


def test_an_installation_without_node_says_that_node_is_missing(tmp_path: Path) -> None:
    installed(tmp_path / "a")
    with pytest.raises(SettingsError, match="Node program 'node', which Appium needs"):
        appium_program(settings(tmp_path / "a"), tmp_path).check()


# -- which SDK -------------------------------------------------------------------------------------


def test_the_setting_comes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDROID_HOME", "/env")
    assert android_sdk(settings(tmp_path, android_home="/set")).home == Path("/set")
    assert android_sdk(settings(tmp_path)).home == Path("/env")


def test_without_either_the_sdk_around_the_adb_program_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adb = lay_sdk(tmp_path / "sdk")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / adb.name).symlink_to(adb)  # as Debian's package has it
    monkeypatch.setenv("PATH", str(programs))
    found = android_sdk(settings(tmp_path))
    found.check()
    assert (found.home, found.adb) == (tmp_path / "sdk", adb)
    program = appium_program(settings(tmp_path / "a"), tmp_path)
    assert program.environment == {"ANDROID_HOME": str(tmp_path / "sdk")}


def test_without_any_sdk_appium_gets_none_and_the_check_says_why(tmp_path: Path) -> None:
    assert appium_program(settings(tmp_path), tmp_path).environment == {}
    with pytest.raises(SettingsError, match=r"install the Android platform tools, or set ANDROID"):
        android_sdk(settings(tmp_path))


def test_platform_tools_without_adb_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "sdk" / "platform-tools").mkdir(parents=True)
    found = android_sdk(settings(tmp_path, android_home=str(tmp_path / "sdk")))
    with pytest.raises(SettingsError, match=r"has no adb in its platform-tools: correct appium\."):
        found.check()


# -- versions --------------------------------------------------------------------------------------


def program(script: Path, home: Path) -> AppiumProgram:
    return AppiumProgram(
        command=("node", str(script)),
        environment={"APPIUM_HOME": str(home)},
        origin=Origin.SETTING,
    )


def test_versions_are_read_without_starting_anything(tmp_path: Path) -> None:
    found = packages(program(installed(tmp_path), tmp_path))
    assert found is not None
    assert (found.appium, found.driver, found.node_range) == ("3.8.0", "8.7.0", ">=20")
    found.check(program(tmp_path, tmp_path))


def test_a_global_appium_is_found_behind_its_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = lay_package(tmp_path / "lib", "appium", version="2.19.0")
    script.chmod(0o700)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "appium").symlink_to(script)
    monkeypatch.setenv("PATH", str(programs))
    wanted = appium_program(settings(tmp_path / "a"), tmp_path)
    found = packages(wanted)
    assert found is not None
    with pytest.raises(SettingsError, match=r"Appium 2\.19\.0 .*version 3 is needed: run"):
        found.check(wanted)


def test_a_missing_driver_names_where_it_was_looked_for(tmp_path: Path) -> None:
    there = program(lay_package(tmp_path, "appium", version="3.8.0"), tmp_path)
    found = packages(there)
    assert found is not None
    with pytest.raises(SettingsError, match=f"no UiAutomator2 driver in {tmp_path}"):
        found.check(there)


@pytest.mark.parametrize(("wanted", "fits"), [("^3.0.0-rc.2", True), ("^2.4.1 || ^3", True),
                                              ("^2.4.1", False)])  # fmt: skip
def test_a_driver_must_be_for_this_major_version(tmp_path: Path, wanted: str, fits: bool) -> None:
    there = program(lay_package(tmp_path, "appium", version="3.8.0"), tmp_path)
    lay_package(
        tmp_path,
        "appium-uiautomator2-driver",
        version="4.2.9",
        peerDependencies={"appium": wanted},
    )
    found = packages(there)
    assert found is not None
    if fits:
        found.check(there)
    else:
        with pytest.raises(SettingsError, match=r"driver 4\.2\.9 .* is for Appium \^2\.4\.1"):
            found.check(there)


def test_a_program_that_is_no_package_has_no_version_to_be_read(tmp_path: Path) -> None:
    assert packages(program(tmp_path / "wrapper", tmp_path)) is None


@pytest.mark.parametrize(
    ("version", "fits"),
    [("v20.19.0", True), ("v20.20.2", True), ("v20.18.3", False), ("v22.11.0", False),
     ("v22.12.1", True), ("v23.1.0", False), ("v25.0.0", True), ("v18.20.4", False)],
)  # fmt: skip
def test_node_ranges_are_read_as_npm_reads_them(version: str, fits: bool) -> None:
    assert satisfies(version, "^20.19.0 || ^22.12.0 || >=24.0.0") is fits


# -- what is committed -----------------------------------------------------------------------------


def test_the_lockfile_pins_every_package_by_hash_and_names_no_place_to_fetch_it_from() -> None:
    text = (PINNED / "package-lock.json").read_text(encoding="utf-8")
    assert pinned_versions() == {"appium": "3.8.0", "appium-uiautomator2-driver": "8.7.0"}
    assert pinned_node_range() == "^20.19.0 || ^22.12.0 || >=24.0.0"
    assert '"resolved"' not in text
    assert "registry" not in text
    locked = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    # What a package brings along in itself is covered by that package's hash.
    alone = [name for name, entry in locked.items() if not entry.get("inBundle")]
    assert len(alone) > 100
    assert [name for name in alone if "sha512-" not in locked[name].get("integrity", "")] == []
