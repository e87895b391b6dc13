"""The ledger as bytes: what grew, what was replaced, and writes that happen wholly or not at all.

Readers ask ``look`` and take no lock. Writers hold the ledger's lock and have looked before they
write. A file that another program rewrote (an editor, a spreadsheet) is told from one that only
grew by its identity, size, time and, once it has been quiet for a moment, by the checksum of all
that was read (architecture 3).
"""

from __future__ import annotations

import contextlib
import os
import time
import weakref
import zlib
from datetime import date
from pathlib import Path
from typing import Final

from engine.errors import LedgerUnreadableError, LedgerWriteError

_BINARY: Final = getattr(os, "O_BINARY", 0)
_PRIVATE: Final = 0o600
_SAMPLE: Final = 64
"""Bytes before our place that must still be the same when the file has grown."""
_QUIET_NS: Final = 50_000_000
"""A file unchanged for this long is compared with its checksum, once."""
_CHECK_SHARE: Final = 100
"""At most this fraction (1/n) of the time goes into such comparisons."""
_KEEP_OPEN: Final = os.name != "nt"
"""On Windows an open file cannot be replaced, so it is opened for each operation."""


class LedgerFile:
    """One process's place in the file: all bytes before ``offset`` have been read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = os.fspath(path)
        self.generation = 0
        """Counts how often the file had to be read from its beginning."""
        self.offset = 0
        self._identity: tuple[int, int] | None = None
        self._size = 0
        self._mtime = 0
        self._sum = 0
        self._sample = b""
        self._distrusted = False
        self._proved = True
        self._next_proof = 0.0
        self._fds: dict[int, int] = {}
        weakref.finalize(self, _close_all, self._fds)

    # -- reading -----------------------------------------------------------------------------------

    @property
    def present(self) -> bool:
        return self._identity is not None

    def look(self) -> bytes | None:
        """Bytes behind ``offset``, or None when nothing changed since the last look.

        ``generation`` has grown when they are the whole file, or when the file is gone. Raises
        LedgerUnreadableError when it cannot be read.
        """
        try:
            found = os.stat(self._name)  # noqa: PTH116 - twice a write; pathlib doubles its cost
        except FileNotFoundError:
            return self._gone()
        except OSError as exc:
            raise self._unreadable(exc) from exc
        if (found.st_dev, found.st_ino) != self._identity:
            return self._read_anew()
        if (found.st_size, found.st_mtime_ns) == (self._size, self._mtime):
            return None if self._proved or self._prove(found.st_mtime_ns) else self._read_anew()
        if found.st_size == self._size:
            return self._touched()
        if found.st_size < self.offset:
            return self._read_anew()
        return self._read_on()

    def understood(self, data: bytes) -> None:
        """These bytes behind ``offset`` have been read and need not be read again."""
        self.offset += len(data)
        self._sum = zlib.crc32(data, self._sum)
        self._sample = (self._sample + data[-_SAMPLE:])[-_SAMPLE:]

    def distrust(self) -> None:
        """What was made of the bytes may be incomplete: read the file anew at the next look."""
        self._identity = None
        self._distrusted = True

    def _gone(self) -> bytes | None:
        if self._identity is None and not self._distrusted:
            return None
        self._forget()
        return b""

    def _forget(self) -> None:
        _close_all(self._fds)
        self.generation += 1
        self.offset = self._size = self._mtime = self._sum = 0
        self._sample = b""
        self._identity = None
        self._distrusted = False
        self._proved = True

    def _read_anew(self) -> bytes:
        self._forget()
        try:
            return self._read(0)
        except FileNotFoundError:
            return b""

    def _read_on(self) -> bytes:
        keep = len(self._sample)
        data = self._read(self.offset - keep)
        if data[:keep] != self._sample:
            return self._read_anew()
        return data[keep:]

    def _touched(self) -> bytes | None:
        """Same size, other time: an append that has just begun, or an edit in place."""
        for _ in range(3):
            found = self.path.stat()
            if found.st_size != self._size:
                return self.look()
            time.sleep(0.0002)
        if self._same_content():
            self._mtime = found.st_mtime_ns
            # A torn end that was not read may have given way to a row of just its length.
            return self._read_on() if self._size > self.offset else None
        return self._read_anew()

    def _prove(self, mtime: int) -> bool:
        """Compare a file that has come to rest with what was read; False if it differs."""
        if time.time_ns() - mtime < _QUIET_NS or time.monotonic() < self._next_proof:
            return True
        begun = time.monotonic()
        same = self._same_content()
        took = time.monotonic() - begun
        self._next_proof = begun + took * _CHECK_SHARE
        self._proved = same
        return same

    def _same_content(self) -> bool:
        total, left = 0, self.offset
        fd = self._open(os.O_RDONLY)
        try:
            os.lseek(fd, 0, os.SEEK_SET)
            while left and (piece := os.read(fd, min(left, 1 << 20))):
                total = zlib.crc32(piece, total)
                left -= len(piece)
        finally:
            self._done(fd)
        return not left and total == self._sum

    def _read(self, start: int) -> bytes:
        """All bytes from ``start`` to the end as it is now; remembers the file's state."""
        try:
            fd = self._open(os.O_RDONLY)
            try:
                found = os.fstat(fd)
                os.lseek(fd, start, os.SEEK_SET)
                pieces, left = [], max(0, found.st_size - start)
                while left and (piece := os.read(fd, left)):
                    pieces.append(piece)
                    left -= len(piece)
            finally:
                self._done(fd)
        except FileNotFoundError:
            raise
        except OSError as exc:
            raise self._unreadable(exc) from exc
        self._identity = (found.st_dev, found.st_ino)
        self._size, self._mtime = found.st_size - left, found.st_mtime_ns
        self._proved = False
        return b"".join(pieces)

    def _unreadable(self, exc: OSError) -> LedgerUnreadableError:
        return LedgerUnreadableError(
            f"{self.path} cannot be read ({exc.strerror}): check its permissions and the disk."
        )

    # -- writing, under the lock -------------------------------------------------------------------

    def append(self, data: bytes, *, durable: bool = True) -> None:
        """Add bytes; they count as understood. Everything before must be understood.

        Where it is not ``durable``, ``flush`` makes it so. Raises LedgerWriteError with the file as
        it was.
        """
        fd = -1
        try:
            fd = self._open(os.O_WRONLY | os.O_APPEND)
            _write_all(fd, data)
            if durable:
                _sync(fd)
            found = os.fstat(fd)
        except OSError as exc:
            self._undo(fd)
            raise write_error(self.path, exc) from exc
        finally:
            self._done(fd)
        alone = found.st_size == self._size + len(data)
        self._size, self._mtime = found.st_size, found.st_mtime_ns
        self._proved = False
        self.understood(data)
        if not alone:  # somebody writes without the lock
            self.distrust()

    def flush(self) -> None:
        """Make durable all that anybody appended so far; needs no lock. Raises LedgerWriteError."""
        fd = -1
        try:
            fd = self._open(os.O_WRONLY | os.O_APPEND)
            _sync(fd)
        except OSError as exc:
            raise write_error(self.path, exc) from exc
        finally:
            self._done(fd)

    def cut(self) -> None:
        """Remove what lies behind ``offset``. Raises LedgerWriteError."""
        fd = -1
        try:
            fd = self._open(os.O_WRONLY | os.O_APPEND)
            os.ftruncate(fd, self.offset)
            _sync(fd)
            found = os.fstat(fd)
        except OSError as exc:
            raise write_error(self.path, exc) from exc
        finally:
            self._done(fd)
        self._size, self._mtime = found.st_size, found.st_mtime_ns

    def withdraw(self, start: int) -> bool:
        """Cut off what was appended here from ``start`` on; False, and nothing is done, where
        others have written since. Raises LedgerWriteError."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        alone = (found.st_dev, found.st_ino) == self._identity and found.st_size == self.offset
        if alone:
            self.offset = start
            self.cut()
        return alone

    def _undo(self, fd: int) -> None:
        """Take a write back that failed in the middle."""
        if fd >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, self._size)
                _sync(fd)

    # -- descriptors -------------------------------------------------------------------------------

    def _open(self, flags: int) -> int:
        fd = self._fds.get(flags, -1)
        if fd < 0:
            fd = self._fds[flags] = os.open(self.path, flags | _BINARY)
        return fd

    def _done(self, fd: int) -> None:
        if not _KEEP_OPEN and fd >= 0:
            _close_all(self._fds)

    def close(self) -> None:
        """Close it; the next look reads it from its beginning."""
        self._forget()


def replace(path: Path, content: bytes) -> None:
    """Put a whole new private file in place of ``path``, atomically and durably.

    Raises LedgerWriteError with the old file untouched. The caller holds the ledger's lock.
    """
    temporary = _temporary(path)
    try:
        _write_new(temporary, content)
        for attempt in range(_REPLACE_TRIES):
            try:
                temporary.replace(path)
                break
            except PermissionError:  # Windows: a reader has the file open for a moment
                if _KEEP_OPEN or attempt == _REPLACE_TRIES - 1:
                    raise
                time.sleep(0.02)
        _sync_folder(path)
    except OSError as exc:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise write_error(path, exc) from exc


_REPLACE_TRIES: Final = 100


def archive_name(ledger: Path, day: date) -> Path:
    """The name that a reset of this day wants for its archive (A7.3)."""
    return ledger.with_name(f"{ledger.stem}_{day:%Y%m%d}{ledger.suffix}")


def free_name(wanted: Path) -> Path:
    """The first of ``wanted``, ``wanted`` with _1, _2 … before its suffix that nobody has."""
    target, number = wanted, 0
    while target.exists():
        number += 1
        target = wanted.with_name(f"{wanted.stem}_{number}{wanted.suffix}")
    return target


def keep_copy(content: bytes, wanted: Path) -> Path:
    """Write a new private file under the first free name; never over an existing one.

    Raises LedgerWriteError.
    """
    temporary = _temporary(wanted)
    try:
        _write_new(temporary, content)
        target = free_name(wanted)
        _give_name(temporary, target)
        _sync_folder(target)
        return target
    except OSError as exc:
        raise write_error(wanted, exc) from exc
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def write_error(path: Path, exc: OSError) -> LedgerWriteError:
    """Name the file, the cause and the remedy."""
    return LedgerWriteError(
        f"{path} could not be written ({exc.strerror}), it is as it was before: free disk space or "
        "make the file and its folder writable, then try again."
    )


def _temporary(path: Path) -> Path:
    """Beside its place, by whom; the lock keeps other threads of this process away."""
    return path.with_name(f".{path.name}.{os.getpid()}.new")


def _give_name(temporary: Path, target: Path) -> None:
    try:
        os.link(temporary, target)  # fails rather than overwrite
    except FileExistsError:
        raise
    except OSError:  # no hard links here; the lock keeps other trackers away
        temporary.rename(target)


def _write_new(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, _PRIVATE)
    try:
        _write_all(fd, content)
        os.fsync(fd)
    finally:
        os.close(fd)


def _sync(fd: int) -> None:
    """Its bytes and size are on the disk; Windows has the slower call only."""
    getattr(os, "fdatasync", os.fsync)(fd)


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _sync_folder(path: Path) -> None:
    """Make a rename durable; Windows has no such call."""
    if os.name != "nt":
        fd = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _close_all(fds: dict[int, int]) -> None:
    while fds:
        _, fd = fds.popitem()
        with contextlib.suppress(OSError):
            os.close(fd)
