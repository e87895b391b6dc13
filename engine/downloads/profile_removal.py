"""A clone removed with all that a browser left in it, links as links, in bounded steps."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from engine.downloads.time_limit import TimeLimit
from engine.polling import growing
from engine.private_files import DIR_MODE, FILE_MODE

_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5


def remove_tree(folder: Path, limit: TimeLimit) -> None:
    """Remove a folder and all below it; one that is not there is no error.

    What a browser that is ending still writes, or Windows still holds, is tried again until the
    limit. Raises OSError (a TimeoutError among them) and StopRequested.
    """
    for pause in growing(_FIRST_PAUSE, _LONGEST_PAUSE):
        try:
            _remove_once(folder, limit)
        except TimeoutError:
            raise
        except OSError:
            if limit.left() <= pause:
                raise
            limit.pause(pause)
        else:
            return


def _remove_once(folder: Path, limit: TimeLimit) -> None:
    waiting = [folder]
    emptied: list[Path] = []
    while waiting:
        limit.check()
        current = waiting.pop()
        try:
            if not stat.S_ISDIR(current.lstat().st_mode):
                _unlink(current)
                continue
            current.chmod(DIR_MODE)  # an extension may have left it without access
            with os.scandir(current) as entries:
                inside = [(Path(entry.path), _is_folder(entry)) for entry in entries]
        except FileNotFoundError:
            continue
        emptied.append(current)
        for path, is_folder in inside:
            if is_folder:
                waiting.append(path)
            else:
                _unlink(path)
    for path in reversed(emptied):
        with contextlib.suppress(FileNotFoundError):
            path.rmdir()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A real folder: no link, no junction of Windows."""
    info = entry.stat(follow_symlinks=False)
    return stat.S_ISDIR(info.st_mode) and not getattr(info, "st_reparse_tag", 0)


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        if os.name != "nt":
            raise
        if path.is_dir():
            path.rmdir()  # a junction
            return
        path.chmod(FILE_MODE)  # Windows does not remove what is marked read-only
        path.unlink(missing_ok=True)
