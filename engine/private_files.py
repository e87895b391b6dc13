"""Files that only their owner may read, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

DIR_MODE = 0o700
FILE_MODE = 0o600

_READER_TRIES: Final = 20
_READER_PAUSE: Final = 0.02
"""Seconds; reading one of our small files takes less than a millisecond."""

_MAKE_ROOM: Final = "make room on that disk"
_ALLOW: Final = "make its folder and itself writable for this user"
_REMEDIES: Final[Mapping[int, str]] = {
    errno.ENOSPC: _MAKE_ROOM,
    errno.EDQUOT: _MAKE_ROOM,
    errno.EFBIG: _MAKE_ROOM,
    errno.EROFS: _ALLOW,
    errno.EACCES: _ALLOW,
    errno.EPERM: _ALLOW,
    errno.EEXIST: "move away what has that name",
    errno.ENOTDIR: "move away the file that stands where a folder is needed",
    errno.EISDIR: "move away the folder that has that name",
}

_TOO_LITTLE: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})


def explain(exc: OSError) -> str:
    """The sentence for an operator: which file, what is wrong with it, what to do."""
    reason = exc.strerror or type(exc).__name__
    if exc.errno in _TOO_LITTLE:
        return (
            f"This host has too little left for another process or file ({reason}): end other "
            "programs or raise its limits, and try again."
        )
    remedy = _REMEDIES.get(exc.errno or 0, "check its place, its permissions and the disk")
    name = exc.filename or "A file of the work directory"
    return f"{os.fspath(name)} cannot be used ({reason}): {remedy}, and try again."


class UntrustedFileError(OSError):
    """A file that is there and is not taken for one of ours; ``strerror`` says why."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(errno.EINVAL, why, os.fspath(path))


def read_own(path: Path, most_bytes: int) -> bytes:
    """The content of a plain file that this user owns, of at most so many bytes.

    Links are not followed and nothing is waited for (a pipe). Raises UntrustedFileError for what
    is no such file, OSError for what cannot be read.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise UntrustedFileError(path, "it is not a plain file")
    flags = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
    descriptor = os.open(path, os.O_RDONLY | sum(getattr(os, flag, 0) for flag in flags))
    with os.fdopen(descriptor, "rb") as file:
        # Asked again of what was opened: the name may stand for another file since.
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):
            raise UntrustedFileError(path, "it is not a plain file")
        if hasattr(os, "getuid") and info.st_uid != os.getuid():
            raise UntrustedFileError(path, "it belongs to another user")
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise UntrustedFileError(path, f"it is larger than {most_bytes} bytes")
    return content


def make_private_dir(path: Path) -> Path:
    """Create a folder, and what is missing above it, that only the owner can enter."""
    if not path.parent.exists():
        make_private_dir(path.parent)
    path.mkdir(mode=DIR_MODE, exist_ok=True)
    return path


def open_append(path: Path) -> BinaryIO:
    """Open a private file for appending, creating it and its folder."""
    make_private_dir(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
    return os.fdopen(descriptor, "ab")


def patiently(change: Callable[[], object]) -> None:
    """Replace, rename or remove a file that somebody may be reading.

    Windows refuses that for the moment, so it is tried for half a second there. Raises OSError.
    """
    for _attempt in range(_READER_TRIES):
        try:
            change()
            return
        except PermissionError:
            if os.name != "nt":
                raise
            time.sleep(_READER_PAUSE)
    change()


def write_atomically(path: Path, text: str, *, durable: bool = False) -> None:
    """Replace a file whole: a reader sees the old text or the new one, never a part.

    ``durable`` also survives a power cut. Raises OSError; the old file is then unchanged.
    """
    make_private_dir(path.parent)
    mine = f".{path.name}.{os.getpid()}-"  # by whom, so that others know whether he still writes
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=mine, suffix=".new")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        patiently(lambda: Path(name).replace(path))
    except BaseException as exc:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        if isinstance(exc, OSError):
            exc.filename = os.fspath(path)
        raise
