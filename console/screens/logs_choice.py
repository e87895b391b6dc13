"""Which records the Logs screen shows, and the words in which the operator chooses logs."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import InputError
from engine.log_stream import Level, LogFilter, Record

LEVELS: Final = (Level.INFO, Level.WARN, Level.ERROR, Level.DEBUG)
"""In the order in which a key goes through them."""
_WORD: Final = re.compile(r"[^\s,]+")


class SourcesError(InputError):
    """Words that name no log; says where."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position
        """Index into the text."""


def is_appium(source: str) -> bool:
    """Whether a log is an Appium server's: many lines, of use only now and then."""
    return source[:1] == "A" and source[1:].isdigit()


@dataclass(frozen=True, slots=True)
class Sources:
    """Logs that are shown; those that appear later too, unless they were named one by one."""

    names: frozenset[str] | None = None
    """None: all but Appium's."""
    appium: bool = False
    """Those as well; without meaning where there are names."""

    def has(self, source: str) -> bool:
        """Whether a log is shown."""
        if self.names is not None:
            return source in self.names
        return self.appium or not is_appium(source)


def parse_sources(text: str, known: Sequence[str], present: Sources) -> Sources:
    """``3`` or ``w3`` is worker 3, ``a3`` its Appium server; ``workers``, ``appium``, ``orch``,
    ``all``, nothing for the usual ones; ``+`` and ``-`` in front change what is shown now.

    Raises SourcesError.
    """
    words = list(_WORD.finditer(text))
    if not words:
        return Sources()
    if [word.group().lower() for word in words] in (["all"], ["+appium"]) and (
        present.names is None or words[0].group().lower() == "all"
    ):
        return Sources(appium=True)
    changes = words[0].group()[0] in "+-"
    chosen = {name for name in known if present.has(name)} if changes else set()
    for found in words:
        word = found.group()
        named = _named(word.lstrip("+-").lower(), known)
        if not named:
            raise SourcesError(
                f"There is no log {word.lstrip('+-')!r}. There are: {', '.join(known) or 'none'}.",
                found.start(),
            )
        chosen = chosen - named if word.startswith("-") else chosen | named
    return Sources(frozenset(chosen))


def _named(word: str, known: Collection[str]) -> set[str]:
    if word in ("workers", "w"):
        return {name for name in known if name[:1] == "W" and name[1:].isdigit()}
    if word in ("appium", "a"):
        return {name for name in known if is_appium(name)}
    if word == "all":
        return set(known)
    wanted = f"w{word}" if word.isdigit() else word
    return {name for name in known if name.lower() == wanted}


class Chosen(LogFilter):
    """Level, logs, job and words at once; values only, change it by making another one."""

    def __init__(
        self,
        *,
        level: Level = Level.INFO,
        shown: Sources | None = None,
        pattern: str = "",
        job: str = "",
    ) -> None:
        """Raises PatternError."""
        super().__init__(level=level, pattern=pattern, job=job)
        self.shown = shown or Sources()
        self._needle = job.encode()

    def but(self, **changes: Any) -> Chosen:
        """The same with other parts. Raises PatternError."""
        parts: dict[str, Any] = {
            "level": self.level,
            "shown": self.shown,
            "pattern": self.pattern,
            "job": self.job,
        }
        return Chosen(**(parts | changes))

    def passes(self, record: Record) -> bool:
        """Whether level, log and job are right; looks for the job before it reads fields."""
        return (
            self.shown.has(record.source)
            and self._needle in record.mentions
            and super().passes(record)
        )

    @property
    def next_level(self) -> Level:
        """What the level key chooses next."""
        return LEVELS[(LEVELS.index(self.level) + 1) % len(LEVELS)]
