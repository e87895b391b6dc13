"""The newest records of every log, in memory, with bounds for one log and for all."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from itertools import takewhile
from operator import attrgetter
from typing import Final

from engine.log_stream.record import Record

RECORDS: Final = 100_000
"""Of all logs together."""
BYTES: Final = 48 * 1024 * 1024
"""Memory of all records together, about; a flood of long lines reaches it first."""
_SLAB: Final = 200
"""A full ring gives a 200th at once: who is fullest is then not asked for every line."""

IN_ORDER: Final = attrgetter("place", "seq")
"""Key of the order over all logs: by time, and what came first where times are the same."""


class Ring:
    """Records by log; those of one log are always in order, so that only logs are merged."""

    def __init__(self, records_a_log: int, *, records: int = RECORDS, memory: int = BYTES) -> None:
        self._records_a_log = records_a_log
        self._records = records
        self._memory = memory
        self._logs: dict[str, deque[Record]] = {}
        self._costs: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(map(len, self._logs.values()))

    @property
    def cost(self) -> int:
        """Bytes of memory, about."""
        return sum(self._costs.values())

    def add(self, records: Iterable[Record]) -> None:
        """Add records, which are not before the newest of their log; the oldest may go."""
        for record in records:
            source = record.source
            log = self._logs.get(source)
            if log is None:
                log = self._logs[source] = deque()
                self._costs[source] = 0
            log.append(record)
            self._costs[source] += record.cost
            if len(log) > self._records_a_log:
                self._drop(source, 1)
        self._fit()

    def grew(self, record: Record, added: int) -> None:
        """Account for lines that a record got after it was added."""
        oldest = self.oldest(record.source)
        if oldest is not None and oldest.seq <= record.seq:
            self._costs[record.source] += added
            self._fit()

    def oldest(self, source: str) -> Record | None:
        """The oldest record kept of a log; notices, which stand in no file, are passed over."""
        kept = self._logs.get(source, ())
        return next((record for record in kept if record.kind == "record"), None)

    def merged(self, sources: Collection[str] | None = None) -> list[Record]:
        """The records of these logs (all by default) in order."""
        logs = self._chosen(sources)
        found = [record for log in logs for record in log]
        if len(logs) > 1:
            found.sort(key=IN_ORDER)
        return found

    def after(
        self, place: float, sources: Collection[str] | None = None, *, at: bool = False
    ) -> Record | None:
        """The first record that is later (``at``: or just then); cheap near the newest end."""
        found: list[Record] = []
        for log in self._chosen(sources):
            later = takewhile(
                lambda record: record.place > place or (at and record.place == place), reversed(log)
            )
            first = deque(later, maxlen=1)
            found += first
        return min(found, key=IN_ORDER, default=None)

    def newest(self, sources: Collection[str] | None = None) -> Record | None:
        """The last record of these logs."""
        return max((log[-1] for log in self._chosen(sources)), key=IN_ORDER, default=None)

    def newest_first(self, source: str) -> Iterator[Record]:
        """The records of one log, from its end on."""
        return reversed(self._logs.get(source, deque()))

    def _chosen(self, sources: Collection[str] | None) -> list[deque[Record]]:
        return [
            log
            for source, log in self._logs.items()
            if log and (sources is None or source in sources)
        ]

    def _fit(self) -> None:
        """Where all logs together are too much, the fullest gives: quiet ones keep theirs."""
        over = len(self) - self._records
        while over > 0:
            fullest = max(self._logs, key=lambda source: len(self._logs[source]))
            self._drop(fullest, max(over, self._records // _SLAB))
            over = len(self) - self._records
        while self.cost > self._memory and len(self) > 1:
            dearest = max(self._costs, key=lambda source: self._costs[source])
            self._drop(dearest, max(1, len(self._logs[dearest]) // _SLAB))

    def _drop(self, source: str, count: int) -> None:
        log = self._logs[source]
        for _ in range(min(count, len(log))):
            self._costs[source] -= log.popleft().cost
