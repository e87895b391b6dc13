"""The filter grammar: words that must all hold, ``field:value``, ``field>n``, text anywhere.

It is that of console-features 6.4; docs/filters.md explains it to operators.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, TypeVar

from engine.filters import amounts
from engine.filters.fields import IS, Fields, Filter, Test
from engine.filters.lexer import FilterError, Value, Word, words
from engine.filters.patterns import PatternError, searcher

T = TypeVar("T")

_DIGITS: Final = re.compile(r"[0-9:]+")


def parse(text: str, fields: Fields[T]) -> Filter[T]:
    """The filter that a text means. Raises FilterError naming what is wrong, where, and what is
    known; an empty text is refused too."""
    tests = [_test(word, fields) for word in words(text)]
    if not tests:
        raise FilterError("The filter is empty; write for example status:failed.", 0)
    if len(tests) == 1:
        return Filter(text, tests[0])

    def all_hold(row: T) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than most tests
            if not test(row):
                return False
        return True

    return Filter(text, all_hold)


def _test(word: Word, fields: Fields[T]) -> Test[T]:
    if not word.field:
        return _anywhere(word.values[0].text, fields)
    test = _compared(word, fields) if word.operator != ":" else _matched(word, fields)
    return (lambda row: not test(row)) if word.negated else test


def _anywhere(text: str, fields: Fields[T]) -> Test[T]:
    needle = text.casefold()
    clocks = {name for name in fields.clocks if _DIGITS.fullmatch(needle)}
    joined = fields.anywhere if "\0" not in needle else None
    names = [name for name in fields.texts if joined is None and name not in fields.clocks]
    reads = tuple(fields.texts[name] for name in (*names, *clocks))
    reads = (joined, *reads) if joined is not None else reads

    def test(row: T) -> bool:
        for read in reads:  # noqa: SIM110 - a generator costs as much as the search
            if needle in read(row).casefold():
                return True
        return False

    return test


# -- field:value -----------------------------------------------------------------------------------


def _matched(word: Word, fields: Fields[T]) -> Test[T]:
    name = word.field
    if name == IS and fields.flags:
        return _any_of([_flag(word, value, fields) for value in word.values])
    if name in fields.texts:
        read = fields.texts[name]
        if word.is_regex:
            return _regex(word, read)
        numbers = [value for value in word.values if _is_number(word, value, fields)]
        for value in word.values:
            _check_choice(word, value, fields)
        tests = [_equal(value, fields.numbers[name]) for value in numbers]
        rest = [value for value in word.values if value not in numbers]
        return _any_of([*tests, _text(rest, read)] if rest else tests)
    if name in fields.numbers:
        for value in word.values:
            if word.is_regex or amounts.number(value.text) is None:
                raise _expected(word, value, "a number", f"{name}:2 or {name}>1")
        return _any_of([_equal(value, fields.numbers[name]) for value in word.values])
    if name in fields.spans or name in fields.times:
        raise FilterError(
            f"{name} is compared, not matched: write {name}>10m or {name}<10m.", word.start
        )
    raise _unknown(word, fields)


def _check_choice(word: Word, value: Value, fields: Fields[T]) -> None:
    choices = fields.choices.get(word.field)
    if choices is None or not value.text:
        return
    wanted = value.text.casefold()
    if not any(wanted == one if value.exact else one.startswith(wanted) for one in choices):
        raise FilterError(
            f"No {word.field} is called {_shown(value.text)} (character {value.start + 1} of the "
            f"filter): there are {', '.join(choices)}.",
            value.start,
        )


def _is_number(word: Word, value: Value, fields: Fields[T]) -> bool:
    plain = not value.exact and amounts.number(value.text) is not None
    return plain and word.field in fields.numbers


def _flag(word: Word, value: Value, fields: Fields[T]) -> Test[T]:
    wanted = value.text.casefold()
    sentence = fields.refused.get(f"{IS}:{wanted}")
    if sentence:
        raise FilterError(sentence, value.start)
    if word.is_regex or wanted not in fields.flags:
        raise FilterError(
            f"Unknown word {_shown(value.text)} behind is: at character {value.start + 1} of the "
            f"filter; known are {', '.join(fields.flags)}.",
            value.start,
        )
    return fields.flags[wanted]


def _text(values: Iterable[Value], read: Callable[[T], str]) -> Test[T]:
    """Exactly one of the values, or a word of the field begins with it."""
    listed = list(values)
    exact = frozenset(value.text.casefold() for value in listed if value.exact)
    starts = tuple(value.text.casefold() for value in listed if not value.exact)
    if not starts:
        return lambda row: read(row).casefold() in exact
    later = tuple(f"{blank}{start}" for start in starts for blank in (" ", "\n", "\t"))

    def test(row: T) -> bool:
        found = read(row).casefold()
        if found.startswith(starts) or found in exact:
            return True
        for start in later:  # noqa: SIM110 - as above
            if start in found:
                return True
        return False

    return test


def _regex(word: Word, read: Callable[[T], str]) -> Test[T]:
    value = word.values[0]
    try:
        found = searcher(value.text)
    except PatternError as exc:
        raise FilterError(
            f"The pattern /{_cut(value.text)}/ at character {value.start + 1} of the filter {exc}.",
            value.start,
        ) from exc
    return lambda row: found(read(row))


def _equal(value: Value, read: Callable[[T], float | None]) -> Test[T]:
    wanted = amounts.number(value.text)
    return lambda row: read(row) == wanted


def _any_of(tests: list[Test[T]]) -> Test[T]:
    if len(tests) == 1:
        return tests[0]
    return lambda row: any(test(row) for test in tests)


# -- field>n ---------------------------------------------------------------------------------------


def _compared(word: Word, fields: Fields[T]) -> Test[T]:
    name, value = word.field, word.values[0]
    if name in fields.times:
        return _time(word, fields.times[name], fields.now)
    read = fields.spans.get(name)
    if read is not None:
        limit = amounts.seconds(value.text)
        if limit is None:
            raise _expected(word, value, "a duration", f"{name}>5m, {name}<4:40 or {name}>90s")
        return _limit(word.operator, read, limit)
    read = fields.numbers.get(name)
    if read is not None:
        limit = amounts.number(value.text)
        if limit is None:
            raise _expected(word, value, "a number", f"{name}>1 or {name}<0.10")
        return _limit(word.operator, read, limit)
    if name in fields.texts or (name == IS and fields.flags):
        known = ", ".join(dict.fromkeys((*fields.numbers, *fields.spans, *fields.times)))
        raise FilterError(
            f"{name} is a word and cannot be compared with {word.operator}; "
            f"write {name}:value. What can be compared: {known or 'nothing'}.",
            word.start,
        )
    raise _unknown(word, fields)


def _limit(operator: str, read: Callable[[T], float | None], limit: float) -> Test[T]:
    def above(row: T) -> bool:
        found = read(row)
        return found is not None and found > limit

    def below(row: T) -> bool:
        found = read(row)
        return found is not None and found < limit

    return above if operator == ">" else below


def _time(word: Word, read: Callable[[T], datetime | None], now: datetime) -> Test[T]:
    """A smaller age is a later moment."""
    value = word.values[0]
    limit = amounts.moment(value.text, now)
    if limit is None:
        example = f"{word.field}<10m, {word.field}>2h or {word.field}>11:30"
        raise _expected(word, value, "an age or a time of the day", example)
    later = (word.operator == ">") == (":" in value.text)

    def after(row: T) -> bool:
        found = read(row)
        return found is not None and found > limit

    def before(row: T) -> bool:
        found = read(row)
        return found is not None and found < limit

    return after if later else before


# -- what is wrong ---------------------------------------------------------------------------------

_LONGEST_SHOWN: Final = 40


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _shown(text: str) -> str:
    return repr(_cut(text))


def _expected(word: Word, value: Value, what: str, example: str) -> FilterError:
    return FilterError(
        f"{word.field} is compared with {what}, not {_shown(value.text)} (character "
        f"{value.start + 1} of the filter): write {example}.",
        value.start,
    )


def _unknown(word: Word, fields: Fields[T]) -> FilterError:
    sentence = fields.refused.get(word.field)
    if sentence:
        return FilterError(sentence, word.start)
    names = fields.names
    known = ", ".join(names)
    near = difflib.get_close_matches(word.field, [name for name in names if ":" not in name], 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return FilterError(
        f"Unknown field {_shown(word.field)} at character {word.start + 1} of the filter{hint}; "
        f"known are {known}. Put the word into quotes to look for it as text.",
        word.start,
    )
