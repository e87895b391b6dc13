"""The sign before a state, which says who acts next (console-features 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

UNICODE: Final[Mapping[str, str]] = {
    "+": "✓",
    ">": "▸",
    ".": "·",
    "~": "↻",
    "x": "✗",
    "-": "–",
}
"""Where the operator's font has them; the others stay as they are."""


def drawn(glyph: str, *, unicode: bool) -> str:
    """The sign as the settings have it."""
    return UNICODE.get(glyph, glyph) if unicode else glyph
