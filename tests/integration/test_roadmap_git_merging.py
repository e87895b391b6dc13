from __future__ import annotations

from pathlib import Path

import pytest

from engine.roadmap.git_errors import MergeConflictError, NotReadyError
from tests import roadmap_repository
from tests.roadmap_repository import Place, sh


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return roadmap_repository.place(tmp_path, monkeypatch)


def test_branches_are_merged_one_by_one_and_one_that_is_in_already_counts(place: Place) -> None:
    first = place.done("A1", "one.txt", "one\n")
    second = place.done("A2", "two.txt", "two\n")
    assert place.integration.merge("A1", first.branch, "First")
    assert place.integration.merge("A2", second.branch)
    assert not place.integration.merge("A1", first.branch)
    assert (place.integration.path / "one.txt").exists()
    assert (place.integration.path / "two.txt").exists()
    assert not (place.work / "one.txt").exists()
    log = sh(place.integration.path, "log", "--merges", "--format=%s")
    assert log.splitlines() == ["Merge task A2", "Merge task A1: First"]


def test_b_d11_a_conflict_names_task_and_files_and_can_be_resolved_by_a_person(
    place: Place,
) -> None:
    first = place.done("A1", "app.txt", "by A1\n")
    second = place.done("A2", "app.txt", "by A2\n")
    place.integration.merge("A1", first.branch)
    before = place.integration.head()
    with pytest.raises(MergeConflictError) as failed:
        place.integration.merge("A2", second.branch)
    assert failed.value.files == ("app.txt",)
    assert "task A2" in str(failed.value)
    assert f"git merge {second.branch}" in str(failed.value)
    assert place.integration.head() == before
    merged = place.integration.path
    assert sh(merged, "status", "--porcelain") == ""
    sh(merged, "merge", second.branch, ok=False)
    with pytest.raises(NotReadyError, match="A merge is half done"):
        place.integration.ensure("1", place.git.tip("main"))
    (merged / "app.txt").write_text("by both\n", encoding="utf-8")
    sh(merged, "commit", "--quiet", "-am", "Resolve")
    place.integration.ensure("1", place.git.tip("main"))
    assert not place.integration.merge("A2", second.branch)
    assert (merged / "app.txt").read_text(encoding="utf-8") == "by both\n"


def test_a_merge_of_ours_that_was_killed_half_way_is_given_up_and_made_again(
    place: Place,
) -> None:
    first = place.done("A1", "app.txt", "by A1\n")
    second = place.done("A2", "app.txt", "by A2\n")
    place.integration.merge("A1", first.branch)
    sh(place.integration.path, "merge", second.branch, ok=False)
    own = Path(sh(place.integration.path, "rev-parse", "--absolute-git-dir"))
    (own / "geelark-merging").touch()
    (own / "index.lock").touch()
    place.integration.ensure("1", place.git.tip("main"))
    assert sh(place.integration.path, "status", "--porcelain") == ""
    with pytest.raises(MergeConflictError):
        place.integration.merge("A2", second.branch)


def test_files_that_gates_wrote_are_kept_on_a_branch_and_out_of_the_phase(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    (place.integration.path / "coverage.txt").write_text("90 %", encoding="utf-8")
    (place.integration.path / "app.txt").write_text("reformatted\n", encoding="utf-8")
    tip = place.integration.ensure("1", place.git.tip("main"))
    assert sh(place.integration.path, "status", "--porcelain", "--branch") == (
        "## roadmap/phase-1/merged"
    )
    assert place.git.tip("roadmap/phase-1/merged") == tip
    assert place.sh("show", "roadmap/phase-1/merged-left:coverage.txt") == "90 %"


def test_a_lost_integration_tree_is_made_again_with_all_that_was_merged(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.integration.path.rename(place.top / "gone")
    place.integration.ensure("1", place.git.tip("main"))
    assert (place.integration.path / "one.txt").exists()


def test_the_next_phase_begins_at_the_operators_branch(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.integration.ensure("2", place.git.tip("main"))
    assert not (place.integration.path / "one.txt").exists()
    place.integration.ensure("1", place.git.tip("main"))
    assert (place.integration.path / "one.txt").exists()
