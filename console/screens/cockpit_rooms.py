"""How many rows each part of the Cockpit gets, from the height of the screen and what there is.

Every part keeps at least one row; when there are few workers the log gets the space
(console-features 6.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AROUND: Final = 5
"""Rows of every screen around its body."""
TALL: Final = 40
ROOMY: Final = 30
_PANEL: Final = 2
"""Upper and lower edge of a box."""
_NOTES: Final = 2
"""Lines below the workers; a blank before them where it is tall."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rooms:
    """Rows of each part, with its rule or its box."""

    jobs: int
    idle: int
    """Of these the rows of the sentence that says why nothing runs."""
    middle: int
    """Workers, and beside them failures where it is wide."""
    notes: int = 0
    """Of these the rows below the workers."""
    why: int = 0
    """The two lines of failures where it is narrow."""
    attention: int
    since: bool
    """The line of what happened since the operator left has room."""
    log: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What there is to show."""

    height: int
    """Of the screen."""
    workers: int
    """Rows of workers, or of the plan of a run; without the header."""
    header: bool
    attention: int
    since: bool
    idle: int
    """Rows of the sentence that says why nothing runs."""
    failures: int = 0
    """Rows of failures."""


def narrow(wanted: Wanted) -> Rooms:
    """Rules between the parts: counts and bar, workers, failures, attention, log."""
    jobs = 2 + wanted.idle
    why = 3
    left = wanted.height - AROUND - jobs - why - 3  # three more rules
    workers = max(2, min(wanted.workers + wanted.header, left - 2))
    left -= workers
    most = 4 if wanted.height >= TALL else 3 if wanted.height >= ROOMY else 2
    attention = max(1, min(wanted.attention, most, left - 1))
    left -= attention
    since = wanted.since and left > 2
    log = max(1, left - since)
    return Rooms(
        jobs=jobs,
        idle=wanted.idle,
        middle=workers + 1,
        why=why,
        attention=attention + since + 1,
        since=since,
        log=log + 1,
    )


def wide(wanted: Wanted) -> Rooms:
    """Boxes: jobs and passes, workers and failures, attention, and the log, boxed if tall."""
    tall = wanted.height >= TALL
    body = wanted.height - AROUND
    roomy = body >= 24
    idle = max(1, wanted.idle) if roomy else min(1, wanted.idle)
    jobs = 7 + roomy + tall + idle if roomy else 4 + idle  # the forecast, and what is to come
    least_log = 5 + _PANEL if tall else (3 if roomy else 1)
    left = body - jobs
    notes = _NOTES + tall
    lines = min(max(1, wanted.attention), 2)
    middle = _PANEL + max(wanted.workers + wanted.header + notes, min(wanted.failures, 8) + 3)
    middle = max(_PANEL + 2, min(middle, left - least_log - _PANEL - lines))
    notes = notes if middle - _PANEL - notes >= min(wanted.workers, 3) + wanted.header else 0
    left -= middle
    since = wanted.since and left - least_log - _PANEL >= 2
    lines = max(1, min(wanted.attention, 4, left - least_log - _PANEL - since))
    return Rooms(
        jobs=jobs,
        idle=idle,
        middle=middle,
        notes=notes,
        attention=lines + since + _PANEL,
        since=since,
        log=max(1, left - lines - since - _PANEL),
    )
