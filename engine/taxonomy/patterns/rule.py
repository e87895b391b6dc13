"""A rule of the tables: text that looks so is a failure of that type.

All patterns see lower-case text with single blanks and straight apostrophes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Text that matches ``pattern`` is a failure of type ``error_type``."""

    error_type: str
    pattern: re.Pattern[str]


def phrases(error_type: str, *fragments: str) -> Rule:
    """One of the fragments (regular expressions) between word borders."""
    return Rule(error_type, re.compile(rf"(?<!\w)(?:{'|'.join(fragments)})(?!\w)"))


def whole(error_type: str, *fragments: str) -> Rule:
    """The whole message is one of the fragments."""
    return Rule(error_type, re.compile(rf"\W*(?:{'|'.join(fragments)})\W*"))
