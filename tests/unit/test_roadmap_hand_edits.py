"""What hands change in ``completed_tasks.txt`` counts, and no crash of ours passes for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.roadmap.record import Record
from engine.roadmap.status_files import HandEdits, StatusFiles
from tests.roadmaps import large_roadmap, roadmap

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DOCUMENT = large_roadmap()
NAMES = sorted(group.name for group in DOCUMENT.groups())


class Place:
    """A work directory that is opened anew each time, as after a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "status" / "completed_tasks.txt"

    @property
    def record(self) -> Record:
        return Record.open(self.folder / "run")

    def complete(self, *names: str) -> None:
        for name in names:
            self.record.complete_group(name, at=NOW, tasks=(), gates=(), commit="c", tree="t")

    def take(self) -> HandEdits:
        return StatusFiles(self.folder, self.record).take_hand_edits(DOCUMENT, NOW)

    def edit(self, change: Callable[[str], str]) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(change(self.path.read_text() if self.path.exists() else ""))

    def put(self, lines: list[str]) -> None:
        self.path.write_text("".join(f"{line}\n" for line in lines))

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_b4_3_an_added_line_completes_its_group_by_hand_and_survives_restarts(
    place: Place,
) -> None:
    place.complete("PHASE_1:A")
    place.take()
    place.edit(lambda text: text + "PHASE_2:E\n")
    assert place.take().added == ("PHASE_2:E",)
    assert not place.take()
    assert place.record.complete == {"PHASE_1:A", "PHASE_2:E"}
    assert place.record.by_hand == {"PHASE_2:E"}
    assert place.lines() == ["PHASE_1:A", "PHASE_2:E"]


def test_b4_3_a_removed_line_takes_its_group_back_and_survives_restarts(place: Place) -> None:
    place.complete("PHASE_1:A", "PHASE_1:B")
    place.take()
    place.edit(lambda text: text.replace("PHASE_1:A\n", ""))
    assert place.take().removed == ("PHASE_1:A",)
    assert not place.take()
    assert place.record.complete == {"PHASE_1:B"}
    assert place.record.round("PHASE_1:A") == 2
    assert place.lines() == ["PHASE_1:B"]


def test_b_d4_the_file_is_not_emptied_at_a_start(place: Place) -> None:
    place.edit(lambda _: "PHASE_1:A\nPHASE_2:E\n")
    assert place.take().added == ("PHASE_1:A", "PHASE_2:E")
    assert place.lines() == ["PHASE_1:A", "PHASE_2:E"]


def test_looking_at_edits_changes_nothing(place: Place) -> None:
    place.edit(lambda _: "PHASE_1:A")
    edits = StatusFiles(place.folder, place.record).hand_edits(DOCUMENT)
    assert edits.added == ("PHASE_1:A",)
    assert place.path.read_text() == "PHASE_1:A"
    assert place.record.complete == frozenset()


def test_the_last_line_taken_out_is_taken_back(place: Place) -> None:
    place.complete("PHASE_1:A")
    place.take()
    place.edit(lambda _: "")
    assert place.take().removed == ("PHASE_1:A",)


def test_a_file_deleted_as_a_whole_takes_nothing_back_and_says_so(place: Place) -> None:
    place.complete("PHASE_1:A", "PHASE_1:B")
    place.take()
    place.path.unlink()
    edits = place.take()
    assert not edits
    (remark,) = edits.remarks
    assert "was deleted as a whole" in remark
    assert place.lines() == ["PHASE_1:A", "PHASE_1:B"]


@pytest.mark.parametrize(
    "line", ["PHASE_1:AA", "PHASE_11:A", "phase_1:a", "PHASE_1", "PHASE_1:A done", "PHASE_1:A:A1"]
)
def test_b4_4_a_line_that_names_no_group_exactly_is_named_and_kept(place: Place, line: str) -> None:
    place.complete("PHASE_1:B")
    place.edit(lambda _: f"{line}\n")
    edits = place.take()
    assert not edits
    (remark,) = edits.remarks
    assert repr(line) in remark
    assert place.lines() == ["PHASE_1:B", line]
    assert place.take().remarks == (remark,)


def test_b4_4_lines_of_other_systems_comments_and_repetitions_are_understood(
    place: Place,
) -> None:
    place.edit(lambda _: "")
    place.path.write_bytes("\ufeffPHASE_1:A\r\n  PHASE_1:B  \r\n\r\n# E was\r\nPHASE_1:A".encode())
    edits = place.take()
    assert edits.added == ("PHASE_1:A", "PHASE_1:B")
    assert edits.remarks == ()
    assert place.lines() == ["PHASE_1:A", "PHASE_1:B", "# E was"]


def test_a_line_kept_for_later_counts_once_the_roadmap_has_its_group(place: Place) -> None:
    place.edit(lambda _: "PHASE_2:E\n")
    small = roadmap(["AB"], [1, 1])
    StatusFiles(place.folder, place.record).take_hand_edits(small, NOW)
    assert place.record.complete == frozenset()
    assert place.take().added == ("PHASE_2:E",)


def test_a_lost_record_is_made_again_of_the_lines_as_by_hand(place: Place) -> None:
    place.complete("PHASE_1:A")
    place.take()
    (place.folder / "run/roadmap.json").unlink()
    assert place.take().added == ("PHASE_1:A",)
    assert place.record.by_hand == {"PHASE_1:A"}


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"\x00" * (9 * 1024 * 1024)], ids=["no text", "too large"]
)
def test_a_file_that_cannot_be_read_is_refused_and_left_alone(place: Place, content: bytes) -> None:
    place.complete("PHASE_1:A")
    place.take()
    place.path.write_bytes(content)
    with pytest.raises(InputError, match=r"completed_tasks\.txt"):
        place.take()
    assert place.path.read_bytes() == content
    assert place.record.complete == {"PHASE_1:A"}


def test_a_crash_before_the_view_is_written_takes_no_completion_back(place: Place) -> None:
    place.complete("PHASE_1:A")
    place.take()
    place.complete("PHASE_1:B")
    assert not place.take()
    assert place.lines() == ["PHASE_1:A", "PHASE_1:B"]


@pytest.mark.parametrize("replaced", [True, False])
def test_a_crash_within_the_write_of_the_view_is_no_edit(place: Place, replaced: bool) -> None:
    place.complete("PHASE_1:A")
    place.take()
    place.complete("PHASE_1:B")
    place.record.take_edits(added=(), removed=(), found=["PHASE_1:A"], at=NOW, tasks={})
    if replaced:
        place.edit(lambda text: text + "PHASE_1:B\n")
    assert not place.take()
    assert place.record.complete == {"PHASE_1:A", "PHASE_1:B"}
    assert place.record.by_hand == frozenset()
    assert place.lines() == ["PHASE_1:A", "PHASE_1:B"]


@pytest.mark.parametrize("replaced", [True, False])
def test_an_edit_after_a_crash_within_the_write_still_counts(place: Place, replaced: bool) -> None:
    place.complete("PHASE_1:A")
    place.take()
    place.complete("PHASE_1:B")
    place.record.take_edits(added=(), removed=(), found=["PHASE_1:A"], at=NOW, tasks={})
    if replaced:
        place.edit(lambda text: text + "PHASE_1:B\n")
    place.edit(lambda text: text.replace("PHASE_1:A\n", "PHASE_2:F\n"))
    edits = place.take()
    assert (edits.added, edits.removed) == (("PHASE_2:F",), ("PHASE_1:A",))
    assert place.lines() == ["PHASE_1:B", "PHASE_2:F"]


_ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["complete", "add", "remove", "take", "crash before", "crash after"]),
        st.sampled_from(NAMES[:5]),
    ),
    max_size=12,
)


@given(actions=_ACTIONS)
@settings(max_examples=40, deadline=None)
def test_whatever_hands_and_crashes_do_the_groups_are_those_of_gates_and_hands(
    actions: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A model of sets beside it; hands touch the file only while no write of ours is half done."""
    place = Place(tmp_path_factory.mktemp("place"))
    place.take()
    expected: set[str] = set()
    for action, name in actions:
        if action == "complete":
            if name not in place.record.complete:
                place.complete(name)
                expected.add(name)
        elif action.startswith("crash"):
            place.take()
            place.complete("PHASE_4:Q")
            expected.add("PHASE_4:Q")
            place.record.take_edits(added=(), removed=(), found=place.lines(), at=NOW, tasks={})
            if action == "crash after":
                place.edit(lambda text: text + "PHASE_4:Q\n")
        else:
            place.take()
            if action == "add":
                place.put([*place.lines(), name])
                expected.add(name)
            elif action == "remove":
                place.put([line for line in place.lines() if line != name])
                expected.discard(name)
    place.take()
    assert place.record.complete == expected
    assert set(place.lines()) == expected
