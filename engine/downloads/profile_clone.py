"""A base profile copied file by file: listed first, then copied in bounded steps, links never
followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.downloads.profile_content import belongs
from engine.downloads.time_limit import TimeLimit
from engine.output import one_line
from engine.parallel.errors import ProfileCreationError
from engine.private_files import DIR_MODE, FILE_MODE

_STEP_BYTES: Final = 1 << 20
"""Between two looks at the clock and at the stop."""
_JUNCTION: Final = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", 0xA0000003)
_FLAGS: Final = sum(
    getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
)


class ChangedBaseError(OSError):
    """A file of the base was changed while it was copied; ``strerror`` names it."""

    def __init__(self, name: str) -> None:
        super().__init__(None, f"{shown(name)} of the base profile changed while it was copied")


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseFile:
    """One file of the base, as it was when it was listed."""

    parts: tuple[str, ...]
    """Its path from the top of the base."""
    size: int
    changed: int
    """When, in nanoseconds."""
    inode: int

    @property
    def name(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class BaseListing:
    """All that belongs into a clone."""

    folders: tuple[tuple[str, ...], ...]
    files: tuple[BaseFile, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(file.size for file in self.files)


def listing(base: Path, limit: TimeLimit) -> BaseListing:
    """What of the base goes into a clone, in a fixed order.

    Sockets, pipes and devices hold nothing and are left out. Raises ProfileCreationError for a
    link, OSError, and as ``TimeLimit.check`` does.
    """
    folders: list[tuple[str, ...]] = []
    files: list[BaseFile] = []
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        limit.check()
        above = waiting.pop()
        with os.scandir(base.joinpath(*above)) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
        for entry in inside:
            parts = (*above, entry.name)
            if not belongs(parts):
                continue
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISLNK(info.st_mode) or _is_junction(info):
                raise _link(base, parts)
            if stat.S_ISDIR(info.st_mode):
                folders.append(parts)
                waiting.append(parts)
            elif stat.S_ISREG(info.st_mode):
                files.append(
                    BaseFile(
                        parts=parts, size=info.st_size, changed=info.st_mtime_ns, inode=info.st_ino
                    )
                )
    return BaseListing(tuple(folders), tuple(files))


def _is_junction(info: os.stat_result) -> bool:
    """A folder of Windows that stands for another one."""
    return bool(getattr(info, "st_reparse_tag", 0) == _JUNCTION)


def copy(base: Path, listed: BaseListing, target: Path, limit: TimeLimit) -> None:
    """Copy what was listed into a private folder that is there, and nothing else.

    Raises ChangedBaseError, another OSError, and as ``TimeLimit.check`` does; what was copied until
    then is left to the caller.
    """
    for parts in listed.folders:
        limit.check()
        make_folder(target.joinpath(*parts))
    for file in listed.files:
        _copy_file(base.joinpath(*file.parts), file, target.joinpath(*file.parts), limit)


def make_folder(path: Path) -> None:
    """A new private folder, whatever the umask. Raises OSError."""
    path.mkdir(mode=DIR_MODE)
    path.chmod(DIR_MODE)


def _copy_file(source: Path, file: BaseFile, target: Path, limit: TimeLimit) -> None:
    limit.check()
    descriptor = os.open(source, os.O_RDONLY | _FLAGS)
    with os.fdopen(descriptor, "rb", buffering=0) as reading:
        _require_same(os.fstat(descriptor), file)  # else a device would be read for ever
        made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, FILE_MODE)
        with os.fdopen(made, "wb", buffering=0) as writing:
            target.chmod(FILE_MODE)
            while step := reading.read(_STEP_BYTES):
                _write(writing.fileno(), step)
                limit.check()
        _require_same(os.fstat(descriptor), file)


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _require_same(info: os.stat_result, file: BaseFile) -> None:
    """The name may stand for another file since it was listed."""
    same = (info.st_size, info.st_mtime_ns) == (file.size, file.changed)
    # Windows tells the number of a file only of one that is open.
    same_file = os.name == "nt" or info.st_ino == file.inode
    if not (same and same_file and stat.S_ISREG(info.st_mode)):
        raise ChangedBaseError(file.name)


def shown(name: str) -> str:
    """A name of a file of somebody else's, fit for a terminal."""
    return repr(printable(name)[:200])


def printable(text: str) -> str:
    """One line without what a terminal obeys or an encoding refuses."""
    return one_line(text.encode("utf-8", "replace").decode("utf-8"))


def _link(base: Path, parts: Sequence[str]) -> ProfileCreationError:
    return ProfileCreationError(
        f"The base profile {base} holds a link at {shown('/'.join(parts))}, and links are not "
        "followed: put the file or folder itself there, or remove the link, and try again."
    )
