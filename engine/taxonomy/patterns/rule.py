"""A rule of the tables: text that looks so is a failure of that type.

All patterns see lower-case text with single blanks and straight apostrophes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Rule:
    """Text that matches ``pattern`` is a failure of type ``error_type``."""

    error_type: str
    expression: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when it is first asked for: all together take 30 ms, and most never are."""
        return re.compile(self.expression)


def phrases(error_type: str, *fragments: str) -> Rule:
    """One of the fragments (regular expressions) between word borders."""
    return Rule(error_type, rf"(?<!\w)(?:{'|'.join(fragments)})(?!\w)")


def whole(error_type: str, *fragments: str) -> Rule:
    """The whole message is one of the fragments."""
    return Rule(error_type, rf"\W*(?:{'|'.join(fragments)})\W*")
