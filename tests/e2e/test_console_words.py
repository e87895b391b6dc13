"""The words of ``geelark-console`` beside the cockpit: completion, config, demo."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import prepared
from tests.e2e.cockpit_seat import (
    OFFER,
    POSIX_ONLY,
    START_SECONDS,
    decline,
    seat,
    text,
)
from tests.e2e.toy_farm import ToyFarm

SHELLS = {"bash": ["-n"], "zsh": ["-n"], "fish": ["--no-execute"]}


def console(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return prepared.run("console", *words, env={**ToyFarm.environment(), **environment})


# -- completion ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_code_that_it_understands(shell: str, tmp_path: Path) -> None:
    answer = console("completion", shell)
    assert answer.returncode == 0
    assert "geelark-console" in answer.stdout
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed here")
    script = tmp_path / f"code.{shell}"
    script.write_text(answer.stdout)
    checked = subprocess.run(
        [program, *SHELLS[shell], str(script)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="the protocol wants a descriptor 8")
def test_a_shell_that_asks_gets_the_flags_of_the_one_parser(tmp_path: Path) -> None:
    answers = tmp_path / "answers"
    line = "geelark-console --st"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answers),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "_ARGCOMPLETE_IFS": "\n",
    }
    console(**asked)
    words = [word.strip() for word in answers.read_text().splitlines()]
    assert "--status" in words
    assert "--stop-all" in words
    assert all(word.startswith("--st") for word in words)


# -- settings --------------------------------------------------------------------------------------


def test_config_show_tells_each_value_and_where_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "geelark.toml").write_text('[console]\ntheme = "light"\n')
    answer = console("config", "show", str(tmp_path), "--json")
    assert answer.returncode == 0
    lines = {line["key"]: line for line in map(json.loads, answer.stdout.splitlines())}
    assert lines["console.theme"]["value"] == '"light"'
    assert lines["console.theme"]["source"] == str(tmp_path / "geelark.toml")
    assert lines["run.workers"]["source"] == "built-in"
    assert console("config", "check", str(tmp_path)).returncode == 0


def test_config_check_names_file_key_and_the_nearest_known_key(tmp_path: Path) -> None:
    (tmp_path / "geelark.toml").write_text('[console]\nthem = "light"\n')
    answer = console("config", "check", str(tmp_path))
    assert answer.returncode == 2
    assert answer.stdout == ""
    for words in (str(tmp_path / "geelark.toml"), "console.them", "console.theme"):
        assert words in answer.stderr


def test_a_wrong_word_is_refused_with_the_ones_that_there_are() -> None:
    answer = console("completion", "powershell")
    assert answer.returncode == 2
    assert "bash" in answer.stderr
    assert "Traceback" not in answer.stderr


# -- demo ------------------------------------------------------------------------------------------


SMALL = ("--accounts", "1", "--workers", "1", "--time-scale", "200")


@POSIX_ONLY
def test_the_demo_on_a_terminal_opens_the_cockpit_on_a_farm_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    with seat("demo", *SMALL, TMPDIR=str(tmp_path)) as terminal:
        terminal.wait_for(OFFER, START_SECONDS)
        terminal.wait_for("for 1 account")
        (work_dir,) = tmp_path.glob("geelark-demo-*")
        assert farms(work_dir), "the farm is a process of its own"
        decline(terminal)
        terminal.send("q")
        terminal.wait_exit(START_SECONDS)
        said = text(terminal)
        assert "Traceback" not in said
        assert "published=0 success=0 double_posts=0" in said, "ledger and farm are compared"
    assert farms(work_dir) == []
    assert list(tmp_path.glob("geelark-demo-*")) == []


def farms(work_dir: Path) -> list[int]:
    """Farm processes that serve this directory."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or ())
        if "simulator serve" in words and str(work_dir) in words:
            found.append(process.pid)
    return found


def test_the_demo_without_a_terminal_publishes_the_day_headless(tmp_path: Path) -> None:
    answer = console("demo", *SMALL, TMPDIR=str(tmp_path))
    assert "Traceback" not in answer.stderr
    assert "A day of 1 accounts" in answer.stdout
    assert answer.returncode in (0, 1), "how the day went is the farm's dice"
    assert list(tmp_path.iterdir()) == []
