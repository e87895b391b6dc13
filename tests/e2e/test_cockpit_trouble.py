"""When the cockpit itself goes wrong, and when it may not change anything."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.terminal import Terminal
from tests.console.scene import CAMPAIGN, live_day
from tests.e2e.cockpit_seat import (
    POSIX_ONLY,
    START_SECONDS,
    STATE,
    assert_in_order,
    cockpit,
    sentence,
    text,
    toy_day,
)
from tests.e2e.toy_farm import ROOT, ToyFarm

pytestmark = POSIX_ONLY
FAULTY = """\
import sys
from pathlib import Path
from console.cockpit_start import open_cockpit
from console.screens.cockpit import CockpitScreen


def fail(screen):
    raise RuntimeError("a fault of our own")


async def fail_at_the_desk(screen):
    raise RuntimeError("a fault of our own")


CockpitScreen.action_redraw = fail
CockpitScreen.action_time_style = lambda screen: screen.app.panic("a fault of our own")
CockpitScreen.action_reread = lambda screen: screen.do(fail_at_the_desk(screen))
sys.exit(open_cockpit(Path(sys.argv[1]), overrides={}, observe=True, continue_day=False))
"""


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[ToyFarm]:
    with toy_day(tmp_path, "a k1 submit do", "b k2") as farm:
        yield farm


@pytest.mark.parametrize(
    ("key", "named", "logged"),
    [
        ("ctrl+l", "RuntimeError", ("Traceback", "in fail")),
        ("ctrl+r", "RuntimeError", ("Traceback", "in fail_at_the_desk")),
        ("t", "its terminal input", ()),
    ],
    ids=["in an action", "at the desk", "in a thread of the terminal"],
)
def test_an_error_of_our_own_is_a_sentence_and_its_stack_is_in_the_log(
    farm: ToyFarm, key: str, named: str, logged: tuple[str, ...]
) -> None:
    command = [sys.executable, "-c", FAULTY, str(farm.work_dir)]
    with Terminal(command, env={"PYTHONPATH": str(ROOT)}, cwd=ROOT) as terminal:
        terminal.wait_for(STATE, START_SECONDS)
        terminal.send(key)
        assert terminal.wait_exit() == 1
        assert_in_order(terminal)
        said = sentence(terminal)
    log = farm.work_dir / "logs" / "console.log"
    assert f"error of its own: {named}." in said
    assert str(log) in said
    for words in ("Traceback", "a fault of our own", ".py"):
        assert words not in said, "no stack on the operator's terminal"
    kept = log.read_text(encoding="utf-8")
    for words in ("a fault of our own", *logged):
        assert words in kept


def test_bytes_that_are_no_key_do_not_end_the_cockpit(farm: ToyFarm) -> None:
    with cockpit(farm.work_dir, "--observe") as terminal:
        terminal.send("\udcff\udcfe", "2")
        terminal.wait_for("[2 Ledger]")
        terminal.send("\x1b[200~pasted \udcff\x1b[201~", "1")
        terminal.wait_for("[1 Cockpit]")
        terminal.send("q")
        assert terminal.wait_exit() == 0
        assert_in_order(terminal)


def test_an_observer_changes_nothing_but_his_own_log(tmp_path: Path) -> None:
    with live_day(tmp_path):
        before = contents(tmp_path)
        with cockpit(tmp_path, "--campaign", CAMPAIGN, "--observe", size=(120, 40)) as terminal:
            for key, name in (("2", "Ledger"), ("3", "Logs"), ("4", "Passes"), ("1", "Cockpit")):
                terminal.send(key)
                terminal.wait_for(f"[{key} {name}]")
                # What acts is gone, and asks nothing.
                terminal.send("r", "R", "s", "S", "h", "u", "Q", "B", "D", "P", "-", "p", "+")
                terminal.quiet(0.2)
                assert "esc = n" not in text(terminal), "no dialog has opened"
            terminal.send("q")
            assert terminal.wait_exit() == 0
        after = contents(tmp_path)
        assert after.keys() - before.keys() <= {"logs/console.log"}
        changed = {name for name in before if after.get(name) != before[name]}
        assert changed <= {"run/instance.lock"}, "its holder is this test, which notes its beat"


def contents(folder: Path) -> dict[str, str]:
    """Every file below it, by its fingerprint."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
