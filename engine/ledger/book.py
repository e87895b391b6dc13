"""A ledger as one process knows it: file, fold and quarantine kept in step.

``catch_up`` reads what others wrote and needs no lock. ``write`` appends rows; whoever calls it
holds the ledger's lock and has caught up. Before the first write the file is put in order once:
strange rows are filed in the quarantine, a torn end is cut off, an older header is upgraded. What
a file lost with its end is written back first, as far as it was read here.
"""

from __future__ import annotations

import contextlib
import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from engine.errors import LedgerUnreadableError
from engine.jobs import Job
from engine.ledger.cut_end import CutEnd
from engine.ledger.file import LedgerFile, keep_copy, replace
from engine.ledger.fold import Entry, Fold
from engine.ledger.quarantine import Quarantine, Stray
from engine.ledger.rows import (
    COLUMNS,
    CURRENT,
    JOB_ID,
    UPDATED_AT,
    WIDTH,
    Layout,
    encode,
    flaw,
    layout_of,
    stamp,
    whole_without_newline,
)
from engine.ledger.seed_copy import SeedCopy
from engine.ledger.text import BOM, Record, RecordReader, Unreadable, split

_END: Final = b"\r\n"


_BULK: Final = 1_000_000
"""Bytes; a day of a hundred accounts has less."""


@contextlib.contextmanager
def undisturbed(size: int) -> Iterator[None]:
    """So many bytes are read without Python's collector of circles: rows make none, and it would
    look through all that were read before, again and again."""
    if size < _BULK or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Replaced(NamedTuple):
    """A row that is not durable yet, and the job's row before it."""

    job_id: str
    before: bytes
    text: bytes


class Book:
    def __init__(
        self, path: Path, zone: tzinfo | None, rank: Callable[[Job], int] | None = None
    ) -> None:
        """``rank``: which of the jobs that wait come first."""
        self.path = path
        self._zone = zone
        self._rank = rank
        self._file = LedgerFile(path)
        self._quarantine = Quarantine(path)
        self._seeds = SeedCopy(path)
        self._generation = 0
        self._cut_end: CutEnd | None = None
        self._loose: list[Replaced] = []
        self._loose_from = 0
        """Where the rows that are not durable yet begin."""
        self._start_over()

    def _start_over(self) -> None:
        self.fold = Fold(self._zone, self._rank)
        self._layout: Layout | None = None
        self._refusal = ""
        self._present: Counter[str] = Counter()
        self._unfiled: list[Stray] = []
        self._torn = b""
        self._ends_open = False
        self._lines = 0

    # -- reading -----------------------------------------------------------------------------------

    @property
    def present(self) -> bool:
        """There is a ledger: a file with a header."""
        return self._file.present and self._layout is not None

    @property
    def revision(self) -> tuple[int, int]:
        return self._file.generation, self._file.offset

    @property
    def cut_off(self) -> bool:
        """The file lost its end, and what was there is known here or, of seeded rows, beside it."""
        return self._cut_end is not None or bool(self._lost_seeds())

    @property
    def quarantined(self) -> int:
        return self._quarantine.total(self._present)

    def catch_up(self) -> None:
        """Read what is new. Raises LedgerUnreadableError; the file is unchanged."""
        data = self._file.look()
        before: Fold | None = None
        if self._file.generation != self._generation:
            self._generation = self._file.generation
            before = self.fold
            self._start_over()
        if data is not None:
            self._refusal = ""
            try:
                with undisturbed(len(data)):
                    self._take(data)
            except LedgerUnreadableError as exc:
                self._refusal = str(exc)  # the words only: a traceback would keep all this alive
            except BaseException:  # an interrupt in the middle
                self._file.distrust()
                raise
            if before is not None and (self._torn or self._ends_open):
                self._cut_end = CutEnd.found(before, self.fold, torn=bool(self._torn))
        if self._refusal:
            raise LedgerUnreadableError(self._refusal)

    def _take(self, data: bytes) -> None:
        if self._layout is None and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise LedgerUnreadableError(f"{self.path} is UTF-16: save it again as CSV in UTF-8.")
        skipped = len(BOM) if self._file.offset == 0 and data.startswith(BOM) else 0
        records = RecordReader(data[skipped:] if skipped else data, self._credible)
        for item in self._behind_header(records):
            start, stop = skipped + item.start, skipped + item.end
            raw = data[start:stop]
            if isinstance(item, Unreadable):
                self._stray(raw, data, start, item.reason)
            else:
                self._row(item.cells, raw, data, start)
        end = skipped + records.end
        if self._layout is None and data[end:]:
            self._set_layout(records.tail or self._no_header())
            end = len(data)
        elif records.tail is not None and self._whole(records.tail):
            self._row(records.tail, data[end:], data, end)
            end = len(data)
        if end:
            self._ends_open = data[end - 1 : end] != b"\n"
        self._torn = data[end:]
        self._lines += data.count(b"\n", 0, end)
        self._file.understood(data[:end])

    def _behind_header(self, records: RecordReader) -> Iterator[Record | Unreadable]:
        items = iter(records)
        if self._layout is None:
            first = next(items, None)
            if isinstance(first, Unreadable):
                self._no_header()
            elif first is not None:
                self._set_layout(first.cells)
        return items

    def _no_header(self) -> NoReturn:
        raise LedgerUnreadableError(
            f"{self.path} is not a ledger: its first line is no CSV header. Name the right file, "
            "or restore this one from a backup."
        )

    def _set_layout(self, header: Sequence[str]) -> None:
        self._layout = self.fold.layout = layout_of(header, self.path)

    def _row(self, found: list[str], raw: bytes, data: bytes, start: int) -> None:
        layout = self._layout or CURRENT
        if len(found) > len(layout.names) and any(found[len(layout.names) :]):
            self._stray(raw, data, start, "more cells than columns")
            return
        cells = layout.cells(found)
        reason = flaw(cells)
        if reason is None:
            self.fold.apply(cells, raw)
        else:
            self._stray(raw, data, start, reason)

    def _stray(self, raw: bytes, data: bytes, start: int, reason: str) -> None:
        line = self._lines + data.count(b"\n", 0, start) + 1
        stray = Stray(raw, line, self._file.offset + start, reason)
        self._present[stray.digest] += 1
        self._unfiled.append(stray)

    def _credible(self, found: list[str]) -> bool:
        layout = self._layout
        if layout is None or len(found) != len(layout.names):
            return False
        return flaw(layout.cells(found)) is None

    def _whole(self, found: list[str]) -> bool:
        """A last record without line end that can be taken as it is."""
        layout = self._layout
        if layout is None or len(found) != len(layout.names):
            return False
        cells = layout.cells(found)
        if not whole_without_newline(cells, layout):
            return False
        entry = self.fold.entries.get(cells[JOB_ID])
        if entry is None or not layout.current:
            return True
        # a later row of ours: neither a missing last time nor a stump of an unknown column, which
        # stand at the end, could be told by their shape
        return bool(cells[UPDATED_AT]) and cells[WIDTH:] == self.fold.cells(entry)[WIDTH:]

    # -- writing, under the lock -------------------------------------------------------------------

    def write(
        self, rows: Sequence[Sequence[str]], now: datetime, *, durable: bool = True
    ) -> list[Entry]:
        """Append rows, all or none. Raises LedgerWriteError with the ledger unchanged.

        Where they are not ``durable`` (rows of known jobs only), ``flush`` makes them so.
        """
        self.put_in_order(now)
        texts = [encode(row) for row in rows]
        start = b"\n" if self._ends_open else b""
        data = start + b"".join(texts)
        try:
            replaced = [] if durable else list(self._replaced(rows, texts))
            begin = self._file.offset
            self._file.append(data, durable=durable)
            self._loose_from = self._loose_from if self._loose else begin
            self._loose += replaced
            self._ends_open = False
            self._lines += data.count(b"\n")
            return [self.fold.apply(row, raw) for row, raw in zip(rows, texts, strict=True)]
        except BaseException:  # a failed write, or an interrupt after it
            self._file.distrust()
            raise

    def _replaced(
        self, rows: Sequence[Sequence[str]], texts: Sequence[bytes]
    ) -> Iterator[Replaced]:
        for row, text in zip(rows, texts, strict=True):
            job_id = row[JOB_ID]
            yield Replaced(job_id, self.fold.entries[job_id].rows[-1], text)

    def flush(self) -> None:
        """Make durable what was written; needs no lock, so that one turn of the disk serves all who
        write meanwhile. Raises LedgerWriteError; ``take_back`` is then to follow, under the lock.
        """
        if self._loose:
            self._file.flush()
            self._loose = []

    def take_back(self) -> None:
        """The disk refused rows: cut them off. Where others wrote behind them, put each job's row
        before them at the end, unless somebody changed the job since. Raises LedgerError."""
        loose, self._loose = self._loose, []
        try:
            if self._file.withdraw(self._loose_from):
                return
            self.catch_up()
            latest = {
                job_id: entry.rows[-1]
                for job_id, _, _ in loose
                if (entry := self.fold.entries.get(job_id)) is not None
            }
            for job_id, before, text in reversed(loose):
                if latest.get(job_id) == text:
                    latest[job_id] = before
                    self._file.append(before.rstrip(_END) + b"\n", durable=False)
        finally:
            self._file.distrust()

    def put_in_order(self, now: datetime) -> None:
        """File strays, cut a torn end off, upgrade an older header (architecture 3)."""
        if self._unfiled:
            self._quarantine.file(self._unfiled, self._present, stamp(now))
            self._unfiled = []
        if self._torn:
            where = self._file.offset
            torn = Stray(self._torn, self._lines + 1, where, "torn end of the file", torn=True)
            self._quarantine.file([torn], self._present, stamp(now))
            self._file.cut()
            self._torn = b""
        if self._layout is not None and not self._layout.current:
            self._upgrade()

    def mend(self, now: datetime) -> int:
        """Write back what the file lost with its end; the number of rows.

        Raises LedgerWriteError; it is tried again with the next change then.
        """
        rows: list[list[str]] = []
        if self._cut_end is not None:
            rows = self._cut_end.still_missing(self.fold)
        rows = rows or self._lost_seeds()
        if rows:
            self.write(rows, now)
        self._cut_end = None
        return len(rows)

    def _lost_seeds(self) -> list[list[str]]:
        if not (self._torn or self._ends_open):
            return []
        return self._seeds.behind(self.fold, torn=bool(self._torn))

    def seed(self, rows: Sequence[Sequence[str]], now: datetime) -> None:
        """Write the rows of new jobs; makes the file. Raises LedgerWriteError."""
        if not self.present:
            self._seeds.begin(rows)
            self._create(rows)
        elif rows:
            self._seeds.add(rows)
            self.write(rows, now)

    def _create(self, rows: Sequence[Sequence[str]]) -> None:
        """Make the ledger, atomically, where there is none or an empty file."""
        replace(self.path, b"".join([encode(COLUMNS), *map(encode, rows)]))
        self.catch_up()

    def start_empty(self, archive: Path) -> Path:
        """Archive the ledger and its quarantine, then leave a ledger without jobs (A7.3, A7.4)."""
        kept = keep_copy(self.path.read_bytes(), archive)
        self._quarantine.archive(kept.with_name(f"{kept.stem}.quarantine.csv"))
        replace(self.path, encode(COLUMNS))
        self._quarantine.remove()
        self._seeds.remove()
        self.catch_up()
        return kept

    def _upgrade(self) -> None:
        """Rewrite the file in today's columns, once; the old file stays beside it."""
        layout = self.fold.layout
        rows = [encode(layout.upgraded_names)]
        rows += [encode(layout.cells(split(raw))) for _, raw in self.rows()]
        keep_copy(self.path.read_bytes(), self.path.with_name(f"{self.path.name}.before-upgrade"))
        replace(self.path, b"".join(rows))
        self.catch_up()

    def rows(self) -> Iterator[tuple[Entry, bytes]]:
        """Every understood row in file order."""
        seen: Counter[str] = Counter()
        for entry in self.fold.log:
            yield entry, entry.rows[seen[entry.job_id]]
            seen[entry.job_id] += 1

    def close(self) -> None:
        """Close the file and forget what was read: of a long ledger that is much memory."""
        self._file.close()
        self._start_over()
