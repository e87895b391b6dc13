"""How the app's words are matched: by meaning and language, at word borders.

Ids come first; wording decides only where the app gives no id (account notices are drawn without
any) or where one id carries several meanings. Words are folded before (see ``page.fold``). In a
phrase `` * `` stands for nothing, or for some words of the same sentence. A language is added as
one more table with the same keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from engine.posting.wording_english import ENGLISH

LANGUAGES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {"en": ENGLISH}

_GAP: Final = r"(?: [^.!?\n]{1,60}?)? "


@cache
def phrases(key: str) -> tuple[str, ...]:
    """Every phrase with this meaning, in all languages known."""
    return tuple(phrase for table in LANGUAGES.values() for phrase in table[key])


@cache
def pattern(key: str) -> re.Pattern[str]:
    """Any of the phrases, at word borders."""
    return re.compile(f"(?:{_any(key)})")


@cache
def line_start(key: str) -> re.Pattern[str]:
    """Any of the phrases at the beginning of a line."""
    return re.compile(f"^(?:{_any(key)})", re.MULTILINE)


@cache
def full_line(key: str) -> re.Pattern[str]:
    """Any of the phrases as a whole line."""
    return re.compile(f"^(?:{_any(key)})$", re.MULTILINE)


@cache
def _pieces(key: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The fixed parts of each phrase, the first apart: without them no pattern need be tried."""
    parts = (phrase.split(" * ") for phrase in phrases(key))
    return tuple((first, tuple(rest)) for first, *rest in parts)


def may_stand(key: str, text: str) -> bool:
    """The parts of some phrase stand in the text, wherever: a quick no for most keys."""
    # Asked for every key of the table on every page: a loop costs a third of any(…).
    for first, rest in _pieces(key):
        if first in text and all(piece in text for piece in rest):
            return True
    return False


def whole(key: str, words: str) -> bool:
    """The words are exactly one of the phrases."""
    return full_line(key).match(words) is not None


def opens(key: str, words: str) -> bool:
    """The words begin with one of the phrases."""
    return line_start(key).match(words) is not None


def inside(key: str, words: str) -> bool:
    """One of the phrases stands somewhere in the words."""
    return pattern(key).search(words) is not None


def _any(key: str) -> str:
    """The longest first, so that it is not cut short."""
    return "|".join(map(_bordered, sorted(phrases(key), key=len, reverse=True)))


def _bordered(phrase: str) -> str:
    """A border stands only where the phrase begins or ends with a letter or digit."""
    body = _GAP.join(map(re.escape, phrase.split(" * ")))
    before = r"(?<!\w)" if phrase[0].isalnum() else ""
    after = r"(?!\w)" if phrase[-1].isalnum() else ""
    return f"{before}{body}{after}"
