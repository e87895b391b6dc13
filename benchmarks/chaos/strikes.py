"""What befalls the processes, files and clock of a run; each strike waits for its moment first."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psutil

from benchmarks.chaos.day import ROOT, Day
from simulator.terminal import Terminal

Run = subprocess.Popen[bytes]
Strike = Callable[[Day, Run], bool]
"""Whether it struck: a run that ended before its moment was missed."""


EVENTS_PER_JOB: Final = 12
"""A day has some more; so most strikes find it under way."""


def wait_for_moment(day: Day, run: Run) -> bool:
    """Somewhere in the run: while phones boot, during a post, right after Share, anywhere."""
    moment = day.dice.choice(("booting", "posting", "submitted", "anywhere", "anywhere"))
    match moment:
        case "booting":
            return day.wait_for(lambda: _in_state(day, "ADB_PENDING"), run)
        case "posting":
            return day.wait_for(lambda: _in_state(day, "JOB_RUNNING"), run)
        case "submitted":
            return day.wait_for(lambda: day.happened("worker_submitted"), run)
    # Counted in what has happened, not in seconds: hosts differ in their speed.
    number = day.dice.randrange(EVENTS_PER_JOB * day.size)
    return day.wait_for(lambda: day.happened("event") >= number, run)


def _in_state(day: Day, state: str) -> bool:
    return bool(day.happened("worker_state", f'"state": "{state}"'))


def at_a_moment(act: Callable[[Day], object]) -> Strike:
    """A strike that acts once, at a moment drawn for it."""

    def strike(day: Day, run: Run) -> bool:
        # Early in a run there may be nothing yet to strike at.
        return wait_for_moment(day, run) and day.wait_for(lambda: act(day) is not False, run)

    return strike


# -- processes -----------------------------------------------------------------------------------


def kill_one(*words: str) -> Callable[[Day], object]:
    """SIGKILL one of those that run this."""

    def act(day: Day) -> bool:
        found = day.processes(*words)
        if not found:
            return False
        victim = day.dice.choice(found)
        with contextlib.suppress(psutil.Error):
            victim.kill()
        return True

    return act


def kill_adb_server(day: Day) -> bool:
    """What an adb server knows goes with it: connections and forwards. The light one is the farm's
    and is emptied; every client starts another."""
    if day.real:
        return kill_one("nodaemon", "server")(day) is not False
    subprocess.run(
        [*day.settings.phones.adb_command, "disconnect"],
        capture_output=True, check=False, timeout=20,
    )  # fmt: skip
    return True


def kill_all(*words: str) -> Callable[[Day], object]:
    return lambda day: day.kill(*words) > 0


def hold(*words: str) -> Callable[[Day], object]:
    """SIGSTOP for some seconds, then SIGCONT; without words the whole host sleeps."""

    def act(day: Day) -> bool:
        seconds = day.dice.uniform(1, 6)
        struck = day.send(signal.SIGSTOP, *words) > 0
        time.sleep(seconds)
        day.send(signal.SIGCONT, *words)
        return struck

    return act


def hang_up(day: Day) -> bool:
    """What the run gets when its terminal goes."""
    return day.send(signal.SIGHUP, "engine.orchestrator") > 0


def cockpit(*, hangup: bool) -> Callable[[Day], object]:
    """Somebody watches in the cockpit, whose terminal or process then goes."""

    def act(day: Day) -> bool:
        command = [sys.executable, "-m", "console", str(day.work_dir)]
        with Terminal(command, env=day.environment | {"PYTHONPATH": str(ROOT)}, cwd=ROOT) as seat:
            with contextlib.suppress(TimeoutError, AssertionError):
                seat.wait_for("geelark-console", 20)
            if hangup:
                seat.close_terminal()
            else:
                seat.kill(signal.SIGKILL)
            seat.wait_exit(20)
        return True

    return act


# -- files ---------------------------------------------------------------------------------------


def fill_disk(day: Day) -> bool:
    """For some seconds nothing of the engine can make a file longer."""
    with _file_limit(day):
        time.sleep(day.dice.uniform(0.5, 3))
    return True


@contextlib.contextmanager
def _file_limit(day: Day) -> Iterator[None]:
    unlimited = resource.RLIM_INFINITY
    _limit_all(day, (1, unlimited))
    try:
        yield
    finally:
        # Twice: a process that was started meanwhile inherited the limit.
        _limit_all(day, (unlimited, unlimited))
        time.sleep(0.2)
        _limit_all(day, (unlimited, unlimited))


def _limit_all(day: Day, limits: tuple[int, int]) -> None:
    for process in day.processes():
        with contextlib.suppress(psutil.Error, OSError):
            process.rlimit(psutil.RLIMIT_FSIZE, limits)


def immutable(day: Day) -> bool:
    """For some seconds the ledger can only be read, whoever asks."""
    if not day.ledger_path.exists():
        return False
    _chattr("+i", day.ledger_path)
    try:
        time.sleep(day.dice.uniform(0.5, 3))
    finally:
        _chattr("-i", day.ledger_path)
    return True


def _chattr(change: str, path: Path) -> None:
    subprocess.run(["chattr", change, str(path)], check=True, capture_output=True)


def can_be_immutable() -> str:
    """Why no file can be made immutable here; empty where one can."""
    probe = Path(f"/tmp/geelark-immutable-{os.getpid()}")  # noqa: S108 - made, tried and removed
    probe.touch()
    try:
        _chattr("+i", probe)
        _chattr("-i", probe)
    except (OSError, subprocess.CalledProcessError):
        return "chattr +i is not allowed here"
    finally:
        probe.unlink()
    return ""


def truncate(day: Day) -> bool:
    """The ledger ends at a random byte behind its header, in the middle of a row: where it ends
    with a whole one it is as a person may have left it who deleted rows, which is obeyed."""
    try:
        content = day.ledger_path.read_bytes()
    except OSError:
        return False
    header = content.find(b"\n") + 1
    inside = [
        at
        for at in range(header + 1, len(content) - 1)
        if content[at - 1] != ord("\n") and content[at] not in b"\r\n"
    ]
    if not inside:
        return False
    os.truncate(day.ledger_path, day.dice.choice(inside))
    return True


def edit(day: Day) -> bool:
    """Somebody saves the file from an editor a moment after he opened it, with a note in it."""
    try:
        content = day.ledger_path.read_bytes()
    except OSError:
        return False
    time.sleep(day.dice.choice((0.0, 0.0, 0.4)))
    lines = content.split(b"\n")
    lines.insert(day.dice.randrange(1, len(lines) + 1), b"# look at this one again tomorrow")
    _save(day, b"\n".join(lines))
    return True


def save_from_spreadsheet(day: Day) -> bool:
    """The same rows with a mark at the beginning and the line ends of another system."""
    try:
        text = day.ledger_path.read_bytes().decode("utf-8-sig")
    except OSError:
        return False
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(csv.reader(io.StringIO(text, newline="")))
    _save(day, b"\xef\xbb\xbf" + out.getvalue().encode())
    return True


def _save(day: Day, content: bytes) -> None:
    """In place, or as a new file under the old name: editors do either."""
    if day.dice.random() < 0.5:
        day.ledger_path.write_bytes(content)
        return
    part = day.ledger_path.with_suffix(".saved")
    part.write_bytes(content)
    part.replace(day.ledger_path)


def delete_run_directory(day: Day) -> bool:
    shutil.rmtree(day.work_dir / "run", ignore_errors=True)
    return True
