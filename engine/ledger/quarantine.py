"""Rows of a ledger that nobody can understand, kept whole beside it (architecture 3, A2.9).

``<ledger>.quarantine.csv`` has one record for each: when, where, why, and the bytes themselves.
Only writers add to it, under the ledger's lock; readers count what is in it and what is still to
come. A row is filed once, however often the ledger is opened.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import LedgerUnreadableError
from engine.ledger.file import keep_copy, write_error
from engine.ledger.rows import BYTES_AS_THEY_ARE, ENCODING, encode
from engine.ledger.text import Record, RecordReader

HEADER: Final = ("set_aside_at", "kind", "line", "offset", "reason", "sha256", "row")
_ROW: Final = "row"
_TORN: Final = "torn"
_BINARY: Final = getattr(os, "O_BINARY", 0)
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Stray:
    """A stretch of the ledger that is not understood."""

    raw: bytes
    line: int
    """Its first line in the ledger, from 1."""
    offset: int
    reason: str
    torn: bool = False
    """The unfinished end of the file: it is cut off once it is filed."""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


class Quarantine:
    """The file beside one ledger."""

    def __init__(self, ledger: Path) -> None:
        self.path = quarantine_path(ledger)
        self._seen: tuple[int, int, int] | None = None
        self._rows: Counter[str] = Counter()
        self._torn: set[tuple[str, str]] = set()
        self._end = 0

    def total(self, present: Counter[str]) -> int:
        """Rows set aside, and rows (by digest) that stand in the ledger and will be."""
        self._refresh()
        coming = sum((present - self._rows).values())
        return sum(self._rows.values()) + len(self._torn) + coming

    def file(self, strays: Sequence[Stray], present: Counter[str], when: str) -> None:
        """Add what is not there yet, durably; ``present`` as in ``total``. Raises
        LedgerWriteError, with nothing added."""
        self._refresh()
        known = self._rows.copy()
        lines = []
        for stray in strays:
            digest = stray.digest
            if stray.torn and (str(stray.offset), digest) in self._torn:
                continue
            if not stray.torn:
                if known[digest] >= present[digest]:
                    continue
                known[digest] += 1
            kind = _TORN if stray.torn else _ROW
            text = stray.raw.decode(ENCODING, BYTES_AS_THEY_ARE)
            where = (str(stray.line), str(stray.offset))
            lines.append(encode((when, kind, *where, stray.reason, digest, text)))
        if lines:
            self._append(b"".join(lines))

    def archive(self, wanted: Path) -> None:
        """Keep a copy with an archived ledger, then start empty."""
        with contextlib.suppress(FileNotFoundError):
            keep_copy(self.path.read_bytes(), wanted)

    def remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def _append(self, data: bytes) -> None:
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | _BINARY, _PRIVATE)
            try:
                os.ftruncate(fd, self._end)  # a stump that a crash left; its row was not cut off
                os.lseek(fd, 0, os.SEEK_END)
                view = memoryview(data if self._end else encode(HEADER) + data)
                try:
                    while view:
                        view = view[os.write(fd, view) :]
                    os.fsync(fd)
                except OSError:
                    os.ftruncate(fd, self._end)
                    raise
            finally:
                os.close(fd)
        except OSError as exc:
            raise write_error(self.path, exc) from exc

    def _refresh(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._forget()
            return
        seen = (found.st_ino, found.st_size, found.st_mtime_ns)
        if seen == self._seen:
            return
        self._forget()
        try:
            data = self.path.read_bytes()
        except OSError as exc:
            raise LedgerUnreadableError(
                f"{self.path} cannot be read ({exc.strerror}): check its permissions."
            ) from exc
        records = RecordReader(data, lambda cells: len(cells) == len(HEADER))
        for record in records:
            if isinstance(record, Record) and record.start and len(record.cells) == len(HEADER):
                _, kind, _, offset, _, digest, _ = record.cells
                if kind == _TORN:
                    self._torn.add((offset, digest))
                else:
                    self._rows[digest] += 1
        self._end = records.end
        self._seen = seen

    def _forget(self) -> None:
        self._rows, self._torn, self._end, self._seen = Counter(), set(), 0, None


def quarantine_path(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.stem}.quarantine.csv")
