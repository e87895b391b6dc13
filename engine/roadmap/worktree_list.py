"""The working trees that git knows of, and those of them that are in order."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from engine.roadmap.git import Git
from engine.roadmap.git_errors import GitError

HALF_MADE: Final = "initializing"
"""What git locks a working tree with until it has made it; one left so was never worked in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """One working tree of the list; ``branch`` is nothing where its head is detached."""

    path: Path
    head: str | None
    branch: str | None
    locked: str | None
    """Why it is locked, maybe empty; nothing where it is not."""

    @property
    def half_made(self) -> bool:
        """Whether git was ended while it made the tree."""
        return self.locked == HALF_MADE


def registered(git: Git) -> dict[Path, Registered]:
    """All working trees of the repository by their real paths."""
    answer = git.must("worktree", "list", "--porcelain", "-z").out
    found = {}
    for block in answer.split("\0\0"):
        facts: dict[str, str] = {}
        for line in block.split("\0"):
            key, _, value = line.partition(" ")
            facts[key] = value
        if "worktree" not in facts:
            continue
        path = Path(facts["worktree"])
        found[real(path)] = Registered(
            path=path,
            head=facts.get("HEAD"),
            branch=facts["branch"].removeprefix("refs/heads/") if "branch" in facts else None,
            locked=facts.get("locked"),
        )
    return found


def real(path: Path) -> Path:
    """The path without links, also of what is not there."""
    return Path(os.path.realpath(path))


def require_ours(git: Git, path: Path) -> Path:
    """The folder where git keeps what belongs to this working tree alone.

    Raises GitError where the folder is no working tree of this repository any more, as where an
    agent removed its ``.git`` file or made a repository of its own there: a command in it would
    change another tree.
    """
    common = git.common_folder()
    asked = git.run(
        "rev-parse", "--path-format=absolute", "--git-common-dir", "--git-dir", "--show-toplevel",
        cwd=path,
    )  # fmt: skip
    if not asked.ok:
        git.run("worktree", "repair", os.fspath(path))  # writes the link to the repository anew
        asked = git.run(
            "rev-parse", "--path-format=absolute", "--git-common-dir", "--git-dir",
            "--show-toplevel", cwd=path,
        )  # fmt: skip
    lines = asked.out.splitlines()
    if asked.ok and len(lines) == 3:
        found, own, top = (real(Path(line)) for line in lines)
        if found == real(common) and own != found and top == real(path):
            return own
    raise GitError(
        f"{path} is no working tree of {git.work_dir} any more (its `.git` was changed). Its files "
        "are left as they are: save what you need of them, remove the folder, and run again."
    )


def somebody_works_in(path: Path) -> bool:
    """Whether a living process has its working folder in this tree. Raises nothing."""
    inside = real(path)
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and Path(process.cwd()).is_relative_to(inside):
                return True
    return False


def clear_stale_locks(path: Path, own_folder: Path) -> list[Path]:
    """Remove locks on a working tree of ours that a killed git left; which.

    Nobody else works in these trees, so with nobody in one a lock has no owner.
    """
    locks = [own_folder / name for name in ("index.lock", "HEAD.lock")]
    there = [lock for lock in locks if lock.exists()]
    if not there or somebody_works_in(path):
        return []
    for lock in there:
        lock.unlink(missing_ok=True)
    return there
