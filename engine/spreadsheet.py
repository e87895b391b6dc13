"""Cells that a spreadsheet shows and does not carry out.

A spreadsheet takes a cell that begins with one of a few signs for a formula, also where a file of
text says so; a formula can fetch addresses and run programs. An apostrophe before it makes it text.
It can be taken away again without loss: whatever was given comes back as it was.
"""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""The wide signs are taken for the plain ones by spreadsheets of East Asian languages."""
_HARMLESS: Final = re.compile(r"[+-]?[\d.,:]*%?")
"""Signed numbers, and a lone sign."""


def inert(cell: str) -> str:
    """The cell as text that no spreadsheet takes for a formula."""
    if _FORMULA.match(cell) and not _HARMLESS.fullmatch(cell):
        return f"'{cell}"
    return cell


def as_meant(cell: str) -> str:
    """What ``inert`` was given."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
