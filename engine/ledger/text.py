"""From bytes to records, exactly: where each begins and ends, although fields hold line breaks.

Clean text goes through the csv module at its full speed. At the first thing that is no CSV a slower
reader takes over, sets the unreadable stretch aside and goes on at the next line on which a whole,
credible row begins, so that one stray quote cannot swallow the rest of a day.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

from engine.ledger.rows import BYTES_AS_THEY_ARE, ENCODING

BOM = b"\xef\xbb\xbf"
_QUOTED = re.compile(rb'"((?:[^"]++|"")*+)"')
_PLAIN = re.compile(rb"[^,\n]*+")
_LONGEST_RECORD = 1 << 20
"""Bytes after which the search for a credible row gives a line up."""


@dataclass(slots=True)
class Record:
    start: int
    end: int
    """Behind its line end."""
    cells: list[str]


@dataclass(slots=True)
class Unreadable:
    """A stretch of bytes that is no CSV."""

    start: int
    end: int
    reason: str


class Ending(Enum):
    WHOLE = auto()
    NO_LINE_END = auto()
    """The text ends where the record might."""
    OPEN_QUOTE = auto()
    """The text ends inside a quoted field."""
    MALFORMED = auto()


class RecordReader:
    """The records of a piece of text, one at a time; positions count from its first byte.

    ``credible`` says whether a row found after an unreadable stretch is whole beyond doubt.
    """

    def __init__(self, data: bytes, credible: Callable[[list[str]], bool]) -> None:
        self._data = data
        self._credible = credible
        self.end = 0
        """Up to here everything was understood or is unreadable for good; once the reader is
        exhausted, what follows is unfinished."""
        self.tail: list[str] | None = None
        """Cells of a last record that only lacks its line end, or None."""

    def __iter__(self) -> Iterator[Record | Unreadable]:
        with contextlib.suppress(csv.Error):
            yield from self._clean()
        if self.end < len(self._data):
            yield from self._damaged()

    def _clean(self) -> Iterator[Record]:
        """Read with the csv module. Raises csv.Error where it can go no further."""
        lines = _Lines(self._data)
        for cells in csv.reader(lines, strict=True):
            start, self.end = self.end, lines.end
            if cells:
                yield Record(start, self.end, cells)

    def _damaged(self) -> Iterator[Record | Unreadable]:
        """Read on by hand, from where the csv module stopped."""
        data, at = self._data, self.end
        while at < len(data):
            end, cells, ending = scan(data, at)
            if ending is Ending.NO_LINE_END:
                self.tail = cells
                return
            if ending is Ending.WHOLE:
                self.end = end
                if cells != [""]:
                    yield Record(at, end, cells)
            else:
                resumed = self._next_credible(at)
                if resumed is None:
                    if ending is Ending.OPEN_QUOTE or not data.endswith(b"\n"):
                        return  # may still be in the writing
                    resumed = len(data)
                self.end = resumed
                yield Unreadable(at, resumed, "no CSV: a quote is not closed or stray")
            at = self.end

    def _next_credible(self, at: int) -> int | None:
        """Start of the next line on which a whole credible row begins."""
        while True:
            at = self._data.find(b"\n", at) + 1
            if not at or at >= len(self._data):
                return None
            window = self._data[at : at + _LONGEST_RECORD]
            _, cells, ending = scan(window, 0)
            if ending is Ending.WHOLE and self._credible(cells):
                return at


def split(raw: bytes) -> list[str]:
    """Cells of one record that was read before."""
    text = raw.decode(ENCODING, BYTES_AS_THEY_ARE)
    if '"' not in text and "\r" not in text:
        return text.rstrip("\n").split(",")
    try:
        return next(csv.reader((text,), strict=True))
    except csv.Error:
        return scan(raw, 0)[1]


def scan(data: bytes, start: int) -> tuple[int, list[str], Ending]:
    """Read one record: position behind it, its cells, and how it ended."""
    cells: list[str] = []
    at = start
    while True:
        if data[at : at + 1] == b'"':
            found = _QUOTED.match(data, at)
            if found is None:
                return len(data), cells, Ending.OPEN_QUOTE
            value = found[1].replace(b'""', b'"')
            at = found.end()
        else:
            found = _PLAIN.match(data, at)
            if found is None:  # cannot be: the pattern matches the empty text
                return at, cells, Ending.MALFORMED
            value = found[0]
            at = found.end()
            if value.endswith(b"\r"):
                value, at = value[:-1], at - 1
        cells.append(value.decode(ENCODING, BYTES_AS_THEY_ARE))
        following = data[at : at + 2]
        if following[:1] == b",":
            at += 1
        elif following[:1] == b"\n":
            return at + 1, cells, Ending.WHOLE
        elif following == b"\r\n":
            return at + 2, cells, Ending.WHOLE
        elif following in (b"", b"\r"):
            return len(data), cells, Ending.NO_LINE_END
        else:
            return at, cells, Ending.MALFORMED


class _Lines:
    """Pieces of text ending in line feeds, one at a time: all at once they are the file once more.

    A carriage return alone ends no line; what lacks its line feed is not given.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.end = 0
        """Behind the last one that was given."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        start, end = self.end, self._data.find(b"\n", self.end) + 1
        if not end:
            raise StopIteration
        self.end = end
        return str(self._data[start:end], ENCODING, BYTES_AS_THEY_ARE)
