"""Every git command that the whole life of a phase issues, seen by a program in git's place."""

from __future__ import annotations

import multiprocessing
import os
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from engine.roadmap import changes, readiness
from engine.roadmap.closing import PhaseCommit
from engine.roadmap.git_errors import MergeConflictError
from engine.roadmap.no_push import push_disabled
from engine.roadmap.worktrees import Worktree
from tests import roadmap_repository
from tests.roadmap_repository import Place

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="git's stand-in is a shell script")

COMPLETE = "Complete Phase 1: All groups implemented and tested"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return roadmap_repository.place(tmp_path, monkeypatch)


def stand_in(place: Place, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """A ``git`` first on the path that writes down its arguments, runs ``script``, then git."""
    real = shutil.which("git")
    assert real is not None
    folder = place.top / "bin"
    folder.mkdir()
    lines = place.top / "lines"
    lines.touch()
    git = folder / "git"
    git.write_text(
        "#!/bin/sh\n"
        f'printf "%s\\n" "$PWD | $*" >> {shlex.quote(os.fspath(lines))}\n'
        f"real={shlex.quote(real)}\n{script}\n" + 'exec "$real" "$@"\n',
        encoding="utf-8",
    )
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return lines


def _whole_life(place: Place) -> None:
    """Two groups, a conflict, a gate's litter, a stray agent, a commit and a push."""
    readiness.check(place.git)
    place.trees.recover()
    place.merged("A1", "one.txt", "one\n")
    first = place.done("B1", "app.txt", "by B1\n")
    second = place.done("B2", "app.txt", "by B2\n")
    stray = place.attempt("B3")
    push_disabled(place.git, stray.path)
    (stray.path / "left.txt").write_text("left\n", encoding="utf-8")
    place.trees.add("1", "B3", 1, base=stray.base)
    place.integration.merge("B1", first.branch)
    with pytest.raises(MergeConflictError):
        place.integration.merge("B2", second.branch)
    changes.patch(place.git, first.base, first.branch)
    (place.integration.path / "litter.txt").write_text("litter\n", encoding="utf-8")
    place.integration.ensure("1", place.git.tip("main"))
    for tree in (first, second):
        place.trees.remove(tree)
    place.close()


def test_nothing_destructive_is_ever_issued_and_the_operators_tree_only_fast_forwards(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = stand_in(place, monkeypatch, "")
    _whole_life(place)
    commands = lines.read_text(encoding="utf-8").splitlines()
    issued = [_words(line) for line in commands]
    ours = [(cwd, words) for cwd, words in issued if "core.quotepath=off" in words]
    names = {_command(words) for _cwd, words in ours}
    assert {"worktree", "merge", "commit", "push", "switch", "branch"} <= names
    assert not names & {"reset", "clean", "stash", "checkout", "restore", "rebase", "gc", "prune"}
    for _cwd, words in ours:
        assert not {"--force", "-f", "-D", "-d", "--delete", "--hard", "--mirror", "+"} & set(words)
        assert not any(word.startswith(("+", "--force")) for word in words)
        assert not ("worktree" in words and "prune" in words)
    changing = {"merge", "commit", "switch", "add", "rm", "update-ref", "write-tree", "apply"}
    in_operators = [words for cwd, words in ours if Path(cwd) == place.work]
    assert [words for words in in_operators if _command(words) in changing] == [
        words for words in in_operators if "--ff-only" in words
    ]
    assert len([words for words in in_operators if "--ff-only" in words]) == 1


def _words(line: str) -> tuple[str, list[str]]:
    cwd, _, words = line.partition(" | ")
    return cwd, words.split()


def _start(words: list[str]) -> int:
    """Where the command begins after the settings."""
    return next(at for at in range(0, len(words), 2) if words[at] != "-c")


def _command(words: list[str]) -> str:
    return words[_start(words)]


def _changes(words: list[str]) -> bool:
    """Whether a command is none of those that only look."""
    command, *rest = words[_start(words) :]
    looks = {"rev-parse", "merge-base", "cat-file", "symbolic-ref", "ls-remote", "rev-list"}
    looks |= {"status", "diff", "config", "var", "version", "remote", "ls-files"}
    return command not in looks and rest[:1] != ["list"]


def _saved(place: Place) -> Path:
    return place.top / "saved"


def _close_as_a_run(place: Place) -> None:
    """The closing with its intent in a file, as a new process would have it."""
    path = _saved(place)
    pending = None
    if path.exists():
        phase, commit, base, tree = path.read_text(encoding="utf-8").split()
        pending = PhaseCommit(phase=phase, commit=commit, base=base, tree=tree)

    def save(made: PhaseCommit) -> None:
        new = path.with_suffix(".new")
        new.write_text(f"{made.phase} {made.commit} {made.base} {made.tree}", encoding="utf-8")
        new.replace(path)

    place.trees.recover()
    place.closing.close(
        "1",
        roadmap_repository.MESSAGE,
        gated_tree="",
        gates=lambda: None,
        pending=pending,
        save=save,
        push=True,
    )


def _in_a_process(place: Place) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=_close_as_a_run, args=(place,))
    process.start()
    process.join(60)
    return process.exitcode


KILLER = """
case "$*" in *"$KILL_AT"*) if [ ! -e "$KILLED" ]; then
    touch "$KILLED"
    if [ "$KILL_WHEN" = before ]; then kill -9 $PPID; exit 1; fi
    "$real" "$@"; status=$?; kill -9 $PPID; exit $status
fi;; esac
"""

CHANGES = (
    "worktree add",
    "merge --no-ff",
    "switch --quiet --detach",
    "merge --squash",
    "commit --quiet",
    "merge --ff-only",
    "branch --move",
    "push --porcelain",
)
"""The commands of a closing that change something, in their order. A kill between two of them is
one before the latter, but for what we write ourselves in between."""
MOMENTS = [("before", change) for change in CHANGES] + [
    ("after", change) for change in ("merge --no-ff", "commit --quiet", "merge --ff-only", "push")
]


def _ready_to_close(place: Place) -> None:
    """A task is merged, the integration tree is lost, and the branch moved on meanwhile."""
    place.merged("A1", "one.txt", "one\n")
    place.trees.remove(
        Worktree(path=place.integration.path, branch="roadmap/phase-1/merged", base="")
    )
    place.commit("other.txt", "meanwhile\n")
    place.hook(place.remote, "post-receive", "echo pushed >> pushes")


@pytest.mark.parametrize(("when", "change"), MOMENTS, ids=[" ".join(it) for it in MOMENTS])
def test_a_run_killed_in_any_step_of_the_closing_ends_with_one_commit_pushed_once(
    place: Place, monkeypatch: pytest.MonkeyPatch, when: str, change: str
) -> None:
    _ready_to_close(place)
    for name, value in (("AT", change), ("WHEN", when), ("ED", os.fspath(place.top / "killed"))):
        monkeypatch.setenv(f"KILL_{name}" if name != "ED" else "KILLED", value)
    lines = stand_in(place, monkeypatch, KILLER)
    assert _in_a_process(place) == -9
    assert _in_a_process(place) == 0
    pushes = lines.read_text(encoding="utf-8").count(" push --porcelain")
    assert pushes == (2 if (when, change) == ("before", "push --porcelain") else 1)
    assert place.commits() == [COMPLETE, "Change other.txt", "Begin"]
    assert place.commits(at=place.remote) == place.commits()
    assert (place.remote / "pushes").read_text(encoding="utf-8") == "pushed\n"
    assert place.sh("status", "--porcelain") == ""


def test_the_steps_of_a_closing_are_those_that_are_killed_above(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ready_to_close(place)
    lines = stand_in(place, monkeypatch, "")
    _close_as_a_run(place)
    issued = [_words(line)[1] for line in lines.read_text(encoding="utf-8").splitlines()]
    changing = [" ".join(words[_start(words) :]) for words in issued if _changes(words)]
    assert len(changing) == len(CHANGES)
    for command, step in zip(changing, CHANGES, strict=True):
        assert command.startswith(step)


def _half_forwarded(place: Place) -> PhaseCommit:
    """A phase's commit of which the operator's tree has one new and one removed file already."""
    tree = place.attempt("A1")
    for name in ("one ü.txt", "two.txt"):
        (tree.path / name).write_text(f"{name}\n", encoding="utf-8")
    (tree.path / "app.txt").unlink()
    place.trees.commit_all(tree, "Task A1\n")
    place.integration.merge("A1", tree.branch)
    made = place.closing.prepare(
        "1", roadmap_repository.MESSAGE, gated_tree=place.integration.tree(), gates=lambda: None
    )
    assert made is not None
    (place.work / "one ü.txt").write_text("one ü.txt\n", encoding="utf-8")
    (place.work / "app.txt").unlink()
    return made


@pytest.mark.parametrize("index_written", [False, True])
def test_a_fast_forward_cut_short_by_the_hosts_end_is_gone_on_with(
    place: Place, index_written: bool
) -> None:
    made = _half_forwarded(place)
    if index_written:
        (place.work / "two.txt").write_text("two.txt\n", encoding="utf-8")
        place.sh("add", "--all", "--", "app.txt", "one ü.txt", "two.txt")
    assert place.closing.finish_interrupted(made)
    assert place.commits() == [COMPLETE, "Begin"]
    assert place.sh("status", "--porcelain") == ""
    assert (place.work / "two.txt").exists()
    assert not place.closing.finish_interrupted(made)


def test_changes_of_a_person_are_never_taken_for_a_fast_forward_cut_short(place: Place) -> None:
    made = _half_forwarded(place)
    (place.work / "one ü.txt").write_text("a person's\n", encoding="utf-8")
    before = place.sh("status", "--porcelain")
    assert not place.closing.finish_interrupted(made)
    assert place.sh("status", "--porcelain") == before
    assert place.commits() == ["Begin"]
