"""The sample project that users try: made, run, and compared with what git and the agent know."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import prepared
from tests.roadmap_repository import QUIET


@pytest.fixture(autouse=True)
def own_git(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)


def test_the_sample_project_is_made_run_and_compared_with_the_truth(tmp_path: Path) -> None:
    result = prepared.run(
        "simulator", "roadmap", "--keep", tmp_path / "try", "--seconds", "0", seconds=120
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.splitlines()[-1] == (
        "tasks=7 done=7 attempts=7 at_remote=7 phases_pushed=2 false_complete=0"
    )


def test_a_folder_with_files_is_not_made_a_sample_project(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    result = prepared.run("simulator", "roadmap", "--keep", tmp_path)
    assert result.returncode == 1
    assert "name an empty folder" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
