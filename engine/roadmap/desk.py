"""The record as a run's two threads use it: the plan decides by it, the views are written from it.

One of them at a time: what both change must not be lost by either.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from engine.progress import ProgressTracker
from engine.roadmap.closing import PhaseCommit, rollback_command
from engine.roadmap.document import Group
from engine.roadmap.facts import Facts
from engine.roadmap.observed import task_facts
from engine.roadmap.place import Place
from engine.roadmap.record import GateResult, PhaseRecord, Record
from engine.roadmap.status_files import HandEdits


class RecordDesk:
    """Of one run; whoever changes the record holds ``lock``."""

    def __init__(self, place: Place) -> None:
        """Raises InputError for a record that cannot be understood."""
        self._place = place
        self._lock = threading.RLock()
        self.record: Record = place.record()
        self._files = place.status_files(self.record)
        self._gates: dict[str, tuple[GateResult, ...]] = {}
        self._commits: dict[str, str] = {}

    @property
    def lock(self) -> AbstractContextManager[object]:
        return self._lock

    @property
    def complete(self) -> frozenset[str]:
        return self.record.complete

    def is_complete(self, group: Group) -> bool:
        return group.name in self.record.complete

    def saw_gates(self, group: Group, results: Sequence[GateResult], commit: str) -> None:
        """What the gates of a group said just now, passed or not."""
        with self._lock:
            self._gates[group.name] = tuple(results)
            self._commits[group.name] = commit

    def gates_of(self, group: Group) -> tuple[GateResult, ...]:
        """What was last seen of its gates in this run."""
        return self._gates.get(group.name, ())

    def take_hand_edits(self) -> list[str]:
        """Take over what was changed by hand; a sentence for each change. Raises InputError."""
        with self._lock:
            before = self._phases()
            edits = self._files.take_hand_edits(self._place.document, datetime.now(UTC))
            return [*_told(edits), *_rollbacks(edits, before)]

    def outgrown(self) -> list[str]:
        """Tasks that complete groups did not have when they were completed: a sentence each."""
        return self.record.outgrown(self._place.document)

    def write_views(self, ledger: ProgressTracker) -> list[str]:
        """Write the status files; sentences on what was changed by hand. Raises OSError,
        InputError, LedgerError."""
        with self._lock:
            facts = Facts(
                tasks=task_facts(self._place, ledger, self.record),
                gates=_copy(self._gates, self.record),
                commits=dict(self._commits),
            )
            before = self._phases()
            edits = self._files.write(self._place.document, facts, datetime.now(UTC))
            return [*_told(edits), *_rollbacks(edits, before)]

    def _phases(self) -> dict[str, PhaseRecord]:
        return {one.number: self.record.phase(one.number) for one in self._place.document.phases}


def _copy(
    gates: Mapping[str, tuple[GateResult, ...]], record: Record
) -> dict[str, tuple[GateResult, ...]]:
    return {name: found for name, found in gates.items() if name not in record.complete}


def _told(edits: HandEdits) -> list[str]:
    said = [f"{name} was declared complete by hand." for name in edits.added]
    said += [f"{name} was taken back by hand: it is done again." for name in edits.removed]
    return [*said, *edits.remarks]


def _rollbacks(edits: HandEdits, before: Mapping[str, PhaseRecord]) -> list[str]:
    """The command that takes a phase's commit back, for a person: none is ever run (B6.4)."""
    reopened = {name.split(":")[0].rpartition("_")[2] for name in edits.removed}
    said = []
    for number, phase in before.items():
        intent = phase.intent
        if number not in reopened or intent is None or not phase.commit:
            continue
        made = PhaseCommit(phase=number, commit=phase.commit, base=intent.base, tree=intent.tree)
        command = rollback_command(made, pushed=phase.pushed is not None)
        said.append(
            f"Phase {number} was committed ({phase.commit[:12]}) and its changes stay. To take "
            f"them back too, stop, run `{command}` yourself, and run again."
        )
    return said
