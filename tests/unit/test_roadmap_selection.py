"""Which groups a run does, and how the plan is printed (behaviour B1.10, B6.6, B6.7)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.errors import InputError
from engine.roadmap.document import natural_order, phase_order
from engine.roadmap.plan_text import plan_lines
from engine.roadmap.selection import Selection
from tests.roadmaps import large_roadmap

DOCUMENT = large_roadmap()


@dataclass(frozen=True)
class Asked:
    """What the settings ask for."""

    phases: str = ""
    group: str = ""


def chosen(*, phases: str = "", group: str = "") -> str:
    selection = Selection.of(Asked(phases=phases, group=group), DOCUMENT)
    return "".join(each.id for each in selection.groups)


@pytest.mark.parametrize(
    ("phases", "letters"),
    [
        ("", "ABCDEFGHIJKLMNOPQ"),
        ("2-3", "EFGHIJKLM"),
        ("2", "EFGH"),
        (" 1 - 1 ", "ABCD"),
        ("4-4", "NOPQ"),
    ],
)
def test_a_range_of_phases_gives_their_groups(phases: str, letters: str) -> None:
    assert chosen(phases=phases) == letters


@pytest.mark.parametrize("group", ["1:D", "PHASE_1:D"])
def test_one_group_alone_is_run_and_closes_no_phase(group: str) -> None:
    selection = Selection.of(Asked(group=group), DOCUMENT)
    assert [each.name for each in selection.groups] == ["PHASE_1:D"]
    assert selection.closing_phase(selection.groups[0]) is None


def test_the_last_group_of_a_phase_closes_it() -> None:
    selection = Selection.of(Asked(), DOCUMENT)
    closing = [selection.closing_phase(group) for group in selection.groups]
    assert [phase.number for phase in closing if phase is not None] == ["1", "2", "3", "4"]
    assert closing[3] == DOCUMENT.phases[0]


@pytest.mark.parametrize(
    ("phases", "group", "there"),
    [
        ("5", "", "1, 2, 3, 4"),
        ("2-7", "", "1, 2, 3, 4"),
        ("two", "", "1, 2, 3, 4"),
        ("3-2", "", "2-3"),
        ("1,3", "", "1, 2, 3, 4"),
        ("", "1:E", "1:A, 1:B"),
        ("", "D", "1:A, 1:B"),
        ("", "1:d", "1:A, 1:B"),
        ("2", "2:E", "leave one of them out"),
    ],
)
def test_what_the_document_does_not_have_is_refused_naming_what_it_has(
    phases: str, group: str, there: str
) -> None:
    with pytest.raises(InputError, match=there):
        chosen(phases=phases, group=group)


def test_a_range_warns_of_earlier_phases_that_are_not_complete() -> None:
    selection = Selection.of(Asked(phases="3-4"), DOCUMENT)
    complete = {"PHASE_1:A", "PHASE_1:B", "PHASE_1:C", "PHASE_2:E", "PHASE_2:F"}
    first, second = selection.warnings(complete)
    assert "Phase 1 is not complete (group D)" in first
    assert "Phase 2 is not complete (groups G, H)" in second


def test_a_range_whose_earlier_phases_are_complete_warns_of_nothing() -> None:
    selection = Selection.of(Asked(phases="2"), DOCUMENT)
    assert selection.warnings({f"PHASE_1:{letter}" for letter in "ABCD"}) == []


def test_names_are_sorted_as_people_sort_them() -> None:
    names = ["PHASE_1:AA", "PHASE_11:A", "PHASE_1:Z", "PHASE_2:A", "PHASE_1.1:A", "PHASE_1:Z:Z10"]
    assert sorted([*names, "PHASE_1:Z:Z9"], key=natural_order) == [
        "PHASE_1:Z",
        "PHASE_1:Z:Z9",
        "PHASE_1:Z:Z10",
        "PHASE_1:AA",
        "PHASE_1.1:A",
        "PHASE_2:A",
        "PHASE_11:A",
    ]
    assert sorted(["3.10", "11", "3.2", "3"], key=phase_order) == ["3", "3.2", "3.10", "11"]


def test_the_plan_shows_phases_groups_tasks_dependencies_and_what_is_complete() -> None:
    lines = list(
        plan_lines(
            Selection.of(Asked(phases="2-4"), DOCUMENT),
            complete={"PHASE_1:A", "PHASE_1:B"},
            by_hand={"PHASE_1:B"},
        )
    )
    assert lines[0] == "ROADMAP.md: 4 phases, 17 groups, 61 tasks, 0 of them done already"
    assert lines[1].startswith("Note: Phase 1 is not complete (groups C, D)")
    assert "Phase 2: Step 2" in lines
    assert "  Group A: Part A (4 tasks; complete; not in this run)" in lines
    assert "  Group B: Part B (4 tasks; after A; complete, by hand; not in this run)" in lines
    assert "  Group F: Part F (4 tasks; after E)" in lines
    assert "    F1  Feature F1" in lines
    assert sum(line.startswith("    ") for line in lines) == 61
