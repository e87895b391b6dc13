"""An operator's seat: a real pseudo-terminal with the cockpit on it, and what is true around it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from engine.instance import InstanceLock
from simulator.terminal import Terminal
from tests.e2e.toy_farm import ROOT, ToyFarm

POSIX_ONLY = pytest.mark.skipif(
    sys.platform == "win32", reason="a simulated terminal needs POSIX pseudo-terminals"
)
OFFER = "Start a run"
"""Over the dialog that opens by itself where no run is live and there are jobs to do."""
START_SECONDS = 60.0
"""For a first picture on a machine that is busy with other tests."""
COLOUR_CODES = re.compile(
    rb"\x1b\[(?:[0-9;:]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m"
)
"""Any sequence that chooses a colour of letters or ground."""
KEYS_PUSHED = re.compile(rb"\x1b\[>\d+u")
"""The keyboard's own protocol is asked for; it has to be given back."""
AT_SEAT_MODES = frozenset({"1000", "1002", "1003", "1006", "1015", "1004", "2004", "2026", "1049"})
"""Mouse, focus, paste, the other screen: nothing of it may be left on."""


def console_command(*words: str) -> list[str]:
    """``geelark-console`` of this checkout with these words."""
    return [sys.executable, "-m", "console", *words]


def seat(
    *words: str,
    size: tuple[int, int] = (80, 24),
    unset: Sequence[str] = (),
    **environment: str,
) -> Terminal:
    """``geelark-console`` on a terminal; ``unset`` are variables that it does not get."""
    command = console_command(*words)
    if unset:
        command = ["env", *(f"--unset={name}" for name in unset), *command]
    return Terminal(command, size=size, env={"PYTHONPATH": str(ROOT), **environment}, cwd=ROOT)


def cockpit(work_dir: Path, *flags: str, size: tuple[int, int] = (80, 24)) -> Terminal:
    """The cockpit on a work directory, as soon as it shows the state of the run."""
    terminal = seat(str(work_dir), *flags, size=size)
    try:
        terminal.wait_for(STATE, START_SECONDS)
    except BaseException:
        terminal.end()
        raise
    return terminal


STATE = re.compile(
    r"geelark-console \| .*\b(NO RUN|RUNNING|PAUSED|DRAINING|STOPPED|SILENT|FAILED)\b"
)


def decline(terminal: Terminal) -> None:
    """Start no run now."""
    terminal.wait_for(OFFER)
    # The next key must not come at once: esc and a letter are one key on the wire.
    terminal.send("escape")
    terminal.wait_gone(OFFER)


def assert_in_order(terminal: Terminal) -> None:
    """What a program borrowed of the terminal is given back."""
    model = terminal.model
    assert not model.alternate, "the other screen is left"
    assert model.cursor_shown
    assert not model.modes & AT_SEAT_MODES
    output = terminal.output()
    pushed, popped = len(KEYS_PUSHED.findall(output)), output.count(b"\x1b[<u")
    assert pushed == popped, "keys come as the shell knows them"


def assert_obeyed_nothing(terminal: Terminal) -> None:
    """Nothing of what was shown reached beyond the screen."""
    assert terminal.model.clipboard == []
    assert terminal.model.bells == 0
    assert b"\x1b]0;" not in terminal.output(), "nobody set the window's title"
    assert b"\x1b]2;" not in terminal.output()


def text(terminal: Terminal) -> str:
    """The screen as one text."""
    return "\n".join(terminal.screen())


def sentence(terminal: Terminal) -> str:
    """What is left on the terminal, its wrapped lines joined, as one line."""
    rows = terminal.screen()
    width = terminal.model.columns
    return "".join(row if len(row) == width else f"{row} " for row in rows).strip()


def holder(work_dir: Path) -> int | None:
    """The process that publishes here."""
    record = InstanceLock(work_dir / "run" / "instance.lock").holder()
    return None if record is None else record.pid


@contextmanager
def toy_day(work_dir: Path, *jobs: str, settings: str = "") -> Iterator[ToyFarm]:
    """A work directory whose run, if one is left, is ended with the test."""
    work_dir.mkdir(exist_ok=True)
    farm = ToyFarm(work_dir, *jobs, settings=settings)
    try:
        yield farm
    finally:
        pid = holder(work_dir)
        if pid is not None:
            end(pid)


def end(pid: int) -> None:
    """End a run that the test started, as an operator's ctrl-c would."""
    try:
        process = psutil.Process(pid)
        children = process.children(recursive=True)
        process.terminate()
        _, alive = psutil.wait_procs([process, *children], timeout=20)
    except psutil.NoSuchProcess:
        return
    for child in alive:
        child.kill()
