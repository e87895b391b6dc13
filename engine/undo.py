"""What the operator did last and may take back; kept in ``run/undo``, one private file a command.

So the undo survives a restart of the supervisor, and what was done without a live run can be taken
back in one. Whether a job can still be taken back, the ledger decides when it is asked.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.private_files import read_own, write_atomically
from engine.run_state import COMMAND_MAX_BYTES, RunDirectory, utc_now

KEPT: Final = 30
"""Commands that can be taken back; older ones are forgotten."""

UndoableName = Literal["requeue", "skip", "unskip", "hold", "release", "pause", "resume"]
ID_PATTERN: Final = r"^[A-Za-z0-9_-]{1,64}$"


class Undoable(BaseModel):
    """One command that may be taken back."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(pattern=ID_PATTERN)
    name: UndoableName
    by: str = ""
    at: datetime = Field(default_factory=utc_now)
    ledger: str = ""
    """Whose jobs; empty for claims."""
    jobs: tuple[str, ...] = ()
    """Jobs that the command changed."""
    fixed: tuple[str, ...] = ()
    """Those of them that cannot come back as they were."""
    target: str = ""
    """Of hold and release."""

    @property
    def count(self) -> int:
        """How much there was to take back when the command was done."""
        return len(self.jobs) or 1


class UndoBook:
    """The commands of one work directory that may be taken back."""

    def __init__(self, run_dir: RunDirectory) -> None:
        self._folder = run_dir.path / "undo"

    def note(self, entry: Undoable) -> None:
        """Keep a command. Raises OSError where it cannot be kept; it is done all the same."""
        write_atomically(self._path(entry.id), entry.model_dump_json())
        for old in self.all()[KEPT:]:
            self.forget(old.id)

    def all(self) -> list[Undoable]:
        """Latest first; a file that cannot be read is passed over."""
        found = (_read(path) for path in self._folder.glob("*.json"))
        known = [entry for entry in found if entry is not None]
        return sorted(known, key=lambda entry: entry.at, reverse=True)

    def last(self) -> Undoable | None:
        """The one that ``undo`` without an id takes back."""
        return next(iter(self.all()), None)

    def find(self, command_id: str) -> Undoable | None:
        """The command of that id, or the last one where the id is empty."""
        if not command_id:
            return self.last()
        return next((entry for entry in self.all() if entry.id == command_id), None)

    def forget(self, command_id: str) -> None:
        with contextlib.suppress(OSError):
            self._path(command_id).unlink(missing_ok=True)

    def _path(self, command_id: str) -> Path:
        return self._folder / f"{command_id}.json"


def _read(path: Path) -> Undoable | None:
    try:
        entry = Undoable.model_validate_json(read_own(path, COMMAND_MAX_BYTES))
    except (OSError, ValidationError):
        return None
    return entry if entry.id == path.stem else None
