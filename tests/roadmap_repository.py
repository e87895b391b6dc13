"""A real repository with a real bare remote, copied from a template that is made once.

Its path holds a space and a letter outside ASCII, as an operator's may.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.roadmap.closing import Closed, Closing, PhaseCommit, phase_message
from engine.roadmap.git import Git, GitLimits
from engine.roadmap.integration import Integration
from engine.roadmap.own_files import hide_own_folders
from engine.roadmap.worktrees import Worktree, Worktrees

QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
MESSAGE = phase_message("1", [("A", "First things"), ("B", "Second things")])
LIMITS = GitLimits(local=30, remote=10, push=30, hooks=30, locks=2)


def sh(folder: Path, *words: str, ok: bool = True) -> str:
    """What a command of git's wrote, run by a person as it were."""
    done = subprocess.run(
        ["git", *words],
        cwd=folder,
        env={**os.environ, **QUIET},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 or not ok, done.stderr
    return done.stdout.strip()


@functools.cache
def _template() -> tempfile.TemporaryDirectory[str]:
    kept = tempfile.TemporaryDirectory(prefix="roadmap-template-")
    top = Path(kept.name)
    sh(top, "init", "--quiet", "--bare", "--initial-branch=main", "remote.git")
    sh(top, "init", "--quiet", "--initial-branch=main", "work")
    work = top / "work"
    sh(work, "config", "user.name", "Op Erator")
    sh(work, "config", "user.email", "op@example.com")
    sh(work, "remote", "add", "origin", "../remote.git")
    (work / "app.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    (work / ".gitignore").write_text("ignored/\n*.tmp\n", encoding="utf-8")
    sh(work, "add", "app.txt", ".gitignore")
    sh(work, "commit", "--quiet", "-m", "Begin")
    sh(work, "push", "--quiet", "origin", "main")
    for hook in (*(top / "remote.git" / "hooks").iterdir(), *(work / ".git" / "hooks").iterdir()):
        hook.unlink()
    return kept


class Place:
    """The operator's tree, its remote, and what works on them."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.work = top / "work"
        self.remote = top / "remote.git"
        self.trees_folder = self.work / "run" / "worktrees"
        self.log = self.work / "logs" / "orchestrator" / "git.log"
        self.git = Git(self.work, limits=LIMITS, log_path=self.log)
        self.trees = Worktrees(self.git, self.trees_folder)
        self.integration = Integration(self.git, self.trees_folder)
        self.closing = Closing(self.git, self.integration, branch="main", remote="origin")
        self.gates_run = 0
        self.saved: list[PhaseCommit] = []

    def sh(self, *words: str, ok: bool = True) -> str:
        return sh(self.work, *words, ok=ok)

    def commit(self, name: str, text: str, *, folder: Path | None = None) -> str:
        """A person's commit of one file; the commit."""
        where = folder or self.work
        (where / name).write_text(text, encoding="utf-8")
        sh(where, "add", "--", name)
        sh(where, "commit", "--quiet", "-m", f"Change {name}")
        return sh(where, "rev-parse", "HEAD")

    def clone(self) -> Path:
        """Another person's clone of the remote."""
        other = self.top / "other"
        sh(self.top, "clone", "--quiet", os.fspath(self.remote), os.fspath(other))
        sh(other, "config", "user.name", "An Other")
        sh(other, "config", "user.email", "other@example.com")
        return other

    def hook(self, where: Path, name: str, script: str) -> None:
        """An executable hook of a repository (its ``.git`` or a bare one)."""
        path = where / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def attempt(self, task: str, number: int = 1, *, phase: str = "1") -> Worktree:
        """A tree for an attempt at the tip of the phase's branch."""
        base = self.integration.ensure(phase, self.git.tip("main"))
        return self.trees.add(phase, task, number, base=base)

    def done(self, task: str, name: str, text: str, *, phase: str = "1") -> Worktree:
        """An attempt that wrote one file, committed, not yet merged."""
        tree = self.attempt(task, phase=phase)
        (tree.path / name).write_text(text, encoding="utf-8")
        assert self.trees.commit_all(tree, f"Task {task}\n").commit is not None
        return tree

    def merged(self, task: str, name: str, text: str, *, phase: str = "1") -> None:
        """A task done, merged, its tree removed."""
        tree = self.done(task, name, text, phase=phase)
        assert self.integration.merge(task, tree.branch)
        self.trees.remove(tree)

    def close(
        self,
        *,
        phase: str = "1",
        push: bool = True,
        gated: str | None = None,
        gates: Callable[[], None] | None = None,
    ) -> Closed:
        """Close the phase as a run does, with what an earlier try saved."""

        def count() -> None:
            self.gates_run += 1

        mine = [made for made in self.saved if made.phase == phase]
        return self.closing.close(
            phase,
            MESSAGE,
            gated_tree=self.integration.tree() if gated is None else gated,
            gates=gates or count,
            pending=mine[-1] if mine else None,
            save=self.saved.append,
            push=push,
        )

    def commits(self, *, at: Path | None = None) -> list[str]:
        """First lines of the messages of main, newest first."""
        return sh(at or self.work, "log", "--format=%s", "main").splitlines()


def place(top: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A copy of the template below ``top``, apart from the settings of who runs the tests."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))]:
        monkeypatch.delenv(name)
    whole = top / "a pläce"
    shutil.copytree(_template().name, whole)
    made = Place(whole)
    hide_own_folders(made.work)
    return made
