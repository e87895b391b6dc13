"""Which phones we started: one private file each, written before the start, cleared when seen off.

Whoever finds an entry without a living owner may stop that phone; nothing else may be stopped
without being named by the operator (architecture 8, behaviour A13.5, A16.7).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import portalocker
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from engine.errors import PhoneError
from engine.private_files import open_append, patiently, write_atomically
from engine.processes import identity

REGISTRY_DIR: Final = "phones"
_LOCK_SECONDS = 10.0


def private_lock(path: Path, timeout: float) -> portalocker.Lock:
    """An exclusive lock between processes on a file that only its owner may read.

    To be entered; that raises portalocker.LockException after ``timeout`` seconds.
    """
    open_append(path).close()
    return portalocker.Lock(path, "a", timeout=timeout, check_interval=0.005)


class PhoneEntry(BaseModel):
    """One phone that we started or were about to start."""

    # Older files have the start time of a process as a number.
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: str
    serial_name: str
    since: AwareDatetime
    """When its start was about to be asked for; billing is estimated from here."""
    slot: int
    job_id: str
    run_id: str
    pid: int
    """The process that looks after it now."""
    pid_started: str
    """What tells that process from others that have its pid later: ``processes.identity``."""
    adb_serial: str = ""
    """Our adb connection to it, to be cut when it is stopped."""
    stopping_since: AwareDatetime | None = None
    """When its stop was first asked for; None, and absent in older files, before that."""

    def same_start(self, other: object) -> bool:
        """Whether the other entry is of the same start of the phone, whoever looks after it."""
        return (
            isinstance(other, PhoneEntry)
            and (other.id, other.run_id, other.job_id) == (self.id, self.run_id, self.job_id)
            and other.since == self.since
        )

    @property
    def owner_alive(self) -> bool:
        return identity(self.pid) == self.pid_started != ""

    def minutes(self, now: datetime) -> float:
        """Minutes since it was registered: an upper estimate of what is billed."""
        return max(0.0, (now - self.since).total_seconds() / 60)

    @property
    def owner(self) -> str:
        return f"worker {self.slot} of run {self.run_id or 'without a name'}, job {self.job_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadableEntry:
    """A file of the registry that cannot be understood; its name still tells the phone."""

    id: str
    path: Path
    reason: str


class PhoneRegistry:
    """The entries in ``books/phones``; every change happens under one lock.

    They lie apart from the run directory: who deletes that must not lose phones that are billed.
    """

    def __init__(
        self,
        books: Path,
        *,
        run_id: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = books / REGISTRY_DIR
        self._run_id = run_id
        self._now = now
        self._pid = os.getpid()
        self._pid_started = identity(self._pid)
        self._registered: set[str] = set()
        """Phones that this process put on record and did not clear."""

    def register(self, phone_id: str, serial_name: str, *, slot: int, job_id: str) -> PhoneEntry:
        """Record durably that this process is about to start a phone.

        Raises PhoneError: with ``retry_soon`` when it is registered already, without when the
        record cannot be written or read (then the phone must not be started).
        """
        entry = PhoneEntry(
            id=phone_id,
            serial_name=serial_name,
            since=self._now(),
            slot=slot,
            job_id=job_id,
            run_id=self._run_id,
            pid=self._pid,
            pid_started=self._pid_started,
        )
        try:
            with self._lock():
                found = self.find(phone_id)
                if isinstance(found, UnreadableEntry):
                    raise PhoneError(
                        f"Phone {serial_name} cannot be started: the registry file {found.path} "
                        "cannot be read; run --stop-all to have the phone stopped and the file "
                        "set aside."
                    )
                if found is not None:
                    raise PhoneError(
                        f"Phone {serial_name} is in use by {found.owner} since "
                        f"{found.since.isoformat(timespec='seconds')}.",
                        retry_soon=True,
                    )
                self._write(entry)
                self._registered.add(phone_id)
        except (OSError, portalocker.LockException) as exc:
            raise PhoneError(
                f"Phone {serial_name} was not started, because that could not be recorded in "
                f"{self.folder}: {exc}."
            ) from exc
        return entry

    def mine(self, entry: PhoneEntry | UnreadableEntry) -> bool:
        """Whether this very process looks after the entry; of one that became unreadable, whether
        it wrote it."""
        if isinstance(entry, UnreadableEntry):
            return entry.id in self._registered
        return entry.pid == self._pid and entry.pid_started == self._pid_started

    def adopt(
        self, entry: PhoneEntry, *, adb_serial: str | None = None, stopping: bool = False
    ) -> PhoneEntry:
        """Look after this entry from now on; returns what is now known.

        Notes its adb serial, or, with ``stopping``, since when its stop is asked for.

        Where the record cannot be written (a full disk) the old one stays and work goes on: a
        phone that is to be stopped must not wait for it.
        """
        changes: dict[str, object] = {"pid": self._pid, "pid_started": self._pid_started}
        if adb_serial is not None:
            changes["adb_serial"] = adb_serial
        if stopping:
            changes["stopping_since"] = entry.stopping_since or self._now()
        mine = entry.model_copy(update=changes)
        with contextlib.suppress(OSError, portalocker.LockException), self._lock():
            if entry.same_start(self.find(entry.id)):
                self._write(mine)
        return mine

    def clear(self, entry: PhoneEntry | UnreadableEntry) -> None:
        """Forget a phone that was seen stopped, unless somebody else has registered it since.

        An unreadable file is set aside, never deleted. Raises OSError.
        """
        with self._lock():
            if isinstance(entry, UnreadableEntry):
                stamp = self._now().strftime("%Y%m%dT%H%M%S%f")
                aside = entry.path.with_suffix(f".unreadable-{stamp}")
                patiently(lambda: entry.path.rename(aside))
            elif entry.same_start(self.find(entry.id)):
                patiently(self._path(entry.id).unlink)
            self._registered.discard(entry.id)

    def find(self, phone_id: str) -> PhoneEntry | UnreadableEntry | None:
        """The entry of one phone."""
        return self._read(self._path(phone_id))

    def entries(self) -> list[PhoneEntry | UnreadableEntry]:
        """Every entry, the unreadable ones too; sorted by file name."""
        if not self.folder.is_dir():
            return []
        found = (self._read(path) for path in sorted(self.folder.glob("*.json")))
        return [entry for entry in found if entry is not None]

    def _path(self, phone_id: str) -> Path:
        return self.folder / f"{quote(phone_id, safe='')}.json"

    def _read(self, path: Path) -> PhoneEntry | UnreadableEntry | None:
        phone_id = unquote(path.stem)
        try:
            entry = PhoneEntry.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as exc:
            first = exc.errors()[0]
            return UnreadableEntry(id=phone_id, path=path, reason=str(first["msg"]))
        except OSError as exc:
            return UnreadableEntry(id=phone_id, path=path, reason=str(exc))
        if entry.id != phone_id:
            return UnreadableEntry(id=phone_id, path=path, reason=f"it names phone {entry.id}")
        return entry

    def _write(self, entry: PhoneEntry) -> None:
        # What does not apply is left out, so that a version that does not know it can read on.
        text = entry.model_dump_json(indent=1, exclude_none=True)
        write_atomically(self._path(entry.id), text, durable=True)
        self._sync_folder()

    def _sync_folder(self) -> None:
        """Make the new name survive a power cut, where the system can open a folder."""
        if os.name == "nt":
            return
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _lock(self) -> portalocker.Lock:
        return private_lock(self.folder / ".lock", _LOCK_SECONDS)
