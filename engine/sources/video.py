"""A video as a file: what it is (its content), where it is, and whether it can be played at all."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from engine.errors import ContentError

VIDEO_SUFFIX: Final = ".mp4"
REINDEX_SECONDS: Final = 60.0
"""A file that is not found makes the index be built again, but not more often than this."""
_BLOCK: Final = 1 << 20

_identities: dict[tuple[str, int, int], str] = {}


def video_id(path: Path) -> str:
    """Identity of the content: ``sha256:`` and 32 hex digits, the same under any file name.

    Remembered while path, size and time of change stay. Raises OSError.
    """
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_mtime_ns)
    known = _identities.get(key)
    if known is None:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        known = _identities[key] = f"sha256:{digest.hexdigest()[:32]}"
    return known


def file_name(recorded_path: str) -> str:
    """Last component of a path as any system wrote it."""
    return re.split(r"[\\/]", recorded_path.rstrip("\\/"))[-1]


def is_video(path: Path) -> bool:
    """An ``.mp4`` in any case, and not a companion file of macOS (``._name``)."""
    return path.suffix.lower() == VIDEO_SUFFIX and not path.name.startswith("._")


# -- where it is -----------------------------------------------------------------------------------


def find_video(recorded_path: str, work_dir: Path, video_root: Path | None) -> Path | None:
    """Find a video on this host by a path that another host may have written.

    Tried: the path as it is (relative ones from the work directory, backslashes understood); the
    longest tail of it below ``video_root``; its file name, where only one file below ``video_root``
    has it. None where nothing fits or several do.
    """
    if not recorded_path.strip():
        return None
    parts = [part for part in re.split(r"[\\/]+", recorded_path) if part not in {"", "."}]
    as_written = Path(recorded_path)
    if not as_written.is_absolute() and not re.match(r"[A-Za-z]:|[\\/]", recorded_path):
        as_written = work_dir.joinpath(*parts)
    if as_written.is_file():
        return as_written
    if video_root is None or not parts or ".." in parts:
        return None
    root = work_dir / video_root
    for length in range(len(parts), 0, -1):
        tail = parts[-length:]
        if ":" not in tail[0] and root.joinpath(*tail).is_file():
            return root.joinpath(*tail)
    return _index(root).find(parts[-1])


class _Index:
    """Files below a folder by name, built when first asked."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, list[Path]] = {}
        self._built = float("-inf")

    def find(self, name: str) -> Path | None:
        found = [path for path in self._files.get(name, ()) if path.is_file()]
        if not found and time.monotonic() - self._built >= REINDEX_SECONDS:
            self._build()
            found = self._files.get(name, [])
        return found[0] if len(found) == 1 else None

    def _build(self) -> None:
        files: dict[str, list[Path]] = defaultdict(list)
        for folder, _, names in os.walk(self._root):
            for name in names:
                files[name].append(Path(folder, name))
        self._files = dict(files)
        self._built = time.monotonic()


@lru_cache(maxsize=8)
def _index(root: Path) -> _Index:
    return _Index(root)


# -- whether it is whole ---------------------------------------------------------------------------


def check_video(path: Path) -> None:
    """Refuse a video that no player could open, by its outline alone.

    Raises ContentError of type ``missing_video`` (no such file) or ``corrupted_video`` (empty, no
    file type or index box, or cut off).
    """
    if not path.is_file():
        raise ContentError(
            f"The video {path} is not there: put it back, or set paths.video_root to its folder.",
            error_type="missing_video",
        )
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            flaw = _flaw(file, size)
    except OSError as exc:
        flaw = f"it cannot be read ({exc.strerror})"
    if flaw:
        raise ContentError(f"The video {path} cannot be played: {flaw}. Export it again.")


def _flaw(file: BinaryIO, size: int) -> str:
    if size == 0:
        return "the file is empty"
    kinds: set[bytes] = set()
    for kind, end in _boxes(file, size):
        if not kinds and kind != b"ftyp":
            return "it is no MP4 file"
        if end > size:
            return f"it is cut off, {end - size} bytes are missing"
        kinds.add(kind)
    if b"ftyp" not in kinds:
        return "it is no MP4 file"
    return "" if b"moov" in kinds else "it has no index (moov box)"


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Kind and end of each outermost box (ISO/IEC 14496-12, 4.2)."""
    start = 0
    while size - start >= 8:
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        if length == 1:
            extended = file.read(8)
            length = struct.unpack(">Q", extended)[0] if len(extended) == 8 else size + 1
        elif length == 0:
            length = size - start
        if length < 8:
            yield kind, size + 8
            return
        yield kind, start + length
        start += length
