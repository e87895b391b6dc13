"""What an attempt's evidence says, read back: its steps, its end, its files.

Anybody may have written there: lines that are no records are counted and left out, and no more is
read than an attempt of ours could have written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from engine.evidence import STEPS, TERMINAL
from engine.insight.evidence_files import evidence_files
from engine.insight.values import EvidenceFile

BYTES_MAX: Final = 4_000_000
"""Read of one record of steps; what is beyond is counted as unreadable."""

Fields = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptEvidence:
    """One attempt at a job, as its evidence has it."""

    attempt: str
    """Its number; ``3-2`` is the second folder of attempt 3, whose claim had been given back."""
    folder: Path
    steps: Sequence[Fields]
    """In their order, the changes of phase among them."""
    end: Fields
    """The terminal record; empty where there is none."""
    unreadable: int
    """Lines that are no records."""
    files: Sequence[EvidenceFile]

    @property
    def outcome(self) -> str:
        """How it ended; an attempt without an end may be under way."""
        return word(self.end, "outcome") or "not ended"

    def after(self, fields: Fields) -> float | None:
        """Seconds from the first record until this one; None where the times do not say."""
        first, this = moment(self.steps[0]) if self.steps else None, moment(fields)
        if first is None or this is None or (first.tzinfo is None) != (this.tzinfo is None):
            return None
        return (this - first).total_seconds()


def word(fields: Fields, key: str) -> str:
    """A field as text; empty where it is absent."""
    value = fields.get(key)
    return "" if value is None else str(value)


def moment(fields: Fields) -> datetime | None:
    """When a record was written."""
    try:
        return datetime.fromisoformat(word(fields, "time"))
    except ValueError:
        return None


def evidence_of(root: Path, job_id: str) -> Sequence[AttemptEvidence]:
    """Of every attempt, the oldest first; empty where the job left none."""
    files: dict[str, list[EvidenceFile]] = {}
    for file in evidence_files(root, job_id):
        files.setdefault(file.attempt, []).append(file)
    return [_attempt(name, kept) for name, kept in files.items()]


def _attempt(name: str, files: Sequence[EvidenceFile]) -> AttemptEvidence:
    folder = files[0].path.parent
    records, unreadable = _records(folder / STEPS)
    ends = [record for record in records if record.get("event") == TERMINAL]
    return AttemptEvidence(
        attempt=name,
        folder=folder,
        steps=[record for record in records if record.get("event") != TERMINAL],
        end=ends[-1] if ends else {},
        unreadable=unreadable,
        files=files,
    )


def _records(path: Path) -> tuple[list[Fields], int]:
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError:
        return [], 0
    lines = data[:BYTES_MAX].decode("utf-8", "replace").split("\n")
    records: list[Fields] = []
    unreadable = int(len(data) > BYTES_MAX)
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            records.append(record)
        else:
            unreadable += 1
    return records, unreadable
