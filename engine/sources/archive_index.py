"""Which jobs each archived day has as posted, or possibly so: noted once, since none is written
again, so that seeding opens no day of a year for a job that none of them knows.

It is a note only: without it, and for a day that is not as it was noted, the day itself is read.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.logger import get_logger
from engine.private_files import read_own, write_atomically

_MOST_BYTES: Final = 256 * 1024 * 1024
_DIGEST: Final = 12
"""Characters kept of a job id's digest; two that share them cost a look at the day, no more."""

log = get_logger(__name__)


class _Day(BaseModel):
    """One archive as it was when its jobs were noted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int
    changed: int
    """Nanoseconds since the epoch."""
    jobs: frozenset[str]


class _Notes(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int = 1
    days: dict[str, _Day] = {}


class ArchiveIndex:
    """The notes on the archives of one ledger, in a file beside it."""

    def __init__(self, ledger: Path) -> None:
        self.path = ledger.with_name(f".{ledger.name}.archives.json")
        self._notes: _Notes | None = None
        self._sound: dict[Path, frozenset[str]] = {}
        """Of archives that are as they were noted."""
        self._new = False

    def candidates(self, job_id: str, archives: Iterable[Path]) -> Iterator[Path]:
        """The archives that may have this job: all but those that are as noted, without it."""
        digest = _digest(job_id)
        for archive in archives:
            jobs = self._sound.get(archive)
            if jobs is None:
                jobs = self._noted(archive)
            if jobs is None or digest in jobs:
                yield archive

    def note(self, archive: Path, job_ids: Iterable[str]) -> None:
        """Remember what was read of an archive, as it is now."""
        try:
            info = archive.stat()
        except OSError:
            return
        jobs = frozenset(map(_digest, job_ids))
        day = _Day(size=info.st_size, changed=info.st_mtime_ns, jobs=jobs)
        if self._read().days.get(archive.name) != day:
            self._read().days[archive.name] = day
            self._new = True

    def keep(self, archives: Iterable[Path]) -> None:
        """Write down what is new, without days that are gone; where that fails, nothing is lost."""
        if not self._new:
            return
        names = {archive.name for archive in archives}
        days = {name: day for name, day in self._read().days.items() if name in names}
        try:
            write_atomically(self.path, _Notes(days=days).model_dump_json())
            self._new = False
        except OSError as exc:
            log.warning("archive_index_not_kept", error=str(exc))

    def _noted(self, archive: Path) -> frozenset[str] | None:
        """What was noted of an archive that is still as it was then."""
        day = self._read().days.get(archive.name)
        if day is None:
            return None
        with contextlib.suppress(OSError):
            info = archive.stat()
            if (info.st_size, info.st_mtime_ns) == (day.size, day.changed):
                return self._sound.setdefault(archive, day.jobs)
        return None

    def _read(self) -> _Notes:
        if self._notes is None:
            self._notes = _Notes()
            try:
                self._notes = _Notes.model_validate_json(read_own(self.path, _MOST_BYTES))
            except FileNotFoundError:
                pass
            except (OSError, ValidationError) as exc:
                log.warning("archive_index_not_read", error=str(exc)[:200])
        return self._notes


def _digest(job_id: str) -> str:
    return hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
