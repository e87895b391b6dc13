"""What a person declares by hand counts: groups in a file, tasks by command (B4.3, B-D4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.roadmap_farm import SUMMARY, WRITE, RoadmapFarm, two_groups
from tests.roadmaps import roadmap


def test_b_d4_a_line_by_hand_skips_a_group_and_a_line_taken_out_runs_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(
        tmp_path, monkeypatch, roadmap(["AB"], [1, 1]), script={"*": [WRITE, SUMMARY]}
    )
    completed = farm.work_dir / "status" / "completed_tasks.txt"
    completed.parent.mkdir(exist_ok=True)
    completed.write_text("PHASE_1:A\n", encoding="utf-8")
    first = farm.go()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "PHASE_1:A was declared complete by hand." in first.stdout
    assert farm.done() == ["B1"]
    assert farm.completed == ["PHASE_1:A", "PHASE_1:B"]
    assert "by hand" in farm.page("1", "A")
    assert "✅ COMPLETE" in farm.page("1", "B")

    pushed = farm.git.sh("rev-parse", "main")
    completed.write_text("PHASE_1:A\n", encoding="utf-8")
    second = farm.go()
    assert second.returncode == 0, second.stdout + second.stderr
    assert "PHASE_1:B was taken back by hand: it is done again." in second.stdout
    assert f"`git revert {pushed[:12]}`" in second.stdout  # B6.4: told, never run
    assert (farm.starts("A1"), farm.starts("B1")) == (0, 2)
    assert farm.git.sh("show", "main:work/B1.txt") == "B1 2"
    assert len(farm.commits(remote=True)) == 2

    third = farm.go()
    assert third.returncode == 0
    assert "by hand" not in third.stdout
    assert (farm.starts("A1"), farm.starts("B1")) == (0, 2)
    assert len(farm.commits(remote=True)) == 2


def test_a_task_is_skipped_or_requeued_by_command_and_its_group_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(
        tmp_path,
        monkeypatch,
        two_groups(),
        script={"A1": [[{"exit": 3}], [WRITE, SUMMARY]], "A2": [{"exit": 3}]},
    )
    assert farm.go().returncode == 1
    skipped = farm.roadmap("--skip", "PHASE_1:A:A2")
    assert skipped.returncode == 0, skipped.stdout + skipped.stderr
    requeued = farm.roadmap("--requeue", "PHASE_1:A:A1")
    assert requeued.returncode == 0, requeued.stdout + requeued.stderr
    assert farm.statuses()["PHASE_1:A:A2"] == "skipped"
    assert farm.statuses()["PHASE_1:A:A1"] == "retrying"
    again = farm.go()
    assert again.returncode == 0, again.stdout + again.stderr
    assert [farm.starts(task) for task in ("A1", "A2", "B1")] == [2, 1, 1]
    assert farm.completed == ["PHASE_1:A", "PHASE_1:B"]
    assert "⏭ **A2**" in farm.page("1", "A")
