"""Which agents are at work now: a private note a slot, written before one is started."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from engine.private_files import read_own, write_atomically

_MAX_BYTES: Final = 64 * 1024


class Note(BaseModel):
    """An agent that was started, or was about to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slot: int
    job_id: str
    task: str
    since: AwareDatetime
    log: str
    worktree: str
    pid: int = 0
    """Of the worker that keeps it."""

    @property
    def id(self) -> str:
        """Of this attempt alone: who stops it late must not end the next one of its slot."""
        return f"agent-{self.slot}-{Path(self.worktree).name}"


class AtWork:
    """The notes of one work directory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, note: Note) -> None:
        """Raises OSError; nothing may be started then."""
        write_atomically(self._path(note.slot), note.model_dump_json() + "\n")

    def end(self, slot: int) -> None:
        """Harmless where there is none."""
        with contextlib.suppress(OSError):
            self._path(slot).unlink(missing_ok=True)

    def notes(self) -> Iterator[Note]:
        """By slot; what cannot be read is passed over."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("*.json")):
            with contextlib.suppress(OSError, ValidationError):
                yield Note.model_validate_json(read_own(path, _MAX_BYTES))

    def _path(self, slot: int) -> Path:
        return self._folder / f"{slot:03}.json"
