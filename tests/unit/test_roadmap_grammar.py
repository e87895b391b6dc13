"""Roadmaps in each of the three grammars, and what is refused with its line (behaviour B1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.roadmap.document import Document, Task
from engine.roadmap.grammar import MAX_BYTES, parse, read
from tests.roadmaps import (
    LARGE_TASKS,
    as_boxes,
    as_status_tables,
    as_tables,
    as_task_list,
    large_roadmap,
)

PATH = Path("ROADMAP.md")
HEAD = "| Feature | Complexity | Spec | Description |\n|---|---|---|---|\n"
WITH_STATUS = "| Feature | Status | Complexity | Description |\n|---|---|---|---|\n"
A1 = "| **A1: Log in** | High | `docs/a1.md` | Names and passwords |\n"
START = "## Phase 1: Base\n\n### Group A (Parallel)\n\n"
SOUND = START + HEAD + A1


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse(text, PATH)
    return str(caught.value)


def tasks(document: Document) -> dict[str, Task]:
    return {task.id: task for _, task in document.tasks()}


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


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (SOUND + A1, 8, "task A1 is there already, in line 7"),
        (SOUND + "| **B1: x** | | | |\n", 8, "task B1 does not belong into group A"),
        (SOUND + "| **AA1: x** | | | |\n", 8, "task AA1 does not belong into group A"),
        (SOUND + "| Something else | | | |\n", 8, "does not begin with a task"),
        (SOUND + "| **A2:** | | | |\n", 8, "task A2 has no title"),
        (SOUND + "\n## Phase 1: Again\n", 9, "phase 1 is there already, in line 1"),
        (SOUND + "\n## Phase 01: Again\n", 9, "phase 01 is there already, in line 1"),
        (SOUND + "\n### Group A: Again\n", 9, "group A is there already, in line 3"),
        (SOUND + "\n### Group b (Parallel)\n", 9, "is not the heading of a group"),
        (SOUND + "\n### Group B1: x\n", 9, "is not the heading of a group"),
        (SOUND + "\n## Phase Two: More\n", 9, "is not the heading of a phase"),
        (SOUND + "\n## Other\n\n### Group B: x\n", 11, "group B stands below no heading"),
        (SOUND + "\n### Group B (fast)\n", 9, "(fast) of group B is not understood"),
        (SOUND + "\n### Notes\n\n- [ ] **A2: Lost**\n", 11, "task A2 stands in no group"),
        (SOUND + "\n### Notes\n\n- **A2: Lost**\n", 11, "task A2 stands in no group"),
        (START + "- [?] **A1: x**\n", 5, "the box [?]"),
        (SOUND + "\n<!-- not yet\n\n### Group B: x\n", 9, "a comment opens here"),
        (SOUND + "\n```\n### Group B: x\n", 9, "a block of code opens here"),
        (SOUND + "\n<script>\n### Group B: x\n", 9, "a <script> opens here"),
    ],
)
def test_what_would_be_lost_or_run_twice_is_refused_with_its_line(
    text: str, line: int, what: str
) -> None:
    said = refusal(text)
    assert f"line {line}: " in said
    assert what in said


NOT_TASKS = """
## Overview

| Feature | Status | Description |
|---|---|---|
| **A1: Log in** | whatever | counted elsewhere |
| Sum | 1 | |

## Critical Path

A1, then all else

### Group Z: an example of nothing

## Agent Assignments

| Agent | Tasks |
|---|---|
| 1 | A1 |

## Risk Assessment

| Risk | Impact | Description |
|---|---|---|
| A9: it rains | High | wet |
"""


def test_overviews_critical_path_agents_and_risks_are_no_tasks() -> None:
    assert list(tasks(parse(NOT_TASKS + "\n" + SOUND + NOT_TASKS, PATH))) == ["A1"]


@pytest.mark.parametrize(
    "section",
    [
        "#### Deliverables\n\n- ✅ A2: done\n- [x] A3: done\n",
        "**Deliverables:**\n\n- [x] A2: done\n- ⬜ A3: open\n",
        "**Phase 1 Complete When**:\n\n- [x] A2: done\n",
        "### Phase 1 Deliverables\n\n- [x] A2: done\n",
        "## Phase 1 Complete When\n\n- [ ] A2: done\n",
    ],
)
def test_deliverables_are_no_tasks(section: str) -> None:
    assert list(tasks(parse(SOUND + "\n" + section, PATH))) == ["A1"]


@pytest.mark.parametrize(
    "other",
    [
        "```\n## Phase 2: x\n### Group B: x\n- [ ] **B1: x**\n```\n",
        "~~~~\n| **A2: x** | | | |\n```\n~~~~\n",
        "    - [ ] **A2: x**\n    ## Phase 2: x\n",
        "<!--\n### Group B: x\n\n- [ ] **B1: x**\n-->\n",
        "> ## Phase 2: x\n> - [ ] **A2: x**\n",
        "<!-- ### Group B: x -->\n",
    ],
)
def test_what_stands_in_code_comments_and_quotations_is_no_task(other: str) -> None:
    assert list(tasks(parse(SOUND + "\n" + other, PATH))) == ["A1"]


# -- hostile input -----------------------------------------------------------------------------


def test_byte_order_mark_and_line_ends_of_other_systems_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ROADMAP.md"
    for ending in ("\n", "\r\n", "\r"):
        path.write_bytes(b"\xef\xbb\xbf" + SOUND.replace("\n", ending).encode())
        assert tasks(read(path))["A1"] == only(SOUND)


def test_escape_codes_in_a_title_are_shown_and_never_obeyed() -> None:
    task = only(SOUND.replace("Log in", "Log\x1b[2J in\u202e<br>now"))
    assert task.title == "Log\\x1b[2J in\\u202e now"


def test_an_escaped_pipe_belongs_to_the_text_of_a_cell() -> None:
    assert only(SOUND.replace("Names and", r"a \| b and")).description == "a | b and passwords"


def test_a_link_in_the_column_spec_is_followed_to_its_file() -> None:
    task = only(SOUND.replace("`docs/a1.md`", "[read it](docs/a%20b.md)"))
    assert task.specification == "docs/a b.md"


def test_a_definition_of_links_cannot_untick_a_box() -> None:
    assert only(START + "- [x] **A1: Log in**\n\n[x]: http://example.org\n").done


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "line 1: not UTF-8"),
        (SOUND.encode() + b"\0", "line 8: this is not a text file"),
        (SOUND.encode() + b"x\n" + b"\xff", "line 9: not UTF-8"),
        (b"#" * (MAX_BYTES + 1), "is larger than"),
    ],
    ids=["picture", "NUL", "broken", "too large"],
)
def test_a_file_that_is_no_text_or_too_large_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "ROADMAP.md"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read(path)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no roadmap at .*ROADMAP\.md"):
        read(tmp_path / "ROADMAP.md")
    with pytest.raises(InputError, match="not a plain file"):
        read(tmp_path)


@pytest.mark.parametrize(
    "filler",
    [
        "> " * 40 + "x",
        "".join(" " * 2 * depth + "- x\n" for depth in range(40)),
        "[" * 5000,
        "**" * 5000,
        "|" * 2000 + "\n" + "|-" * 2000 + "\n",
        "x" + "`" * 5000 + "x",
        "<" * 5000,
    ],
    ids=["quotes", "lists", "brackets", "stars", "pipes", "ticks", "angles"],
)
def test_markup_that_is_deep_or_long_hides_no_task(filler: str) -> None:
    assert list(tasks(parse(SOUND + "\n" + filler, PATH))) == ["A1"]


@pytest.mark.parametrize(
    "deep", ["> " * 200 + "x", "".join(" " * 2 * depth + "- x\n" for depth in range(150))]
)
def test_what_is_nested_too_deeply_to_be_read_is_refused(deep: str) -> None:
    assert "nested too deeply" in refusal(SOUND + "\n" + deep)


def test_a_text_that_takes_too_long_to_read_is_refused() -> None:
    assert "line 8: this is longer than" in refusal(SOUND + f"| **A2: {'[' * 30_000}** | | | |\n")


@given(st.text(st.sampled_from("#|-*: \n[]xPA1`<!>\\\x00\x1b✅Group hase"), max_size=200))
def test_any_text_is_a_roadmap_or_refused_in_one_sentence(text: str) -> None:
    said = ""
    try:
        document = parse(START + HEAD + text, PATH)
    except InputError as exc:
        said = str(exc)
    else:
        assert all(group.tasks for group in document.groups())
    assert not said or ("ROADMAP.md, line " in said and "\n" not in said)
