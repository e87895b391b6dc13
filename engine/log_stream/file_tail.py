"""One log file followed by name: what was appended since the last look, over every replacement.

The file is open only while it is read: on Windows an open one could not be rotated.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from engine.log_stream.assembly import Assembler, Counts
from engine.log_stream.folder import rotated
from engine.log_stream.lines import LineSplitter
from engine.log_stream.record import Piece, Record, notice

BLOCK: Final = 256 * 1024
"""Bytes read at once."""
LOOK_BYTES: Final = 4 * 1024 * 1024
"""Bytes of one file in one look; what is beyond it comes with the next."""
LARGEST_TAIL: Final = 16 * 1024 * 1024
"""How far from the end a log is begun whose last line is longer than what was asked for."""
COUNT_BYTES: Final = 4 * 1024 * 1024
"""Bytes in which lines are counted in one look."""
_ANCHOR: Final = 48
"""Bytes before our place that are compared, to see that it is still the same file."""


class FileTail:
    """Our place in one log."""

    def __init__(self, path: Path, source: str, clock: Callable[[], float]) -> None:
        self.path = path
        self.source = source
        self.present = False
        self.size = 0
        self.behind = False
        """More is there than one look reads."""
        self.counts = Counts()
        self.piece = Piece(path, source)
        self._clock = clock
        self._mtime = 0
        self._anchor = b""
        self._refused = ""
        self._started = False
        self._set_aside = 0
        """Identity of the file that was rotated away last."""
        self._begin(self.piece, 0)

    @property
    def changed(self) -> float:
        """When the file was written last, in seconds since the epoch."""
        return self._mtime / 1e9

    # -- looking ---------------------------------------------------------------------------------

    def look(self, tail: int) -> list[Record]:
        """New records and notices since the last look; never raises.

        ``tail``: bytes at the end of a file seen for the first time that are read.
        """
        self.behind = False
        try:
            if not self._changed():
                return []
            with self.path.open("rb", buffering=0) as file:
                return self._look_into(file, tail)
        except FileNotFoundError:
            return self._gone()
        except OSError as exc:
            return self._unreadable(exc)

    def _changed(self) -> bool:
        """Whether it is worth opening. Raises OSError."""
        found = os.stat(self.path)  # noqa: PTH116 - asked for every file ten times a second
        if not stat.S_ISREG(found.st_mode):
            return False  # a pipe would not let us go again
        return (
            found.st_size != self._splitter.offset
            or found.st_mtime_ns != self._mtime
            or found.st_ino != self.piece.identity
        )

    def _look_into(self, file: BinaryIO, tail: int) -> list[Record]:
        found = os.fstat(file.fileno())
        self.present, self._refused = True, ""
        self.size, self._mtime = found.st_size, found.st_mtime_ns
        records: list[Record] = []
        if self.piece.identity and not self._is_ours(file, found):
            records += self._replaced(same_file=found.st_ino == self.piece.identity)
        if not self.piece.identity:
            records += self._missed()
            start = 0 if self._started else self._first_start(file, tail)
            self._started = True
            self._begin(Piece(self.path, self.source, identity=found.st_ino, begin=start), start)
        records += self._read(file, LOOK_BYTES)
        self.behind = self._splitter.offset < self.size
        return records

    def _first_start(self, file: BinaryIO, tail: int) -> int:
        """Where to begin in a file seen for the first time: so that a whole line comes after it."""
        start = self.size
        while tail <= LARGEST_TAIL:
            # One byte earlier: a line that begins right at the bound is then seen to be whole.
            start = max(0, self.size - tail - 1)
            file.seek(start)
            data = file.read(self.size - start) if start else b""
            if not start or 0 <= data.find(b"\n") < len(data) - 1:
                return start
            tail = max(tail, 1) * 4
        return start

    def _is_ours(self, file: BinaryIO, found: os.stat_result) -> bool:
        return (
            found.st_ino == self.piece.identity
            and found.st_size >= self._splitter.offset
            and self._anchored(file)
        )

    def _anchored(self, file: BinaryIO) -> bool:
        """Whether the bytes before our place are those that we read."""
        file.seek(self._splitter.offset - len(self._anchor))
        return file.read(len(self._anchor)) == self._anchor

    def _read(self, file: BinaryIO, limit: int) -> list[Record]:
        """Records from our place on, up to the end of the file or the limit."""
        file.seek(self._splitter.offset)
        records: list[Record] = []
        left = limit
        while left > 0:
            data = file.read(min(BLOCK, left))
            if not data:
                return records
            left -= len(data)
            self._anchor = (self._anchor + data[-_ANCHOR:])[-_ANCHOR:]
            records += self._take(self._splitter.feed(data))
        return records

    def _take(self, lines: list[tuple[int, bytes]]) -> list[Record]:
        return self._assembler.take(lines)

    # -- replacement -----------------------------------------------------------------------------

    def _gone(self) -> list[Record]:
        self.size = 0
        if not self.present:
            return self._missed()
        self.present = False
        records = self._from_older()
        if records is not None:
            return self._end(records, "rotated")
        return self._end([], "file gone")

    def _replaced(self, *, same_file: bool) -> list[Record]:
        records = self._from_older()
        if records is not None:
            return self._end(records, "rotated")
        return self._end([], "truncated" if same_file else "file gone, a new one")

    def _from_older(self) -> list[Record] | None:
        """What we had not read before the file was set aside; None where it is nowhere."""
        older = list(rotated(self.path))
        for place, path in enumerate(older):
            try:
                with path.open("rb", buffering=0) as file:
                    found = os.fstat(file.fileno())
                    if found.st_size < self._splitter.offset:
                        continue
                    # A copy (copytruncate) has another identity and the same bytes.
                    renamed = found.st_ino == self.piece.identity
                    if not (renamed or self._anchor) or not self._anchored(file):
                        continue
                    records = self._read_all(file)
            except OSError:
                continue
            return records + self._between(reversed(older[:place]))
        return None

    def _missed(self) -> list[Record]:
        """Files that came and were set aside while there was none in our place."""
        newer: list[Path] = []
        for path in rotated(self.path) if self._set_aside else ():
            with contextlib.suppress(OSError):
                if path.stat().st_ino == self._set_aside:
                    break
            newer.append(path)
        else:
            return []
        return self._end(self._between(reversed(newer)), "rotated") if newer else []

    def _between(self, paths: Iterator[Path]) -> list[Record]:
        """Files that came and were set aside between two looks, oldest first."""
        records: list[Record] = []
        for path in paths:
            try:
                with path.open("rb", buffering=0) as file:
                    records += self._flush()
                    identity = os.fstat(file.fileno()).st_ino
                    self._begin(Piece(self.path, self.source, identity=identity), 0)
                    records += self._read_all(file)
            except OSError:
                continue
        return records

    def _read_all(self, file: BinaryIO) -> list[Record]:
        records: list[Record] = []
        while True:
            before = self._splitter.offset
            records += self._read(file, BLOCK)
            if self._splitter.offset == before:
                return records

    def _end(self, records: list[Record], what: str) -> list[Record]:
        """Close the piece, with a line that says why."""
        records += self._flush()
        records.append(self._notice(f"{what} {{}}"))
        self._set_aside = self.piece.identity if what == "rotated" else 0
        self._begin(Piece(self.path, self.source), 0)
        return records

    def _flush(self) -> list[Record]:
        return self._take(self._splitter.finish())

    def _begin(self, piece: Piece, offset: int) -> None:
        self.piece = piece
        self._splitter = LineSplitter(offset, skip_first=offset > 0)
        self._assembler = Assembler(piece, self.counts)
        self._anchor = b""
        self._counted = (0, 0)
        """Bytes looked through for line ends, and how many there were."""

    # -- words -----------------------------------------------------------------------------------

    def missing(self) -> Record:
        """The notice for a file that is expected and not there yet."""
        return self._notice("not there yet {}")

    def _unreadable(self, exc: OSError) -> list[Record]:
        reason = exc.strerror or type(exc).__name__
        if reason == self._refused:
            return []
        self._refused = reason
        return [self._notice(f"cannot be read: {reason} {{}}")]

    def _notice(self, text: str) -> Record:
        at = self._clock()
        local = datetime.fromtimestamp(at, UTC).astimezone()
        return notice(self.piece, text.format(f"{local:%H:%M}"), at)

    # -- line numbers ----------------------------------------------------------------------------

    def count_lines(self, limit: int = COUNT_BYTES) -> bool:
        """Count the lines before our first, so that records know their numbers.

        True when there is more to count than the limit (bytes) allowed.
        """
        piece = self.piece
        if piece.lines_before is not None or not self.present:
            return False
        try:
            with self.path.open("rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_ino != piece.identity:
                    return False
                place, newlines = self._counted
                file.seek(place)
                until = min(piece.begin, place + limit)
                while place < until and (data := file.read(min(BLOCK, until - place))):
                    place, newlines = place + len(data), newlines + data.count(b"\n")
        except OSError:
            return False
        self._counted = (place, newlines)
        if place < until or until < piece.begin:
            return place == until
        piece.lines_before = newlines + 1  # with the one that our first block began inside of
        return False
