"""The counts of a long ledger before it has been read: what the first paint shows.

Fifty thousand rows take more than a second to become jobs, a quarter of one to be counted. A glance
tells how many there are of each kind, and nothing about single jobs or keys; whoever shows it
replaces it with the first whole look. What a glance cannot understand at once it leaves to that.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from engine.errors import LedgerUnreadableError
from engine.insight.outlook import Policy, outlook
from engine.insight.standing import Standing
from engine.ledger.rows import (
    ATTEMPTS,
    BYTES_AS_THEY_ARE,
    ENCODING,
    ERROR_CATEGORY,
    ERROR_TYPE,
    JOB_ID,
    STATUS,
    WIDTH,
    flaw,
    job_of,
    layout_of,
)

LONG_BYTES: Final = 4_000_000
"""A shorter ledger is read at once, nobody would see the difference."""
_KIND: Final = (STATUS, ATTEMPTS, ERROR_TYPE, ERROR_CATEGORY)
"""Columns on which it depends how a job stands."""


def glance(
    path: Path, policy: Policy, into: Standing, *, now: datetime, zone: tzinfo | None
) -> bool:
    """Count the jobs of a long ledger; False where it is short, absent, or not plain enough."""
    try:
        if path.stat().st_size < LONG_BYTES:
            return False
        kinds = _kinds(path)
    except (OSError, csv.Error, LedgerUnreadableError, IndexError, ValueError):
        return False
    for kind, number in kinds.items():
        cells = [""] * WIDTH
        cells[JOB_ID] = "a job"
        for place, value in zip(_KIND, kind, strict=True):
            cells[place] = value
        if flaw(cells) is not None:
            return False
        into.count(outlook(job_of(cells, (), zone), policy, now=now), number)
    return True


def _kinds(path: Path) -> Counter[tuple[str, ...]]:
    """How many jobs there are of each kind, by their latest rows."""
    with path.open(encoding=ENCODING, errors=BYTES_AS_THEY_ARE, newline="") as file:
        rows = csv.reader(file, strict=True)
        layout = layout_of(next(rows, []), path)
        places = [layout.places[place] for place in _KIND]
        if min(places) < 0:
            raise ValueError("columns are missing")
        job_id = layout.places[JOB_ID]
        status, attempts, error_type, category = places
        known: dict[tuple[str, ...], tuple[str, ...]] = {}  # one object a kind, not one a row
        latest = {}
        for row in rows:
            kind = (row[status], row[attempts], row[error_type], row[category])
            latest[row[job_id]] = known.setdefault(kind, kind)
    return Counter(latest.values())
