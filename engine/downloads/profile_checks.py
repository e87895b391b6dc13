"""What a profile must be before it is used: the base before it is copied, the clone before it is
handed out (behaviour C3.6, C3.7)."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from engine.downloads.browser_lock import browser_in
from engine.downloads.profile_clone import BaseListing, shown
from engine.downloads.profile_content import (
    LOCAL_STATE,
    OWN_FILES,
    PREFERENCES,
    is_database,
    is_settings,
)
from engine.downloads.profile_states import (
    ProfileState,
    Verification,
    VerificationKind,
    VerificationResult,
)
from engine.downloads.time_limit import TimeLimit
from engine.private_files import read_own, write_atomically

MANIFEST_FILE: Final = ".manifest.json"
_MANIFEST_BYTES: Final = 64 << 20
_SETTINGS_BYTES: Final = 64 << 20
_STEPS: Final = 10_000
"""Of SQLite's machine between two looks at the clock; about a millisecond."""


def base_state(base: Path) -> ProfileState:
    """Whether a base profile is there, closed and can be read. Raises nothing."""
    try:
        if not stat.S_ISDIR(base.stat().st_mode):
            return ProfileState.MISSING
        if browser_in(base):
            return ProfileState.LOCKED
        whole = _readable(base / LOCAL_STATE)
        with os.scandir(base) as entries:
            folders = [Path(entry.path) for entry in entries if entry.is_dir()]
        settings = [path for folder in folders if os.path.lexists(path := folder / PREFERENCES)]
        whole = whole and bool(settings) and all(map(_readable, settings))
    except (FileNotFoundError, NotADirectoryError):
        return ProfileState.MISSING
    except PermissionError:
        return ProfileState.NO_PERMISSION
    except OSError:
        return ProfileState.CORRUPTED
    return ProfileState.AVAILABLE if whole else ProfileState.CORRUPTED


def verify(
    clone: Path, listed: BaseListing, limit: TimeLimit, unchanged: Callable[[], bool]
) -> Verification:
    """Look at a clone against what was listed of its base.

    ``unchanged`` says whether the base still is as listed. Raises StopRequested.
    """
    results = dict.fromkeys(VerificationKind, VerificationResult.PENDING)
    faults: list[str] = []
    settings = [file.parts for file in listed.files if is_settings(file.parts)]
    databases = [file.parts for file in listed.files if is_database(file.parts)]
    looks: dict[VerificationKind, Callable[[], Iterator[str]]] = {
        VerificationKind.FILE: lambda: _file_faults(clone, listed, limit, unchanged),
        VerificationKind.CAPABILITY: lambda: _settings_faults(clone, settings, limit),
        # Last: SQLite puts right what a killed browser left half done, and the size changes.
        VerificationKind.AUTHENTICATION: lambda: _database_faults(clone, databases, limit),
    }
    sizes = {
        VerificationKind.FILE: len(listed.files),
        VerificationKind.CAPABILITY: len(settings),
        VerificationKind.AUTHENTICATION: len(databases),
    }
    for kind, look in looks.items():
        results[kind] = VerificationResult.IN_PROGRESS
        found: list[str] = []
        try:
            limit.check()
            found.extend(look())
            results[kind] = _result(len(found), sizes[kind])
        except TimeoutError:
            results[kind] = VerificationResult.TIMEOUT
            found.append("the time was over")
        except OSError as exc:
            results[kind] = VerificationResult.FAILED
            found.append(exc.strerror or type(exc).__name__)
        faults += found
    return Verification(results=results, faults=tuple(faults))


def _result(faults: int, looked_at: int) -> VerificationResult:
    if not faults:
        return VerificationResult.SUCCESS
    return VerificationResult.PARTIAL if faults < looked_at else VerificationResult.FAILED


def write_manifest(clone: Path, listed: BaseListing) -> None:
    """Write down what a clone was made with. Raises OSError."""
    sizes = {file.name: file.size for file in listed.files}
    write_atomically(clone / MANIFEST_FILE, json.dumps(sizes))


def clone_state(clone: Path, limit: TimeLimit) -> ProfileState:
    """Whether a clone that was handed out can (still) be used; one that a browser has open is
    locked, and nobody looks into its files then.

    Browsers write into it, so sizes are not compared; what a login hangs on must be there and
    whole. Raises StopRequested, TimeoutError.
    """
    try:
        return _state(clone, limit)
    except TimeoutError:
        raise
    except FileNotFoundError:
        return ProfileState.CORRUPTED if clone.is_dir() else ProfileState.MISSING
    except PermissionError:
        return ProfileState.NO_PERMISSION
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return ProfileState.CORRUPTED


def _state(clone: Path, limit: TimeLimit) -> ProfileState:
    info = clone.lstat()
    if not stat.S_ISDIR(info.st_mode):
        return ProfileState.MISSING
    if os.name != "nt" and stat.S_IMODE(info.st_mode) != stat.S_IRWXU:
        return ProfileState.NO_PERMISSION
    names = json.loads(read_own(clone / MANIFEST_FILE, _MANIFEST_BYTES))
    if browser_in(clone):
        return ProfileState.LOCKED
    parts = [tuple(name.split("/")) for name in names]
    faults = [
        *_settings_faults(clone, filter(is_settings, parts), limit),
        *_database_faults(clone, filter(is_database, parts), limit),
    ]
    return ProfileState.CORRUPTED if faults else ProfileState.AVAILABLE


def _file_faults(
    clone: Path, listed: BaseListing, limit: TimeLimit, unchanged: Callable[[], bool]
) -> Iterator[str]:
    there = dict(_inside(clone, limit))
    for file in listed.files:
        size = there.pop(file.parts, None)
        if size is None:
            yield f"{shown(file.name)} is missing"
        elif size != file.size:
            yield f"{shown(file.name)} has {size} of {file.size} bytes"
    for folder in listed.folders:
        if not clone.joinpath(*folder).is_dir():
            yield f"{shown('/'.join(folder))} is missing"
    for parts in there:
        if not (len(parts) == 1 and parts[0] in OWN_FILES):
            yield f"{shown('/'.join(parts))} does not belong there"
    if not unchanged():
        yield "the base profile changed while it was copied"


def _inside(clone: Path, limit: TimeLimit) -> Iterator[tuple[tuple[str, ...], int]]:
    """Files with their sizes; what is no private plain file has the size -1."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        limit.check()
        above = waiting.pop()
        with os.scandir(clone.joinpath(*above)) as entries:
            for entry in entries:
                parts, info = (*above, entry.name), entry.stat(follow_symlinks=False)
                private = os.name == "nt" or not stat.S_IMODE(info.st_mode) & 0o077
                if stat.S_ISDIR(info.st_mode) and private:
                    waiting.append(parts)
                else:
                    plain_file = private and stat.S_ISREG(info.st_mode)
                    yield parts, info.st_size if plain_file else -1


def _settings_faults(
    clone: Path, settings: Iterable[tuple[str, ...]], limit: TimeLimit
) -> Iterator[str]:
    for parts in settings:
        limit.check()
        if not _readable(clone.joinpath(*parts)):
            yield f"{shown('/'.join(parts))} cannot be read as settings"


def _readable(path: Path) -> bool:
    """Raises OSError where it is not there or may not be read."""
    try:
        with path.open("rb") as file:
            content = file.read(_SETTINGS_BYTES + 1)
        return len(content) <= _SETTINGS_BYTES and isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False


def _database_faults(
    clone: Path, databases: Iterable[tuple[str, ...]], limit: TimeLimit
) -> Iterator[str]:
    for parts in databases:
        limit.check()
        path = clone.joinpath(*parts)
        path.lstat()
        if not _whole(path, limit):
            yield f"{shown('/'.join(parts))} is no whole database"


def _whole(path: Path, limit: TimeLimit) -> bool:
    """Whether SQLite finds no fault in a database of ours; never one of the base."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=0)) as database:
            database.set_progress_handler(lambda: limit.left() <= 0, _STEPS)
            return database.execute("pragma quick_check(1)").fetchall() == [("ok",)]
    except sqlite3.Error:
        limit.check()  # ended by our own handler
        return False
