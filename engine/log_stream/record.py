"""One entry of a log: its first line as raw bytes, read in words only when somebody looks at it.

A record is held as the bytes of its line and a few numbers (about 230 bytes beside the line): a
day's worth fits into memory, and a thousand lines a second cost next to nothing until they are
drawn.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from engine.log_stream import wording
from engine.log_stream.json_lines import JSON_START, json_words
from engine.log_stream.stamps import LOGFMT_START, Level, stamped_time, words_start

Kind = Literal["record", "notice"]

OVERHEAD: Final = 260
"""Bytes that a record takes beside its text, measured (object, numbers, place in the ring)."""
MORE_BYTES: Final = 64 * 1024
"""Continuation kept of one record; beyond it only the lines are counted."""


class Piece:
    """One file on disk as far as its name and its identity stay the same; rotation ends it."""

    __slots__ = ("begin", "identity", "lines_before", "path", "source", "worker")

    def __init__(self, path: Path, source: str, *, identity: int = 0, begin: int = 0) -> None:
        self.path = path
        self.source = source
        self.worker = source.startswith("W")
        self.identity = identity
        self.begin = begin
        """Offset of the first line that was read of it."""
        self.lines_before: int | None = 0 if begin == 0 else None
        """Lines in front of that; None until they are counted."""


class Record:
    """A line that begins something, with the lines that belong to it."""

    __slots__ = (
        "_dropped", "_line", "_more", "_raw", "kind", "late", "level", "offset", "piece", "place",
        "seq",
    )  # fmt: skip

    def __init__(
        self, piece: Piece, raw: bytes, *, line: int, offset: int, place: float, level: Level
    ) -> None:
        self.seq = 0
        """Its number in the order of delivery, from 1; below 0 for what was read back from disk."""
        self.late = False
        """Came more than two seconds after its time: it stands where it came, not at its time."""
        self.kind: Kind = "record"
        self.level = level
        self.place = place
        """Seconds since the epoch by which records are ordered."""
        self.offset = offset
        """Of its first byte in its file."""
        self.piece = piece
        """The file that it was read from."""
        self._raw = raw
        self._line = line
        self._more = b""
        self._dropped = 0

    @property
    def ts(self) -> datetime | None:
        """The line's own time, zone-aware; None where it has none."""
        if self.kind == "notice":
            return datetime.fromtimestamp(self.place, UTC).astimezone()
        return stamped_time(self._raw)

    @property
    def source(self) -> str:
        """``W0``, ``A0`` for Appium of worker 0, ``orch``, else the file's name without suffix."""
        return self.piece.source

    @property
    def path(self) -> Path:
        """File that it was read from, under the name it had then."""
        return self.piece.path

    @property
    def line(self) -> int | None:
        """Number of its first line in its file, from 1; None while the lines before it are not
        counted, and for a notice."""
        before = self.piece.lines_before
        return None if before is None or self.kind == "notice" else before + self._line

    @property
    def raw(self) -> str:
        """The first line as it stands in the file; bytes that are no UTF-8 are shown as such."""
        return self._raw.decode("utf-8", "backslashreplace")

    @property
    def text(self) -> str:
        """What a person reads, without time, level, job and account; never has a line break."""
        if self._is_logfmt:
            return self._words()[0]
        if (told := self._json()) is not None:
            return told[0]
        return self._raw[words_start(self._raw) :].decode("utf-8", "backslashreplace")

    @property
    def more(self) -> tuple[str, ...]:
        """Lines that belong to it: a stack trace, a page source."""
        found: tuple[str, ...] = ()
        if b"\\n" in self._raw:
            found = self._words()[1] if self._is_logfmt else (self._json() or ("", ()))[1]
        if not self._more:
            return found
        below = self._more.decode("utf-8", "backslashreplace").split("\n")
        mark = (f"… {self._dropped:,} lines more",) if self._dropped else ()
        return (*found, *below, *mark)

    @property
    def job(self) -> str:
        """The job that it is about, or empty."""
        return self._field("job")

    @property
    def key(self) -> str:
        """The account that it is about, or empty."""
        return self._field("account") or self._field("key")

    @property
    def cost(self) -> int:
        """Bytes of memory that it takes, about."""
        return OVERHEAD + len(self._raw) + len(self._more)

    @property
    def mentions(self) -> bytes:
        """The raw first line, for a quick look before the fields are read."""
        return self._raw

    @property
    def _is_logfmt(self) -> bool:
        return self._raw.startswith(LOGFMT_START) and self.kind == "record"

    def _json(self) -> tuple[str, tuple[str, ...]] | None:
        """Words of a line of Appium's JSON log; None for any other."""
        if self.kind == "notice" or not self._raw.startswith(JSON_START):
            return None
        return json_words(self._raw)

    def attach(self, raw: bytes) -> None:
        """Add a continuation line; beyond the bound it is only counted."""
        if self._dropped or len(self._more) + len(raw) > MORE_BYTES:
            self._dropped += 1
        else:
            self._more = b"\n".join((self._more, raw)) if self._more else raw

    def _field(self, name: str) -> str:
        if not self._is_logfmt or name.encode() + b"=" not in self._raw:
            return ""
        return wording.fields(self.raw).get(name, "")

    def _words(self) -> tuple[str, tuple[str, ...]]:
        return wording.words(wording.fields(self.raw), own_worker=self.piece.worker)


def notice(piece: Piece, text: str, at: float) -> Record:
    """A line of ours in between: ``-- rotated 12:00 --``."""
    made = Record(piece, f"-- {text} --".encode(), line=0, offset=-1, place=at, level=Level.INFO)
    made.kind = "notice"
    return made
