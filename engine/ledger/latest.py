"""The latest moment that a ledger tells of, without making a value of every job."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from engine.ledger.fold import Fold
from engine.ledger.rows import CLAIMED_AT, COMPLETED_AT, SUBMITTED_AT, UPDATED_AT, moment

_TIMES: Final = (CLAIMED_AT, COMPLETED_AT, SUBMITTED_AT, UPDATED_AT)
_STAMP_LENGTH: Final = len("2026-01-31T12:00:00.000000+00:00")
_OFFSET: Final = slice(-6, None)


def latest_moment(fold: Fold) -> datetime | None:
    """Of the latest rows of all jobs; None where they have no time.

    Times as we write them sort like the moments they stand for as long as their offset is the same,
    so of each offset only the last one is read.
    """
    last: dict[str, str] = {}
    others: set[str] = set()
    for entry in fold.by_order:
        cells = fold.cells(entry)
        for place in _TIMES:
            text = cells[place]
            if len(text) == _STAMP_LENGTH and text[10] == "T" and text[-6] in "+-":
                offset = text[_OFFSET]
                if text > last.get(offset, ""):
                    last[offset] = text
            elif text:
                others.add(text)
    found = (moment(text, fold.zone) for text in (*last.values(), *others))
    return max((when for when in found if when is not None), default=None)
