"""Amounts that a filter compares with: numbers and money, durations and ages, times of the day."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Final

_NUMBER: Final = re.compile(r"\$?([0-9]{1,15}(?:\.[0-9]{1,9})?)")
_UNITS: Final = re.compile(
    r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9})s)?", re.IGNORECASE
)
_CLOCK_SPAN: Final = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,4}):([0-5][0-9])")
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_HALF_A_DAY: Final = timedelta(hours=12)


def number(text: str) -> float | None:
    """``2``, ``0.10`` or ``$0.10``; None for anything else."""
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else None


def seconds(text: str) -> float | None:
    """``45s``, ``10m``, ``1h30m``, ``2d``, ``4:40``, ``1:04:40`` or plain seconds; else None."""
    if found := _CLOCK_SPAN.fullmatch(text):
        hours, minutes, rest = (float(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + rest
    age = _age(text)
    return number(text.lstrip("$")) if age is None else age


def moment(text: str, now: datetime) -> datetime | None:
    """The moment that an age before ``now`` or a time of the day names; None for anything else.

    A time of the day is today's in the zone of ``now``; one that is more than half a day away is
    yesterday's, so that ``23:50`` still means the evening when it is past midnight.
    """
    age = _age(text)
    if age is not None:
        return _before(now, age)
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups())
    if hour > 23 or minute > 59 or second > 59:
        return None
    day = now.date()
    today = datetime.combine(day, time(hour, minute, second), tzinfo=now.tzinfo)
    if today - now <= _HALF_A_DAY:
        return today
    return datetime.combine(day - timedelta(days=1), today.time(), tzinfo=now.tzinfo)


def _age(text: str) -> float | None:
    found = _UNITS.fullmatch(text)
    if not text or found is None:
        return None
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def _before(now: datetime, age: float) -> datetime:
    try:
        return now - timedelta(seconds=age)
    except OverflowError:
        return datetime.min.replace(tzinfo=now.tzinfo)
