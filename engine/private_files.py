"""Files that only their owner may read, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

DIR_MODE = 0o700
FILE_MODE = 0o600


def make_private_dir(path: Path) -> Path:
    """Create a folder (and its parents) that only the owner can enter."""
    path.mkdir(mode=DIR_MODE, parents=True, exist_ok=True)
    return path


def open_append(path: Path) -> BinaryIO:
    """Open a private file for appending, creating it and its folder."""
    make_private_dir(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
    return os.fdopen(descriptor, "ab")


def write_atomically(path: Path, text: str, *, durable: bool = False) -> None:
    """Replace a file whole: a reader sees the old text or the new one, never a part.

    ``durable`` also survives a power cut. Raises OSError; the old file is then unchanged.
    """
    make_private_dir(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
