"""What cannot run is refused in one sentence before anything is started (B2.1, B5.4)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.roadmap_farm import RoadmapFarm, two_groups
from tests.roadmap_repository import sh


def _no_document(farm: RoadmapFarm) -> None:
    farm.git.sh("rm", "--quiet", "ROADMAP.md")
    farm.git.sh("commit", "--quiet", "-m", "Without")


def _no_tasks(farm: RoadmapFarm) -> None:
    farm.git.commit("ROADMAP.md", "# Roadmap\n\n## Phase 1: Base\n\n### Group A (Parallel)\n")


def _no_agent(farm: RoadmapFarm) -> None:
    farm.settings = f"\n[roadmap]\nagent_command = {json.dumps(['no-such-agent', '--print'])}\n"
    farm.set_gates({"check": ["true"]})


def _no_gate(farm: RoadmapFarm) -> None:
    farm.set_gates({"lint": ["no-such-linter"]})


def _no_repository(farm: RoadmapFarm) -> None:
    (farm.work_dir / ".git").rename(farm.top / "moved")


def _dirty(farm: RoadmapFarm) -> None:
    (farm.work_dir / "app.txt").write_text("changed\n", encoding="utf-8")


def _other_branch(farm: RoadmapFarm) -> None:
    farm.settings = '\n[roadmap]\nbranch = "release"\n'
    farm.set_gates({"check": ["true"]})


def _remote_gone(farm: RoadmapFarm) -> None:
    shutil.rmtree(farm.git.remote)


def _no_remote(farm: RoadmapFarm) -> None:
    farm.git.sh("remote", "remove", "origin")


def _behind(farm: RoadmapFarm) -> None:
    other = farm.git.clone()
    farm.git.commit("theirs.txt", "theirs\n", folder=other)
    sh(other, "push", "--quiet", "origin", "main")


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (_no_document, ("ROADMAP.md",)),
        (_no_tasks, ("line 5", "no task", "| **A1: ")),
        (_no_agent, ("no-such-agent", "agent_command")),
        (_no_gate, ("no-such-linter", "lint", "gates")),
        (_no_repository, ("not in a git repository", "git init")),
        (_dirty, ("app.txt", "git stash", "--allow-dirty")),
        (_other_branch, ("'release'", "git switch release")),
        (_remote_gone, ("origin",)),
        (_no_remote, ("no remote 'origin'", "git remote add")),
        (_behind, ("behind", "git pull --rebase origin main")),
    ],
)
def test_b_d1_b_d14_what_cannot_run_is_refused_with_the_command_that_helps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[RoadmapFarm], None],
    parts: tuple[str, ...],
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, two_groups())
    spoil(farm)
    result = farm.roadmap("--headless")
    assert result.returncode == 1, result.stdout
    for part in parts:
        assert part in result.stderr
    assert "Traceback" not in result.stderr
    assert farm.done() == []
    assert farm.completed == []


def test_wrong_values_of_the_environment_and_of_flags_name_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, two_groups())
    wrong = farm.roadmap("--headless", env={"TASK_TIMEOUT": "0"})
    assert wrong.returncode == 1
    assert "TASK_TIMEOUT = '0'" in wrong.stderr
    flag = farm.roadmap("--headless", "--max-parallel", "0")
    assert flag.returncode == 2
    assert "--max-parallel" in flag.stderr
    group = farm.roadmap("--headless", "--group", "1:Z")
    assert group.returncode != 0
    assert "Z" in group.stderr
    elsewhere = tmp_path / "elsewhere.md"
    elsewhere.write_text("# Roadmap\n", encoding="utf-8")
    (farm.work_dir / "LINK.md").symlink_to(elsewhere)
    outside = farm.roadmap("LINK.md", "--plan")
    assert outside.returncode == 1
    assert "lies outside the repository" in outside.stderr
    assert farm.done() == []
