"""From bytes to records, exactly: where each begins and ends, although fields hold line breaks.

Clean text goes through the csv module at its full speed. At the first thing that is no CSV a slower
reader takes over, sets the unreadable stretch aside and goes on at the next line on which a whole,
credible row begins, so that one stray quote cannot swallow the rest of a day.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import accumulate

from engine.ledger_rows import BYTES_AS_THEY_ARE, ENCODING

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


@dataclass(slots=True)
class Records:
    """What a piece of text consists of; positions count from its first byte."""

    items: list[Record | Unreadable] = field(default_factory=list)
    end: int = 0
    """Up to here everything is understood or unreadable for good; what follows is unfinished."""
    tail: list[str] | None = None
    """Cells of a last record that only lacks its line end, or None."""


class Ending(Enum):
    WHOLE = auto()
    NO_LINE_END = auto()
    """The text ends where the record might."""
    OPEN_QUOTE = auto()
    """The text ends inside a quoted field."""
    MALFORMED = auto()


def read_records(data: bytes, credible: Callable[[list[str]], bool]) -> Records:
    """Split text into records. ``credible`` says whether a row found after an unreadable stretch
    is whole beyond doubt."""
    records = Records()
    if _read_clean(data, records):
        return records
    _read_damaged(data, records, credible)
    return records


def split(raw: bytes) -> list[str]:
    """Cells of one record that was read before."""
    text = raw.decode(ENCODING, BYTES_AS_THEY_ARE)
    if '"' not in text and "\r" not in text:
        return text.rstrip("\n").split(",")
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


def _read_clean(data: bytes, records: Records) -> bool:
    """Read with the csv module; False where it met something that it cannot read."""
    complete = data.rfind(b"\n") + 1
    if not complete:
        return not data
    text = data[:complete].decode(ENCODING, BYTES_AS_THEY_ARE)
    ends = list(accumulate(len(line) + 1 for line in data[:complete].split(b"\n")))
    reader = csv.reader(io.StringIO(text, newline="\n"), strict=True)
    start = 0
    try:
        for cells in reader:
            end = ends[reader.line_num - 1]
            if cells:
                records.items.append(Record(start, end, cells))
            records.end = start = end
    except csv.Error:
        return False
    return complete == len(data)


def _read_damaged(data: bytes, records: Records, credible: Callable[[list[str]], bool]) -> None:
    at = records.end
    while at < len(data):
        end, cells, ending = scan(data, at)
        if ending is Ending.WHOLE:
            if cells != [""]:
                records.items.append(Record(at, end, cells))
            at = records.end = end
            continue
        if ending is Ending.NO_LINE_END:
            records.tail = cells
            return
        resumed = _next_credible(data, at, credible)
        if resumed is None:
            if ending is Ending.OPEN_QUOTE or not data.endswith(b"\n"):
                return  # may still be in the writing
            resumed = len(data)
        records.items.append(Unreadable(at, resumed, "no CSV: a quote is not closed or stray"))
        at = records.end = resumed


def _next_credible(data: bytes, at: int, credible: Callable[[list[str]], bool]) -> int | None:
    """Start of the next line on which a whole credible row begins."""
    while True:
        at = data.find(b"\n", at) + 1
        if not at or at >= len(data):
            return None
        window = data[at : at + _LONGEST_RECORD]
        _, cells, ending = scan(window, 0)
        if ending is Ending.WHOLE and credible(cells):
            return at
