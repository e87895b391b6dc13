"""Half-written files of processes that died in the middle of a write, found and removed.

Every file that is replaced whole is first written beside its place, under a name that tells who
writes it. What a living process writes is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from engine.config import Settings

_NAME: Final = re.compile(r"\.(?P<file>.+)\.(?P<pid>\d+)(?:-[A-Za-z0-9_]+)?\.new")
_SHOWN: Final = 3
"""Files named in the sentence; the rest is counted."""


class HalfWritten:
    """The folders of one operation, and what dead writers left in them."""

    def __init__(self, folders: Iterable[Path], *, deep: Iterable[Path] = ()) -> None:
        """``deep``: folders that are looked at with all that is below them."""
        self._folders = tuple(folders)
        self._deep = tuple(deep)

    def remove(self) -> str:
        """Remove what dead writers left; one sentence, empty where there was nothing."""
        removed = [name for path in self._found() if (name := _remove(path))]
        if not removed:
            return ""
        named = ", ".join(removed[:_SHOWN])
        more = f" and {len(removed) - _SHOWN} more" if len(removed) > _SHOWN else ""
        return (
            f"Removed what a process that died had half written: {named}{more}; the files "
            "themselves are whole."
        )

    def _found(self) -> Sequence[Path]:
        return sorted({path for path in self._candidates() if _writer_is_gone(path)})

    def _candidates(self) -> Iterator[Path]:
        for folder in self._folders:
            yield from folder.glob(".*.new")
        for folder in self._deep:
            yield from folder.rglob(".*.new")


def half_written(work_dir: Path, settings: Settings, ledger: Path) -> HalfWritten:
    """Wherever this work directory has files that are replaced whole."""
    paths = settings.paths
    folders = {work_dir, ledger.parent, work_dir / paths.evidence}
    return HalfWritten(sorted(folders), deep=(work_dir / paths.run, work_dir / paths.books))


def _writer_is_gone(path: Path) -> bool:
    """The writer that the name tells lives no more, or has its number only since later."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return False
    try:
        born = psutil.Process(int(match["pid"])).create_time()
        return path.stat().st_mtime < born - 1.0
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, OSError):
        return False


def _remove(path: Path) -> str:
    """The name of the file that was to be written; empty where it could not be removed."""
    try:
        path.unlink()
    except OSError:
        return ""
    match = _NAME.fullmatch(path.name)
    return match["file"] if match else path.name
