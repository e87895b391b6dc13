"""What may be wrong with a place: one sentence with the remedy, and a terminal in order.

Some of it is said before the screen is taken, with an exit status other than 0; the rest inside
the cockpit, which goes on showing what it can.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.instance import InstanceLock
from simulator.terminal import Terminal
from tests.e2e.cockpit_seat import (
    OFFER,
    POSIX_ONLY,
    START_SECONDS,
    assert_in_order,
    console_command,
    seat,
    sentence,
    text,
    toy_day,
)
from tests.e2e.toy_farm import ROOT, ToyFarm

pytestmark = POSIX_ONLY
LEDGER = "parallel_progress.csv"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[ToyFarm]:
    with toy_day(tmp_path / "day", "a k1 submit do", "b k2") as farm:
        yield farm


def refused(*words: str) -> str:
    """What is said instead of a cockpit; the terminal is in order."""
    with seat(*words, size=(120, 24)) as terminal:
        status = terminal.wait_exit(START_SECONDS)
        said = sentence(terminal)
        assert status not in (0, None)
        assert b"\x1b[?1049h" not in terminal.output(), "no screen was taken"
        assert_in_order(terminal)
    assert "Traceback" not in said
    return said


def shown(work_dir: Path, needle: str) -> None:
    """The cockpit opens and says it on its first screen; every screen works; ``q`` leaves."""
    with seat(str(work_dir), "--observe", size=(160, 48)) as terminal:
        terminal.wait_for(needle, START_SECONDS)
        for key, name in enumerate(("Cockpit", "Ledger", "Logs", "Rooms", "Lamps"), 1):
            terminal.send(str(key))
            terminal.wait_for(f"[{key} {name}]")
        assert terminal.alive
        terminal.send("q")
        assert terminal.wait_exit() == 0
        assert "Traceback" not in text(terminal)
        assert_in_order(terminal)
    log = work_dir / "logs" / "console.log"
    assert "Traceback" not in log.read_text(encoding="utf-8")


# -- said instead of a cockpit ---------------------------------------------------------------------


def setting(line: str) -> Callable[[Path], None]:
    def write(work_dir: Path) -> None:
        with (work_dir / "geelark.toml").open("a", encoding="utf-8") as file:
            file.write(line)

    return write


def gone(work_dir: Path) -> None:
    shutil.rmtree(work_dir)


def a_file(work_dir: Path) -> None:
    shutil.rmtree(work_dir)
    work_dir.write_text("not a directory")


def somewhere_else(work_dir: Path) -> None:
    shutil.rmtree(work_dir)
    (work_dir / "holiday").mkdir(parents=True)


def the_trade_of_campaigns(work_dir: Path) -> None:
    (work_dir / "geelark.toml").write_text("", encoding="utf-8")
    (work_dir / "campaigns" / "spring" / "videos").mkdir(parents=True)


REFUSED = {
    "missing": (gone, (), ("does not exist", "make it, or name another")),
    "a file": (a_file, (), ("does not exist",)),
    "elsewhere": (somewhere_else, (), ("is no work directory", "geelark-console WORKDIR")),
    "unknown key": (
        setting('[console]\nthem = "dark"\n'),
        (),
        ("geelark.toml", "console.them", "console.theme"),
    ),
    "wrong value": (setting('[console]\ntheme = "pink"\n'), (), ("console.theme", "dark")),
    "no toml": (setting("[[[\n"), (), ("geelark.toml",)),
    "no such action": (
        setting('[console.keys]\n"app.helf" = "f9"\n'),
        (),
        ("geelark.toml", "app.helf", "app.help"),
    ),
    "a forbidden key": (
        setting('[console.keys]\n"app.help" = "ctrl+i"\n'),
        (),
        ("geelark.toml", "app.help", "ctrl+i", "another key"),
    ),
    "no such campaign": (
        the_trade_of_campaigns,
        ("--campaign", "sprnig"),
        ("no campaign 'sprnig'", "spring"),
    ),
    "place given twice": (None, ("-C", "elsewhere"), ("given twice",)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_a_sentence_before_the_screen_is_taken(farm: ToyFarm, name: str) -> None:
    prepare, flags, said = REFUSED[name]
    if prepare is not None:
        prepare(farm.work_dir)
    sentence_said = refused(str(farm.work_dir), *flags)
    for words in said:
        assert words in sentence_said


def test_config_check_names_what_the_cockpit_would_refuse(farm: ToyFarm) -> None:
    setting('[console.keys]\n"app.helf" = "f9"\n"app.help" = "ctrl+i"\n')(farm.work_dir)
    answer = subprocess.run(
        console_command("config", "check", str(farm.work_dir)),
        cwd=ROOT,
        env=farm.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert answer.returncode == 2
    assert len(answer.stderr.splitlines()) == 2
    assert "app.help?" in answer.stderr
    assert "ctrl+i" in answer.stderr


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A work directory below folders that everybody may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="day-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "accounts.txt").write_text("k1\n", encoding="utf-8")
        yield place


def private_run(place: Path) -> None:
    (place / "run").mkdir(mode=0o700)


def private_place(place: Path) -> None:
    place.chmod(0o700)


def private_settings(place: Path) -> None:
    (place / "geelark.toml").touch(0o600)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can act as another user"
)
@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (private_run, "belongs to another user: open the cockpit as that user"),
        (private_place, "run as its owner"),
        (private_settings, "geelark.toml"),
    ],
)
def test_the_place_of_another_user_is_named_as_such(
    open_place: Path, prepare: Callable[[Path], None], said: str
) -> None:
    prepare(open_place)
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    command = [*as_nobody, *console_command(str(open_place))]
    with Terminal(command, size=(120, 24), env={"PYTHONPATH": str(ROOT)}, cwd="/") as terminal:
        assert terminal.wait_exit(START_SECONDS) not in (0, None)
        assert_in_order(terminal)
        assert "Traceback" not in text(terminal)
        assert said in sentence(terminal)


# -- said in the cockpit ---------------------------------------------------------------------------


def test_without_a_ledger_it_says_what_a_run_would_seed(farm: ToyFarm) -> None:
    with seat(str(farm.work_dir)) as terminal:
        terminal.wait_for(OFFER, START_SECONDS)
        terminal.wait_for("to be seeded")
    assert not (farm.work_dir / LEDGER).exists()


def binary_junk(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 40)


def a_directory(path: Path) -> None:
    path.mkdir()


def another_table(path: Path) -> None:
    path.write_text("name,colour\nbus,red\n", encoding="utf-8")


@pytest.mark.parametrize("spoil", [binary_junk, a_directory, another_table])
def test_a_ledger_that_cannot_be_read_is_named(
    farm: ToyFarm, spoil: Callable[[Path], None]
) -> None:
    spoil(farm.work_dir / LEDGER)
    shown(farm.work_dir, LEDGER)


def status(work_dir: Path, content: str) -> None:
    run = work_dir / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    (run / "status.json").write_text(content, encoding="utf-8")


STATUS = {
    "older": (json.dumps({"schema": 0}), "older version"),
    "newer": (json.dumps({"schema": 99}), "newer version"),
    "garbage": ('{"schema": ', "status.json is no status of a run"),
    "wrong types": (
        json.dumps({"schema": 1, "workers": "many", "updated_at": 7}),
        "cannot be understood",
    ),
}


@pytest.mark.parametrize("name", STATUS)
def test_a_status_of_a_live_run_that_cannot_be_understood_is_said(farm: ToyFarm, name: str) -> None:
    content, said = STATUS[name]
    status(farm.work_dir, content)
    lock = InstanceLock(farm.work_dir / "run" / "instance.lock")
    lock.acquire()
    try:
        shown(farm.work_dir, said)
    finally:
        lock.release()


def test_a_dead_runs_status_that_cannot_be_read_does_not_hide_the_next_run(farm: ToyFarm) -> None:
    status(farm.work_dir, "\x00\x01 nothing")
    with seat(str(farm.work_dir)) as terminal:
        terminal.wait_for(OFFER, START_SECONDS)
        terminal.wait_for("for 2 keys")
