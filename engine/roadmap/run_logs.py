"""The logs of agents and gates: their names, and how long they are kept (behaviour B2.9)."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import Final

from engine.config import Logs

LOG_FOLDER: Final = "orchestrator"
"""Below the folder of logs."""
_DAY: Final = 24 * 3600.0
_OURS: Final = re.compile(r"(?:phase|gate_)[^/]+_[0-9]+\.log")


def agent_log(logs: Path, *, phase: str, group: str, task: str, epoch: float | None = None) -> Path:
    """``phase<p>_group<G>_<task>_<epoch seconds>.log`` (behaviour B2.9), one that is not there.

    Two attempts within one second get neighbouring seconds.
    """
    return _unused(logs, f"phase{phase}_group{group}_{task}", epoch)


def gate_log(logs: Path, *, phase: str, group: str, name: str, epoch: float | None = None) -> Path:
    """``gate_<phase>_<group>_<name>_<epoch seconds>.log``, one that is not there."""
    return _unused(logs, f"gate_{phase}_{group}_{name}", epoch)


def _unused(logs: Path, beginning: str, epoch: float | None) -> Path:
    second = int(time.time() if epoch is None else epoch)
    while (path := logs / LOG_FOLDER / f"{beginning}_{second}.log").exists():
        second += 1
    return path


def sweep(logs: Path, settings: Logs, *, now: float | None = None) -> int:
    """Remove logs that nobody wrote to for ``logs.keep_days``; only while no agent runs.

    Returns how many; what cannot be removed is left.
    """
    oldest = (time.time() if now is None else now) - settings.keep_days * _DAY
    folder = logs / LOG_FOLDER
    removed = 0
    for path in folder.iterdir() if folder.is_dir() else ():
        if _OURS.fullmatch(path.name) is None:
            continue
        with contextlib.suppress(OSError):
            if path.lstat().st_mtime < oldest:
                path.unlink()
                removed += 1
    return removed
