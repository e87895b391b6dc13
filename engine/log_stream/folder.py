"""Which logs a folder holds, and what each is called."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

SUFFIX: Final = ".log"
"""Rotated ones (``worker_0.log.1``) are no logs of their own."""

_LOOKS_WITHOUT_LISTING: Final = 10
"""The folder's time tells of a new file at once, but not on every file system."""
_NAMED: Final = ((re.compile(r"worker_(\d+)"), "W"), (re.compile(r"appium_(\d+)"), "A"))


def source_of(name: str) -> str:
    """``W0`` of worker_0.log, ``A0`` of appium_0.log, ``orch``, else the name without suffix."""
    stem = name.removesuffix(SUFFIX)
    for pattern, letter in _NAMED:
        found = pattern.fullmatch(stem)
        if found:
            return f"{letter}{int(found[1])}"
    return "orch" if stem == "orchestrator" else stem


def rotated(path: Path) -> Iterator[Path]:
    """``worker_0.log.1``, ``.2`` and so on, newest first, as far as there are any."""
    for number in range(1, 100):
        older = path.with_name(f"{path.name}.{number}")
        if not older.is_file():
            return
        yield older


def shares(wanted: Mapping[str, int], *, total: int) -> dict[str, int]:
    """How much of a total each may have: the small ones all they want, the others the same."""
    given: dict[str, int] = {}
    for count, name in enumerate(sorted(wanted, key=lambda name: wanted[name])):
        given[name] = min(wanted[name], total // (len(wanted) - count))
        total -= given[name]
    return given


class LogFolder:
    """The names of a folder's logs, listed again only when something was made or removed there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mtime = -1
        self._looks = 0

    def new_names(self) -> list[str]:
        """Names of logs, sorted, where there may be new ones; else nothing."""
        try:
            mtime = self.path.stat().st_mtime_ns
        except OSError:
            self._mtime = -1
            return []
        self._looks += 1
        if mtime == self._mtime and self._looks < _LOOKS_WITHOUT_LISTING:
            return []
        self._mtime, self._looks = mtime, 0
        with contextlib.suppress(OSError), os.scandir(self.path) as entries:
            return sorted(entry.name for entry in entries if entry.name.endswith(SUFFIX))
        return []
