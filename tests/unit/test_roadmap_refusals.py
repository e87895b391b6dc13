"""What no roadmap may hold is refused with its line, and hostile text does no harm (B1.8, B1.9)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.roadmap.document import Task
from engine.roadmap.grammar import MAX_BYTES, parse, read
from tests.roadmaps import A1, HEAD, SOUND, START, refusal, tasks

PATH = Path("ROADMAP.md")


def only(text: str) -> Task:
    (task,) = tasks(parse(text, PATH)).values()
    return task


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
