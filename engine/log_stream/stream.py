"""All logs of a work directory as one stream of records."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Final

from engine.log_stream.file_tail import FileTail
from engine.log_stream.folder import LogFolder, shares, source_of
from engine.log_stream.merge import Look, Queue
from engine.log_stream.older import read_back
from engine.log_stream.record import Piece, Record
from engine.log_stream.ring import Ring
from engine.log_stream.stamps import Level

RING_RECORDS: Final = 20_000
START_BYTES: Final = 256 * 1024
"""Read of the end of one file at the start."""
START_TOTAL: Final = 768 * 1024
"""Read of all files at the start: twenty full ones would take a fifth of a second otherwise."""
START_LEAST: Final = 16 * 1024
"""A log that was empty a moment ago may have its first lines by now."""
LATER_BYTES: Final = 8 * 1024 * 1024
"""Read of the end of a file that appears while we look."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceState:
    """One log, as far as it was read."""

    lines: int
    errors: int
    warnings: int
    size: int
    """Bytes of the present file."""
    present: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """What came since the last look. False where nothing did."""

    records: Sequence[Record] = ()
    """All new ones, in order; notices among them."""
    inserted: Mapping[int, int] = field(default_factory=dict)
    """New records that belong before one that was delivered earlier: number to that one's number.
    All others go to the end."""
    grown: Sequence[int] = ()
    """Numbers of records delivered earlier that got continuation lines."""
    behind: bool = False
    """More waits on disk than one look reads: look again at once."""

    def __bool__(self) -> bool:
        return bool(self.records or self.grown)

    @property
    def notices(self) -> Sequence[Record]:
        """Those of the records that say what happened to a file."""
        return tuple(record for record in self.records if record.kind == "notice")


class LogStream:
    """The logs of one folder, followed, merged by time and kept in bounds.

    Every method may be called from any thread; only one at a time runs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ring: int = RING_RECORDS,
        expected: Sequence[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """``ring``: records kept of each log; ``expected``: names of files that are to come."""
        self.folder = folder
        self._names = LogFolder(folder)
        self._ring = Ring(ring)
        self._expected = expected
        self._clock: Callable[[], float] = lambda: now().timestamp()
        self._tails: dict[str, FileTail] = {}
        self._queues: dict[str, Queue] = {}
        self._last_look = float("-inf")
        self._newest = float("-inf")
        self._seq = 0
        self._older_seq = 0
        self._lock = threading.RLock()

    # -- following -------------------------------------------------------------------------------

    def poll(self) -> Batch:
        """What is new; never raises. A file that cannot be read says so in a notice."""
        with self._lock:
            look = Look(began=self._clock(), before=self._last_look, newest=self._newest)
            fresh = self._find_files(look)
            found: list[Record] = []
            for source, tail in self._tails.items():
                new = tail.look(fresh.get(source, LATER_BYTES))
                if look.first and not tail.present and not new and tail.path.name in self._expected:
                    new = [tail.missing()]
                found += self._queues[source].ready(new, look, changed=tail.changed)
            grown = self._take_grown()
            found.sort(key=attrgetter("place"))
            inserted = self._deliver(found, look)
            behind = any(tail.behind for tail in self._tails.values())
            if not behind:  # else what is left would seem late
                self._last_look = look.began
            if not found:
                self._count_lines()
            return Batch(records=tuple(found), inserted=inserted, grown=grown, behind=behind)

    def _find_files(self, look: Look) -> Mapping[str, int]:
        """Begin to follow new files; how much of each is read at the start."""
        names = self._names.new_names()
        if look.first:
            names = sorted({*names, *self._expected})
        fresh = [name for name in names if source_of(name) not in self._tails]
        for name in fresh:
            source = source_of(name)
            self._tails[source] = FileTail(self.folder / name, source, self._clock)
            self._queues[source] = Queue()
        if not look.first:
            return {}
        wanted = {
            source: min(_size(tail.path), START_BYTES) for source, tail in self._tails.items()
        }
        given = shares(wanted, total=START_TOTAL)
        return {source: max(share, START_LEAST) for source, share in given.items()}

    def _deliver(self, found: Sequence[Record], look: Look) -> Mapping[int, int]:
        inserted: dict[int, int] = {}
        for record in found:
            self._seq += 1
            record.seq = self._seq
            if record.place < look.newest:
                following = self._ring.after(record.place)
                if following is not None:
                    inserted[record.seq] = following.seq
        if found:
            self._newest = max(self._newest, found[-1].place)
        self._ring.add(found)
        return inserted

    def _take_grown(self) -> tuple[int, ...]:
        grown: list[int] = []
        for tail in self._tails.values():
            for record, added in tail.counts.grown.values():
                self._ring.grew(record, added)
            grown += tail.counts.grown
            tail.counts.grown.clear()
        return tuple(sorted(grown))

    def _count_lines(self) -> None:
        """Nothing came: use the time to find out the numbers of lines, one portion a look."""
        for tail in self._tails.values():
            if tail.piece.lines_before is None and tail.present:
                tail.count_lines()
                return

    # -- asking ----------------------------------------------------------------------------------

    def sources(self) -> Mapping[str, SourceState]:
        """Every log seen so far: the supervisor, workers, Appium servers, then the others."""
        with self._lock:
            return {
                source: SourceState(
                    lines=tail.counts.lines,
                    errors=tail.counts.errors,
                    warnings=tail.counts.warnings,
                    size=tail.size,
                    present=tail.present,
                )
                for source, tail in sorted(self._tails.items(), key=lambda item: _rank(item[0]))
            }

    def records(
        self, sources: Collection[str] | None = None, level: Level | str = Level.DEBUG
    ) -> list[Record]:
        """What is kept in memory of these logs, in order; notices pass every level."""
        threshold = Level(level).rank
        with self._lock:
            found = self._ring.merged(sources)
        if not threshold:
            return found
        return [
            record for record in found if record.kind == "notice" or record.level.rank >= threshold
        ]

    def find_time(self, ts: datetime, sources: Collection[str] | None = None) -> Record | None:
        """The first record kept that is not before this time, else the newest; None without any."""
        with self._lock:
            found = self._ring.after(ts.timestamp(), sources, at=True)
            return found or self._ring.newest(sources)

    def of_job(self, job_id: str) -> list[Record]:
        """The records kept that name this job, in order."""
        needle = job_id.encode()
        return [
            record
            for record in self.records()
            if needle in record.mentions and record.job == job_id
        ]

    def at(self, path: Path | str, line: int) -> Record | None:
        """The record kept that holds this line of a file (its name is enough), None if none does.

        Counts the lines that were not read, if it has to.
        """
        source = source_of(Path(path).name)
        with self._lock:
            tail = self._tails.get(source)
            while tail is not None and tail.count_lines():
                pass
            return _holding(self._ring.newest_first(source), line)

    def older(self, sources: Collection[str] | None = None) -> Iterator[Record]:
        """What is on disk before the records kept, newest first, a bounded way back.

        Reads while it is iterated, so iterate it away from the message loop. The records are not
        kept here; their numbers are below zero.
        """
        with self._lock:
            chosen = [source for source in self._tails if sources is None or source in sources]
            oldest = [self._ring.oldest(source) for source in chosen]
        logs = [read_back(record) for record in oldest if record is not None]
        for record in heapq.merge(*logs, key=lambda record: -record.place):
            with self._lock:
                self._older_seq -= 1
                record.seq = self._older_seq
            yield record


def _holding(newest_first: Iterator[Record], line: int) -> Record | None:
    """The record that this line of a file belongs to, in its newest piece that is long enough."""
    piece: Piece | None = None
    too_short: Piece | None = None
    for record in newest_first:
        first = record.line
        if first is None or record.piece is too_short:
            continue
        is_last, piece = record.piece is not piece, record.piece
        if is_last and line > first + len(record.more):
            too_short = piece
        elif first <= line:
            return record
    return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _rank(source: str) -> tuple[int, int, str]:
    """The supervisor first, then workers and Appium servers by number, then the others."""
    kind, number = source[:1], source[1:]
    if source == "orch":
        return (0, 0, "")
    if kind in ("W", "A") and number.isdigit():
        return (1 if kind == "W" else 2, int(number), "")
    return (3, 0, source)
