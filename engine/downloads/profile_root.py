"""The one folder that clones are made in: half-made under a hidden name, whole under another.

Nothing outside it is ever touched, and nothing in it that is not named as ours.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import portalocker

from engine.downloads.browser_lock import browser_in
from engine.downloads.profile_clone import make_folder
from engine.downloads.profile_owner import Owner, OwnerState, owner_of, write_owner
from engine.downloads.profile_removal import remove_tree
from engine.downloads.time_limit import TimeLimit
from engine.logger import get_logger
from engine.parallel.errors import ProfilePermissionError
from engine.private_files import DIR_MODE, make_private_dir, open_append, patiently

log = get_logger(__name__)

WORKER_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What a worker may be called, as its name becomes part of a folder's."""
_HALF: Final = ".half-"
_WHOLE: Final = "profile-"
_GONE: Final = ".gone-"
_OURS: Final = re.compile(rf"(?:\.half-|profile-|\.gone-){WORKER_ID.pattern}-[0-9a-f]{{16}}")
_LOCK: Final = ".lock"
_LOCK_SECONDS: Final = 5.0
"""It is held for a folder's making and for looks at a few records."""


class ProfileRoot:
    """Makes, hands out, removes and sweeps the folders of clones."""

    def __init__(self, path: Path) -> None:
        """Make the folder, or take one that holds nothing but clones. Raises OSError,
        ProfilePermissionError."""
        self.path = Path(os.path.realpath(path))
        make_private_dir(self.path)
        self._require_own()

    def begin(self, owner: Owner) -> Path:
        """A new hidden folder with its owner recorded in it. Raises OSError."""
        path = self.path / f"{_HALF}{owner.worker_id}-{secrets.token_hex(8)}"
        with self._locked():  # no sweep sees a folder of ours without its owner
            make_folder(path)
            write_owner(path, owner)
        return path

    def finish(self, half: Path) -> Path:
        """Give a verified clone its name. Raises OSError."""
        whole = half.with_name(_WHOLE + half.name.removeprefix(_HALF))
        patiently(lambda: half.rename(whole))
        return whole

    def discard(self, path: Path, limit: TimeLimit) -> None:
        """Remove a folder of ours; what of it cannot be removed is hidden, for the next sweep.

        Raises ValueError for what is none of ours, OSError, StopRequested.
        """
        if path.parent != self.path or _OURS.fullmatch(path.name) is None:
            raise ValueError(f"{path} is no clone in {self.path}")
        remove_tree(self._hidden(path), limit)
        remove_tree(path, limit)  # where it could not be renamed

    def sweep(self, limit: TimeLimit) -> list[Path]:
        """Remove the clones whose owners are gone, as after a crash; which.

        One of a living owner, of another host, or still open in a browser is left, and so is what
        is not ours. What cannot be removed is logged and left for the next time. Raises
        StopRequested, and OSError where the root cannot be looked into.
        """
        with self._locked():
            left = [path for path in self._ours() if self._is_left_over(path)]
            for path in left:
                self._hidden(path)
        swept = []
        for path in left:
            try:
                self.discard(path, limit)
            except OSError as exc:
                log.warning("profile_not_swept", path=str(path), reason=str(exc))
                continue
            swept.append(path)
        return swept

    def _ours(self) -> list[Path]:
        with os.scandir(self.path) as entries:
            return sorted(
                self.path / entry.name
                for entry in entries
                if _OURS.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            )

    def _is_left_over(self, path: Path) -> bool:
        owner = owner_of(path)
        if owner is None:
            # Made by nobody who lives: the record is written under the lock that we hold.
            if path.name.startswith(_WHOLE):
                log.warning("profile_without_owner", path=str(path))
                return False
            return True
        state = owner.state()
        if state is OwnerState.UNKNOWN:
            log.warning("profile_of_another_host", path=str(path))
        return state is OwnerState.GONE and not _open_in_browser(path)

    def _hidden(self, path: Path) -> Path:
        """Rename it, so that nobody takes a half-removed clone for a whole one.

        Windows renames no folder that a program works in: it keeps its name then.
        """
        hidden = path.with_name(_GONE + path.name.split("-", 1)[1])
        if path != hidden:
            with contextlib.suppress(OSError):
                patiently(lambda: path.rename(hidden))
        return hidden

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock_path = self.path / _LOCK
        open_append(lock_path).close()  # private from its first moment
        flags = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
        lock = portalocker.Lock(
            lock_path, "ab", timeout=_LOCK_SECONDS, check_interval=0.01, flags=flags
        )
        try:
            lock.acquire()
        except portalocker.exceptions.LockException:
            raise TimeoutError(f"{lock_path} is held by another process") from None
        try:
            yield
        finally:
            lock.release()

    def _require_own(self) -> None:
        info = self.path.stat()
        if hasattr(os, "getuid") and info.st_uid != os.getuid():
            raise ProfilePermissionError(
                f"{self.path} belongs to another user: give a folder of your own for the browser "
                "profiles."
            )
        if os.name == "nt" or not stat.S_IMODE(info.st_mode) & 0o077:
            return
        foreign = [
            entry.name
            for entry in self.path.iterdir()
            if entry.name != _LOCK and _OURS.fullmatch(entry.name) is None
        ]
        if foreign:
            raise ProfilePermissionError(
                f"{self.path} is open to other users and holds other files: browser profiles hold "
                "logins, so give them a folder of their own."
            )
        self.path.chmod(DIR_MODE)


def _open_in_browser(path: Path) -> bool:
    try:
        browser = browser_in(path)
    except OSError:
        return False
    if browser:
        log.warning("profile_left_open", path=str(path), browser=browser)
    return bool(browser)
