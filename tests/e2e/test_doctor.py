"""``geelark-console doctor`` as an operator types it, with a farm and on a bare host."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import Settings
from tests import prepared
from tests.e2e.cockpit_seat import POSIX_ONLY, START_SECONDS, seat
from tests.e2e.toy_farm import ROOT
from tests.farm import new_farm, served
from tests.node_programs import NodePrograms

CHECKS = ["settings", "Python", "adb", "Android SDK", "Node", "Appium", "driver", "ports", "phones",
          "model", "disk", "clock", "terminal", "encoding"]  # fmt: skip
UNKNOWN_APPIUM = {"Node", "Appium", "driver"}
"""What cannot be told of the farm's light Appium, which is no Node program."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A work directory whose provider and phones are there."""
    work_dir = tmp_path_factory.mktemp("farm") / "day"
    new_farm(work_dir, "--accounts", 1, "--workers", 2)
    with served(work_dir):
        yield work_dir


def doctor(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("GEELARK_")}
    environment = {**kept, "PYTHONPATH": str(ROOT), **environment}
    return prepared.run("console", "doctor", *words, env=environment)


def told(answer: subprocess.CompletedProcess[str]) -> tuple[dict[str, dict[str, str]], bool]:
    """The checks of a JSON answer by name, and whether a run could work."""
    *checks, result = [json.loads(line) for line in answer.stdout.splitlines()]
    assert result["event"] == "result"
    assert [check["name"] for check in checks] == CHECKS
    return {check["name"]: check for check in checks}, result["could_run"]


def test_where_a_run_can_work_it_says_so_and_writes_nothing(day: Path) -> None:
    before = sorted(day.rglob("*"))
    answer = doctor(str(day), "--json")
    checks, could_run = told(answer)
    bad = {name for name, check in checks.items() if check["level"] not in ("ok", "info")}
    assert bad <= UNKNOWN_APPIUM, answer.stdout
    assert (answer.returncode, could_run) == (0, True)
    assert sorted(day.rglob("*")) == before


def test_each_thing_that_is_wrong_has_its_remedy_and_all_are_told_at_once(
    day: Path, tmp_path: Path
) -> None:
    work_dir = shutil.copytree(day, tmp_path / "w")
    settings = work_dir / "geelark.toml"
    text = settings.read_text(encoding="utf-8")
    text = text.replace('adb_command = ["', 'adb_command = ["/nowhere')
    text = text.replace('android_home = "', 'android_home = "/nowhere')
    text = text.replace('\ncommand = ["', '\ncommand = ["/nowhere')
    settings.write_text(text, encoding="utf-8")
    (work_dir / ".env").write_text("GEELARK_API_TOKEN=wrong-token-0815\n", encoding="utf-8")
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", Settings.load(day, environ={}).appium.base_port + 2))
        stranger.listen()
        answer = doctor(str(work_dir), "--json")
        shown = doctor(str(work_dir))
    checks, could_run = told(answer)
    remedies = {
        "adb": "phones.adb_command",
        "Android SDK": "appium.android_home",
        "Appium": "doctor --install",
        "ports": "appium.base_port",
        "phones": "GEELARK_API_TOKEN",
    }
    for name, words in remedies.items():
        assert checks[name]["level"] == "fail", checks[name]
        assert words in checks[name]["remedy"]
        assert checks[name]["remedy"] in shown.stdout
    assert (answer.returncode, shown.returncode, could_run) == (1, 1, False)
    assert shown.stdout.splitlines()[-1].startswith("A run could not work here: adb, ")
    for output in (answer, shown):
        assert "wrong-token" not in output.stdout + output.stderr
        assert output.stderr == ""


def test_broken_settings_are_one_line_of_it(tmp_path: Path) -> None:
    (tmp_path / "geelark.toml").write_text("[run\n")
    checks, could_run = told(
        doctor(str(tmp_path), "--json", GEELARK_PHONES__API_URL="http://127.0.0.1:9")
    )
    assert checks["settings"]["level"] == "fail"
    assert "geelark.toml" in checks["settings"]["found"]
    assert not could_run


def test_a_work_directory_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    answer = doctor(str(tmp_path / "none"))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.strip().endswith("does not exist; make it, or name another.")


@POSIX_ONLY
@pytest.mark.parametrize("wrong", [False, True], ids=["well", "wrong"])
def test_it_fits_on_one_screen(day: Path, tmp_path: Path, wrong: bool) -> None:
    environment = {"GEELARK_PHONES__ADB_COMMAND": '["/nowhere"]', "LC_ALL": "C",
                   "GEELARK_APPIUM__COMMAND": '["/nowhere"]', "PYTHONUTF8": "0",
                   "GEELARK_APPIUM__ANDROID_HOME": "/nowhere", "GEELARK_API_TOKEN": "wrong",
                   "PYTHONCOERCECLOCALE": "0", "PATH": str(tmp_path)}  # fmt: skip
    with seat("doctor", str(day), size=(80, 24), **(environment if wrong else {})) as terminal:
        terminal.wait_for("A run could not" if wrong else "A run can work", START_SECONDS)
        lines = [line.rstrip() for line in terminal.screen()]
    text = "\n".join(lines)
    # Nothing has gone out at the top of the screen: its first line is there.
    assert lines[0].split()[0] in ("ok", "FAIL", "warn")
    for name in ("settings", "adb", "Android SDK", "ports", "phones", "disk", "encoding"):
        assert name in text
    assert ("80x24" in text) is not wrong
    assert text.count("->") >= (5 if wrong else 0)


# -- --install -------------------------------------------------------------------------------------


@POSIX_ONLY
def test_installing_says_what_it_does_and_that_it_is_done_already(tmp_path: Path) -> None:
    programs = NodePrograms(tmp_path / "bin")
    programs.node("v22.14.0")
    programs.npm()
    place = {"PATH": programs.path, "GEELARK_PATHS__APPIUM": str(tmp_path / "tools")}
    first = doctor(str(tmp_path), "--install", **place)
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith("Installing appium 3.8.0, appium-uiautomator2-driver 8.7.0")
    assert first.stdout.startswith("Installed: appium 3.8.0")
    second = doctor(str(tmp_path), "--install", "--json", **place)
    assert json.loads(second.stdout)["fresh"] is False
    assert second.stderr == ""
    programs.npm(said="npm error code ENOTFOUND", code=1)
    (tmp_path / "tools" / ".installed").unlink()
    refused = doctor(str(tmp_path), "--install", **place)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("npm failed, npm's registry does not give")


@pytest.mark.skipif(sys.platform == "win32", reason="the bare PATH is a POSIX one")
def test_without_node_installing_is_one_sentence(tmp_path: Path) -> None:
    answer = doctor(
        str(tmp_path), "--install",
        PATH=str(tmp_path), GEELARK_PATHS__APPIUM=str(tmp_path / "tools"),
    )  # fmt: skip
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("Node was not found, and Appium needs it: install Node")
    assert len(answer.stderr.splitlines()) == 1
