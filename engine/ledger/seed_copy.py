"""The rows of a day as they were seeded, beside its ledger.

A ledger can be cut off while nobody lives who had read it: then only this file still says which
jobs the day had. It is written before the ledger's own rows and removed with the day; it is no
ledger, and nothing but a cut is mended from it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.ledger.file import replace
from engine.ledger.fold import Fold
from engine.ledger.rows import JOB_ID, WIDTH, encode
from engine.ledger.text import Record, RecordReader

_END: Final = b"\r\n"


class SeedCopy:
    """The file beside one ledger."""

    def __init__(self, ledger: Path) -> None:
        self.path = ledger.with_name(f"{ledger.name}.seeded")

    def begin(self, rows: Sequence[Sequence[str]]) -> None:
        """The first rows of a new ledger. Raises LedgerWriteError."""
        replace(self.path, b"".join(map(encode, rows)))

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Rows that are seeded behind others. Raises LedgerWriteError."""
        replace(self.path, self._content() + b"".join(map(encode, rows)))

    def remove(self) -> None:
        """The day is archived. A copy that cannot be removed is replaced by the next seeding."""
        with contextlib.suppress(OSError):
            self.path.unlink()

    def behind(self, fold: Fold, *, torn: bool) -> list[list[str]]:
        """Seeded rows that stood behind the last row of a ledger which was cut off there.

        ``torn``: it ends with something that is no row. Where it does not, its last row must be a
        stump: a whole one without line end is what a person's editor leaves, and what he took away
        stays away. Nothing where the last row is not one of the seeded ones: then those are all in
        front of it, or the ledger is another day's.
        """
        content = self._content()
        if not content:
            return []
        found = RecordReader(content, lambda _cells: True)
        seeded = [item for item in found if isinstance(item, Record)]
        rows = [content[item.start : item.end].rstrip(_END) for item in seeded]
        at, last = 0, fold.last_row()
        if last is not None:
            stump = last.rstrip(_END)
            place = next((n for n, row in enumerate(rows) if row.startswith(stump)), len(rows))
            if place < len(rows) and rows[place] == stump and not torn:
                return []
            at = place + 1
        width = WIDTH + len(fold.layout.extra)
        return [
            item.cells
            for item in seeded[at:]
            if len(item.cells) == width and item.cells[JOB_ID] not in fold.entries
        ]

    def _content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except OSError:
            return b""
