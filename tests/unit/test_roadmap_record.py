"""What is known of a roadmap's run for good (behaviour B3.4, B5.3, B6.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.roadmap.record import RECORD_NAME, GateResult, Record
from tests.roadmaps import roadmap

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def gate(*, passed: bool = True, text: str = "fine") -> GateResult:
    return GateResult(
        name="Lint",
        command="npm run lint",
        passed=passed,
        seconds=1.5,
        exit_status=0 if passed else 1,
        log=Path("logs/lint.log"),
        text=text,
        at=NOW,
    )


def complete(record: Record, name: str, *gates: GateResult) -> None:
    record.complete_group(
        name, at=NOW, tasks=["A1"], gates=gates or (gate(),), commit="c1", tree="t1"
    )


def test_a_new_record_knows_nothing_and_makes_no_file(tmp_path: Path) -> None:
    record = Record.open(tmp_path / "run")
    assert record.complete == frozenset()
    assert record.round("PHASE_1:A") == 1
    assert not (tmp_path / "run").exists()


def test_a_complete_group_with_its_gates_is_there_after_a_restart(tmp_path: Path) -> None:
    complete(Record.open(tmp_path), "PHASE_1:A")
    group = Record.open(tmp_path).group("PHASE_1:A")
    assert group is not None
    assert group.gates == (gate(),)
    assert (group.at, group.commit, group.tree, group.tasks) == (NOW, "c1", "t1", ("A1",))
    assert not group.by_hand


def test_the_record_is_private(tmp_path: Path) -> None:
    complete(Record.open(tmp_path / "run"), "PHASE_1:A")
    assert (tmp_path / "run" / RECORD_NAME).stat().st_mode & 0o077 == 0


def test_b_d2_no_group_is_complete_whose_gate_did_not_pass(tmp_path: Path) -> None:
    record = Record.open(tmp_path)
    with pytest.raises(ValueError, match="did not pass"):
        complete(record, "PHASE_1:A", gate(), gate(passed=False))
    assert Record.open(tmp_path).complete == frozenset()


def test_b_d8_names_are_matched_exactly(tmp_path: Path) -> None:
    record = Record.open(tmp_path)
    complete(record, "PHASE_11:AA")
    assert record.group("PHASE_1:A") is None
    assert record.group("PHASE_11:A") is None


def test_each_step_of_closing_a_phase_is_there_after_a_restart(tmp_path: Path) -> None:
    Record.open(tmp_path).intend("3.1", commit="c2", base="c0", tree="t2", at=NOW)
    phase = Record.open(tmp_path).phase("3.1")
    assert phase.intent is not None
    assert (phase.intent.commit, phase.intent.base, phase.committed) == ("c2", "c0", None)
    Record.open(tmp_path).committed("3.1", commit="c2", at=NOW)
    assert Record.open(tmp_path).phase("3.1").pushed is None
    later = NOW + timedelta(minutes=1)
    Record.open(tmp_path).pushed("3.1", at=later)
    phase = Record.open(tmp_path).phase("3.1")
    assert (phase.commit, phase.committed, phase.pushed) == ("c2", NOW, later)
    assert phase.intent is not None


def test_a_group_taken_back_opens_its_phase_again_and_no_other(tmp_path: Path) -> None:
    record = Record.open(tmp_path)
    for number in ("1", "11"):
        complete(record, f"PHASE_{number}:A")
        record.committed(number, commit="c", at=NOW)
    record.take_edits(added=(), removed=["PHASE_1:A"], found=["PHASE_11:A"], at=NOW, tasks={})
    record = Record.open(tmp_path)
    assert record.complete == {"PHASE_11:A"}
    assert record.round("PHASE_1:A") == 2
    assert record.phase("1").committed is None
    assert record.phase("11").committed == NOW


def test_tasks_added_to_a_complete_group_are_named(tmp_path: Path) -> None:
    record = Record.open(tmp_path)
    document = roadmap(["AB"], [2, 1])
    complete(record, "PHASE_1:A")
    (said,) = record.outgrown(document)
    assert "PHASE_1:A is complete, but not with A2" in said
    assert record.outgrown(roadmap(["AB"], [1, 1])) == []


def test_of_a_long_gate_only_the_end_is_kept(tmp_path: Path) -> None:
    record = Record.open(tmp_path)
    complete(record, "PHASE_1:A", gate(text="x" * 50_000 + "the end"))
    group = Record.open(tmp_path).group("PHASE_1:A")
    assert group is not None
    assert group.gates[0].text.endswith("xthe end")
    assert len(group.gates[0].text) == 8_000


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"version": 2}', b'{"groups": {"PHASE_1:A": {}}}'],
)
def test_a_record_that_cannot_be_understood_is_named_with_the_remedy(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / RECORD_NAME
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"roadmap\.json cannot be read") as caught:
        Record.open(tmp_path)
    assert "completed_tasks.txt" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_record_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / RECORD_NAME).mkdir()
    with pytest.raises(InputError, match="not a plain file"):
        Record.open(tmp_path)


def test_a_change_that_cannot_be_written_is_no_change(tmp_path: Path) -> None:
    record = Record.open(tmp_path / "run")
    (tmp_path / "run").write_text("a file where the folder must be")
    with pytest.raises(OSError, match="run"):
        complete(record, "PHASE_1:A")
    assert record.complete == frozenset()
