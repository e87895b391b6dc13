"""Working trees of attempts, each with a branch of its own, so that agents never share one.

They lie below ``run/worktrees``. What an attempt leaves is committed on its branch before its tree
is removed; whatever a kill at any moment leaves half made is put right by the next ``add``.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.private_files import make_private_dir
from engine.roadmap import worktree_content as content
from engine.roadmap import worktree_removal as removal
from engine.roadmap.git import Git
from engine.roadmap.git_errors import AgentHistoryError, GitError
from engine.roadmap.worktree_list import (
    Registered,
    clear_stale_locks,
    real,
    registered,
    require_ours,
)

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def phase_prefix(phase: str) -> str:
    """What the names of all branches of a phase begin with."""
    return f"roadmap/phase-{phase}/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Worktree:
    """The working tree of one attempt."""

    path: Path
    branch: str
    base: str
    """The commit that it started from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Committed:
    """What an attempt left, on its branch."""

    commit: str | None
    """The tip of its branch; nothing where that holds what it started from, unchanged."""
    left_out: tuple[str, ...] = ()
    """New files that look like secrets or logs: not committed, moved aside at the removal."""


class Worktrees:
    """Makes, commits and removes the working trees of attempts."""

    def __init__(self, git: Git, folder: Path) -> None:
        self.git = git
        self.folder = folder

    def recover(self, *, patience: float = 10) -> None:
        """Once before a run, before its readiness is looked at: tidy what a killed one left.

        Its git processes may finish within ``patience`` seconds. Raises GitError, OSError.
        """
        removal.recover(self.git, self.folder, patience=patience)

    def add(self, phase: str, task: str, attempt: int, *, base: str) -> Worktree:
        """A new tree and branch at ``base`` for one attempt of a task.

        Of a tree that an attempt of that number left, everything is committed before it is
        removed; a branch that holds work already is kept and another name taken. Raises GitError,
        OSError.
        """
        if not _NAME.fullmatch(task):
            raise GitError(
                f"The task {task!r} cannot name a branch: use letters and figures, as in A1."
            )
        name = f"{task}.{attempt}"
        make_private_dir(self.folder)
        path = self.folder / name
        removal.make_room(self.git, path)
        branch = f"{phase_prefix(phase)}{name}"
        tip = self.git.commit_of(f"refs/heads/{branch}")
        if tip not in {None, base}:
            branch, tip = content.unused_branch(self.git, branch), None
        if tip is None:
            self.git.must("branch", "--no-track", "--", branch, base)
        self.git.must("worktree", "add", "--quiet", "--", os.fspath(path), branch)
        return Worktree(path=path, branch=branch, base=base)

    def existing(self) -> list[Registered]:
        """The trees below our folder that git knows of, the integration tree among them."""
        below = real(self.folder)
        return [found for path, found in registered(self.git).items() if path.parent == below]

    def commit_all(self, tree: Worktree, message: str) -> Committed:
        """Commit everything that an attempt left but ignored files, on its branch.

        No hooks run: they are for the phase's commit. Raises AgentHistoryError where the agent
        left its branch or rewrote it (all it made is kept on a branch that the error names),
        GitError where it cannot be committed; the tree is left as it is then.
        """
        own = require_ours(self.git, tree.path)
        clear_stale_locks(tree.path, own)
        state = content.state_of(self.git, tree.path)
        fault = content.history_fault(self.git, state, branch=tree.branch, base=tree.base, own=own)
        if fault:
            kept = content.keep(self.git, tree.path, f"{tree.branch}-kept", message)
            raise AgentHistoryError(
                f"The agent {fault} in {tree.path}. What it made is kept on the branch {kept!r}: "
                f"look at it with `git log -p {tree.base[:12]}..{kept}`, and merge it by hand or "
                "let the task run again.",
                kept,
            )
        if state.head == tree.base and not state.changed and not state.untracked:
            return Committed(commit=None)
        staged = content.stage(self.git, tree.path, state.untracked, tree.base)
        if state.head == tree.base:
            anything = staged.changed
        else:  # the agent committed itself
            anything = not content.staged_nothing(self.git, tree.path)
        if anything:
            content.commit_staged(self.git, tree.path, message)
        tip = self.git.tip(tree.branch) if staged.changed else None
        return Committed(commit=tip, left_out=staged.left_out)

    def put_away(self, tree: Worktree, message: str) -> None:
        """Commit or keep whatever is left in a tree, then remove it; safe to repeat.

        A branch that the agent left is no error here. Raises GitError where something of it can
        neither be committed nor kept; the tree is left as it is then.
        """
        if not tree.path.exists():
            removal.forget(self.git, tree.path)
            return
        own = require_ours(self.git, tree.path)
        clear_stale_locks(tree.path, own)
        state = content.state_of(self.git, tree.path)
        if state.branch == tree.branch and not state.changed and not state.untracked:
            removal.drop(self.git, tree.path)
            return
        with contextlib.suppress(AgentHistoryError):
            self.commit_all(tree, message)
        removal.remove(self.git, tree.path)

    def remove(self, tree: Worktree) -> None:
        """Remove the tree of an attempt; its branch stays.

        Only where all in it but ignored files is committed; secrets and logs are moved aside, into
        ``left`` beside the trees. Raises GitError otherwise and leaves the tree as it is.
        """
        removal.remove(self.git, tree.path)
