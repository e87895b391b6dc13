"""Lines to records: which line begins one, and which belongs to the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.log_stream.record import Piece, Record
from engine.log_stream.stamps import LOGFMT_START, Level, guess_level, read_stamp

UNPLACED: Final = 0.0
"""Place of a record without a time, until somebody gives it one."""

_TRACEBACK: Final = b"Traceback ("
_CHAINED: Final = (b"During handling of", b"The above exception was")


@dataclass(slots=True)
class Counts:
    """What was read of one log so far, over all its replacements."""

    lines: int = 0
    """Blank ones and continuations too."""
    errors: int = 0
    warnings: int = 0
    grown: dict[int, tuple[Record, int]] = field(default_factory=dict)
    """Records that got lines after they were delivered, by number, with the bytes that came; taken
    away by whoever tells of it."""


class Assembler:
    """The records of one piece; what it makes of lines does not depend on when they come."""

    def __init__(self, piece: Piece, counts: Counts) -> None:
        self._piece = piece
        self._counts = counts
        self._lines = 0
        self._current: Record | None = None
        self._stamped = False
        self._in_traceback = False

    def take(self, lines: Sequence[tuple[int, bytes]]) -> list[Record]:
        """New records of these lines."""
        made: list[Record] = []
        for offset, raw in lines:
            self._lines += 1
            stamp = read_stamp(raw)
            if stamp is not None:
                place, level = stamp
                self._stamped = True
            elif not raw or raw.isspace():
                continue
            elif self._current is not None and self._belongs(raw):
                self._grow(self._current, raw)
                continue
            else:
                place, level = UNPLACED, guess_level(raw)
                self._stamped = False
            self._in_traceback = stamp is None and raw.startswith(_TRACEBACK)
            record = Record(
                self._piece, raw, line=self._lines, offset=offset, place=place, level=level
            )
            self._current = record
            made.append(record)
            if level is Level.ERROR:
                self._counts.errors += 1
            elif level is Level.WARN:
                self._counts.warnings += 1
        self._counts.lines += len(lines)
        return made

    def _belongs(self, raw: bytes) -> bool:
        """Whether a line without a time goes on with the record before it.

        Where records have times, every line without one does. Elsewhere indented ones do, and a
        stack trace up to the line that names its exception.
        """
        if self._stamped:
            return not raw.startswith(LOGFMT_START)
        if raw[:1].isspace():
            return True
        if raw.startswith(_CHAINED):
            self._in_traceback = True
            return True
        if self._in_traceback:
            self._in_traceback = raw.startswith(_TRACEBACK)
            return True
        return False

    def _grow(self, record: Record, raw: bytes) -> None:
        before = record.cost
        record.attach(raw)
        if record.seq:
            grown = self._counts.grown
            grown[record.seq] = (
                record,
                record.cost - before + grown.get(record.seq, (record, 0))[1],
            )
