"""Web pages that a site sends in place of a file: its login, or a fault, as HTML.

Where the page lists exact sizes they are told by those; where it does not, by what they are. A site
may really have HTML among its attachments, so that alone says nothing yet.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from engine.downloads.attachments import Arrival

_LOOKED_AT: Final = 4096
"""Bytes; before the first mark of a page there may be comments."""
_PAGE: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|<!--.*?-->|<\?xml[^>]*>)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_NAMES: Final = (".htm", ".html", ".xhtml", ".mht", ".mhtml")


def impostors(folder: Path, arrival: Arrival) -> tuple[Path, ...]:
    """Files that may be such pages, though they arrived as what is listed. Raises OSError."""
    unsure = (
        folder / file.name
        for listed, file in arrival.complete
        if listed.size is None or not listed.size.exact
    )
    return tuple(path for path in unsure if _is_web_page(path))


def named_as_page(path: Path) -> bool:
    """Whether it says by its name that it is a web page."""
    return path.name.casefold().endswith(_NAMES)


def _is_web_page(path: Path) -> bool:
    with path.open("rb") as file:
        return _PAGE.match(file.read(_LOOKED_AT)) is not None
