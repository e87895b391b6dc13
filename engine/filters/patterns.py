"""Regular expressions that cannot hang the program that asks them.

Python's matcher tries every way to split a text, so a pattern such as ``(a+)+b`` may take for ever,
and neither it nor the interpreter can be interrupted meanwhile. So what makes the ways multiply is
refused before it is compiled, and the rest sees no more than the first characters of a text.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Final

LONGEST_PATTERN: Final = 120
LONGEST_TEXT: Final = 500
"""Characters of a field that a pattern sees; the ledger keeps no longer errors."""
MOST_REPEATS: Final = 2
"""With two, the worst text of that length costs a tenth of a second; with three, ten."""
MOST_CHOICES: Final = 10
"""``?`` and ``|`` inside groups; each doubles the ways at worst."""

_TOKEN: Final = re.compile(
    r"\\."  # an escape
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]"  # a set
    r"|\(\?:|\(\?|[()|]"
    r"|[*+?][?+]?"
    r"|\{[0-9]*,?[0-9]*\}[?+]?"
    r"|.",
    re.DOTALL,
)
_FIXED: Final = re.compile(r"\{[0-9]+\}[?+]?")
_REMEMBERED: Final = 5_000
"""Texts whose answer is kept: errors repeat themselves."""


class PatternError(ValueError):
    """Why a pattern is refused, as the end of a sentence."""


def searcher(pattern: str) -> Callable[[str], bool]:
    """Whether the pattern occurs in a text, in any case of letters. Raises PatternError."""
    check(pattern)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they would be printed across the screen
            found = re.compile(pattern, re.IGNORECASE | re.DOTALL).search
    except (re.error, OverflowError, RecursionError) as exc:
        raise PatternError(f"is no regular expression: {exc}") from exc
    known: dict[str, bool] = {}

    def test(text: str) -> bool:
        answer = known.get(text)
        if answer is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            answer = known[text] = found(text[:LONGEST_TEXT]) is not None
        return answer

    return test


def check(pattern: str) -> int:
    """How many repeats the pattern has; with none it costs little in a text of any length.

    Raises PatternError where it might take too long.
    """
    if not pattern:
        raise PatternError("is empty")
    if len(pattern) > LONGEST_PATTERN:
        raise PatternError(f"is longer than {LONGEST_PATTERN} characters")
    ways = _Ways()
    for token in _TOKEN.findall(pattern):
        ways.take(token)
    if ways.repeats > MOST_REPEATS:
        raise PatternError(
            f"has more than {MOST_REPEATS} repeats (* + {{}}); write several words instead"
        )
    if ways.choices > MOST_CHOICES:
        raise PatternError(f"has more than {MOST_CHOICES} choices (? and | inside groups)")
    return ways.repeats


class _Ways:
    """What makes the ways to match multiply, counted token by token."""

    def __init__(self) -> None:
        self.repeats = 0
        self.choices = 0
        self._varies = [False]
        """For each open group, outermost first: whether something in it matches in several ways."""
        self._closed = False
        """Whether the item before was a group, or a repeat, that varies."""

    def take(self, token: str) -> None:
        """Raises PatternError."""
        closed, self._closed = self._closed, False
        if token == "(?":
            raise PatternError("has a special group; only ( ) and (?: ) are known here")
        if token in ("(", "(?:"):
            self._varies.append(False)
        elif token == ")" and len(self._varies) > 1:
            self._closed = self._varies.pop()
            self._varies[-1] |= self._closed
        elif token == "|":
            self.choices += len(self._varies) > 1
            self._varies[-1] = True
        elif token[0] in "*+?" or (token[0] == "{" and token not in ("{", "{}")):
            self._repeat(token, closed=closed)
        elif token[0] == "\\" and token[1:].isdigit():
            raise PatternError("refers back to a group, which is not known here")

    def _repeat(self, token: str, *, closed: bool) -> None:
        optional = token[0] == "?"
        if closed and not optional:
            raise PatternError("repeats a group in which something repeats or is optional")
        varying = _FIXED.fullmatch(token) is None
        self.choices += optional
        self.repeats += varying and not optional
        self._varies[-1] |= varying
        self._closed = varying
