"""The order of records over all logs, and which of them came too late for it.

A line is written by its process at the moment of its time, so the only ordinary disorder is that
of one look over many files: what was stamped after the look began waits for the next look. That
costs no latency worth the name (a look takes milliseconds) and keeps the order without holding
anything back otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.log_stream.assembly import UNPLACED
from engine.log_stream.record import Record

LATE_SECONDS: Final = 2.0
"""A line that comes later than this is appended instead of put where it belongs
(console-features 6.7)."""


@dataclass(slots=True)
class Look:
    """One look over all files."""

    began: float
    """Seconds since the epoch."""
    before: float
    """When the last look began; minus infinity for the first one."""
    newest: float
    """Place of the newest record that was delivered."""

    @property
    def first(self) -> bool:
        return self.before == float("-inf")

    @property
    def late_before(self) -> float:
        """What is stamped before this came late. What was never overtaken did not."""
        return min(self.newest, self.before) - LATE_SECONDS


@dataclass(slots=True)
class Queue:
    """What one log has for delivery, in the order of its file, whatever its times say."""

    _place: float = float("-inf")
    _waiting: list[Record] = field(default_factory=list)

    def ready(self, new: Sequence[Record], look: Look, *, changed: float) -> list[Record]:
        """Records to deliver now, each with its place.

        ``changed``: when the file was changed last, for lines without a time of their own.
        """
        for count, record in enumerate(new):
            if record.kind == "record" and record.place > look.began and not look.first:
                # Held once and never longer: a clock that is ahead must not silence its log.
                now, self._waiting = self._waiting + list(new[:count]), list(new[count:])
                break
        else:
            now, self._waiting = self._waiting + list(new), []
        for record in now:
            self._settle(record, look, changed)
        return now

    def _settle(self, record: Record, look: Look, changed: float) -> None:
        if record.kind == "notice":
            place = look.began if look.first else look.before
        elif record.place == UNPLACED:
            place = min(changed, look.began) if look.first else look.began
        else:
            place = min(record.place, look.began)
            if place < look.late_before:
                record.late = True
                place = look.newest
        record.place = self._place = max(place, self._place)
