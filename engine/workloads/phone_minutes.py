"""How long phones were held: one line a phone that was seen off, of which run and when.

An estimate from our own clock, not the provider's bill: from the moment before a phone's start was
asked for until it was seen off. A phone counts to the day on which it was seen off. A line of an
older version, without a time, counts to the day on which its run began, and to none where its run
has no name that tells.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import structlog

from engine.private_files import open_append
from engine.workloads.base import Receipt

_log = structlog.get_logger(__name__)

RUN_STAMP = "%Y%m%dT%H%M%S"
"""How the id of a run begins (UTC)."""


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
        self._now = now
        self._read_at: tuple[int, int, int] | None = None
        self._held: list[_Held] = []

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
            with open_append(self._path) as file:
                file.write(line.encode("utf-8"))
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

    def _lines(self) -> list[_Held]:
        """Every whole line; the file is read again only when it changed."""
        try:
            found = self._path.stat()
            read_at = (found.st_ino, found.st_size, found.st_mtime_ns)
            if read_at != self._read_at:
                text = self._path.read_text(encoding="utf-8", errors="replace")
                self._held = [held for line in text.splitlines() if (held := _held(line))]
                self._read_at = read_at
        except FileNotFoundError:
            return []
        except OSError as exc:
            _log.warning("phone_minutes_not_read", error=str(exc))
            return []
        return self._held


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
