"""Small videos for tests: whole by outline, each with a content of its own."""

from __future__ import annotations

import struct
from pathlib import Path


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def mp4(content: str = "") -> bytes:
    """A file of type, data and index; two contents make two videos."""
    return box(b"ftyp", b"isom\0\0\2\0") + box(b"mdat", content.encode()) + box(b"moov", b"\0" * 8)


def make_video(path: Path, content: str | None = None) -> Path:
    """Write a video; its content is its path unless given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(mp4(str(path) if content is None else content))
    return path
