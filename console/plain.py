"""Outside text made safe to draw in one row: controls are shown, not obeyed; widths are exact.

Neither Textual nor rich keeps an escape code from the terminal (console-features 5.5), so every
string that is not ours passes through here before it is drawn.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from rich.cells import cell_len, set_cell_size

Align = Literal["left", "right"]

CUT: Final = ".."
"""Stands where text was cut; ASCII, because it survives every terminal."""

_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\xad\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0, DEL and C1 controls, the soft hyphen (terminals disagree about its width), line and paragraph
separators, bidirectional overrides, and lone surrogates, which no terminal's encoding can carry."""
_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_JOINERS: Final = "\u200d\ufe0f"
_REACH: Final = 8
"""Characters looked at for each cell of room: a megabyte that will be cut is not read to its end,
and a flood of characters without width ends somewhere."""


def plain(text: str) -> str:
    r"""Outside text in one line: each unsafe character as a visible sign (``\x1b``, ``\n``).

    Zero-width joiners stay, they belong to emoji and to several scripts. Text that is safe already
    is returned as it is, so applying it twice changes nothing.
    """
    return _UNSAFE.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    character = found.group()
    if short := _SHORT.get(character):
        return short
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def fit(text: str, width: int, align: Align = "left") -> str:
    """Make the text safe and exactly ``width`` terminal cells wide: padded, or cut with ``..``.

    A wide character is never half shown; a blank takes the place where only half of it has room.
    """
    if width <= 0:
        return ""
    reach = text[: width * _REACH]
    shown = plain(reach)
    cut = len(reach) < len(text)
    if shown.isascii():
        return _pad(shown, len(shown), width, align, cut=cut)
    # A joiner at an edge would swallow the neighbour cell.
    shown = shown.lstrip(_JOINERS).rstrip("\u200d")
    fitted = _pad(shown, cell_len(shown), width, align, cut=cut)
    if cell_len(fitted) == width:
        return fitted
    for joiner in _JOINERS:  # a sequence that has no one width: show its parts
        shown = shown.replace(joiner, "")
    return _pad(shown, cell_len(shown), width, align, cut=cut)


def _pad(shown: str, cells: int, width: int, align: Align, *, cut: bool) -> str:
    if cut or cells > width:
        mark = CUT[:width]
        return set_cell_size(shown, width - len(mark)).rstrip("\u200d") + mark
    blank = " " * (width - cells)
    return blank + shown if align == "right" else shown + blank
