"""Which records an operator wants to see: by level, log, job and words."""

from __future__ import annotations

import re
import warnings
from collections import deque
from collections.abc import Collection, Iterable
from typing import Final

from engine.errors import InputError
from engine.filters import patterns
from engine.log_stream.record import Record
from engine.log_stream.stamps import Level

CONTEXT: Final = 2
"""Records shown on either side of a match when only matches are shown."""


class PatternError(InputError):
    """The words to look for are no regular expression; says where."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position
        """Index into the pattern."""


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, blind to case unless it has a capital. Raises PatternError.

    The same bounds as in filters, so that none can hang the screen.
    """
    regex = _compiled(pattern)
    try:
        patterns.check(pattern)
    except patterns.PatternError as exc:
        raise PatternError(f"/{pattern[:40]}/ {exc}.", 0) from exc
    return regex


def _compiled(pattern: str) -> re.Pattern[str]:
    blind = re.IGNORECASE if pattern == pattern.lower() else re.NOFLAG
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern, blind)
    except re.error as exc:
        place = exc.pos or 0
        raise PatternError(
            f"/{pattern}/ is no regular expression: {exc.msg} at character {place + 1}. "
            "Put a backslash before a sign that is meant literally.",
            place,
        ) from exc
    except (RecursionError, OverflowError) as exc:
        raise PatternError(f"/{pattern[:40]}/ is too deep a regular expression.", 0) from exc


class LogFilter:
    """What is shown. Values only: change it by making another one."""

    def __init__(
        self,
        *,
        level: Level | str = Level.DEBUG,
        sources: Collection[str] | None = None,
        pattern: str = "",
        job: str = "",
    ) -> None:
        """``sources`` None is all of them. Raises PatternError."""
        self.level = Level(level)
        self.sources = None if sources is None else frozenset(sources)
        self.pattern = pattern
        self.job = job
        self.regex = compiled(pattern) if pattern else None
        """None where nothing is looked for."""
        self.sees = patterns.LONGEST_TEXT if pattern and patterns.check(pattern) else None
        """Characters of a line that it looks at; None = all, where nothing in it repeats."""
        self._threshold = self.level.rank

    def passes(self, record: Record) -> bool:
        """Whether level, log and job are right; notices are of every level."""
        if self.sources is not None and record.source not in self.sources:
            return False
        if record.kind == "notice":
            return True
        if record.level.rank < self._threshold:
            return False
        return not self.job or record.job == self.job

    def hits(self, record: Record) -> bool:
        """Whether the words are found: in the text, the account, the job, or a line below."""
        if self.regex is None:
            return True
        search, sees = self.regex.search, self.sees
        if search(record.text[:sees]) or search(record.key[:sees]) or search(record.job[:sees]):
            return True
        return any(search(line[:sees]) for line in record.more)

    def matches(self, record: Record) -> bool:
        """Whether all of it holds."""
        return self.passes(record) and self.hits(record)


class Context:
    """Only matches, with their neighbours; what passes the filter is fed in order, in portions."""

    def __init__(self, chosen: LogFilter, around: int = CONTEXT) -> None:
        self._filter = chosen
        self._around = around
        self._before: deque[Record] = deque(maxlen=around)
        self._after = 0

    def feed(self, records: Iterable[Record]) -> list[tuple[Record, bool]]:
        """(record, whether it is a match itself) of those to show."""
        shown: list[tuple[Record, bool]] = []
        for record in records:
            if not self._filter.passes(record):
                continue
            if self._filter.hits(record):
                shown += [(earlier, False) for earlier in self._before]
                self._before.clear()
                shown.append((record, True))
                self._after = self._around
            elif self._after:
                self._after -= 1
                shown.append((record, False))
            else:
                self._before.append(record)
        return shown
