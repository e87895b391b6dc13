"""Records as lines of the log view, written when they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from console.log_text import Segments, continuation, segments
from console.times import TimeStyle
from console.widgets.log_view import LogLine
from engine.log_stream import Record


@dataclass(slots=True)
class Writing:
    """How lines are written now; a change shows in all of them when they are drawn again."""

    wide: bool = False
    style: TimeStyle = TimeStyle.CLOCK
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    start: datetime | None = None
    marks: set[int] = field(default_factory=set)
    """Numbers of marked records."""


class RecordLine(LogLine):
    """A record's line, or the one below it that tells of its other lines.

    Twenty thousand of them are made at once when a filter changes, and some forty are seen: the
    text is made when it is asked for.
    """

    __slots__ = ("_writing", "below", "record")

    record: Record
    below: bool
    _writing: Writing

    def __init__(
        self, record: Record, writing: Writing, *, below: bool = False, quiet: bool = False
    ) -> None:
        """``quiet``: it is shown only because a neighbour matches."""
        level = "NOTICE" if record.kind == "notice" else record.level.value
        put = object.__setattr__
        put(self, "key", record.seq * 2 + below)
        put(self, "level", "DEBUG" if below or quiet else level)
        put(self, "record", record)
        put(self, "_writing", writing)
        put(self, "below", below)

    @property
    def text(self) -> Segments:
        """As it is written now."""
        how: Writing = self._writing
        if self.below:
            return continuation(self.record, wide=how.wide)
        return segments(
            self.record,
            wide=how.wide,
            style=how.style,
            now=how.now,
            start=how.start,
            marked=self.record.seq in how.marks,
        )

    @property
    def place(self) -> tuple[float, int]:
        """By which lines are ordered."""
        return (self.record.place, self.key)


def lines_of(record: Record, writing: Writing, *, quiet: bool = False) -> list[RecordLine]:
    """The one or two lines of a record."""
    first = RecordLine(record, writing, quiet=quiet)
    if not record.more:
        return [first]
    return [first, RecordLine(record, writing, below=True, quiet=quiet)]
