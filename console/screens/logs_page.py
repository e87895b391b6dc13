"""What the Logs screen holds of the logs: built for a filter, kept up to date after that.

Everything that looks at many records is done away from the message loop; what one look of the feed
brings is small.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from console.screens.logs_choice import Chosen
from console.screens.logs_lines import RecordLine, Writing, lines_of
from engine.log_stream import Batch, Context, LogStream, Record

CAPACITY: Final = 60_000
"""Lines that are held; twice as many, which is more than the stream has, while paused."""
OLDER_RECORDS: Final = 1_000
"""Fetched at once where the view goes up beyond its first line."""
OLDER_SECONDS: Final = 1.5
"""The same in time: a filter that takes few lines must not read for ever."""
REACH_RECORDS: Final = 40_000
"""Read back to find a place that is no longer in memory."""
REACH_SECONDS: Final = 6.0
_PORTION: Final = 500


@dataclass(slots=True)
class Page:
    """Lines for one filter."""

    chosen: Chosen
    only: bool
    """Only matches, with their neighbours."""
    lines: list[RecordLine] = field(default_factory=list)
    hits: set[int] = field(default_factory=set)
    """Numbers of the records that match the search."""
    newest: int = 0
    """Greatest number of a record that was looked at."""
    context: Context | None = None

    def add(self, records: Iterable[Record], writing: Writing) -> list[RecordLine]:
        """Choose from records that come after all that are here; says which lines are new."""
        passing = [record for record in records if self.chosen.passes(record)]
        self.newest = max((record.seq for record in passing), default=self.newest)
        made: list[RecordLine] = []
        if self.only and self.chosen.regex is not None:
            if self.context is None:
                self.context = Context(self.chosen)
            for record, hit in self.context.feed(passing):
                made += lines_of(record, writing, quiet=not hit)
                if hit:
                    self.hits.add(record.seq)
        else:
            looked_for = self.chosen.regex is not None
            for record in passing:
                made += lines_of(record, writing)
                if looked_for and self.chosen.hits(record):
                    self.hits.add(record.seq)
        return made


def build(
    records: Sequence[Record],
    chosen: Chosen,
    writing: Writing,
    *,
    only: bool,
    stop: Callable[[], bool],
) -> Page | None:
    """All lines of a filter; None where somebody wants another one by now."""
    page = Page(chosen, only)
    for begin in range(0, len(records), _PORTION):
        if stop():
            return None
        page.lines += page.add(records[begin : begin + _PORTION], writing)
    page.newest = max((record.seq for record in records), default=0)
    return page


def amended(
    page: Page, lines: Sequence[RecordLine], batch: Batch, writing: Writing
) -> list[RecordLine]:
    """The lines with a batch that puts some in between or below older ones.

    Lines are in the order of their places, and what came late belongs near the end.
    """
    changed = list(lines)
    for record in [record for record in batch.records if record.seq > page.newest]:
        made = page.add([record], writing)
        at = len(changed)
        while made and at and changed[at - 1].place > made[0].place:
            at -= 1
        changed[at:at] = made
    for seq in batch.grown:
        at = next((n for n in range(len(changed) - 1, -1, -1) if changed[n].record.seq == seq), -1)
        if at < 0:
            continue
        record = changed[at].record
        if changed[at].key == seq * 2:  # it had no line below it
            changed[at : at + 1] = lines_of(record, writing)
        if page.chosen.regex is not None and page.chosen.hits(record):
            page.hits.add(seq)
    return changed


def before(stream: LogStream, chosen: Chosen, top: Record | None) -> Iterator[Record]:
    """Records before the first one that is shown, newest first: of memory, then of the disk."""
    names = [source for source in stream.sources() if chosen.shown.has(source)]
    if top is None:
        return chain(reversed(stream.records(names)), stream.older(names))
    place = (top.place, top.seq)
    kept = [record for record in stream.records(names) if (record.place, record.seq) < place]

    def shown(record: Record) -> bool:
        """Memory may have let go of what the paused view still has."""
        if record.place != top.place or record.source != top.source:
            return record.place > top.place
        return record.offset >= top.offset

    on_disk = (record for record in stream.older(names) if not shown(record))
    return chain(reversed(kept), on_disk)


def fetch(
    older: Iterator[Record],
    wanted: Callable[[Record], bool],
    *,
    most: int = OLDER_RECORDS,
    seconds: float = OLDER_SECONDS,
    until: Callable[[Record], bool] = lambda record: False,
) -> tuple[list[Record], bool]:
    """The next older records that are wanted, oldest first, and whether there may be more.

    Ends with the record for which ``until`` holds. Runs away from the message loop.
    """
    found: list[Record] = []
    deadline = time.monotonic() + seconds
    for record in older:
        if wanted(record):
            found.append(record)
        if until(record) or len(found) >= most or time.monotonic() > deadline:
            return found[::-1], True
    return found[::-1], False


def nearest(lines: Sequence[RecordLine], at: float) -> int | None:
    """Index of the first line that is not before a moment (seconds since the epoch), else the
    last; None without lines."""
    if not lines:
        return None
    return min(bisect_left(lines, at, key=lambda line: line.record.place), len(lines) - 1)
