"""A filter's text taken apart into words; knows quotes, commas and patterns, but no field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.errors import InputError

_QUOTES: Final = "\"'"
_HEAD: Final = re.compile(r"(-?)([^\W\d]\w*)([:<>])")
"""A field with its sign. A word that begins otherwise (``11:58``) is text."""
_LONGEST: Final = 4_000
"""Characters of a filter; longer ones are pasted by mistake."""


class FilterError(InputError):
    """A filter that is not understood; ``position`` is the index in its text, from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True, slots=True)
class Value:
    """One of the values behind a field, or the text to look for."""

    text: str
    start: int
    exact: bool = False
    """It had ``=`` in front of it."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a filter; without field it is text to look for anywhere."""

    start: int
    values: tuple[Value, ...]
    field: str = ""
    """In small letters."""
    operator: str = ""
    """``:``, ``<`` or ``>``."""
    negated: bool = False
    is_regex: bool = False


def words(text: str) -> Iterator[Word]:
    """The words in their order. Raises FilterError."""
    if len(text) > _LONGEST:
        raise FilterError(f"The filter is longer than {_LONGEST} characters.", _LONGEST)
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        word, place = _word(text, place)
        yield word


def _word(text: str, start: int) -> tuple[Word, int]:
    if text[start] in _QUOTES:
        phrase, end = _quoted(text, start)
        if not phrase:
            raise FilterError(f"The quotes at character {start + 1} are empty.", start)
        return Word(start, (Value(phrase, start),)), _word_end(text, end)
    head = _HEAD.match(text, start)
    if head is None and text[start] == "-" and text[start + 1 : start + 2] in ("'", '"'):
        raise FilterError(
            f"The minus at character {start + 1} belongs in front of a field: -error:offline.",
            start,
        )
    if head is None:
        end = _blank(text, start)
        return Word(start, (Value(text[start:end], start),)), end
    field, operator = head[2].lower(), head[3]
    if operator == ":" and text.startswith("/", head.end()):
        values, end = _pattern(text, head.end())
        return Word(start, values, field, operator, bool(head[1]), is_regex=True), end
    values, end = _values(text, head.end(), head[0], listed=operator == ":")
    return Word(start, values, field, operator, bool(head[1])), end


def _values(text: str, place: int, head: str, *, listed: bool) -> tuple[tuple[Value, ...], int]:
    """Values up to a blank, between commas where a list is meant."""
    found: list[Value] = []
    begin = place
    while True:
        exact = listed and text.startswith("=", place)
        start = place + exact
        if start < len(text) and text[start] in _QUOTES:
            value, place = _quoted(text, start)
        else:
            place = _blank(text, start, stop="," if listed else "")
            value = text[start:place]
        if value or exact:
            found.append(Value(value, start, exact))
        if listed and text.startswith(",", place):
            place += 1
            continue
        break
    end = _word_end(text, place)
    if not found:
        raise FilterError(
            f"The filter word {head!r} at character {begin - len(head) + 1} names no value.", begin
        )
    return tuple(found), end


def _pattern(text: str, start: int) -> tuple[tuple[Value, ...], int]:
    """Everything between two slashes; a slash inside is written ``\\/``."""
    place = start + 1
    while place < len(text) and text[place] != "/":
        place += 2 if text[place] == "\\" else 1
    if place >= len(text):
        raise FilterError(f"The pattern at character {start + 1} has no closing slash.", start)
    return (Value(text[start + 1 : place], start),), _word_end(text, place + 1)


def _quoted(text: str, start: int) -> tuple[str, int]:
    """What stands between quotes, where a backslash protects a quote or another backslash."""
    quote, place, found = text[start], start + 1, []
    while place < len(text) and text[place] != quote:
        if text[place] == "\\" and text[place + 1 : place + 2] in (quote, "\\"):
            place += 1
        found.append(text[place])
        place += 1
    if place >= len(text):
        raise FilterError(f"The quote at character {start + 1} is not closed.", start)
    return "".join(found), place + 1


def _blank(text: str, place: int, stop: str = "") -> int:
    while place < len(text) and not text[place].isspace() and text[place] != stop:
        place += 1
    return place


def _word_end(text: str, place: int) -> int:
    if place < len(text) and not text[place].isspace():
        raise FilterError(
            f"Something follows at character {place + 1} without a blank: {text[place]!r}.", place
        )
    return place
