"""Working trees of ours removed or put right, and nothing of them lost.

Recovers every state that a kill leaves: a folder that git does not know, an entry of git's list
without its folder, a tree half made or half removed, locks without an owner.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import Final

from engine.logger import get_logger
from engine.private_files import make_private_dir
from engine.roadmap.git import Git
from engine.roadmap.git_errors import GitError, named
from engine.roadmap.git_process import end_abandoned
from engine.roadmap.own_files import is_left_out
from engine.roadmap.worktree_content import keep, state_of
from engine.roadmap.worktree_list import clear_stale_locks, real, registered, require_ours

log = get_logger(__name__)

LEFT_FOLDER: Final = "left"
"""Folder, beside the trees, of what could neither be committed nor thrown away."""
_BRANCHES: Final = "refs/heads/roadmap"


def remove(git: Git, path: Path) -> None:
    """Remove a tree; its branch stays.

    Only where all in it but ignored files is committed; secrets and logs are moved aside. Raises
    GitError otherwise, and leaves the tree as it is.
    """
    if not path.exists():
        forget(git, path)
        return
    clear_stale_locks(path, require_ours(git, path))
    state = state_of(git, path)
    aside = [name for name in state.untracked if is_left_out(name)]
    work = [name for name in (*state.changed, *state.untracked) if name not in aside]
    if work:
        raise GitError(
            f"{path} holds work that is not committed ({named(work)}): commit it there or move "
            f"it away, then run `git worktree remove {shlex.quote(os.fspath(path))}`."
        )
    for name in aside:
        _move_aside(path.parent, path / name, path.name, name)
    drop(git, path)


def drop(git: Git, path: Path) -> None:
    """Remove a tree in which only ignored files are not committed; git itself refuses others."""
    git.must("worktree", "remove", "--", os.fspath(path))


def forget(git: Git, path: Path) -> None:
    """Take a tree whose folder is gone from git's list; trees of others stay in it."""
    found = registered(git).get(real(path))
    if found is None:
        return
    if found.locked is not None:
        git.must("worktree", "unlock", "--", os.fspath(found.path))
    git.must("worktree", "remove", "--", os.fspath(found.path))


def make_room(git: Git, path: Path) -> None:
    """Put right whatever stands where a tree is to be made. Raises GitError, OSError."""
    found = registered(git).get(real(path))
    if found is None:
        _put_aside(path)
        return
    if found.half_made and path.exists():
        shutil.rmtree(path)  # git was killed while it filled it: nobody has worked in it
    elif not (path / ".git").exists():
        _put_aside(path)  # git was killed while it removed it, or an agent took the link away
    if not path.exists():
        forget(git, path)
        return
    clear_stale_locks(path, require_ours(git, path))
    state = state_of(git, path)
    if state.changed or state.untracked or state.branch is None:
        name = found.branch if _is_ours(found.branch) else f"roadmap/left/{path.name}"
        kept = keep(git, path, f"{name}-kept", f"What a killed attempt left in {path.name}\n")
        log.warning("work of a killed attempt kept", branch=kept)
    remove(git, path)


def recover(git: Git, folder: Path, *, patience: float) -> None:
    """Before a run, while no other works here: end what a killed one left, and tidy its locks.

    ``folder`` holds our trees; git processes at work may finish within ``patience`` seconds.
    Raises GitError, OSError.
    """
    end_abandoned(git.work_dir, patience=patience)
    branches = git.common_folder() / _BRANCHES
    if branches.is_dir():
        for lock in branches.rglob("*.lock"):
            lock.unlink(missing_ok=True)
    below = real(folder)
    for path, found in registered(git).items():
        if path.parent == below and not path.exists():
            forget(git, found.path)


def _is_ours(branch: str | None) -> bool:
    return branch is not None and branch.startswith("roadmap/")


def _put_aside(path: Path) -> None:
    if not path.exists() and not path.is_symlink():
        return
    if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
        path.rmdir()
        return
    _move_aside(path.parent, path, path.name, "")


def _move_aside(folder: Path, path: Path, tree: str, name: str) -> None:
    left = make_private_dir(folder / LEFT_FOLDER)
    number = 1
    while (target := left / f"{tree}-{number}" / name).exists():
        number += 1
    make_private_dir(target.parent)
    path.rename(target)
    log.warning("kept aside", path=os.fspath(target))
