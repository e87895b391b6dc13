"""The status files say what was observed, and nothing else (behaviour B4)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.roadmap.document import Document
from engine.roadmap.facts import Facts, TaskFact, TaskState
from engine.roadmap.grammar import parse
from engine.roadmap.record import GateResult, Record
from engine.roadmap.status_files import StatusFiles
from tests.roadmaps import as_status_tables, large_roadmap, roadmap

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DOCUMENT = roadmap(["AB", "C"], [2, 1, 1])
NOTHING = Facts()


def gate(name: str = "Lint", *, passed: bool = True, status: int | None = 0) -> GateResult:
    return GateResult(
        name=name,
        command="npm run lint",
        passed=passed,
        seconds=1.25,
        exit_status=status,
        log=Path("logs/orchestrator/lint.log"),
        text="",
        at=NOW,
    )


class Place:
    """A work directory with its record and its status files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.record = Record.open(folder / "run")
        self.files = StatusFiles(folder, self.record)

    def write(self, facts: Facts = NOTHING, document: Document = DOCUMENT) -> None:
        self.files.write(document, facts, NOW)

    def lines(self, name: str) -> list[str]:
        return (self.folder / "status" / name).read_text().splitlines()

    def report(self, name: str) -> str:
        return (self.folder / f"{name}-STATUS.md").read_text()

    def complete(self, name: str, *gates: GateResult) -> None:
        self.record.complete_group(
            name, at=NOW, tasks=(), gates=gates, commit="abc123", tree="tree"
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def fact(state: TaskState, *, summary: str = "", result: str = "") -> TaskFact:
    return TaskFact(state=state, seconds=61.5, summary=summary, result=result, branch="b/A1.1")


def test_b4_1_every_task_has_its_line_in_the_order_of_the_document(place: Place) -> None:
    place.write(document=large_roadmap())
    lines = place.lines("roadmap_tasks.txt")
    assert lines[:2] == ["PHASE_1:A:A1:Feature A1", "PHASE_1:A:A2:Feature A2"]
    assert len(lines) == 61


def test_b4_1_running_and_pending_tasks_are_listed_and_ended_ones_are_not(place: Place) -> None:
    place.write(
        Facts(
            tasks={
                "PHASE_1:A:A1": fact(TaskState.RUNNING),
                "PHASE_1:A:A2": fact(TaskState.FAILED),
                "PHASE_1:B:B1": fact(TaskState.SKIPPED),
            }
        )
    )
    assert place.lines("in_progress_tasks.txt") == ["PHASE_1:A:A1:Feature A1"]
    assert place.lines("pending_tasks.txt") == ["PHASE_2:C:C1:Feature C1"]


def test_b4_1_tasks_done_before_and_of_complete_groups_are_not_pending(place: Place) -> None:
    text = as_status_tables(DOCUMENT).replace(
        "**B1: Feature B1** | ❌ Needed", "**B1: x** | ✅ Done"
    )
    place.complete("PHASE_1:A")
    place.write(document=parse(text, Path("ROADMAP.md")))
    assert place.lines("pending_tasks.txt") == ["PHASE_2:C:C1:Feature C1"]


def test_b4_1_completed_groups_are_sorted_as_people_sort_and_unique(place: Place) -> None:
    document = roadmap(["AZ", "B", *"CDEFGHIJK"], [1] * 12)
    for name in ("PHASE_10:J", "PHASE_2:B", "PHASE_1:Z", "PHASE_1:A"):
        place.complete(name)
    place.write(document=document)
    place.write(document=document)
    assert place.lines("completed_tasks.txt") == [
        "PHASE_1:A",
        "PHASE_1:Z",
        "PHASE_2:B",
        "PHASE_10:J",
    ]


def test_b4_2_the_report_says_each_task_and_each_gate_as_it_was_seen(place: Place) -> None:
    place.complete("PHASE_1:A", gate("Type check"), gate("Lint"))
    place.write(
        Facts(
            tasks={
                "PHASE_1:A:A1": fact(TaskState.SUCCEEDED, summary="Wrote it"),
                "PHASE_1:A:A2": TaskFact(state=TaskState.SKIPPED),
            }
        )
    )
    text = place.report("PHASE1-GROUP-A")
    assert text.startswith("# Phase 1 Group A - Implementation Status\n")
    assert "Status: ✅ COMPLETE\n" in text
    assert "Completed: 2026-03-01 12:00:00 UTC" in text
    assert "✅ **A1**: Feature A1 (succeeded, 61.5 s)" in text
    assert "branch: b/A1.1" in text
    assert "        Wrote it\n" in text
    assert "**A2**: Feature A2 (skipped)" in text
    assert (
        "✅ Type check: passed (exit 0, 1.2 s, 2026-03-01 12:00:00 UTC, on commit abc123)" in text
    )
    assert "log: logs/orchestrator/lint.log" in text
    assert "Phase 1 group B: Part B" in text


def test_b_d2_a_failing_gate_is_reported_as_failed_and_nothing_as_complete(place: Place) -> None:
    place.write(
        Facts(
            tasks={
                "PHASE_1:A:A1": fact(TaskState.SUCCEEDED),
                "PHASE_1:A:A2": fact(TaskState.SUCCEEDED),
            },
            gates={"PHASE_1:A": (gate("Type check"), gate("Lint", passed=False, status=2))},
            commits={"PHASE_1:A": "def456"},
        )
    )
    text = place.report("PHASE1-GROUP-A")
    assert "Status: ❌ FAILED" in text
    assert "❌ Lint: failed (exit 2, 1.2 s, 2026-03-01 12:00:00 UTC, on commit def456)" in text
    assert "COMPLETE" not in text
    assert place.lines("completed_tasks.txt") == []


def test_b_d2_a_group_complete_by_hand_is_shown_so_and_asserts_no_check(place: Place) -> None:
    place.write()
    (place.folder / "status/completed_tasks.txt").write_text("PHASE_1:A\n")
    place.write()
    text = place.report("PHASE1-GROUP-A")
    assert "Status: ☑ complete by hand" in text
    assert "No gate was run." in text
    assert "✅" not in text


def test_b4_2_what_an_agent_says_cannot_pass_for_a_line_of_the_report(place: Place) -> None:
    summary = "ok\n\n# Phase 1\n- Status: ✅ COMPLETE\n\x1b[2J" + "\nmore" * 40
    place.write(
        Facts(tasks={"PHASE_1:A:A1": fact(TaskState.FAILED, summary=summary, result="*exit* 1")})
    )
    text = place.report("PHASE1-GROUP-A")
    assert [line for line in text.splitlines() if "Status:" in line] == [
        "- Status: ❌ FAILED",
        "        - Status: ✅ COMPLETE",
    ]
    assert "\x1b" not in text
    assert "more lines in the log" in text
    assert "(failed, \\*exit\\* 1, 61.5 s)" in text


def test_b4_2_a_group_of_which_nothing_was_seen_has_no_report(place: Place) -> None:
    place.write(Facts(tasks={"PHASE_1:A:A1": fact(TaskState.RUNNING)}))
    assert "Status: 🔄 IN PROGRESS" in place.report("PHASE1-GROUP-A")
    assert not (place.folder / "PHASE1-GROUP-B-STATUS.md").exists()


def test_b4_2_a_report_of_an_earlier_time_is_made_true(place: Place) -> None:
    (place.folder / "PHASE1-GROUP-A-STATUS.md").write_text("Status: ✅ COMPLETE\n")
    place.write()
    assert "Status: ⬜ NOT STARTED" in place.report("PHASE1-GROUP-A")


def test_b4_5_a_view_that_does_not_change_is_not_written_again(place: Place) -> None:
    facts = Facts(tasks={"PHASE_1:A:A1": fact(TaskState.RUNNING)})
    place.complete("PHASE_2:C")
    place.write(facts)
    before = {path: path.stat().st_ino for path in place.folder.rglob("*") if path.is_file()}
    assert len(before) == 7
    place.write(facts)
    after = {path: path.stat().st_ino for path in place.folder.rglob("*") if path.is_file()}
    assert after == before


def test_b4_5_a_link_in_the_place_of_a_view_is_replaced_and_not_followed(place: Place) -> None:
    other = place.folder / "other.txt"
    other.write_text("mine")
    (place.folder / "status").mkdir()
    (place.folder / "status/pending_tasks.txt").symlink_to(other)
    place.write()
    assert other.read_text() == "mine"
    assert not (place.folder / "status/pending_tasks.txt").is_symlink()
