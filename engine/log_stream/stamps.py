"""When a raw line was stamped and how bad it is, read from its first bytes only.

This is the part of parsing that every line pays for, so it is two regular expressions and a cache
of minutes; everything else about a line is read when somebody looks at it.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from engine.log_stream.json_lines import JSON_START, read_json_stamp


class Level(StrEnum):
    """How bad a line is, as the log's author meant it or as its words suggest."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"

    @property
    def rank(self) -> int:
        """0 for DEBUG to 3 for ERROR; a threshold compares these."""
        return _RANKS[self]


_INFO: Final = Level.INFO
_RANKS: Final = {Level.DEBUG: 0, Level.INFO: 1, Level.WARN: 2, Level.ERROR: 3}

LOGFMT_START: Final = b"ts="
"""Every line of ours begins with it (engine.logs)."""

_LOGFMT: Final = re.compile(
    rb"ts=(\d{4}-\d\d-\d\dT\d\d:\d\d):(\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d:\d\d)?(?: level=(\w+))?"
)
_FOREIGN: Final = re.compile(
    rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d):(\d\d)(?:[.,:](\d{1,9}))?(?: ?(Z|[+-]\d\d:?\d\d))?"
    rb"(?: - |\s|$)"
)
"""``2026-11-21 00:01:08:449 - `` of Appium, and the usual ISO shapes."""

_OWN_LEVELS: Final = {
    b"debug": Level.DEBUG,
    b"info": Level.INFO,
    b"warning": Level.WARN,
    b"warn": Level.WARN,
    b"error": Level.ERROR,
    b"critical": Level.ERROR,
    b"exception": Level.ERROR,
}
_GUESSES: Final = (
    (
        Level.ERROR,
        re.compile(
            rb"\[(?i:error|err!|fatal|severe)\]|\bERROR\b|\bERR!|\bFATAL\b|\bFatal\b"
            rb"|Traceback \(|(?:Error|Exception|error):|^[EF]/\w"
        ),
    ),
    (Level.WARN, re.compile(rb"\[(?i:warn|warning)\]|\bWARN(?:ING)?\b|[Ww]arning:|\bwarn\b|^W/\w")),
    (Level.DEBUG, re.compile(rb"\[(?i:debug|dbug|trace|verbose)\]|\bDEBUG\b|\bdbug\b|^[DV]/\w")),
)
_TELLING: Final = (
    b"err",
    b"warn",
    b"debug",
    b"dbug",
    b"fatal",
    b"exception",
    b"trace",
    b"severe",
    b"verbose",
)
"""A guess is made only where one of these is: most lines have none, and this is quick."""
_GUESSED_FROM: Final = 160
"""Bytes after the stamp that a guess looks at: further on it is somebody's page source."""


def read_stamp(raw: bytes) -> tuple[float, Level] | None:
    """(seconds since the epoch, level) of a line that begins with its time; None for others."""
    if raw.startswith(LOGFMT_START):
        found = _LOGFMT.match(raw)
        if found is None:
            return None
        minute, seconds, zone, level = found.groups()
        started = _minute(minute, zone)
        if started is None:
            return None
        return started + float(seconds), _OWN_LEVELS.get(level, _INFO)
    return _json_stamp(raw) if raw.startswith(JSON_START) else _foreign_stamp(raw)


def _foreign_stamp(raw: bytes) -> tuple[float, Level] | None:
    found = _FOREIGN.match(raw)
    if found is None:
        return None
    minute, seconds, fraction, zone = found.groups()
    started = _minute(minute, zone)
    if started is None:
        return None
    at = started + float(seconds + b"." + (fraction or b"0"))
    return at, guess_level(raw, found.end())


def _json_stamp(raw: bytes) -> tuple[float, Level] | None:
    read = read_json_stamp(raw)
    started = _minute(read[0], None) if read is not None else None
    if read is None or started is None:
        return None
    _, seconds, fraction, level = read
    return started + float(seconds + b"." + fraction), _OWN_LEVELS.get(level, _INFO)


def guess_level(raw: bytes, start: int = 0) -> Level:
    """Level of a foreign line by its tags and words; INFO where nothing speaks for another."""
    words = raw[start : start + _GUESSED_FROM]
    small = words.lower()
    for telling in _TELLING:
        if telling in small:
            break
    else:
        if words[1:2] != b"/":
            return _INFO
    for level, pattern in _GUESSES:
        if pattern.search(words):
            return level
    return Level.INFO


def stamped_time(raw: bytes) -> datetime | None:
    """The line's own time with the line's own zone; this host's zone where it names none."""
    found = _LOGFMT.match(raw)
    zone: bytes | None
    if found is not None:
        minute, seconds, zone, _ = found.groups()
    else:
        parts = _foreign_parts(raw)
        if parts is None:
            return None
        minute, whole, fraction, zone = parts
        seconds = whole + b"." + (fraction or b"0")[:6]
    try:
        when = datetime.fromisoformat(b"".join((minute, b":", seconds, zone or b"")).decode())
    except ValueError:
        return None
    return when if zone else when.astimezone()


def _foreign_parts(raw: bytes) -> tuple[bytes, bytes, bytes | None, bytes | None] | None:
    """Minute, seconds, fraction and zone of a line that is not ours."""
    if raw.startswith(JSON_START):
        read = read_json_stamp(raw)
        return (*read[:3], None) if read is not None else None
    found = _FOREIGN.match(raw)
    if found is None:
        return None
    minute, whole, fraction, zone = found.groups()
    return minute, whole, fraction, zone


def words_start(raw: bytes) -> int:
    """Where a foreign line's words begin: after its stamp, which has a column of its own."""
    found = _FOREIGN.match(raw)
    return found.end() if found is not None else 0


@lru_cache(maxsize=4096)
def _minute(minute: bytes, zone: bytes | None) -> float | None:
    """Epoch of a minute; consecutive lines share theirs, so that most lines cost one lookup."""
    try:
        return datetime.fromisoformat(minute.decode() + (zone or b"").decode()).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
