"""A ledger compacted to one row a job, for older tools (architecture 3)."""

from __future__ import annotations

from pathlib import Path

from engine.ledger.file import replace
from engine.ledger.fold import Fold
from engine.ledger.rows import ERROR, encode
from engine.spreadsheet import as_meant, inert


def write_export(fold: Fold, target: Path) -> int:
    """Write the export, atomically; number of jobs. Raises LedgerWriteError.

    An error text that a spreadsheet would take for a formula has an apostrophe before it, which our
    own rows have already; nothing else is altered, since other tools publish the captions.
    """
    rows = [encode(fold.layout.upgraded_names)]
    for entry in fold.by_order:
        cells = fold.full_cells(entry)
        cells[ERROR] = inert(as_meant(cells[ERROR]))
        rows.append(encode(cells))
    replace(target, b"".join(rows))
    return len(fold.by_order)
