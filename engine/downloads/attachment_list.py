"""What a page says of an attachment: its name, its size, its link."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.output import plain

_LONGEST_NAME: Final = 500
_LONGEST_SIZE: Final = 200
_NUMBER: Final = r"\d(?:[\d.,'\s\u00a0\u202f]*\d)?"
_WITH_UNIT: Final = re.compile(
    rf"(?<![\w.,])({_NUMBER})\s*(bytes?|[kmgt]i?b|[bkmgt])(?!\w)", re.IGNORECASE | re.ASCII
)
_ALONE: Final = re.compile(rf"\s*({_NUMBER})()\s*", re.ASCII)
"""A number among words and without a unit may mean anything."""
_POWERS: Final = {"k": 1, "m": 2, "g": 3, "t": 4}
_BLANKS: Final = re.compile(r"[\s'\u00a0\u202f]")
_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_LARGEST: Final = 1 << 50


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of a file as a page tells them: rounded texts stand for a span."""

    least: int
    most: int

    @property
    def exact(self) -> bool:
        return self.least == self.most

    def fits(self, size: int) -> bool:
        return self.least <= size <= self.most

    def __str__(self) -> str:
        return f"{self.least} bytes" if self.exact else f"{self.least} to {self.most} bytes"


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One attachment as the page has it."""

    name: str
    """Outside text without control characters; empty where the page has none."""
    size: Size | None = None
    """None where the page says nothing."""
    link: str = ""
    """Whole address; empty where it is none that a browser may be sent to."""

    def fits(self, size: int) -> bool:
        """Whether a file of so many bytes can be it: an empty one only where that is said."""
        return size > 0 if self.size is None else self.size.fits(size)


def tidy_name(text: str) -> str:
    """A name as shown on a page, in one line and without what a terminal would obey."""
    return plain(" ".join(text.split()))[:_LONGEST_NAME]


def read_size(text: str) -> Size | None:
    """What ``1,234 bytes``, ``12.3 KB`` or ``1,2 MB`` may be in bytes; None where it says nothing.

    Whether a site counts thousands or 1024s, and how it rounds, is not known: both are allowed.
    """
    text = text[:_LONGEST_SIZE]
    found = _WITH_UNIT.search(text) or _ALONE.fullmatch(text)
    if found is None:
        return None
    number, unit = _BLANKS.sub("", found.group(1)).rstrip(".,"), (found.group(2) or "b").lower()
    power = _POWERS.get(unit[0], 0)
    if not power:
        digits = re.sub(r"[.,]", "", number) if _GROUPED.fullmatch(number) else number
        if not digits.isdecimal() or int(digits[:17]) > _LARGEST:
            return None
        return Size(int(digits), int(digits))
    return _rounded(number, power)


def _rounded(number: str, power: int) -> Size | None:
    whole, mark, part = number.replace(",", ".").rpartition(".")
    whole, part = (whole.replace(".", ""), part) if mark else (part, "")
    if not (whole + part).isdecimal() or len(whole) > 15 or len(part) > 6:
        return None
    value, step = float(f"{whole or 0}.{part or 0}"), 10.0 ** -len(part)
    least = max(0.0, value - step) * 1000**power
    most = (value + step) * 1024**power
    return Size(int(least), int(most) + 1) if most <= _LARGEST else None
