"""Moments that an operator writes: ``12:04``, ``12:04:31``, ``-10m``, ``25 Dec 12:04``."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from engine.errors import InputError

FORMS: Final = "12:04   12:04:31   -10m   25 Dec 12:04   empty: the mark"

_BACK: Final = re.compile(r"-(\d{1,6})\s*([smhd]?)", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?:(\d{1,2})\s+([a-z]{3})\s+)?(\d{1,2}):(\d\d)(?::(\d\d))?", re.I)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 60}
_MONTHS: Final = "janfebmaraprmayjunjulaugsepoctnovdec"
_AHEAD: Final = timedelta(minutes=1)
"""A clock time further ahead than this was yesterday's."""


def parse_moment(text: str, now: datetime) -> datetime:
    """The moment in the zone of ``now``, never after it. Raises InputError."""
    wanted = text.strip()
    back = _BACK.fullmatch(wanted)
    if back:
        return now - timedelta(seconds=int(back[1]) * _UNITS[back[2].lower()])
    found = _CLOCK.fullmatch(wanted)
    if found:
        try:
            return _at(found, now)
        except ValueError:
            pass
    raise InputError(f"{text!r} is no time. Write one like this: {FORMS}.")


def _at(found: re.Match[str], now: datetime) -> datetime:
    """Raises ValueError for a day or an hour that does not exist."""
    day, month, hour, minute, second = found.groups()
    moment = now.replace(hour=int(hour), minute=int(minute), second=int(second or 0), microsecond=0)
    if day:
        number = _MONTHS.index(month.lower()) // 3 + 1
        moment = moment.replace(month=number, day=int(day))
        return moment if moment <= now else moment.replace(year=now.year - 1)
    return moment if moment <= now + _AHEAD else moment - timedelta(days=1)
