"""A wall clock that jumps while the engine runs; wall_clock.c says how it is moved."""

from __future__ import annotations

import functools
import json
import math
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.chaos.day import Day
from engine.phones.budget import BUDGET_FILE

_SOURCE: Final = Path(__file__).with_name("wall_clock.c")
_OFFSET: Final = "clock-offset"
_MOST_SECONDS: Final = 7200.0
_LOCK_SECONDS: Final = 8000.0
_PAUSE_SECONDS: Final = 2.0
"""Real seconds of each pause: longer than the farm's own lock."""


def impossible() -> str:
    """Why the clock cannot be moved here; empty where it can."""
    if sys.platform != "linux":
        return "only Linux lets a library stand before the clock"
    if shutil.which("cc") is None:
        return "no C compiler (cc) is installed"
    return "" if _library() else "cc could not build wall_clock.c"


@functools.cache
def _library() -> str:
    """The library, built once for each campaign; empty where that fails."""
    folder = tempfile.TemporaryDirectory(prefix="geelark-clock-")
    _KEPT.append(folder)
    path = Path(folder.name) / "wall_clock.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(path), str(_SOURCE)]
    built = subprocess.run(command, check=False, capture_output=True, timeout=60)
    return str(path) if built.returncode == 0 else ""


_KEPT: Final[list[tempfile.TemporaryDirectory[str]]] = []
"""Removed when the campaign ends."""


def too_late() -> str:
    """Why a lock of two hours cannot pass in this day; empty where it can."""
    room = (_midnight(1) - datetime.now()).total_seconds()  # noqa: DTZ005 - the host's own day
    return impossible() or ("" if room > _LOCK_SECONDS else "the day has less than two hours left")


def prepare(day: Day) -> None:
    """Let the engine's processes see a wall clock that can be moved while they run."""
    (day.work_dir / _OFFSET).write_bytes(struct.pack("=q", 0))
    day.env |= {"LD_PRELOAD": _library(), "CHAOS_CLOCK": str(day.work_dir / _OFFSET)}


def jump(direction: int) -> Callable[[Day], object]:
    """The clock jumps by up to two hours within its day, and stays so for the run after it too."""

    def act(day: Day) -> bool:
        now = datetime.now()  # noqa: DTZ005 - the host's own midnight is meant
        room = (_midnight(1) - now if direction > 0 else now - _midnight(0)) / 2
        seconds = day.dice.uniform(60, max(61, min(_MOST_SECONDS, room.total_seconds())))
        _move(day, int(direction * seconds))
        return True

    return act


def let_pauses_pass(day: Day) -> None:
    """The farm's minutes are short, the provider's limits are noted in real ones: what the engine
    notes as a pause has passed a moment later."""
    prepare(day)
    threading.Thread(target=_pass_pauses, args=(day,), daemon=True).start()


def _pass_pauses(day: Day) -> None:
    moved = 0
    path = day.work_dir / "books" / BUDGET_FILE
    while not day.over.wait(0.2):
        try:
            states = json.loads(path.read_text(encoding="utf-8")).values()
            until = max((float(state["paused_until"]) for state in states), default=0.0)
        except (OSError, ValueError):
            continue
        ahead = until - time.time() - moved
        if ahead > 1 and not day.over.wait(_PAUSE_SECONDS):
            moved += math.ceil(ahead)
            _move(day, moved)


def _midnight(days: int) -> datetime:
    now = datetime.now()  # noqa: DTZ005 - the host's own midnight is meant
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def _move(day: Day, seconds: int) -> None:
    with (day.work_dir / _OFFSET).open("r+b") as file:
        file.write(struct.pack("=q", seconds))
