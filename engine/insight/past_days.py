"""The days before, from the archives that stand beside the ledger (A7.3); read lazily, once each.

An archive that cannot be read tells nothing and disturbs nobody.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import EngineError
from engine.insight.attempts import AttemptFold
from engine.insight.day_figures import DayFigures, KeyDay, Share, TypeDay, days_of
from engine.logger import get_logger
from engine.progress import ProgressTracker

if TYPE_CHECKING:
    from engine.config import Settings

log = get_logger(__name__)

DAYS: Final = 30
"""How far back anything is looked at."""
WEEK: Final = 7
_LARGEST: Final = 16 * 1024 * 1024
"""A file beyond this is no day of ours."""
_BUDGET: Final = 0.5
"""Seconds that one look may read archives; at least one is read."""

_Mark = tuple[Path, int, int]
_Days = Mapping[date, DayFigures]


class PastDays:
    """Figures of the last thirty days of one ledger; ``update`` reads what is new of them."""

    def __init__(self, ledger: Path, settings: Settings) -> None:
        self._ledger = ledger
        self._settings = settings
        name = re.escape(ledger.stem) + r"_(\d{8})(?:_\d+)?" + re.escape(ledger.suffix)
        self._name = re.compile(name)
        self._known: dict[_Mark, _Days] = {}
        self._unread: list[_Mark] = []

    @property
    def complete(self) -> bool:
        """Every archive of these days has been read, or cannot be."""
        return not self._unread

    def update(self, now: datetime, *, budget: float = _BUDGET) -> bool:
        """Read archives that are new, the newest first, for about ``budget`` seconds; True if
        anything changed. Never raises for what it reads."""
        present = self._archives(self._settings.day_of(now))
        gone = self._known.keys() - set(present)
        for mark in gone:
            del self._known[mark]
        self._unread = [mark for mark in present if mark not in self._known]
        until = time.monotonic() + budget
        changed = bool(gone)
        while self._unread:
            mark = self._unread.pop(0)
            self._known[mark] = self._read(mark[0])
            changed = True
            if time.monotonic() >= until:
                break
        return changed

    def days(self, now: datetime, back: int, *more: _Days, today: bool = True) -> list[DayFigures]:
        """The figures of days since ``back`` days ago, with those of ``more`` (the ledger's own),
        with or without those of today."""
        this = self._settings.day_of(now)
        first, last = this - timedelta(days=back), this if today else this - timedelta(days=1)
        return [
            figures
            for known in (*self._known.values(), *more)
            for day, figures in known.items()
            if first <= day <= last
        ]

    def of(self, fold: AttemptFold, keys: Collection[str] | None = None) -> _Days:
        """The days that a ledger itself holds; of these keys, where not all are of interest."""
        attempts = list(fold.attempts)  # it may grow on another thread
        if keys is not None:
            attempts = [attempt for attempt in attempts if attempt.key in keys]
        return days_of(attempts, self._settings.zone)

    def _archives(self, today: date) -> list[_Mark]:
        """Archives of the last thirty days by their names, the newest first."""
        found = []
        try:
            paths = list(self._ledger.parent.iterdir())
        except OSError:
            return []
        first = today - timedelta(days=DAYS)
        for path in paths:
            match = self._name.fullmatch(path.name)
            if match is None or match[1] < f"{first:%Y%m%d}":
                continue
            try:
                info = path.stat()
            except OSError:
                continue
            if info.st_size <= _LARGEST and path.is_file():
                found.append((path, info.st_mtime_ns, info.st_size))
        return sorted(found, reverse=True)

    def _read(self, path: Path) -> _Days:
        tracker = ProgressTracker(path, settings=self._settings)
        fold = AttemptFold()
        try:
            fold.update(tracker)
        except (EngineError, OSError, ValueError) as exc:
            log.warning("archive_not_read", path=str(path), error=str(exc))
            return {}
        finally:
            tracker.close()
        return self.of(fold)


# -- sums over days -------------------------------------------------------------------------------


def by_key(days: Iterable[DayFigures], keys: Collection[str] | None = None) -> dict[str, KeyDay]:
    """The jobs of each key in all these days; of these keys, where not all are of interest."""
    found: dict[str, KeyDay] = {}
    for day in days:
        for key in day.keys if keys is None else day.keys.keys() & set(keys):
            figures = day.keys[key]
            total = found.setdefault(key, KeyDay())
            total.success += figures.success
            total.failed += figures.failed
            if figures.whys:
                total.whys = (total.whys or Counter()) + figures.whys
    return found


def by_try(days: Iterable[DayFigures]) -> dict[int, Share]:
    """Attempts by their number in all these days."""
    found: dict[int, Share] = {}
    for day in days:
        for number, share in day.tries.items():
            total = found.setdefault(number, Share())
            total.total += share.total
            total.success += share.success
            total.retried += share.retried
    return found


def by_type(days: Iterable[DayFigures]) -> dict[str, TypeDay]:
    """Failed attempts of each type in all these days, and what a later try saved."""
    found: dict[str, TypeDay] = {}
    for day in days:
        for why, figures in day.types.items():
            total = found.setdefault(why, TypeDay())
            total.count += figures.count
            total.tried_again += figures.tried_again
            total.saved += figures.saved
    return found
