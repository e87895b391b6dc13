"""The notes on agents at work: one a slot, each attempt with an id of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from engine.roadmap.at_work import AtWork, Note


def _note(slot: int, task: str, attempt: int) -> Note:
    return Note(
        slot=slot,
        job_id=f"PHASE_1:A:{task}",
        task=task,
        since=datetime(2026, 11, 21, tzinfo=UTC),
        log="a.log",
        worktree=f"/srv/.worktrees/{task}.{attempt}",
    )


def test_the_next_attempt_of_a_slot_is_not_taken_for_the_one_before(tmp_path: Path) -> None:
    notes = AtWork(tmp_path)
    ids = set()
    for note in (_note(0, "A1", 1), _note(0, "A1", 2), _note(0, "A2", 1), _note(1, "A2", 1)):
        notes.begin(note)
        ids |= {one.id for one in notes.notes()}
    assert len(ids) == 4
    notes.end(0)
    assert [note.slot for note in notes.notes()] == [1]
