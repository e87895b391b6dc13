"""How long phones were held: one line a phone that was seen off, of which run and when.

An estimate from our own clock, not the provider's bill: from the moment before a phone's start was
asked for until it was seen off. A phone counts to the day on which it was seen off. A line of an
older version, without a time, counts to the day on which its run began, and to none where its run
has no name that tells.

The file is rotated by size and one older one is kept: days and runs of long ago are asked for by
nobody, and a start reads no more than these two.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import portalocker

from engine.event_file import is_torn
from engine.logger import get_logger
from engine.phones.registry import private_lock
from engine.private_files import open_append
from engine.workloads.base import Receipt

_log = get_logger(__name__)

RUN_STAMP = "%Y%m%dT%H%M%S"
"""How the id of a run begins (UTC)."""
MOST_BYTES = 1024 * 1024
"""About eight thousand phones, or eighty days of a hundred."""
_LOCK_SECONDS = 5.0
_Place = tuple[int, int]
"""(file number, bytes read)."""


@dataclass(frozen=True, slots=True)
class _Held:
    run_id: str
    minutes: float
    ended: datetime | None


class PhoneMinutes:
    """The file ``phone_minutes.jsonl`` of the books; several processes append to it."""

    def __init__(
        self, books: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = books / "phone_minutes.jsonl"
        self._older = books / "phone_minutes.1.jsonl"
        self._now = now
        self._place: _Place = (0, 0)
        """In the present file."""
        self._held: list[_Held] = []
        self._reading = threading.Lock()

    def note(self, receipt: Receipt, run_id: str) -> None:
        """Keep a phone's minutes; a figure that cannot be kept is logged, never raised."""
        if not receipt.released or receipt.minutes <= 0:
            return
        record = {
            "run_id": run_id,
            "phone": receipt.label,
            "minutes": round(receipt.minutes, 3),
            "ended": self._now().isoformat(timespec="seconds"),
        }
        line = json.dumps(record, ensure_ascii=False) + "\n"
        try:
            self._rotate()
            torn = is_torn(self._path)
            with open_append(self._path) as file:
                file.write((b"\n" if torn else b"") + line.encode("utf-8"))
        except OSError as exc:
            _log.warning("phone_minutes_not_kept", phone=receipt.label, error=str(exc))

    def of_run(self, run_id: str) -> float:
        """Minutes of all phones of a run."""
        return sum(held.minutes for held in self._lines() if held.run_id == run_id)

    def of_day(self, day: date, day_of: Callable[[datetime], date]) -> float:
        """Minutes of all phones that were seen off on a day; ``day_of`` knows the zone."""
        return sum(
            held.minutes
            for held in self._lines()
            if held.ended is not None and day_of(held.ended) == day
        )

    def _rotate(self) -> None:
        """Set a full file aside; what is added meanwhile goes with it or begins the next one."""
        if not self._is_full():
            return
        lock = private_lock(self._path.with_suffix(".lock"), _LOCK_SECONDS)
        with contextlib.suppress(OSError, portalocker.LockException), lock:
            # Asked again: another process may have done it, and a second time would lose days.
            if self._is_full():
                self._path.replace(self._older)

    def _is_full(self) -> bool:
        try:
            return self._path.stat().st_size >= MOST_BYTES
        except OSError:
            return False

    def _lines(self) -> list[_Held]:
        """Every whole line; what was read before is not read again."""
        with self._reading:
            return self._read()

    def _read(self) -> list[_Held]:
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                number, offset = self._place
                if found.st_ino != number or found.st_size < offset:
                    self._held, offset = _read_whole(self._older), 0
                file.seek(offset)
                content = file.read()
        except FileNotFoundError:
            return _read_whole(self._older)
        except OSError as exc:
            _log.warning("phone_minutes_not_read", error=str(exc))
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._held += _understood(whole)
        self._place = (found.st_ino, offset + len(whole))
        return self._held


def _read_whole(path: Path) -> list[_Held]:
    try:
        return _understood(path.read_bytes())
    except FileNotFoundError:
        return []


def _understood(content: bytes) -> list[_Held]:
    lines = content.decode("utf-8", "replace").split("\n")
    return [held for line in lines if (held := _held(line))]


def _held(line: str) -> _Held | None:
    """What a line says; None for one that a crash tore."""
    try:
        record = json.loads(line)
        return _Held(str(record["run_id"]), float(record["minutes"]), _ended(record))
    except (ValueError, KeyError, TypeError):
        return None


def _ended(record: dict[str, Any]) -> datetime | None:
    try:
        if "ended" in record:
            ended = datetime.fromisoformat(record["ended"])
            return ended if ended.tzinfo else ended.replace(tzinfo=UTC)
        began, _, _ = str(record["run_id"]).partition("-")
        return datetime.strptime(began, RUN_STAMP).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return None
