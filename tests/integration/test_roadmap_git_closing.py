from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from engine.roadmap import readiness
from engine.roadmap.closing import Closing, rollback_command
from engine.roadmap.git import Git, GitLimits
from engine.roadmap.git_errors import (
    CommitError,
    FastForwardError,
    MergeConflictError,
    NotReadyError,
    PushFailedError,
)
from tests import roadmap_repository
from tests.roadmap_repository import MESSAGE, Place, sh

COMPLETE = "Complete Phase 1: All groups implemented and tested"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return roadmap_repository.place(tmp_path, monkeypatch)


def test_b5_1_a_phase_is_one_commit_with_its_groups_pushed_to_the_remote(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.merged("B1", "two ü.txt", "two\n")
    closed = place.close()
    assert (closed.committed_now, closed.pushed_now) == (True, True)
    assert place.commits() == [COMPLETE, "Begin"]
    assert place.sh("log", "-1", "--format=%B") == MESSAGE.strip()
    assert MESSAGE.strip().endswith("- Group A: First things\n- Group B: Second things")
    assert place.commits(at=place.remote) == [COMPLETE, "Begin"]
    assert (place.work / "two ü.txt").read_text(encoding="utf-8") == "two\n"
    assert place.sh("status", "--porcelain") == ""
    assert place.gates_run == 0
    assert place.sh("log", "-1", "--format=%an %ae") == "Op Erator op@example.com"


def test_b5_2_a_refused_push_keeps_the_commit_and_the_next_run_pushes_it_only(
    place: Place,
) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.hook(place.remote, "pre-receive", "echo not on a Friday; exit 1")
    with pytest.raises(PushFailedError, match="Failed to push changes") as failed:
        place.close()
    assert "not on a Friday" in str(failed.value)
    assert "git push origin main" in str(failed.value)
    assert f"(log: {place.log})" in str(failed.value)
    assert "not on a Friday" in place.log.read_text(encoding="utf-8")
    commit = place.sh("rev-parse", "main")
    with pytest.raises(PushFailedError):
        place.close()
    assert readiness.check(place.git, ours=[commit]).warnings == ()
    (place.remote / "hooks" / "pre-receive").unlink()
    closed = place.close(gates=lambda: pytest.fail("the phase is not done again"))
    assert (closed.committed_now, closed.pushed_now) == (False, True)
    assert sh(place.remote, "rev-parse", "main") == commit
    assert place.commits() == [COMPLETE, "Begin"]


def test_b5_2_a_remote_that_is_gone_stops_after_the_commit(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.remote.rename(place.top / "elsewhere.git")
    with pytest.raises(PushFailedError, match="Failed to push changes"):
        place.close()
    (place.top / "elsewhere.git").rename(place.remote)
    assert place.close().pushed_now
    assert place.commits(at=place.remote) == [COMPLETE, "Begin"]


@pytest.mark.parametrize("how", ["--rebase", "--no-rebase"])
def test_b5_2_others_pushed_meanwhile_a_person_pulls_and_the_same_phase_is_pushed_once(
    place: Place, how: str
) -> None:
    other = place.clone()
    place.merged("A1", "one.txt", "one\n")
    place.commit("later.txt", "later\n", folder=other)
    sh(other, "push", "--quiet", "origin", "main")
    with pytest.raises(PushFailedError, match="git pull --rebase origin main"):
        place.close()
    with pytest.raises(NotReadyError, match="git pull --rebase origin main"):
        readiness.check(place.git)
    place.sh("pull", "--quiet", how, "--no-edit", "origin", "main")
    closed = place.close()
    assert (closed.committed_now, closed.pushed_now) == (False, True)
    assert place.commits(at=place.remote).count(COMPLETE) == 1
    assert place.close().pushed_now is False


def test_b5_3_b_d3_a_rerun_of_a_completed_phase_commits_and_pushes_nothing(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.close()
    before = (place.sh("rev-parse", "main"), sh(place.remote, "rev-parse", "main"))
    (place.work / "app.txt").write_text("lying about\n", encoding="utf-8")
    (place.work / "phase 2.txt").write_text("lying about\n", encoding="utf-8")
    place.hook(place.remote, "pre-receive", "exit 1")
    again = place.close(gates=lambda: pytest.fail("no gate runs"))
    assert (again.committed_now, again.pushed_now, again.pushed) == (False, False, True)
    place.saved.clear()
    assert place.close(gated="").commit is None
    assert before == (place.sh("rev-parse", "main"), sh(place.remote, "rev-parse", "main"))


def test_b5_3_what_is_complete_is_read_from_the_history_never_from_messages(place: Place) -> None:
    place.commit("talk.txt", COMPLETE)
    place.sh("commit", "--quiet", "--allow-empty", "-m", MESSAGE)
    place.merged("A1", "one.txt", "one\n")
    closed = place.close()
    assert closed.committed_now
    assert place.commits()[:2] == [COMPLETE, COMPLETE]
    assert closed.commit is not None
    assert place.closing.is_committed(closed.commit)
    assert place.closing.is_pushed(closed.commit)


def test_b5_5_b_d14_a_refusing_hook_is_a_failure_and_nothing_is_pushed(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.hook(place.work / ".git", "pre-commit", "echo lint says no >&2; exit 1")
    with pytest.raises(CommitError, match="lint says no"):
        place.close()
    assert place.commits() == ["Begin"]
    assert place.commits(at=place.remote) == ["Begin"]
    assert place.saved == []
    place.hook(place.work / ".git", "pre-commit", "exit 0")
    assert place.close().pushed_now
    assert place.commits() == [COMPLETE, "Begin"]


def test_b_d14_nothing_but_the_tasks_files_is_in_the_phases_commit(place: Place) -> None:
    (place.work / "mine.txt").write_text("not yours\n", encoding="utf-8")
    (place.work / "app.txt").write_text("half done\n", encoding="utf-8")
    place.merged("A1", "one.txt", "one\n")
    place.close()
    assert place.sh("show", "--name-only", "--format=", "main") == "one.txt"
    assert (place.work / "app.txt").read_text(encoding="utf-8") == "half done\n"
    assert (place.work / "mine.txt").exists()


def test_b3_5_gates_run_again_where_a_hook_or_the_branch_changed_the_content(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    gated = place.integration.tree()
    place.commit("other.txt", "meanwhile\n")
    assert place.close(gated=gated).committed_now
    assert place.gates_run == 1
    place.merged("B1", "two.txt", "two\n", phase="2")
    place.hook(place.work / ".git", "pre-commit", "echo formatted > two.txt; git add two.txt")
    assert place.close(phase="2").committed_now
    assert place.gates_run == 2
    assert (place.work / "two.txt").read_text(encoding="utf-8") == "formatted\n"
    assert (place.work / "other.txt").exists()


def test_b3_5_a_gate_that_fails_then_leaves_the_branch_where_it_was(place: Place) -> None:
    def fail() -> None:
        raise RuntimeError("gate failed")

    place.merged("A1", "one.txt", "one\n")
    place.commit("other.txt", "meanwhile\n")
    with pytest.raises(RuntimeError, match="gate failed"):
        place.close(gated="another", gates=fail)
    assert place.commits() == ["Change other.txt", "Begin"]
    assert place.saved == []


def test_b7_1_a_conflict_with_the_branch_says_pull_resolve_run_again(place: Place) -> None:
    place.merged("A1", "app.txt", "by A1\n")
    place.commit("app.txt", "by a person\n")
    with pytest.raises(MergeConflictError, match="pull with rebase") as failed:
        place.close()
    assert failed.value.files == ("app.txt",)
    assert "run again" in str(failed.value)
    merged = place.integration.path
    sh(merged, "merge", "main", ok=False)
    (merged / "app.txt").write_text("by both\n", encoding="utf-8")
    sh(merged, "commit", "--quiet", "-am", "Resolve")
    assert place.close(gated="").committed_now
    assert place.gates_run == 1
    assert place.commits() == [COMPLETE, "Change app.txt", "Begin"]


def test_files_of_the_operator_in_the_way_stop_the_commit_and_are_not_touched(
    place: Place,
) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.merged("A2", "note.txt", "two\n")
    (place.work / "one.txt").write_text("the operator's\n", encoding="utf-8")
    with pytest.raises(FastForwardError, match=r"one\.txt"):
        place.close()
    assert (place.work / "one.txt").read_text(encoding="utf-8") == "the operator's\n"
    assert place.commits() == ["Begin"]
    (place.work / "one.txt").unlink()
    closed = place.close()
    assert closed.commit == place.saved[0]
    assert len(place.saved) == 1
    assert place.commits() == [COMPLETE, "Begin"]


def test_an_ignored_file_of_the_operator_is_not_overwritten(place: Place) -> None:
    tree = place.attempt("A1")
    (tree.path / "one.tmp").write_text("one\n", encoding="utf-8")
    sh(tree.path, "add", "--force", "one.tmp")
    place.trees.commit_all(tree, "Task A1\n")
    place.integration.merge("A1", tree.branch)
    (place.work / "one.tmp").write_text("the operator's\n", encoding="utf-8")
    with pytest.raises(FastForwardError, match=r"one\.tmp"):
        place.close()
    assert (place.work / "one.tmp").read_text(encoding="utf-8") == "the operator's\n"


def test_another_branch_checked_out_meanwhile_is_said_and_the_commit_kept(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.sh("switch", "--quiet", "-c", "elsewhere")
    with pytest.raises(NotReadyError, match="git switch main"):
        place.close()
    place.sh("switch", "--quiet", "main")
    assert place.close().commit == place.saved[0]


def test_the_branch_that_moves_during_the_commit_gets_it_on_top(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    script = (
        'test -e moved || { touch moved; c=$(git commit-tree -p main -m Meanwhile "main^{tree}");'
        " git update-ref refs/heads/main $c; }"
    )
    place.hook(place.work / ".git", "post-commit", f"cd '{place.work}/run' && {script}")
    assert place.close().committed_now
    assert place.commits() == [COMPLETE, "Meanwhile", "Begin"]
    assert len(place.saved) == 2


def test_a_phase_whose_tasks_changed_nothing_makes_no_commit_and_says_so(place: Place) -> None:
    place.attempt("A1")
    closed = place.close()
    assert closed.commit is None
    assert "nothing to commit" in closed.note
    assert place.commits() == ["Begin"]


def test_b5_6_a_phase_that_is_held_is_committed_and_says_how_to_push(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    held = place.close(push=False)
    assert not held.pushed
    assert "git push origin main" in held.note
    assert place.commits(at=place.remote) == ["Begin"]
    assert place.close().pushed_now


def test_b5_2_a_push_that_never_ends_is_a_failed_push(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.hook(place.work / ".git", "pre-push", "sleep 600")
    hasty = Git(place.work, limits=GitLimits(push=0.3))
    closing = Closing(hasty, place.integration, branch="main", remote="origin")
    with pytest.raises(PushFailedError, match=r"did not end within 0\.3 s"):
        closing.push()


def test_b6_4_taking_a_phase_back_is_a_command_that_is_only_printed(place: Place) -> None:
    place.merged("A1", "one.txt", "one\n")
    made = place.close(push=False).commit
    assert made is not None
    for pushed in (True, False):
        command = rollback_command(made, pushed=pushed)
        assert place.commits()[0] == COMPLETE
        copy = place.top / f"copy {pushed}"
        sh(place.top, "clone", "--quiet", os.fspath(place.work), os.fspath(copy))
        for name, value in (("user.name", "Op"), ("user.email", "op@example.com")):
            sh(copy, "config", name, value)
        sh(copy, *shlex.split(command)[1:])
        assert not (copy / "one.txt").exists()


def test_a_later_round_of_a_phase_begins_at_the_branch_and_makes_its_own_commit(
    place: Place,
) -> None:
    place.merged("A1", "one.txt", "one\n")
    place.close()
    place.sh("revert", "--no-edit", "HEAD")
    place.saved.clear()
    tree = place.attempt("A1")
    assert not (tree.path / "one.txt").exists()
    (tree.path / "one.txt").write_text("better\n", encoding="utf-8")
    place.trees.commit_all(tree, "Task A1\n")
    place.integration.merge("A1", tree.branch)
    assert place.close().pushed_now
    assert place.commits()[0] == COMPLETE
    assert (place.work / "one.txt").read_text(encoding="utf-8") == "better\n"
