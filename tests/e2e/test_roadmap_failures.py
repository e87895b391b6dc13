"""What fails stops the line, says so by name with its log, and is gone on with by the next run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from engine.plan import plan
from tests.e2e.roadmap_farm import SUMMARY, WRITE, RoadmapFarm, last, two_groups
from tests.roadmap_repository import sh
from tests.roadmaps import roadmap

GATE_WITH_FILE = """\
import pathlib, sys
print("\\x1b[31m" + "\\n".join(f"line {n}" for n in range(40)) + "\\x1b[0m")
sys.exit(0 if pathlib.Path("mended.txt").exists() else 4)
"""


def test_b_d12_b_d13_failed_tasks_stop_the_line_at_the_barrier_and_only_they_run_again_b2_8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(
        tmp_path,
        monkeypatch,
        roadmap(["AB"], [3, 1]),
        script={
            "A1": [[{"print": "\x1b[31mred\x1b[0m"}, {"exit": 3}], [WRITE, SUMMARY]],
            "A2": [[{"until": "script.json.attempts/A1"}, WRITE, SUMMARY]],
            "A3": [[{"silent": True}], [WRITE, SUMMARY]],
        },
    )
    farm.set_gates({"check": ["touch", str(farm.top / "gated")]})
    first = farm.go()
    assert first.returncode == 1
    assert "Result: stage_failed" in last(first)
    assert "Phase 1 group A failed, 2 of 3 tasks (A1, A3)" in first.stdout
    assert "A1" in first.stdout
    assert "phase1_groupA_A1_" in first.stdout  # its log
    assert "\x1b" not in first.stdout + first.stderr
    assert not (farm.top / "gated").exists()
    assert (farm.ends("A2"), farm.starts("B1")) == (1, 0)
    assert farm.completed == farm.commits() == []
    assert "❌ FAILED" in farm.page("1", "A")
    planned = plan(farm.work_dir, farm.loaded)
    assert [(job.key, job.again) for job in planned.jobs] == [
        ("A1", True), ("A3", True), ("B1", False),
    ]  # fmt: skip

    second = farm.go()
    assert second.returncode == 0, second.stdout + second.stderr
    assert [farm.starts(task) for task in ("A1", "A2", "A3", "B1")] == [2, 1, 2, 1]
    assert farm.git.sh("show", "main:work/A2.txt") == "A2 1"
    assert farm.git.sh("show", "main:work/A1.txt") == "A1 2"
    assert len(farm.commits(remote=True)) == 1


def test_b_d2_a_lint_failure_stops_the_run_and_is_mended_by_hand_without_any_agent_b3_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(
        tmp_path,
        monkeypatch,
        roadmap(["A"], [1]),
        gates={"lint": (sys.executable, "-c", GATE_WITH_FILE), "test": ("true",)},
    )
    first = farm.go()
    assert first.returncode == 1
    assert "Result: gate_failed" in last(first)
    assert "Lint failed for Group A: it ended with exit status 4 (log: " in first.stdout
    assert "gate_1_A_lint_" in first.stdout
    assert "line 39" in first.stdout
    assert "line 19\n" not in first.stdout  # at most 20 lines of it
    assert "\x1b" not in first.stdout
    assert farm.completed == farm.commits() == []
    planned = plan(farm.work_dir, farm.loaded)
    assert (planned.jobs, planned.problems) == ([], [])  # the gates can be run again
    page = farm.page("1", "A")
    assert "❌ lint: failed (exit 4" in page
    assert "test: passed" not in page

    farm.git.commit("mended.txt", "mended\n", folder=farm.merged)
    second = farm.go()
    assert second.returncode == 0, second.stdout + second.stderr
    assert farm.starts("A1") == 1
    assert "✅ lint: passed" in farm.page("1", "A")
    assert farm.git.sh("show", "main:mended.txt") == "mended"


def test_a_missing_command_and_a_gate_that_is_too_slow_are_failures_b3_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, roadmap(["A"], [1]))
    farm.set_gates({"build": [sys.executable, "-c", "import time; time.sleep(60)"]}, seconds=0.2)
    slow = farm.go()
    assert slow.returncode == 1
    assert "Build failed for Group A" in slow.stdout
    assert "0.2" in slow.stdout
    assert farm.marked() == set()
    assert farm.completed == []


def test_b5_2_a_failed_push_stops_the_run_and_the_next_one_pushes_without_redoing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, roadmap(["A", "B"], [1, 1]))
    farm.git.hook(farm.git.remote, "pre-receive", "echo not today >&2; exit 1")
    first = farm.go()
    assert first.returncode == 1
    assert "Result: push_failed" in last(first)
    assert "Failed to push changes" in first.stdout
    assert "git.log" in first.stdout
    assert farm.starts("B1") == 0
    assert (len(farm.commits()), len(farm.commits(remote=True))) == (1, 0)

    (farm.git.remote / "hooks" / "pre-receive").unlink()
    second = farm.go()
    assert second.returncode == 0, second.stdout + second.stderr
    assert farm.starts("A1") == 1
    assert len(farm.commits(remote=True)) == 2


def test_b5_6_push_that_asks_waits_for_a_person_after_each_phase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(
        tmp_path,
        monkeypatch,
        roadmap(["A", "B"], [1, 1]),
        settings='\n[roadmap]\npush = "ask"\n',
    )
    first = farm.go()
    assert first.returncode == 1
    assert "Result: push_waits" in last(first)
    assert "git push origin main" in first.stdout
    assert (len(farm.commits()), len(farm.commits(remote=True))) == (1, 0)
    assert farm.starts("B1") == 0

    farm.git.sh("push", "--quiet", "origin", "main")
    second = farm.go("--push")
    assert second.returncode == 0, second.stdout + second.stderr
    assert farm.starts("A1") == 1
    assert len(farm.commits(remote=True)) == 2


def test_b_d11_a_conflict_names_its_task_and_is_resolved_by_hand_then_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(text: str) -> list[object]:
        return [{"write": "app.txt", "text": text}, SUMMARY]

    farm = RoadmapFarm(
        tmp_path,
        monkeypatch,
        two_groups(),
        script={"A1": change("one\nmine\n"), "A2": change("one\nours\n")},
    )
    first = farm.go()
    assert first.returncode == 1
    assert "Result: merge_failed" in last(first)
    assert "The work of task A2 conflicts" in first.stdout
    assert "app.txt" in first.stdout
    assert "git merge roadmap/phase-1/A2.1" in first.stdout
    assert farm.completed == []
    assert farm.starts("B1") == 0

    sh(farm.merged, "merge", "--quiet", "roadmap/phase-1/A2.1", ok=False)
    (farm.merged / "app.txt").write_text("one\nboth\n", encoding="utf-8")
    sh(farm.merged, "add", "app.txt")
    sh(farm.merged, "commit", "--quiet", "--no-edit")
    second = farm.go()
    assert second.returncode == 0, second.stdout + second.stderr
    assert [farm.starts(task) for task in ("A1", "A2", "B1")] == [1, 1, 1]
    assert farm.git.sh("show", "main:app.txt") == "one\nboth"


def test_b_d6_a_task_over_its_limit_is_ended_with_its_children_told_and_tried_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = [
        {"child": 600, "session": True, "stubborn": True},
        {"ignore_terminate": True},
        {"hang": True},
    ]
    farm = RoadmapFarm(
        tmp_path, monkeypatch, roadmap(["A"], [1]), script={"A1": [stuck, [WRITE, SUMMARY]]}
    )
    monkeypatch.setenv("TASK_TIMEOUT", "1")
    result = farm.go()
    assert result.returncode == 0, result.stdout + result.stderr
    assert farm.starts("A1") == 2
    told = json.dumps(farm.rows())
    assert "Task A1 timed out after 1s (log: " in told
    assert "phase1_groupA_A1_" in told
    assert "tried once more" in result.stdout
    assert farm.marked() == set()
    assert farm.git.sh("show", "main:work/A1.txt") == "A1 2"
