"""The note above the keys goes when what it says is true no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console.notes import BEGUN_SECONDS, NOTE_SECONDS, Notes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def begun() -> Notes:
    notes = Notes()
    notes.say("The run is live: process 7.", "", NOW, of_run=True)
    return notes


def test_that_a_run_is_live_is_said_until_it_has_ended() -> None:
    notes = begun()
    assert notes.shown(after(1), live=False), "the next look comes only now"
    assert notes.shown(after(2), live=True)
    assert notes.shown(after(3), live=False) == ""
    assert notes.text == ""


def test_a_run_that_ended_before_it_was_seen_is_not_said_to_be_live() -> None:
    assert begun().shown(after(BEGUN_SECONDS + 1), live=False) == ""


def test_another_note_does_not_go_with_a_run() -> None:
    notes = begun()
    notes.say("Marked 3 jobs.", "", after(1))
    assert notes.shown(after(2), live=True)
    assert notes.shown(after(9), live=False) == "Marked 3 jobs."
    assert notes.shown(after(2 + NOTE_SECONDS), live=False) == ""
