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
from tests import roadmap_repository
from tests.roadmap_repository import Place, sh

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="git's stand-in is a shell script")

COMPLETE = "Complete Phase 1: All groups implemented and tested"
STRIDE = 6
"""The moments of a kill are shared out among so many tests."""


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
    place.trees.add(1, "B3", 1, base=stray.base)
    place.integration.merge("B1", first.branch)
    with pytest.raises(MergeConflictError):
        place.integration.merge("B2", second.branch)
    changes.patch(place.git, first.base, first.branch)
    (place.integration.path / "litter.txt").write_text("litter\n", encoding="utf-8")
    place.integration.ensure(1, place.git.tip("main"))
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


def _command(words: list[str]) -> str:
    while words[0] == "-c":
        words = words[2:]
    return words[0]


def _saved(place: Place) -> Path:
    return place.top / "saved"


def _close_as_a_run(place: Place) -> None:
    """The closing with its intent in a file, as a new process would have it."""
    path = _saved(place)
    pending = None
    if path.exists():
        phase, commit, base, merged = path.read_text(encoding="utf-8").split()
        pending = PhaseCommit(phase=int(phase), commit=commit, base=base, merged=merged)

    def save(made: PhaseCommit) -> None:
        new = path.with_suffix(".new")
        new.write_text(f"{made.phase} {made.commit} {made.base} {made.merged}", encoding="utf-8")
        new.replace(path)

    place.trees.recover()
    place.closing.close(
        1,
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
count=$(($(cat "$COUNT_FILE") + 1)); echo $count > "$COUNT_FILE"
if [ $count = "$KILL_AT" ]; then
    if [ "$KILL_WHEN" = before ]; then kill -9 $PPID; exit 1; fi
    "$real" "$@"; status=$?; kill -9 $PPID; exit $status
fi
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("part", range(STRIDE))
def test_a_run_killed_at_any_command_of_the_closing_ends_with_one_commit_pushed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int, when: str
) -> None:
    origin = roadmap_repository.place(tmp_path, monkeypatch)
    origin.merged("A1", "one.txt", "one\n")
    origin.commit("other.txt", "meanwhile\n")  # so that it has to be merged in
    origin.hook(origin.remote, "post-receive", "echo pushed >> pushes")
    sh(origin.work, "config", "remote.origin.url", "../remote.git")
    folder = origin.top / "count"
    monkeypatch.setenv("COUNT_FILE", os.fspath(folder))
    monkeypatch.setenv("KILL_WHEN", when)
    stand_in(origin, monkeypatch, KILLER)
    moments = 0
    for moment in range(part + 1, 200, STRIDE):
        place = _copy(origin, moment)
        folder.write_text("0", encoding="utf-8")
        monkeypatch.setenv("KILL_AT", str(moment))
        killed = _in_a_process(place) == -9
        monkeypatch.setenv("KILL_AT", "never")
        assert _in_a_process(place) == 0, moment
        assert place.commits() == [COMPLETE, "Change other.txt", "Begin"], moment
        assert place.commits(at=place.remote) == place.commits(), moment
        assert (place.remote / "pushes").read_text(encoding="utf-8") == "pushed\n", moment
        assert place.sh("status", "--porcelain") == "", moment
        assert len(_saved(place).read_text(encoding="utf-8").split()) == 4
        if not killed:
            break
        moments += 1
    assert moments >= 2


def _copy(origin: Place, moment: int) -> Place:
    """All of it as it is, at another place: the two halves of the link to its tree are mended."""
    top = origin.top.parent / f"moment {moment}"
    shutil.copytree(origin.top, top, symlinks=True)
    place = Place(top)
    own = place.work / ".git" / "worktrees" / "merged"
    link = place.integration.path / ".git"
    (own / "gitdir").write_text(f"{link}\n", encoding="utf-8")
    link.write_text(f"gitdir: {own}\n", encoding="utf-8")
    return place
