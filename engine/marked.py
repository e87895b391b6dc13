"""Finding again all that a child of ours started, whatever session or parent it has now.

Each gets a variable in its environment that its children inherit: where it belongs, and a random
token. A child may leave its group, its session and its parent; its environment stays (a browser's
children may write over theirs: their trade looks for them otherwise, too). The word begins with the
work directory and the slot, so that who comes after a crash finds what is left without any record
(behaviour B2.5, B-D6, B-D7).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import psutil

VARIABLE: Final = "GEELARK_TASK"
"""Name of the variable that holds the marker."""
SWEEP_SECONDS: Final = 4.0
"""Longest that killed processes are waited for."""
_LOOK_SECONDS: Final = 0.01
_BETWEEN: Final = ","
"""Between the markers of a process that runs below one of another run."""


def new_marker(work_dir: Path, slot: int | str) -> str:
    """A marker that nothing else has, for one process of this slot of this work directory."""
    return f"{_home(work_dir, slot)}{secrets.token_hex(8)}"


def marking(marker: str, environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """What to add to a child's environment; a run below another one's child keeps that marker."""
    outer = environ.get(VARIABLE, "")
    return {VARIABLE: f"{outer}{_BETWEEN}{marker}" if outer else marker}


def with_marker(marker: str) -> list[psutil.Process]:
    """Living processes of this user with this marker, but not ourselves nor who started us."""
    return [process for process in _marked(marker) if not has_ended(process)]


def of_slots(work_dir: Path, slots: Iterable[int | str] | None = None) -> list[psutil.Process]:
    """The same with any marker of these slots of a work directory; None = of all."""
    homes = [_home(work_dir, None)] if slots is None else [_home(work_dir, slot) for slot in slots]
    return [process for home in homes for process in with_marker(home)]


def end_marked(marker: str, *, timeout: float = SWEEP_SECONDS) -> bool:
    """Kill every process of this user with this marker; True when all are seen gone."""
    return end_found(lambda: with_marker(marker), timeout)[1]


def end_leftovers(
    work_dir: Path, slots: Iterable[int | str] | None = None, *, timeout: float = SWEEP_SECONDS
) -> list[int]:
    """Kill what the children of a work directory left; the pids of what was found.

    ``slots``: only of these; None = of all. Only while nobody works in them: after a worker died,
    or with the run ended.
    """
    kept = None if slots is None else list(slots)
    return sorted(end_found(lambda: of_slots(work_dir, kept), timeout)[0])


def _home(work_dir: Path, slot: int | str | None) -> str:
    """How the markers of a work directory, or of a slot of it, begin."""
    place = hashlib.sha256(os.fsencode(work_dir.resolve())).hexdigest()[:16]
    return f"{place}." if slot is None else f"{place}.{slot}."


def end_found(find: Callable[[], list[psutil.Process]], timeout: float) -> tuple[set[int], bool]:
    """Kill until a look finds nothing any more: what is killed may just have started another.

    The pids of what was found, and whether all are seen gone.
    """
    deadline = time.monotonic() + timeout
    ended: set[int] = set()
    quiet = False
    while True:
        found = find()
        if not found and (quiet or not ended):
            return ended, True
        quiet = not found
        ended |= {process.pid for process in found}
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if time.monotonic() >= deadline:
            return ended, False
        time.sleep(_LOOK_SECONDS)


def _marked(beginning: str) -> list[psutil.Process]:
    """Processes of this user with such a marker, but not ourselves nor who started us."""
    found = []
    for pid in psutil.pids():
        if not _may_be_marked(pid, beginning):
            continue
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            words = process.environ().get(VARIABLE, "").split(_BETWEEN)
            if any(word.startswith(beginning) for word in words) and is_ours(process):
                found.append(process)
    if not found:
        return []
    line = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    return [process for process in found if process.pid not in line]


def _may_be_marked(pid: int, beginning: str) -> bool:
    """A cheap look before the dear one, where the system has it."""
    if sys.platform != "linux":
        return True
    try:
        return beginning.encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def is_ours(process: psutil.Process) -> bool:
    """Whether it belongs to this user. Raises psutil.Error."""
    if sys.platform == "win32":
        return process.username() == psutil.Process().username()
    return process.uids().real == os.getuid()


def has_ended(process: psutil.Process) -> bool:
    """Whether it is gone, but for who has not asked for its end yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True
