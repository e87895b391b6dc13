"""Back from a record into what its file held before it, and into the files rotated away earlier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.log_stream.assembly import UNPLACED, Assembler, Counts
from engine.log_stream.folder import rotated
from engine.log_stream.lines import LineSplitter
from engine.log_stream.record import Piece, Record
from engine.log_stream.stamps import read_stamp

OLDER_BYTES: Final = 32 * 1024 * 1024
"""The way back in one log."""
WINDOW: Final = 256 * 1024
_LARGEST_WINDOW: Final = 4 * 1024 * 1024
"""A line longer than this ends the way back."""
_COMPARED: Final = 64
"""Bytes by which a record's file is known again, whatever it is called by now."""


def read_back(newest: Record, *, limit: int = OLDER_BYTES) -> Iterator[Record]:
    """The records before this one, newest first; ends where the disk has no more of them."""
    names = [newest.path, *rotated(newest.path)]
    place = newest.place
    end: int | None = newest.offset
    line = newest.line
    found = next((name for name in names if _holds(name, newest)), None)
    if found is None:
        return
    for path in names[names.index(found) :]:
        reader = _Backwards(path, newest.source, end=end, line=line, limit=limit)
        for record in reader.records():
            # Going back, times do not go forward; a line without a time is as old as the next.
            place = min(place, record.place) if record.place != UNPLACED else place
            record.place = place
            yield record
        limit = reader.limit
        if limit <= 0:
            return
        end, line = None, None


def _holds(path: Path, record: Record) -> bool:
    begin = record.mentions[:_COMPARED]
    try:
        with path.open("rb") as file:
            file.seek(record.offset)
            return file.read(len(begin)) == begin
    except OSError:
        return False


class _Backwards:
    """One file read from a place towards its beginning, a window at a time."""

    def __init__(
        self, path: Path, source: str, *, end: int | None, line: int | None, limit: int
    ) -> None:
        self._path = path
        self._source = source
        self._end = end
        self._line = line
        """Number of the line that begins at the end."""
        self.limit = limit
        """Bytes that may still be read."""

    def records(self) -> Iterator[Record]:
        """Newest first; ends in silence where the file cannot be read any more."""
        if self._end is None:
            try:
                self._end = self._path.stat().st_size
            except OSError:
                return
        window = WINDOW
        while self._end > 0 and self.limit > 0:
            begin = max(0, self._end - window)
            data = self._read(begin, self._end)
            start = _first_start(data) if begin else 0
            if not data or start is None:
                window *= 2
                if not data or window > _LARGEST_WINDOW:
                    return
                continue
            window = WINDOW
            yield from reversed(self._assembled(data[start:], begin + start))
            self._end = begin + start

    def _read(self, begin: int, end: int) -> bytes:
        self.limit -= end - begin
        try:
            with self._path.open("rb") as file:
                file.seek(begin)
                return file.read(end - begin)
        except OSError:
            return b""

    def _assembled(self, data: bytes, offset: int) -> list[Record]:
        splitter = LineSplitter(offset)
        lines = splitter.feed(data) + splitter.finish()
        piece = Piece(self._path, self._source, begin=offset)
        if self._line is not None:
            self._line -= len(lines)
            piece.lines_before = self._line - 1
        return Assembler(piece, Counts()).take(lines)


def _first_start(data: bytes) -> int | None:
    """Where the first line begins that begins a record; the first line if none has a time."""
    first = data.find(b"\n") + 1
    if not first:
        return None
    start = first
    while 0 < start < len(data):
        if read_stamp(data[start : start + _COMPARED]) is not None:
            return start
        start = data.find(b"\n", start) + 1
    return first if first < len(data) else None
