"""Figures beside the log: lines a minute, and errors that came more than once."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from engine.log_stream.record import Record
from engine.log_stream.stamps import Level

MINUTES: Final = 60
CLUSTERS: Final = 200
"""Kinds of errors remembered; the one that was not seen for longest is forgotten."""
SIGHTINGS: Final = 20
"""Of one kind, the newest."""

_CHANGING: Final = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8,}\b|\d+")
_SHAPE_CHARACTERS: Final = 200


@dataclass(slots=True)
class MinuteCount:
    """Records of one minute; all levels, errors, warnings."""

    lines: int = 0
    errors: int = 0
    warnings: int = 0


class MinuteCounts:
    """How much was logged in each of the last minutes."""

    def __init__(self, minutes: int = MINUTES) -> None:
        self._minutes = minutes
        self._counts: dict[int, MinuteCount] = {}

    def add(self, records: Iterable[Record]) -> None:
        """Count records at their own times; notices do not count."""
        for record in records:
            if record.kind == "notice":
                continue
            count = self._counts.setdefault(int(record.place // 60), MinuteCount())
            count.lines += 1
            count.errors += record.level is Level.ERROR
            count.warnings += record.level is Level.WARN

    def last(self, now: datetime) -> Sequence[MinuteCount]:
        """The last minutes, oldest first; the present one, which is not over, is the last."""
        present = int(now.timestamp() // 60)
        first = present - self._minutes + 1
        for minute in [minute for minute in self._counts if minute < first]:
            del self._counts[minute]
        return [self._counts.get(minute, MinuteCount()) for minute in range(first, present + 1)]


@dataclass(slots=True)
class ErrorCluster:
    """Errors that say the same but for numbers and names."""

    text: str
    """Of the newest."""
    count: int
    sightings: deque[tuple[str, datetime]]
    """(log, time) of the newest, oldest first."""

    def __str__(self) -> str:
        times = "twice" if self.count == 2 else f"{self.count} times"
        seen = list(self.sightings)[-4:]
        where = ", ".join(f"{source} {at.astimezone():%H:%M}" for source, at in seen)
        return f"same error {times}: {'… ' if self.count > len(seen) else ''}{where}"


class ErrorClusters:
    """Which errors came more than once."""

    def __init__(self) -> None:
        self._clusters: dict[str, ErrorCluster] = {}

    def add(self, records: Iterable[Record]) -> None:
        """Look at new records; only errors count."""
        for record in records:
            if record.level is not Level.ERROR or record.kind == "notice":
                continue
            shape = _shape(record)
            cluster = self._clusters.pop(shape, None)
            if cluster is None:
                cluster = ErrorCluster("", 0, deque(maxlen=SIGHTINGS))
            cluster.text = record.text
            cluster.count += 1
            cluster.sightings.append(
                (record.source, record.ts or datetime.fromtimestamp(record.place, UTC))
            )
            self._clusters[shape] = cluster  # at the end: seen last
            if len(self._clusters) > CLUSTERS:
                del self._clusters[next(iter(self._clusters))]

    def of(self, record: Record) -> ErrorCluster | None:
        """What else was like this error; None for what is none or came once only."""
        if record.level is not Level.ERROR:
            return None
        found = self._clusters.get(_shape(record))
        return found if found is not None and found.count > 1 else None

    def repeated(self) -> Sequence[ErrorCluster]:
        """Those that came more than once, seen last first."""
        return [found for found in reversed(self._clusters.values()) if found.count > 1]


def _shape(record: Record) -> str:
    text = record.text
    for name in (record.job, record.key):
        if name:
            text = text.replace(name, "#")
    return _CHANGING.sub("#", text)[:_SHAPE_CHARACTERS]
