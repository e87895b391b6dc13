"""The exclusive lock under which a ledger is changed: ``<ledger>.lock``, held for one operation.

The file stays in place for ever (removing it would let two holders in, behaviour A7.5) and stays
open between operations. Who holds the lock is written beside it, not into it: on Windows a locked
range cannot be read by those who wait.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import sys
import time
import weakref
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import portalocker

from engine.errors import LedgerError, LedgerLockedError, LedgerWriteError

if sys.platform == "win32":
    from portalocker.portalocker import MsvcrtLocker as _Locker
else:
    from portalocker.portalocker import FlockLocker as _Locker

# portalocker.lock would check the same constant flags again with every write, which costs as much
# as the rest of locking
_locker: Final = _Locker()
_TRY: Final = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
_FIRST_WAIT: Final = 0.0005
"""Seconds; an operation holds the lock for a fraction of a millisecond."""
_LONGEST_WAIT: Final = 0.1
"""Between two tries of one that has waited long: where fifty wait, each try costs the others."""
_RECORD: Final = 128
_PRIVATE: Final = 0o600
_BINARY: Final = getattr(os, "O_BINARY", 0)


class LedgerLock:
    """The lock of one ledger as one tracker uses it; not reentrant, not shared by threads."""

    def __init__(self, ledger: Path, timeout: float, clock: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self.path = ledger.with_name(ledger.name + ".lock")
        self._name = os.fspath(self.path)
        self.holder_path = ledger.with_name(ledger.name + ".lock-holder")
        self._timeout = timeout
        self._clock = clock
        self._lock_fd = -1
        self._holder_fd = -1
        self._identity: tuple[int, int] | None = None
        self._me = f"pid {os.getpid()} on {socket.gethostname()}"[: _RECORD - 40]
        self._word, self._word_second = b"", -1
        self._open_fds: list[int] = []
        weakref.finalize(self, _close_all, self._open_fds)

    def acquire(self, while_waiting: Callable[[], None]) -> None:
        """Take the lock; ``while_waiting`` is called before every further try, so that work which
        needs no lock is done by then.

        Raises LedgerLockedError naming the holder when the lock is not had in time, and
        LedgerWriteError where no lock file can be made.
        """
        deadline = time.monotonic() + self._timeout
        wait = _FIRST_WAIT
        while True:
            if self._try():
                self._leave_word()
                return
            if time.monotonic() > deadline:
                raise LedgerLockedError(
                    f"{self._ledger} has been locked for {self._timeout:g} s by {self.holder()}: "
                    "wait for it to finish, or end that process, and try again."
                )
            time.sleep(wait * random.uniform(0.5, 1.0))  # else all who wait would come at once
            wait = min(wait * 1.5, _LONGEST_WAIT)
            while_waiting()

    def release(self) -> None:
        """Give the lock back; harmless where it was not had."""
        if self._lock_fd < 0:
            return
        with contextlib.suppress(portalocker.exceptions.LockException):
            _locker.unlock(self._lock_fd)

    def holder(self) -> str:
        """Who holds the lock, or last held it."""
        try:
            text = self.holder_path.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            text = ""
        return text or "an unknown process"

    def close(self) -> None:
        _close_all(self._open_fds)
        self._lock_fd = self._holder_fd = -1
        self._identity = None

    def _try(self) -> bool:
        if self._lock_fd < 0:
            self._open()
        try:
            _locker.lock(self._lock_fd, _TRY)
        except portalocker.exceptions.AlreadyLocked:
            return False
        except portalocker.exceptions.LockException as exc:
            raise LedgerError(
                f"{self.path} cannot be locked ({exc}): put the work directory on a file system "
                "that supports locks."
            ) from exc
        if self._in_place():
            return True
        self.release()
        self.close()
        return False

    def _in_place(self) -> bool:
        """Whether the locked file still has its name; someone may have removed it."""
        try:
            found = os.stat(self._name)  # noqa: PTH116 - once a write; pathlib doubles its cost
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def _open(self) -> None:
        try:
            self._lock_fd = os.open(self.path, os.O_RDWR | os.O_CREAT | _BINARY, _PRIVATE)
            self._open_fds.append(self._lock_fd)
            self._holder_fd = os.open(self.holder_path, os.O_RDWR | os.O_CREAT | _BINARY, _PRIVATE)
            self._open_fds.append(self._holder_fd)
        except OSError as exc:
            self.close()
            raise LedgerWriteError(
                f"{self._ledger} cannot be changed, its lock {self.path.name} cannot be opened "
                f"({exc.strerror}): make the folder writable for this user."
            ) from exc
        found = os.fstat(self._lock_fd)
        self._identity = (found.st_dev, found.st_ino)

    def _leave_word(self) -> None:
        """Who and since when; without it the lock holds as well, so a full disk is no reason."""
        second = int(time.monotonic())
        if second != self._word_second:
            since = self._clock().isoformat(timespec="seconds")
            text = f"{self._me} since {since}".encode()[: _RECORD - 1]
            self._word, self._word_second = text.ljust(_RECORD - 1) + b"\n", second
        with contextlib.suppress(OSError):
            os.lseek(self._holder_fd, 0, os.SEEK_SET)
            os.write(self._holder_fd, self._word)


def _close_all(fds: list[int]) -> None:
    while fds:
        with contextlib.suppress(OSError):
            os.close(fds.pop())
