"""Which logs a folder holds, and what each is called."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

SUFFIX: Final = ".log"
"""Rotated ones (``worker_0.log.1``) are no logs of their own."""

SUB_FOLDERS: Final = 20
NEWEST: Final = 40
"""Logs of sub-folders that are followed from the start; more come as they are made."""
_LOOKS_WITHOUT_LISTING: Final = 10
"""The folder's time tells of a new file at once, but not on every file system."""
_NAMED: Final = ((re.compile(r"worker_(\d+)"), "W"), (re.compile(r"appium_(\d+)"), "A"))


def source_of(name: str) -> str:
    """``W0`` of worker_0.log, ``A0`` of appium_0.log, ``orch``, else the name without suffix; of a
    log in a sub-folder (``agents/x.log``) its own name where none of those above has it."""
    folder, _, last = name.removesuffix(SUFFIX).rpartition("/")
    source = _source_of(last)
    return source if not folder or source == last else f"{folder}/{last}"


def _source_of(stem: str) -> str:
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
    """The names of a folder's logs, listed again only when something was made or removed there.

    Of its sub-folders, where a trade keeps a log for each job, the newest logs are among them, by
    their names from here (``agents/x.log``).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folders: list[Path] = []
        """Sub-folders, as of the last listing."""
        self._changed: tuple[int, ...] = ()
        """When each folder changed, as of the last listing."""
        self._looks = 0

    def new_names(self) -> list[str]:
        """Names of logs, sorted, where there may be new ones; else nothing."""
        changed = tuple(map(_changed, (self.path, *self._folders)))
        if changed[0] < 0:
            self._changed = ()
            return []
        self._looks += 1
        if changed == self._changed and self._looks < _LOOKS_WITHOUT_LISTING:
            return []
        self._changed, self._looks = changed, 0
        return self._list()

    def _list(self) -> list[str]:
        names: list[str] = []
        folders: list[Path] = []
        with contextlib.suppress(OSError), os.scandir(self.path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                elif entry.name.endswith(SUFFIX):
                    names.append(entry.name)
        self._folders = sorted(folders)[:SUB_FOLDERS]
        return sorted(names) + _newest(self._folders)


def _changed(folder: Path) -> int:
    """When something was made or removed there last; below zero where it is not there."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return -1


def _newest(folders: Sequence[Path]) -> list[str]:
    """The logs of these folders that were written last, in order of their names."""
    found: list[tuple[int, str]] = []
    for folder in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    name = f"{folder.name}/{entry.name}"
                    found.append((entry.stat(follow_symlinks=False).st_mtime_ns, name))
    return sorted(name for _, name in sorted(found, reverse=True)[:NEWEST])
