"""Times and durations as the cockpit writes them. Values in, text out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

NOTHING: Final = "-"


class TimeStyle(StrEnum):
    """How every moment is written; one key changes them all (console-features 6.2)."""

    CLOCK = "clock"
    AGE = "age"
    RUN = "run"
    """Since the run's start."""

    @property
    def following(self) -> TimeStyle:
        """The style that comes next when the key is pressed."""
        styles = list(TimeStyle)
        return styles[(styles.index(self) + 1) % len(styles)]


LONG_HOURS: Final = 10
"""From here on seconds tell nothing, and have no room in a column."""
DAYS_HOURS: Final = 100


def span(seconds: float | None) -> str:
    """``0:09``, ``2:41``, ``1:37:01``, ``12h29m``, ``4d07h``; a dash for None."""
    if seconds is None:
        return NOTHING
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours >= DAYS_HOURS:
        return f"{hours // 24}d{hours % 24:02}h"
    if hours >= LONG_HOURS:
        return f"{hours}h{minutes:02}m"
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def whole_span(seconds: float | None) -> str:
    """``0:03:22``, ``12h29m``: with the hours, for columns in which all rows are compared."""
    text = span(seconds)
    return f"0:{text:0>5}" if seconds is not None and text.count(":") == 1 else text


def age(since: datetime | None, now: datetime) -> str:
    """Time that has passed since a moment; a dash for None."""
    return NOTHING if since is None else span((now - since).total_seconds())


def beat(since: datetime | None, now: datetime) -> str:
    """Short age of a sign of life: ``1s``, ``42s``, ``3m``, ``2h``; a dash for None."""
    if since is None:
        return NOTHING
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < 60:
        return f"{seconds}s"
    return f"{seconds // 60}m" if seconds < 3600 else f"{seconds // 3600}h"


def clock(moment: datetime | None, now: datetime, *, seconds: bool = False) -> str:
    """``12:04`` or ``12:04:31``, in the zone of ``now``; with the day where it is another one."""
    if moment is None:
        return NOTHING
    local = moment.astimezone(now.tzinfo)
    text = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return text if local.date() == now.date() else f"{local:%d %b} {text}"


def written(
    moment: datetime | None,
    style: TimeStyle,
    now: datetime,
    start: datetime | None,
    *,
    seconds: bool = False,
) -> str:
    """A moment in the operator's style; ``start`` is the run's."""
    if moment is None:
        return NOTHING
    if style is TimeStyle.AGE:
        return age(moment, now)
    if style is TimeStyle.RUN and start is not None:
        passed = (moment - start).total_seconds()
        return f"+{span(passed)}" if passed >= 0 else f"-{span(-passed)}"
    return clock(moment, now, seconds=seconds)


def expected(moment: datetime | None, now: datetime) -> str:
    """A moment to come as ``12:38``; a dash where nobody can tell, or where it is past already."""
    return NOTHING if moment is None or moment < now else clock(moment, now)


def zone_name(now: datetime) -> str:
    """``UTC``, ``CET``: short name of the zone that times are shown in."""
    return now.tzname() or ""
