"""Rows that a ledger lost because its end was cut off, as far as this process had read them.

The file only ever grows, so one that ends in the middle of a row and otherwise holds the beginning
of what it held was cut off by a failure: of the disk, of a copy, of a program. What was behind the
cut is written back. A file that ends with a whole row may have been shortened by a person; what he
took away stays away.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

from engine.ledger.fold import Fold
from engine.ledger.rows import JOB_ID
from engine.ledger.text import split

_END: Final = b"\r\n"


class CutEnd:
    """What is to be written back, and when that was found."""

    def __init__(self, rows: list[list[str]], *, left: int) -> None:
        self.rows = rows
        self._left = left

    @classmethod
    def found(cls, before: Fold, now: Fold, *, torn: bool) -> CutEnd | None:
        """Compare what was known with what is there; None where nothing is to be written back.

        ``torn``: the file ends with something that is no row.
        """
        known = before.raw_rows()
        count = 0
        for raw, was in zip_longest(now.raw_rows(), known):
            if raw != was:
                break
            count += 1
        else:
            return None
        # A row that was cut in its last, empty cells can be taken for a whole one.
        stump = raw is not None and was is not None and was.rstrip(_END).startswith(raw)
        at_the_end = count == len(now.log) - stump
        if was is None or not at_the_end or not (torn or stump):
            return None
        cells = before.layout.cells
        return cls([cells(split(lost)) for lost in (was, *known)], left=len(now.log))

    def still_missing(self, fold: Fold) -> list[list[str]]:
        """Where somebody wrote since: only the rows of jobs that are still unknown. Whoever had
        read the rows too wrote them back first, and who had not went on without them."""
        if len(fold.log) == self._left:
            return self.rows
        return [row for row in self.rows if row[JOB_ID] not in fold.entries]
