"""Lines a minute of every log, and errors that came more than once, kept while nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from engine.log_stream import ErrorCluster, ErrorClusters, MinuteCount, MinuteCounts, Record


class LogTallies:
    """Fed with every new record, by the thread that reads the logs and by no other."""

    def __init__(self) -> None:
        self._minutes: dict[str, MinuteCounts] = {}
        self._clusters = ErrorClusters()

    def add(self, records: Sequence[Record]) -> None:
        """Count new records."""
        self._clusters.add(records)
        by_source: dict[str, list[Record]] = {}
        for record in records:
            by_source.setdefault(record.source, []).append(record)
        for source, own in by_source.items():
            self._minutes.setdefault(source, MinuteCounts()).add(own)

    def last(self, now: datetime, shown: Callable[[str], bool]) -> Sequence[MinuteCount]:
        """The last sixty minutes of the logs that are shown, oldest first."""
        counts = [own.last(now) for source, own in self._minutes.items() if shown(source)]
        return [_total(minute) for minute in zip(*counts, strict=True)]

    def like(self, record: Record | None) -> ErrorCluster | None:
        """Errors that say the same as this one; else those that were repeated last, if any."""
        found = None if record is None else self._clusters.of(record)
        return found or next(iter(self._clusters.repeated()), None)


def _total(counts: Iterable[MinuteCount]) -> MinuteCount:
    total = MinuteCount()
    for count in counts:
        total.lines += count.lines
        total.errors += count.errors
        total.warnings += count.warnings
    return total
