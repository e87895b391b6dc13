"""Where a pool or a session works: a private folder with ledger, run directory and profiles.

It is gone when the work has ended. What a crash left is found by the next start: it holds cookies,
and perhaps processes (behaviour C6.3, C6.4).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from engine import workloads
from engine.config import Settings
from engine.downloads.profile_owner import OwnerState, owner_of, this_process, write_owner
from engine.downloads.profile_removal import remove_tree
from engine.downloads.time_limit import TimeLimit
from engine.errors import EngineError
from engine.instance import InstanceLock
from engine.logger import get_logger
from engine.private_files import DIR_MODE, make_private_dir, write_atomically
from engine.processes import ProcessRegistry
from engine.run_state import RunDirectory
from engine.workloads.base import WorldContext

log = get_logger(__name__)

SETTINGS_NAME: Final = "settings.json"
REMOVAL_SECONDS: Final = 10.0
"""Behaviour C7.5."""
_PREFIX: Final = "work-"


class WorkPlace:
    """One work directory: a private one of its own, or one that the caller gave and keeps."""

    def __init__(self, given: Path | None = None) -> None:
        """Raises OSError where the folder cannot be made."""
        self.private = given is None
        if given is not None:
            self.path = make_private_dir(given.absolute())
            settle(self.path)
        else:
            root = _root()
            sweep(root)
            self.path = root / f"{_PREFIX}{secrets.token_hex(8)}"
            self.path.mkdir(mode=DIR_MODE)
        write_owner(self.path, this_process("pool"))

    @classmethod
    def of(cls, path: Path) -> WorkPlace:
        """A private one that somebody else made."""
        place = cls.__new__(cls)
        place.private, place.path = True, path
        return place

    def remove(self) -> bool:
        """Remove a private one; whether it is gone, or stays as it was given. Safe to repeat."""
        if not self.private:
            return True
        try:
            remove_tree(self.path, TimeLimit(REMOVAL_SECONDS))
        except OSError as exc:
            log.warning("place_not_removed", path=str(self.path), reason=str(exc))
            return False
        return True


def write_settings(work_dir: Path, settings: Settings) -> Path:
    """For the processes that work there; no secrets. Raises OSError."""
    path = work_dir / SETTINGS_NAME
    write_atomically(path, settings.to_json())
    return path


def run_directory(work_dir: Path, settings: Settings) -> RunDirectory:
    return RunDirectory(work_dir / settings.paths.run)


def run_lock(work_dir: Path, settings: Settings) -> InstanceLock:
    """Held by the run for as long as it lives."""
    stale = settings.run.heartbeat_stale_seconds
    return InstanceLock(run_directory(work_dir, settings).lock_path, stale_after=stale)


def end_everything(work_dir: Path, settings: Settings) -> list[str]:
    """End all that a run that is gone left there; names of what could not be ended."""
    registry = ProcessRegistry(run_directory(work_dir, settings).processes_path)
    registry.end(registry.records(), timeout=settings.run.forced_shutdown_timeout_seconds)
    context = WorldContext(settings=settings, work_dir=work_dir)
    receipts = workloads.load(settings.run.workload, context).reclaim(None)
    return [receipt.label for receipt in receipts if not receipt.released]


def sweep(root: Path) -> list[Path]:
    """Remove the folders below ``root`` whose owners are gone, with what still ran there."""
    swept = []
    for path in sorted(root.glob(f"{_PREFIX}*")):
        if settle(path):
            try:
                remove_tree(path, TimeLimit(REMOVAL_SECONDS))
            except OSError as exc:
                log.warning("place_not_swept", path=str(path), reason=str(exc))
                continue
            swept.append(path)
    return swept


def settle(path: Path) -> bool:
    """End what a crash left running in a folder, and remove its profiles; False where somebody
    works there, or it could not be done."""
    owner = owner_of(path)
    if owner is None or owner.state() is not OwnerState.GONE:
        return False
    try:
        return _end_left(path)
    except (OSError, EngineError, ValueError) as exc:
        log.warning("place_not_settled", path=str(path), reason=str(exc))
        return False


def _end_left(path: Path) -> bool:
    """False where the run is still there: it is about to end by itself, as its owner is gone."""
    try:
        text = (path / SETTINGS_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return True
    settings = Settings.from_json(text, work_dir=path)
    if run_lock(path, settings).holder() is not None:
        return False
    end_everything(path, settings)
    return True


def _root() -> Path:
    """The folder of this user for all of that; another one where somebody else has the name."""
    name = f"geelark-parallel-{os.getuid()}" if hasattr(os, "getuid") else "geelark-parallel"
    root = Path(tempfile.gettempdir()) / name
    with contextlib.suppress(OSError):
        make_private_dir(root)
        info = root.lstat()
        ours = not hasattr(os, "getuid") or info.st_uid == os.getuid()
        closed = os.name == "nt" or not stat.S_IMODE(info.st_mode) & 0o077
        if stat.S_ISDIR(info.st_mode) and ours and closed:
            return Path(os.path.realpath(root))
    return Path(tempfile.mkdtemp(prefix="geelark-parallel-"))
