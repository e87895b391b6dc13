"""When the operator's calendar day began and when it ends."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo


def day_began(moment: datetime, zone: tzinfo | None) -> datetime:
    """Midnight before; ``zone`` None is the host's own."""
    return _midnight(moment, zone, 0)


def midnight_in(moment: datetime, zone: tzinfo | None) -> float:
    """Seconds until the next midnight; a day may have 23 or 25 hours."""
    return (_midnight(moment, zone, 1) - moment).total_seconds()


def _midnight(moment: datetime, zone: tzinfo | None, days: int) -> datetime:
    date = moment.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(date, time(), zone).astimezone(moment.tzinfo)
