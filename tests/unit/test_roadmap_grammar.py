"""Roadmaps in each of the three grammars, and what is refused with its line (behaviour B1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.roadmap.document import Task
from engine.roadmap.grammar import parse, read
from tests.roadmaps import (
    A1,
    HEAD,
    LARGE_TASKS,
    SOUND,
    START,
    as_boxes,
    as_status_tables,
    as_tables,
    as_task_list,
    large_roadmap,
    refusal,
    tasks,
)

PATH = Path("ROADMAP.md")
WITH_STATUS = "| Feature | Status | Complexity | Description |\n|---|---|---|---|\n"


def only(text: str) -> Task:
    (task,) = tasks(parse(text, PATH)).values()
    return task


# -- the grammars ------------------------------------------------------------------------------


def test_the_table_grammar_gives_feature_complexity_spec_and_description() -> None:
    assert only(SOUND) == Task(
        id="A1",
        title="Log in",
        description="Names and passwords",
        specification="docs/a1.md",
        done=False,
        partial=False,
        line=7,
        complexity="High",
    )


@pytest.mark.parametrize("write", [as_tables, as_status_tables, as_boxes, as_task_list])
def test_the_large_plan_has_four_phases_seventeen_groups_and_all_its_tasks(write: object) -> None:
    assert callable(write)
    document = parse(write(large_roadmap()), PATH)
    assert [phase.number for phase in document.phases] == ["1", "2", "3", "4"]
    assert [group.ordinal for group in document.groups()] == list(range(1, 18))
    assert len(list(document.tasks())) == LARGE_TASKS


def test_groups_of_the_large_plan_are_a_to_q_each_after_the_one_before_it_in_its_phase() -> None:
    document = parse(as_tables(large_roadmap()), PATH)
    assert "".join(group.id for group in document.groups()) == "ABCDEFGHIJKLMNOPQ"
    assert document.group("2:F").after == ("E",)
    assert document.group("2:E").after == ()


@pytest.mark.parametrize(
    ("cell", "done", "partial"),
    [
        ("✅ Done", True, False),
        ("✅", True, False),
        ("✅\ufe0f Complete", True, False),
        ("done", True, False),
        ("✔\ufe0f", True, False),
        ("[x]", True, False),
        ("🔶 Partial", False, True),
        ("🔶\ufe0f  partial", False, True),
        ("❌ Needed", False, False),
        ("❌ Not Started", False, False),
        ("**❌ Needed**", False, False),
        ("", False, False),
        ("-", False, False),
    ],
)
def test_the_status_column_tells_what_is_done(cell: str, done: bool, partial: bool) -> None:
    text = f"## Phase 1: B\n### Group A: Access\n\n{WITH_STATUS}| **A1: X** | {cell} | S | y |\n"
    task = only(text)
    assert (task.done, task.partial) == (done, partial)


@pytest.mark.parametrize("cell", ["✅ Needed", "maybe", "❌ Done", "✅🔶"])
def test_a_status_that_contradicts_itself_or_is_unknown_is_refused_with_its_line(cell: str) -> None:
    text = f"## Phase 1: B\n### Group A: Access\n\n{WITH_STATUS}| **A1: X** | {cell} | S | y |\n"
    said = refusal(text)
    assert "line 6" in said
    assert "✅ Done" in said


def test_boxes_below_a_group_are_tasks_and_a_ticked_one_is_done() -> None:
    found = tasks(
        parse(
            "## Phase 1: B\n\n### Group A: Access\n\n- [ ] **A1: Log in** - with a name\n"
            "- [x] A2: Log out\n- [~] **A3** Forgot\n",
            PATH,
        )
    )
    assert found["A1"].description == "with a name"
    assert [task.done for task in found.values()] == [False, True, False]
    assert [task.partial for task in found.values()] == [False, False, True]
    assert [task.title for task in found.values()] == ["Log in", "Log out", "Forgot"]


def test_task_lists_run_neighbours_with_p_together_and_all_others_alone_in_order() -> None:
    document = parse(
        "## Phase 3.1: Setup\n\n- [x] **T001** Make src/a.py\n- [ ] **T002** [P] Write src/b.py\n"
        "- [ ] **T003** [P] Write src/c.py\n- [ ] **T004** Join them\n\n### Later\n\n"
        "- [ ] T005 [P] One\n\n### Last\n\n- [ ] T006 [P] Two\n\n"
        "## Blocking Dependencies\n\n- **T001** before T002\n- T002 and T003 before T004\n",
        PATH,
    )
    assert [[task.id for task in group.tasks] for group in document.groups()] == [
        ["T001"],
        ["T002", "T003"],
        ["T004"],
        ["T005"],
        ["T006"],
    ]
    assert [group.name for group in document.groups()] == [f"PHASE_3.1:{x}" for x in "ABCDE"]
    assert document.task("PHASE_3.1:B:T003").title == "Write src/c.py"
    assert document.task("PHASE_3.1:A:T001").done


def test_a_job_that_is_run_again_is_the_same_task() -> None:
    assert parse(SOUND, PATH).task("PHASE_1:A:A1@2").id == "A1"


# -- dependencies ------------------------------------------------------------------------------


def three_groups(condition: str) -> str:
    return (
        START
        + HEAD
        + A1
        + f"\n### Group B ({condition})\n\n{HEAD}| **B1: x** | | | |\n"
        + f"\n### Group C (Parallel)\n\n{HEAD}| **C1: x** | | | |\n"
    )


@pytest.mark.parametrize(
    "condition",
    [
        "Parallel, after A",
        "parallel, After Group A",
        "after A",
        "Parallel, after A, A",
        "Parallel after A",
    ],
)
def test_after_names_the_groups_that_must_be_complete(condition: str) -> None:
    assert parse(three_groups(condition), PATH).group("1:B").after == ("A",)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("Parallel, after Z", "is not in the document"),
        ("Parallel, after C", "stands below it"),
        ("Parallel, after B", "is itself"),
        ("Parallel, before A", "is not understood"),
        ("Sequential", "a group of its own"),
        ("Parallel, after phase two", "by their letters"),
    ],
)
def test_a_dependency_that_cannot_be_met_is_refused_with_its_line(
    condition: str, said: str
) -> None:
    text = refusal(three_groups(condition))
    assert said in text
    assert "line 9" in text


# -- defects of the original -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "no phase"),
        ("# Roadmap\n\nSoon.\n", 1, "no phase"),
        ("# R\n\n## Phase 1: Base\n\nSoon.\n", 3, "phase 1 has no tasks"),
        (START, 3, "group A has no tasks"),
        (START + HEAD, 3, "group A has no tasks"),
        (SOUND + "\n## Phase 2: More\n", 9, "phase 2 has no tasks"),
        (SOUND + "\n### Group B: More\n\n- [ ] write it\n", 9, "group B has no tasks"),
        ("## Phase 3.1: Setup\n\n- [ ] write it\n", 1, "phase 3.1 has no tasks"),
    ],
)
def test_b_d1_no_tasks_is_an_error_with_its_line_and_the_accepted_forms(
    text: str, line: int, what: str
) -> None:
    said = refusal(text)
    assert f"ROADMAP.md, line {line}: " in said
    assert what in said
    assert "## Phase 1: Title" in said
    assert "**T005** [P]" in said


def test_b_d8_phases_groups_and_titles_come_from_the_file_whatever_they_are() -> None:
    document = parse(
        "## Phase 11: Other things\n\n### Group AA: Of all kinds\n\n- [ ] **AA2: x**\n", PATH
    )
    (group,) = document.groups()
    assert (group.name, group.title, document.phases[0].title) == (
        "PHASE_11:AA",
        "Of all kinds",
        "Other things",
    )


def test_b_d8_a_new_phase_ends_the_group_of_the_one_before() -> None:
    said = refusal(SOUND + f"\n## Phase 2: More\n\n{HEAD}| **A2: Lost** | | | |\n")
    assert "phase 2 has no tasks" in said
    more = f"\n### Group B: x\n\n{HEAD}| **B1: x** | | | |\n"
    said = refusal(SOUND + f"\n## Phase 2: More\n\n{HEAD}| **A2: Lost** | | | |\n{more}")
    assert "line 13: task A2 stands in no group" in said


@pytest.mark.parametrize("name", ["1:a", "1:AA", "11:A", "1", "PHASE_11:A", ""])
def test_b_d8_groups_are_matched_exactly(name: str) -> None:
    with pytest.raises(InputError, match="its groups are 1:A"):
        parse(SOUND, PATH).group(name)


def test_b_d9_reading_needs_no_program_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    path = tmp_path / "ROADMAP.md"
    path.write_text(SOUND)
    assert [task.id for _, task in read(path).tasks()] == ["A1"]
