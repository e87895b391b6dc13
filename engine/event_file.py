"""``events.jsonl``: one object a line, appended by one process and followed by any number.

Rotated by size; a follower keeps its place over a rotation. A torn last line, left by a crash, is
closed before the next one is written, so that it costs itself only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.logs import redact
from engine.private_files import open_append

EVENTS_MAX_BYTES = 20 * 1024 * 1024
"""The file is rotated beyond this where nobody says otherwise; one older one is kept."""


class EventFile:
    """The events of one run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.older = path.with_name(f"{path.stem}.1{path.suffix}")
        self.most_bytes: int | None = None
        """A size of its own at which it is rotated."""
        self._mended = False

    def append(self, *events: Mapping[str, Any]) -> None:
        """Append events, without secrets; only the supervisor calls this. Raises OSError."""
        if not events:
            return
        lines = [json.dumps(event, ensure_ascii=False, default=str) + "\n" for event in events]
        text = redact("".join(lines))
        self._rotate()
        with open_append(self.path) as file:
            if not self._mended:
                self._mended = True
                if is_torn(self.path):
                    text = "\n" + text
            file.write(text.encode("utf-8", "backslashreplace"))

    def _rotate(self) -> None:
        # On Windows a reader may hinder it: then the file grows until the reader has gone.
        with contextlib.suppress(OSError):
            if self.path.stat().st_size > (self.most_bytes or EVENTS_MAX_BYTES):
                self.path.replace(self.older)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Every whole event in the present file, oldest first; damaged lines are passed over."""
        return iter(_events(_read(self.path)))

    def tail(self, *, whole: bool = False) -> EventTail:
        """What is appended from now on; ``whole``: what the present file holds already too."""
        return EventTail(self, whole=whole)


class EventTail:
    """One follower's place in the events."""

    def __init__(self, events: EventFile, *, whole: bool = False) -> None:
        self._events = events
        self._wanted: re.Pattern[bytes] | None = None
        self._file, self._offset = (0, 0) if whole else _size(events.path)

    def only(self, *names: str) -> EventTail:
        """Pass over all events but these, without the cost of decoding them."""
        either = "|".join(re.escape(name) for name in names)
        self._wanted = re.compile(rf'"event": ?"(?:{either})"'.encode())
        return self

    def read(self) -> list[dict[str, Any]]:
        """Whole events since the last look."""
        found: list[dict[str, Any]] = []
        identity, _ = _size(self._events.path)
        if identity != self._file:
            if self._file and _size(self._events.older)[0] == self._file:
                found += self._from(self._events.older)
            self._file, self._offset = identity, 0
        return found + self._from(self._events.path)

    def _from(self, path: Path) -> list[dict[str, Any]]:
        data = _read(path, self._offset)
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return _events(whole, self._wanted)


def _events(data: bytes, wanted: re.Pattern[bytes] | None = None) -> list[dict[str, Any]]:
    events = []
    for line in data.splitlines():
        if wanted is not None and not wanted.search(line):
            continue
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                events.append(event)
    return events


def _read(path: Path, offset: int = 0) -> bytes:
    """What a plain file holds beyond a place; nothing of what is none: a device never ends."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return b""
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except OSError:
        return b""


def _size(path: Path) -> tuple[int, int]:
    """(file number, bytes); zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_ino, found.st_size)


def is_torn(path: Path) -> bool:
    """Whether the last line of a file was not ended."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:
        return False
