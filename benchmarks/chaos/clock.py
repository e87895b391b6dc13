"""A wall clock that jumps while the engine runs; wall_clock.c says how it is moved."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.chaos.day import Day

_SOURCE: Final = Path(__file__).with_name("wall_clock.c")
_OFFSET: Final = "clock-offset"
_MOST_SECONDS: Final = 7200.0


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


def prepare(day: Day) -> None:
    """Let the engine's processes see a wall clock that can be moved while they run."""
    (day.work_dir / _OFFSET).write_bytes(struct.pack("=q", 0))
    day.env |= {"LD_PRELOAD": _library(), "CHAOS_CLOCK": str(day.work_dir / _OFFSET)}


def jump(direction: int) -> Callable[[Day], object]:
    """The clock jumps by up to two hours within its day, and stays so for the run after it too."""

    def act(day: Day) -> bool:
        now = datetime.now()  # noqa: DTZ005 - the host's own midnight is meant
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        room = (midnight + timedelta(days=1) - now if direction > 0 else now - midnight) / 2
        seconds = day.dice.uniform(60, max(61, min(_MOST_SECONDS, room.total_seconds())))
        with (day.work_dir / _OFFSET).open("r+b") as file:
            file.write(struct.pack("=q", int(direction * seconds)))
        return True

    return act
