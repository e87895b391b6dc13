"""The single-instance lock: an OS lock held for the holder's whole life, and a readable record.

A crash frees the OS lock, so a stale record never blocks anyone; a live holder always does, also
across users and reused pids (architecture 2, behaviour A12.2, A12.3).
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import portalocker
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import AlreadyRunningError
from engine.logger import get_logger
from engine.private_files import FILE_MODE, make_private_dir, write_atomically

log = get_logger(__name__)

_EXCLUSIVE = portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
_SHARED = portalocker.LockFlags.SHARED | portalocker.LockFlags.NON_BLOCKING

PROBE_GRACE = 1.0
"""Seconds that a start waits out somebody who only looks whether the lock is held."""


class InstanceRecord(BaseModel):
    """Who holds the lock, for people to read; never used to decide."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    pid: int
    host: str
    user: str
    started_at: datetime
    heartbeat_at: datetime

    def sentence(self, *, stale_after: float, now: datetime) -> str:
        text = (
            f"process {self.pid} of {self.user} on {self.host}, "
            f"since {self.started_at.astimezone():%Y-%m-%d %H:%M:%S}"
        )
        silent = (now - self.heartbeat_at).total_seconds()
        if silent > stale_after:
            text += f" (no sign of life for {silent:.0f} s; it still lives: look at it or end it)"
        return text


class InstanceLock:
    """At most one holder of ``path`` at a time, whatever crashed before."""

    def __init__(
        self,
        path: Path,
        *,
        stale_after: float = 120,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = path
        self.record_path = path.with_suffix(".json")
        self._stale_after = stale_after
        self._now = now
        self._file: IO[Any] | None = None
        self._started = now()

    def acquire(self) -> None:
        """Take the lock. Raises AlreadyRunningError saying who holds it and since when."""
        make_private_dir(self.path.parent)
        deadline = time.monotonic() + PROBE_GRACE
        while True:
            file = self._open()
            try:
                portalocker.lock(file, _EXCLUSIVE)
                break
            except portalocker.LockException:
                file.close()
                if time.monotonic() >= deadline:
                    raise AlreadyRunningError(self._refusal()) from None
                time.sleep(0.05)
        self._file = file
        self._started = self._now()
        self.beat()

    def refuse_if_held(self) -> None:
        """Raise AlreadyRunningError if somebody holds it now; takes nothing."""
        if self.holder() is not None:
            raise AlreadyRunningError(self._refusal())

    def beat(self) -> None:
        """Write a sign of life; on a full disk the lock holds without one."""
        record = InstanceRecord(
            pid=os.getpid(),
            host=socket.gethostname(),
            user=user_name(),
            started_at=self._started,
            heartbeat_at=self._now(),
        )
        try:
            write_atomically(self.record_path, record.model_dump_json())
        except OSError as exc:
            log.warning("heartbeat_not_written", error=str(exc))

    def release(self) -> None:
        """Give the lock up; safe to repeat. The lock file itself stays (A7.5)."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self.record_path.unlink()
        portalocker.unlock(self._file)
        self._file.close()
        self._file = None

    def holder(self) -> InstanceRecord | None:
        """Who holds it now; None when nobody does. Changes nothing."""
        if not self.path.exists():
            return None
        try:
            with self.path.open("rb") as file:
                portalocker.lock(file, _SHARED)
                portalocker.unlock(file)
            return None
        except (portalocker.LockException, PermissionError):
            return self.read_record() or _unknown_holder(self._now())

    def read_record(self) -> InstanceRecord | None:
        try:
            return InstanceRecord.model_validate(json.loads(self.record_path.read_text()))
        except (OSError, ValueError, ValidationError):
            return None

    def _open(self) -> IO[Any]:
        try:
            return os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, FILE_MODE), "r+b")
        except PermissionError as exc:
            if not self.path.exists():
                raise
            raise AlreadyRunningError(
                f"{self.path} belongs to another user: run as that user, "
                "or use another work directory."
            ) from exc

    def _refusal(self) -> str:
        record = self.read_record() or _unknown_holder(self._now())
        who = record.sentence(stale_after=self._stale_after, now=self._now())
        return f"A run is live here: {who}. Watch it with --status, end it with --stop-all."


def run_lock(ledger_path: Path, *, stale_after: float) -> InstanceLock:
    """The lock that a live run holds on its ledger, from whichever work directory."""
    return InstanceLock(
        ledger_path.with_name(f".{ledger_path.name}.run.lock"), stale_after=stale_after
    )


def _unknown_holder(now: datetime) -> InstanceRecord:
    return InstanceRecord(pid=0, host="unknown", user="unknown", started_at=now, heartbeat_at=now)


def user_name() -> str:
    """The operator, as the system knows him."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
