"""A farm's work directory for the real adb and Appium: what it names, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import SETTINGS_FILE, Settings
from simulator.errors import FarmError
from simulator.farm_file import FARM_FILE, FarmFile
from simulator.work_directory import Wishes, new_directory


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with an Android SDK, Node and Appium, as far as their files go."""
    tools = tmp_path / "sdk" / "platform-tools"
    tools.mkdir(parents=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    for path in (tools / "adb", programs / "node", programs / "appium"):
        path.touch(mode=0o700)
    monkeypatch.setenv("ANDROID_HOME", str(tools.parent))
    monkeypatch.setenv("PATH", str(programs))
    return tools.parent


def test_its_settings_name_the_real_adb_and_leave_appium_to_the_engine(
    sdk: Path, tmp_path: Path
) -> None:
    work_dir = tmp_path / "day"
    new_directory(work_dir, Wishes(accounts=2, workers=3, appium=True))
    settings = Settings.load(work_dir, environ={})
    assert settings.phones.adb_command == (str(sdk / "platform-tools" / "adb"),)
    assert settings.appium.android_home == str(sdk)
    assert settings.appium.command == Settings().appium.command
    own = {settings.get_adb_server_port(worker) for worker in range(3)}
    assert len(own) == 3
    assert 5037 not in own


def test_its_farm_file_is_that_of_the_light_programs(sdk: Path, tmp_path: Path) -> None:
    made = []
    for name, appium in (("light", False), ("real", True)):
        new_directory(tmp_path / name, Wishes(accounts=2, appium=appium))
        farm = FarmFile.load(tmp_path / name / FARM_FILE)
        made.append(farm.model_dump(exclude={"port", "token", "app_id", "api_key"}))
    assert made[0] == made[1]
    light = (tmp_path / "light" / SETTINGS_FILE).read_text(encoding="utf-8")
    assert "simulator.adb" in light
    assert str(sdk) not in light


def test_a_host_without_adb_is_told_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANDROID_HOME", "ANDROID_SDK_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FarmError, match=r"Real adb and Appium cannot be used: .*platform tools"):
        new_directory(tmp_path / "day", Wishes(accounts=2, appium=True))
    assert not (tmp_path / "day").exists()
