from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine import processes
from engine.roadmap import changes
from engine.roadmap.git import Git, GitLimits
from engine.roadmap.git_errors import AgentHistoryError, CommitError, GitError
from engine.roadmap.git_process import FOLDER_VARIABLE, OWNER_VARIABLE
from engine.roadmap.no_push import push_disabled
from engine.roadmap.worktrees import Worktree, Worktrees
from tests import roadmap_repository
from tests.roadmap_repository import Place, sh


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return roadmap_repository.place(tmp_path, monkeypatch)


def write(tree: Worktree, name: str, text: str = "text\n") -> None:
    path = tree.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def files_of(place: Place, revision: str) -> list[str]:
    return place.sh("-c", "core.quotepath=off", "ls-tree", "-r", "--name-only", revision).split(
        "\n"
    )


# What is committed


def test_b_d11_agents_never_share_a_tree_and_the_operator_keeps_his_own(place: Place) -> None:
    first, second = place.attempt("A1"), place.attempt("A2")
    write(first, "db/20260109140001_one.sql")
    write(second, "db/20260109140001_one.sql", "other\n")
    assert len({first.path, second.path, place.work, place.integration.path}) == 4
    assert not (place.work / "db").exists()
    for tree in (first, second):
        assert place.trees.commit_all(tree, "done\n").commit is not None
    assert place.sh("show", f"{first.branch}:db/20260109140001_one.sql") == "text"
    assert place.sh("show", f"{second.branch}:db/20260109140001_one.sql") == "other"
    assert place.sh("status", "--porcelain") == ""


def test_b5_5_only_the_tasks_files_are_committed_never_ignored_ones_secrets_or_logs(
    place: Place,
) -> None:
    tree = place.attempt("A1")
    for name in (
        "src/new ü.ts",
        ".env.example",
        "ignored/x",
        "note.tmp",
        ".env",
        "a/b.pem",
        "x.log",
    ):
        write(tree, name)
    write(tree, "sent/id_rsa")
    sh(tree.path, "add", "--force", "sent/id_rsa")
    (tree.path / ".gitignore").unlink()
    (tree.path / ".gitignore").write_text("ignored/\n*.tmp\n", encoding="utf-8")
    made = place.trees.commit_all(tree, "Task A1\n")
    assert made.left_out == (".env", "a/b.pem", "sent/id_rsa", "x.log")
    assert files_of(place, tree.branch) == [".env.example", ".gitignore", "app.txt", "src/new ü.ts"]
    place.trees.remove(tree)
    assert not tree.path.exists()
    kept = place.trees_folder / "left"
    assert sorted(path.name for path in kept.rglob("*") if path.is_file()) == [
        ".env", "b.pem", "id_rsa", "x.log",
    ]  # fmt: skip


def test_an_attempt_that_changed_nothing_has_no_commit(place: Place) -> None:
    tree = place.attempt("A1")
    write(tree, "ignored/x")
    assert place.trees.commit_all(tree, "Task A1\n").commit is None
    write(tree, "app.txt", "other\n")
    sh(tree.path, "commit", "--quiet", "-am", "by the agent")
    write(tree, "app.txt", "one\ntwo\nthree\n")
    assert place.trees.commit_all(tree, "Task A1\n").commit is None


def test_what_an_agent_committed_itself_counts_with_what_it_left(place: Place) -> None:
    tree = place.attempt("A1")
    write(tree, "one.txt")
    sh(tree.path, "add", "one.txt")
    sh(tree.path, "commit", "--quiet", "-m", "by the agent")
    write(tree, "two.txt")
    commit = place.trees.commit_all(tree, "Task A1\n").commit
    assert commit is not None
    assert changes.files_changed(place.git, tree.base, commit) == ["one.txt", "two.txt"]
    assert "2 files changed" in changes.diff_stat(place.git, tree.base, commit)
    assert "+text" in changes.patch(place.git, tree.base, commit)
    short = changes.patch(place.git, tree.base, commit, most_bytes=40)
    assert "bytes are left out" in short


def test_hooks_do_not_run_for_an_attempt(place: Place) -> None:
    for name in ("pre-commit", "commit-msg", "post-checkout", "post-commit"):
        place.hook(place.work / ".git", name, "touch ../../../hook-ran; exit 1")
    tree = place.attempt("A1")
    write(tree, "one.txt")
    assert place.trees.commit_all(tree, "Task A1\n").commit is not None
    assert not list(place.top.rglob("hook-ran"))


def test_a_missing_author_is_one_sentence(place: Place) -> None:
    tree = place.attempt("A1")
    write(tree, "one.txt")
    place.sh("config", "user.useConfigOnly", "true")
    place.sh("config", "--unset", "user.email")
    with pytest.raises(CommitError, match=r"git config user\.email"):
        place.trees.commit_all(tree, "Task A1\n")
    assert (tree.path / "one.txt").exists()


# What an agent did with its branch


def test_an_agent_that_left_or_rewrote_its_branch_fails_and_nothing_is_lost(place: Place) -> None:
    place.commit("second.txt", "second\n")
    place.sh("branch", "develop", "HEAD~1")
    develop = place.sh("rev-parse", "develop")
    for task, says, deed in (
        ("A1", "detached", ("checkout", "--quiet", "--detach")),
        ("A2", "'develop'", ("switch", "--quiet", "develop")),
        ("A3", "rewrote", ("reset", "--quiet", "--soft", "HEAD~1")),
        ("A4", "'fresh'", ("switch", "--quiet", "--orphan", "fresh")),
    ):
        tree = place.attempt(task)
        sh(tree.path, *deed)
        write(tree, "made.txt")
        with pytest.raises(AgentHistoryError, match=says) as failed:
            place.trees.commit_all(tree, f"Task {task}\n")
        assert "made.txt" in files_of(place, failed.value.kept)
        assert failed.value.kept == f"roadmap/phase-1/{task}.1-kept"
        place.trees.put_away(tree, "again\n")
        place.trees.put_away(tree, "and again\n")
        assert not tree.path.exists()
        assert place.sh("branch", "--list", f"{failed.value.kept}-*") == ""
    assert place.sh("rev-parse", "develop") == develop


def test_a_merge_that_an_agent_left_half_done_fails_and_is_kept(place: Place) -> None:
    place.sh("branch", "side")
    tree = place.attempt("A1")
    write(tree, "app.txt", "mine\n")
    sh(tree.path, "commit", "--quiet", "-am", "mine")
    place.sh("switch", "--quiet", "side")
    place.commit("app.txt", "theirs\n")
    place.sh("switch", "--quiet", "main")
    sh(tree.path, "merge", "side", ok=False)
    with pytest.raises(AgentHistoryError, match="merge half done") as failed:
        place.trees.commit_all(tree, "Task A1\n")
    assert "<<<<<<<" in place.sh("show", f"{failed.value.kept}:app.txt")


def test_an_agent_that_took_its_link_away_never_makes_us_touch_the_operators_tree(
    place: Place,
) -> None:
    lost, own = place.attempt("A1"), place.attempt("A2")
    (lost.path / ".git").unlink()
    write(lost, "made.txt")
    assert place.trees.commit_all(lost, "Task A1\n").commit is not None
    (own.path / ".git").unlink()
    sh(own.path, "init", "--quiet")
    write(own, "made.txt")
    with pytest.raises(GitError, match="no working tree of"):
        place.trees.commit_all(own, "Task A2\n")
    with pytest.raises(GitError, match="no working tree of"):
        place.trees.remove(own)
    assert (own.path / "made.txt").exists()
    assert place.sh("status", "--porcelain") == ""
    assert place.commits() == ["Begin"]


def test_a_repository_inside_a_tree_is_refused_as_git_would_not_keep_its_files(
    place: Place,
) -> None:
    tree = place.attempt("A1")
    (tree.path / "inner").mkdir()
    sh(tree.path / "inner", "init", "--quiet")
    write(tree, "inner/x")
    with pytest.raises(GitError, match="repository inside the working tree"):
        place.trees.commit_all(tree, "Task A1\n")
    assert (tree.path / "inner" / "x").exists()


def test_a_tree_with_work_that_is_not_committed_is_not_removed(place: Place) -> None:
    tree = place.attempt("A1")
    write(tree, "one two.txt")
    with pytest.raises(GitError, match=r"one two\.txt"):
        place.trees.remove(tree)
    sh(tree.path, "add", "one two.txt")
    with pytest.raises(GitError, match=r"\(one two\.txt\)"):
        place.trees.remove(tree)
    assert (tree.path / "one two.txt").exists()


def test_an_attempt_is_put_away_whatever_state_it_is_in_and_its_work_is_on_a_branch(
    place: Place,
) -> None:
    dirty, stray = place.attempt("A1"), place.attempt("A2")
    write(dirty, "one.txt")
    sh(stray.path, "switch", "--quiet", "--detach")
    write(stray, "two.txt")
    sh(stray.path, "add", "two.txt")
    sh(stray.path, "commit", "--quiet", "-m", "by the agent")
    for tree in (dirty, stray):
        place.trees.put_away(tree, "Put away\n")
        assert not tree.path.exists()
    assert "one.txt" in files_of(place, dirty.branch)
    assert "two.txt" in files_of(place, f"{stray.branch}-kept")


# Half states


def test_a_folder_that_git_does_not_know_is_moved_aside(place: Place) -> None:
    stray = place.trees_folder / "A1.1"
    stray.mkdir(parents=True)
    (stray / "work.txt").write_text("work", encoding="utf-8")
    tree = place.attempt("A1")
    assert (tree.path / "app.txt").exists()
    assert [path.name for path in (place.trees_folder / "left").rglob("*.txt")] == ["work.txt"]


def test_an_entry_of_gits_list_without_its_folder_is_forgotten_and_no_others(place: Place) -> None:
    place.sh("worktree", "add", "--quiet", "../away", "-b", "away")
    (place.top / "away").rename(place.top / "unplugged")
    tree = place.attempt("A1")
    tree.path.rename(place.top / "gone")
    again = place.attempt("A1")
    assert again.branch == tree.branch
    again.path.rename(place.top / "gone too")
    place.trees.recover()
    listed = place.sh("worktree", "list")
    assert "A1.1" not in listed
    assert "/away" in listed


def test_a_tree_half_made_when_git_was_killed_is_made_anew(place: Place) -> None:
    tree = place.attempt("A1")
    place.sh("worktree", "lock", "--reason", "initializing", os.fspath(tree.path))
    (tree.path / "app.txt").unlink()
    again = place.attempt("A1")
    assert (again.path / "app.txt").exists()
    assert again.branch == tree.branch
    assert not (place.trees_folder / "left").exists()


def test_a_tree_half_removed_when_git_was_killed_is_made_anew(place: Place) -> None:
    tree = place.attempt("A1")
    (tree.path / ".git").unlink()
    again = place.attempt("A1")
    assert (again.path / "app.txt").exists()


def test_what_a_killed_attempt_left_is_kept_on_a_branch_and_a_new_branch_is_taken(
    place: Place,
) -> None:
    tree = place.attempt("A1")
    write(tree, "one.txt")
    sh(tree.path, "add", "one.txt")
    sh(tree.path, "commit", "--quiet", "-m", "by the agent")
    write(tree, "two.txt")
    again = place.attempt("A1")
    assert again.branch == f"{tree.branch}-2"
    assert not (again.path / "one.txt").exists()
    assert "two.txt" in files_of(place, f"{tree.branch}-kept")
    assert "one.txt" in files_of(place, tree.branch)


def test_locks_of_a_killed_git_in_our_trees_and_on_our_branches_do_not_stop_us(
    place: Place,
) -> None:
    tree = place.attempt("A1")
    write(tree, "one.txt")
    (place.work / ".git" / "worktrees" / "A1.1" / "index.lock").touch()
    (place.work / ".git" / f"refs/heads/{tree.branch}.lock").touch()
    place.trees.recover()
    assert place.trees.commit_all(tree, "Task A1\n").commit is not None


def test_a_lock_on_a_tree_that_somebody_works_in_is_left_alone(place: Place) -> None:
    tree = place.attempt("A1")
    write(tree, "one.txt")
    lock = place.work / ".git" / "worktrees" / "A1.1" / "index.lock"
    lock.touch()
    impatient = Worktrees(Git(place.work, limits=GitLimits(locks=0.1)), place.trees_folder)
    with subprocess.Popen(["cat"], cwd=tree.path, stdin=subprocess.PIPE) as somebody:
        with pytest.raises(GitError, match=r"index\.lock"):
            impatient.commit_all(tree, "Task A1\n")
        assert somebody.poll() is None
        assert somebody.stdin is not None
        somebody.stdin.close()
    assert impatient.commit_all(tree, "Task A1\n").commit is not None
    assert not lock.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="environments of others cannot be read there")
def test_a_git_that_a_killed_run_left_may_finish_or_is_ended_and_a_living_runs_is_left_alone(
    place: Place,
) -> None:
    nobody = f"{os.getpid()} another-boot/1"
    me = f"{os.getpid()} {processes.identity(os.getpid())}"
    done = place.top / "done"
    started = []
    for owner, work in ((nobody, "sleep 600"), (nobody, "touch done"), (me, "sleep 600")):
        marks = {FOLDER_VARIABLE: os.fspath(place.work), OWNER_VARIABLE: owner}
        started.append(
            subprocess.Popen(
                ["sh", "-c", f"echo ready; sleep 0.1; {work}"],
                cwd=place.top,
                env={**os.environ, **marks},
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
        )
    try:
        for one in started:
            assert one.stdout is not None
            one.stdout.readline()
        place.trees.recover(patience=0.5)
        assert [one.poll() is None for one in started] == [False, False, True]
        assert done.exists()
    finally:
        for one in started:
            processes.end_unrecorded(one)
            one.communicate()


def _add_five(work: Path, worker: int) -> None:
    git = Git(work)
    trees = Worktrees(git, work / "run" / "worktrees")
    for number in range(5):
        tree = trees.add("1", f"W{worker}", number, base=git.tip("main"))
        (tree.path / f"{worker}-{number}.txt").write_text("x", encoding="utf-8")
        trees.commit_all(tree, "done\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork there")
def test_four_processes_make_and_commit_trees_at_the_same_time(place: Place) -> None:
    fork = multiprocessing.get_context("fork")
    workers = [fork.Process(target=_add_five, args=(place.work, n)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert len(place.trees.existing()) == 20


# What an agent may not


def test_an_agent_cannot_push_to_any_remote_of_the_repository(place: Place) -> None:
    place.sh("remote", "add", "both", os.fspath(place.remote))
    place.sh("remote", "set-url", "--push", "both", os.fspath(place.remote))
    place.sh("config", f"url.{place.top}/remote.pushInsteadOf", "../remote")
    tree = place.done("A1", "one.txt", "one\n")
    guard = push_disabled(place.git, tree.path)
    before = sh(place.remote, "for-each-ref")
    for target in ("origin", "both", os.fspath(place.remote), f"file://{place.remote}"):
        pushed = subprocess.run(
            ["git", "push", target, "HEAD:refs/heads/stolen"],
            cwd=tree.path,
            env={**os.environ, **guard},
            capture_output=True,
            text=True,
            check=False,
        )
        assert pushed.returncode != 0, target
        assert "agents-may-not-push" in pushed.stderr, target
    assert sh(place.remote, "for-each-ref") == before
    place.sh("push", "--dry-run", "origin", "HEAD:refs/heads/ours")


def test_the_guard_against_pushing_holds_no_password(place: Place) -> None:
    place.sh("remote", "set-url", "origin", "https://op:s3cr3t@host.invalid/x")
    place.sh("remote", "set-url", "--push", "origin", "https://op:s3cr3t@host.invalid/y")
    guard = push_disabled(place.git, place.work / "run")
    assert "s3cr3t" not in "".join(guard.values())
    assert "https://op:" in guard.values()
