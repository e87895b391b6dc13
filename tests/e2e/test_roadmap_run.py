"""Roadmaps from their document to a pushed end, as an operator types it: real processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.roadmap.document import Document
from tests.e2e.roadmap_farm import SUMMARY, WRITE, RoadmapFarm, last, two_groups
from tests.roadmaps import as_boxes, as_status_tables, as_tables, as_task_list, roadmap

COMPLETE = "Complete Phase {}: All groups implemented and tested"


def test_a_run_ends_with_phases_committed_and_pushed_and_a_rerun_does_nothing_b_d3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GEELARK_API_KEY", "our-own-secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    told = [{"environment": "env.json"}, {"arguments": "argv.json"}, {"prompt": "prompt.txt"}]
    farm = RoadmapFarm(
        tmp_path,
        monkeypatch,
        roadmap(["A", "B"], [2, 1]),
        script={"A1": [*told, WRITE, SUMMARY]},
    )
    first = farm.go()
    assert first.returncode == 0, first.stdout + first.stderr
    assert last(first) == "Result: all_complete (exit status 0)"
    assert farm.commits(remote=True) == [COMPLETE.format(1), COMPLETE.format(2)]
    assert farm.git.sh("show", "origin/main:work/B1.txt", ok=False) == "B1"
    assert farm.completed == ["PHASE_1:A", "PHASE_2:B"]
    assert farm.status("pending_tasks.txt") == farm.status("in_progress_tasks.txt") == []
    assert "✅ COMPLETE" in farm.page("1", "A")
    assert farm.trees() == []
    assert farm.git.sh("status", "--porcelain", "--untracked-files=no") == ""

    environment = (farm.top / "env.json").read_text(encoding="utf-8")
    assert "secret" not in environment
    prompt = (farm.top / "prompt.txt").read_text(encoding="utf-8")
    assert "Feature A1" in prompt
    assert "Feature A1" not in json.loads((farm.top / "argv.json").read_text(encoding="utf-8"))

    second = farm.go()
    assert second.returncode == 0
    assert len(farm.commits(remote=True)) == 2
    assert [farm.starts(task) for task in ("A1", "A2", "B1")] == [1, 1, 1]


@pytest.mark.parametrize("write", [as_status_tables, as_boxes, as_task_list])
def test_the_other_grammars_run_to_their_end_and_without_push_all_stays_here_b5_6(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Document], str]
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, write(two_groups()))
    result = farm.go("--no-push")
    assert result.returncode == 0, result.stdout + result.stderr
    assert farm.commits() == [COMPLETE.format(1)]
    assert farm.commits(remote=True) == []
    assert [farm.starts(task) for task in ("A1", "A2", "B1")] == [1, 1, 1]
    assert "not pushed: look at it" in result.stdout


def test_a_dry_run_says_what_would_be_launched_and_writes_nothing_at_all_b6_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, two_groups())
    before = _everything(farm.work_dir)
    flag = farm.roadmap("--dry-run")
    name = farm.roadmap("--headless", env={"DRY_RUN": "1"})
    plan = farm.roadmap("--plan")
    assert flag.returncode == name.returncode == plan.returncode == 0, flag.stderr + name.stderr
    assert flag.stdout == name.stdout
    would = [line for line in flag.stdout.splitlines() if line.startswith("Would launch")]
    assert [line.partition(" for ")[2].partition(":")[0] for line in would] == ["A1", "A2", "B1"]
    assert "Group B (1 task; after A)" in plan.stdout
    assert _everything(farm.work_dir) == before
    assert farm.done() == []


def test_b_d5_the_environment_limits_agents_and_no_more_than_that_run_at_once_b2_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(
        tmp_path,
        monkeypatch,
        roadmap(["A"], [3]),
        script={"*": [{"until": "go"}, WRITE, SUMMARY]},
    )
    monkeypatch.setenv("MAX_PARALLEL_AGENTS", "2")
    with farm.under_way("--no-push") as run:
        farm.wait_for(lambda: len(farm.done()) == 2, 90)
        (farm.top / "go").touch()
        out, err = run.communicate(timeout=90)
    assert run.returncode == 0, out + err
    times = [entry for task in ("A1", "A2", "A3") for entry in farm.times(task)]
    running = most = 0
    for _, change in sorted(times):
        running += change
        most = max(most, running)
    assert most == 2


def test_b_d10_one_group_is_run_alone_without_a_commit_and_a_range_warns_b6_6(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, as_tables(roadmap(["AB", "C"], [1, 1, 1])))
    alone = farm.go("--group", "1:A")
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert farm.completed == ["PHASE_1:A"]
    assert farm.commits() == []
    assert farm.done() == ["A1"]

    later = farm.go("--phases", "2")
    assert later.returncode == 0, later.stdout + later.stderr
    assert "phase 1" in later.stdout.lower().partition("starting")[0]
    assert farm.commits(remote=True) == [COMPLETE.format(2)]
    assert farm.done() == ["A1", "C1"]

    rest = farm.go()
    assert rest.returncode == 0, rest.stdout + rest.stderr
    assert farm.commits(remote=True) == [COMPLETE.format(2), COMPLETE.format(1)]
    assert [farm.starts(task) for task in ("A1", "B1", "C1")] == [1, 1, 1]


def _everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder with its size and its time of change."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.name != "index"
    }
