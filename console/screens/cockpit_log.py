"""The Cockpit's log pane: the newest words of workers and supervisor, INFO and above.

The keys of Logs that make sense for a tail work here too (console-features 6.7); everything else
is on the Logs screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from console.log_text import SUPERVISOR, Segments
from console.widgets.log_view import LogLine, LogView
from engine.log_stream import Level

if TYPE_CHECKING:
    from engine.log_stream import Batch, LogStream, Record

KEPT: Final = 300
"""Records of the pane; older ones are on the Logs screen."""

Form = Callable[["Record"], Segments]


def newest(stream: LogStream) -> list[Record]:
    """What the pane begins with; for the feed's thread."""
    sources = [name for name in stream.sources() if ours(name)]
    return stream.records(sources, Level.INFO)[-KEPT:]


def ours(source: str) -> bool:
    """Workers and supervisor; not the servers they use, which talk too much for a tail."""
    return source == SUPERVISOR or (source[:1] == "W" and source[1:].isdecimal())


class CockpitLog(LogView):
    """A tail of all workers, in the order of time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "follow", "Follow", show=False, id="log.follow"),
        Binding("e", "find_error(1)", "Error", show=False, id="log.next-error"),
        Binding("E", "find_error(-1)", "Error back", show=False, id="log.previous-error"),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(capacity=KEPT, id=id, classes=classes)
        self._records: dict[int, Record] = {}

    @property
    def record(self) -> Record | None:
        """The record under the cursor; the newest where there is no cursor."""
        if self.cursor_key is not None:
            return self._records.get(self.cursor_key)
        return self._records[self.lines[-1].key] if self.lines else None

    @property
    def records(self) -> list[Record]:
        """All that are kept, in order."""
        return list(self._records.values())

    def show(self, records: Iterable[Record], form: Form) -> None:
        """Show these beside what is there already; ``form`` writes a line."""
        found = self._records | {record.seq: record for record in records}
        order = sorted(found.values(), key=lambda record: (record.place, record.seq))[-KEPT:]
        self._records = {record.seq: record for record in order}
        self.replace([_line(record, form) for record in order])

    def take(self, batch: Batch, form: Form) -> None:
        """What is new of ours: at the end, or where it belongs."""
        new = [
            record
            for record in batch.records
            if ours(record.source) and record.level.rank >= Level.INFO.rank
        ]
        if any(record.seq in batch.inserted for record in new):
            self.show(new, form)
            return
        new = [record for record in new if record.seq not in self._records]
        self._records |= {record.seq: record for record in new}
        for old in list(self._records)[: max(0, len(self._records) - 2 * KEPT)]:
            del self._records[old]
        if any(seq in self._records for seq in batch.grown):
            self.show((), form)
        else:
            self.append([_line(record, form) for record in new])

    def action_follow(self) -> None:
        """Follow the end, or stand still."""
        self.following = not self.following

    def action_find_error(self, step: int) -> None:
        """Go to the next error below the cursor, or above it; round and round."""
        keys = [line.key for line in self.lines]
        errors = [line.key for line in self.lines if line.level == Level.ERROR]
        if not errors:
            return
        here = keys.index(self.cursor_key) if self.cursor_key in keys else len(keys)
        places = [keys.index(key) for key in errors]
        if step > 0:
            place = next((at for at in places if at > here), places[0])
        else:
            place = next((at for at in reversed(places) if at < here), places[-1])
        self.go_to(keys[place])


def _line(record: Record, form: Form) -> LogLine:
    level = "NOTICE" if record.kind == "notice" else str(record.level)
    return LogLine(record.seq, form(record), level)
