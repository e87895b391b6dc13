"""Whose a clone is: the process that made it, recorded in it, and no other of its number."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Final

from engine.private_files import read_own, write_atomically
from engine.processes import ProcessRecord, identity

OWNER_FILE: Final = ".owner.json"
_MAX_BYTES: Final = 16 * 1024
_PIDS: Final = 1 << 31


class OwnerState(Enum):
    """What is known of an owner."""

    LIVING = "living"
    GONE = "gone"
    UNKNOWN = "unknown"
    """No record, an unreadable one, or one of another host."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A process and the worker that it made a clone for."""

    pid: int
    started: str
    """Its ``engine.processes.identity``."""
    host: str
    worker_id: str
    created: str

    def state(self) -> OwnerState:
        """Whether that very process lives. Raises nothing."""
        if self.host != socket.gethostname():
            return OwnerState.UNKNOWN
        record = ProcessRecord(
            pid=self.pid, started=self.started, command=(), role="profile", slot=0
        )
        return OwnerState.GONE if record.process() is None else OwnerState.LIVING


def this_process(worker_id: str) -> Owner:
    """The record of the process that asks."""
    return Owner(
        pid=os.getpid(),
        started=identity(os.getpid()),
        host=socket.gethostname(),
        worker_id=worker_id,
        created=datetime.now(UTC).isoformat(),
    )


def write_owner(folder: Path, owner: Owner) -> None:
    """Record it in the clone. Raises OSError."""
    write_atomically(folder / OWNER_FILE, json.dumps(asdict(owner)))


def owner_of(folder: Path) -> Owner | None:
    """Who is recorded in a clone; nothing where there is no record of this user's that can be read.

    Raises nothing.
    """
    try:
        data = json.loads(read_own(folder / OWNER_FILE, _MAX_BYTES))
        owner = Owner(
            pid=data["pid"],
            started=data["started"],
            host=data["host"],
            worker_id=data["worker_id"],
            created=data["created"],
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = (owner.started, owner.host, owner.worker_id, owner.created)
    number = type(owner.pid) is int and 0 < owner.pid < _PIDS
    whole = number and all(isinstance(text, str) for text in texts)
    # An identity that could not be told would be "gone" as soon as it is written.
    return owner if whole and owner.started else None
