"""What attempts left, for the barrier and the status files: a small file a job, the newest attempt.

Written by the worker before the ledger hears of the outcome, so that a success whose branch nobody
knows cannot be.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from engine.private_files import read_own, write_atomically

_MAX_BYTES: Final = 256 * 1024
_PLAIN: Final = re.compile(r"[A-Za-z0-9._@-]+")


class AttemptLeft(BaseModel):
    """One attempt at a task, as it was seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_id: str
    branch: str
    base: str
    """The commit that it started from."""
    commit: str = ""
    """The tip of its branch; empty where it changed nothing."""
    succeeded: bool = False
    seconds: float = 0.0
    """Of its agent."""
    result: str = ""
    """How it ended: a sentence."""
    summary: str = ""
    """What the agent said that it did: outside text."""
    tests: str = ""
    files: int = 0
    """Files that it changed."""
    log: str = ""
    at: AwareDatetime


class AttemptsLeft:
    """The newest attempt of each job."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[int, AttemptLeft | None]] = {}

    def write(self, attempt: AttemptLeft) -> None:
        """Durable when it returns. Raises OSError."""
        text = attempt.model_dump_json(indent=1) + "\n"
        write_atomically(self._path(attempt.job_id), text, durable=True)

    def of(self, job_id: str) -> AttemptLeft | None:
        """What is known of a job's newest attempt; None where none ended or nothing is readable."""
        path = self._path(job_id)
        try:
            stamp = path.stat().st_mtime_ns
            known = self._known.get(path)
            if known is None or known[0] != stamp:
                found = AttemptLeft.model_validate_json(read_own(path, _MAX_BYTES))
                known = self._known[path] = (stamp, found if found.job_id == job_id else None)
        except (OSError, ValidationError):
            return None
        return known[1]

    def _path(self, job_id: str) -> Path:
        """Ids hold colons, which no file may on Windows; other odd ones are told apart by a sum."""
        name = job_id.replace(":", ".")
        if _PLAIN.fullmatch(name) is None or len(name) > 150:
            name = hashlib.sha256(job_id.encode()).hexdigest()[:32]
        return self._folder / f"{name}.json"
