"""The truth of the farm on disk: one JSON object a line, appended and flushed to the disk.

Only what a comparison or a restart needs is written: the farm's birth, phones on and off with
their minutes, every publication, changes of an account, and calls to paths that do not exist.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator.clock import FarmClock
from simulator.errors import FarmError

FARM_FOLDER = "farm"
TRUTH_FILE = "truth.jsonl"


class Journal:
    """Append-only writer; a line is on the disk when ``write`` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._drop_torn_tail()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._file = os.fdopen(os.open(path, flags, 0o600), "ab", buffering=0)
        self.failure: FarmError | None = None
        """Set when a line could not be written: without its truth the farm has to end."""

    def write(self, event: str, clock: FarmClock, **fields: object) -> None:
        """Append one record. Raises FarmError, from the first failure on always."""
        if self.failure is not None:
            raise self.failure
        record: Mapping[str, object] = {
            "event": event,
            "at": clock.moment().isoformat(),
            "sim": round(clock.now(), 3),
            **fields,
        }
        try:
            self._file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            os.fsync(self._file.fileno())
        except OSError as exc:
            self.failure = FarmError(
                f"{self.path} cannot be written ({exc.strerror}): the farm ends; free space or "
                "make it writable, then serve it again."
            )
            raise self.failure from exc

    def close(self) -> None:
        self._file.close()

    def _drop_torn_tail(self) -> None:
        """A farm that was killed in mid-write leaves at most one line without its end."""
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole != len(data):
            with self.path.open("r+b") as file:
                file.truncate(whole)


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Every whole line, oldest first; a torn last line is left out.

    Raises FarmError where a line in the middle is no record: the truth was edited.
    """
    if not path.exists():
        return
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        try:
            record = json.loads(line)
        except ValueError as exc:
            raise FarmError(f"{path} line {number} is no record of the farm: {exc}.") from exc
        if not isinstance(record, dict) or "event" not in record:
            raise FarmError(f"{path} line {number} is no record of the farm.")
        yield record
