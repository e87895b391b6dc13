"""What a filter knows of the rows that it chooses from, and the filter itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

T = TypeVar("T")
Test = Callable[[T], bool]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
IS: Final = "is"
"""The field whose values are flags."""


@dataclass(frozen=True, kw_only=True)
class Fields(Generic[T]):
    """What the fields of one kind of row are called and how they are read; names in small letters.

    A name may be both a text and something that is compared: ``when:11:5`` and ``when<10m``.
    """

    texts: Mapping[str, Callable[[T], str]]
    """For ``field:value``, and searched by bare words."""
    numbers: Mapping[str, Callable[[T], float | None]] = field(default_factory=dict)
    """Counts and money, for ``field>2`` and for ``field:2``."""
    flags: Mapping[str, Callable[[T], bool]] = field(default_factory=dict)
    """The words behind ``is:``."""
    spans: Mapping[str, Callable[[T], float | None]] = field(default_factory=dict)
    """Durations in seconds: ``took>5m``."""
    times: Mapping[str, Callable[[T], datetime | None]] = field(default_factory=dict)
    """Moments: ``when<10m`` is an age before ``now``, ``when>11:30`` a time of the day."""
    now: datetime = _EPOCH
    """Ages count from here, times of the day are in its zone; needed where there are ``times``."""
    anywhere: Callable[[T], str] | None = None
    """Texts that a bare word is looked for in, joined by NUL, where that is faster than reading
    ``texts`` one by one; those of ``clocks`` are left out."""
    clocks: frozenset[str] = frozenset()
    """Texts made of digits and colons: dear to make, so read only for a bare word that is too."""
    choices: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Texts that are always one of these, or empty: what none of them begins with is a mistake."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Names (``is:marked``) that mean nothing here, with the sentence that says so."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every field, then every word behind ``is:``."""
        plain = (*self.texts, *self.numbers, *self.spans, *self.times)
        return (*dict.fromkeys(plain), *(f"{IS}:{flag}" for flag in self.flags))


@dataclass(frozen=True)
class Filter(Generic[T]):
    """A test of a row, and the text that it was made from."""

    text: str
    test: Test[T]

    def __call__(self, row: T) -> bool:
        return self.test(row)


def everything() -> Filter[T]:
    """What holds while no filter is set; its text is empty."""
    return Filter("", lambda _row: True)
