"""What is in a working tree of ours: looked at, committed, kept whatever state it is in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from engine.roadmap.git import Git, failure
from engine.roadmap.git_errors import CommitError, GitError, named
from engine.roadmap.own_files import is_left_out

_NESTED_MODE: Final = "160000"


def uncommitted(git: Git, path: Path) -> list[str]:
    """Names of all files of a tree that differ from its last commit, but ignored ones."""
    answer = git.must(
        "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames",
        "--ignore-submodules=none", cwd=path,
    )  # fmt: skip
    return [part[3:] for part in answer.names()]


def stage(git: Git, path: Path, base: str | None) -> tuple[str, ...]:
    """Stage all of a tree but ignored files, secrets and logs; names of the two latter.

    Those are left out as well where somebody staged or committed them since ``base``. Raises
    GitError for a repository inside the tree, of which git would keep nothing but a name.
    """
    untracked = git.must("ls-files", "--others", "--exclude-standard", "-z", cwd=path).names()
    _refuse_nested(path, [name for name in untracked if name.endswith("/")])
    left_out = [name for name in untracked if is_left_out(name)]
    excluded = [f":(top,exclude,literal){name}" for name in left_out]
    _with_names(git, path, ("add", "--all"), [":(top)", *excluded])
    if base is None:
        return tuple(left_out)
    added = _added_since(git, path, base)
    _refuse_nested(path, [name for name, mode in added if mode == _NESTED_MODE])
    known = [name for name, _mode in added if is_left_out(name)]
    if known:
        words = ("rm", "--cached", "--quiet", "--ignore-unmatch")
        _with_names(git, path, words, [f":(top,literal){name}" for name in known])
    return tuple(sorted({*left_out, *known}))


def _with_names(git: Git, path: Path, words: tuple[str, ...], names: list[str]) -> None:
    git.must(
        *words, "--pathspec-from-file=-", "--pathspec-file-nul", cwd=path, text="\0".join(names)
    )


def _added_since(git: Git, path: Path, base: str) -> list[tuple[str, str]]:
    """Names and modes of the files in the index that ``base`` does not have."""
    parts = git.must(
        "diff", "--cached", "--raw", "-z", "--no-renames", "--diff-filter=A", "--no-abbrev",
        "--ignore-submodules=none", base, cwd=path,
    ).names()  # fmt: skip
    return [(name, facts.split()[1]) for facts, name in zip(parts[::2], parts[1::2], strict=True)]


def _refuse_nested(path: Path, nested: list[str]) -> None:
    if nested:
        raise GitError(
            f"There is a repository inside the working tree {path}: {named(nested)}. Remove the "
            "`.git` in it or the whole of it, and let the task run again."
        )


def staged_nothing(git: Git, path: Path) -> bool:
    """Whether the index is what the last commit holds."""
    result = git.run("diff", "--cached", "--quiet", "--ignore-submodules=none", "HEAD", cwd=path)
    if result.status not in (0, 1):
        raise GitError(failure(("diff", "--cached", "--quiet"), result))
    return result.ok


def commit_staged(git: Git, path: Path, message: str) -> None:
    """One commit without hooks or signature. Raises CommitError with what to do."""
    arguments = (
        "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--cleanup=whitespace", "--file=-",
    )  # fmt: skip
    result = git.run(*arguments, cwd=path, text=message)
    if not result.ok:
        raise CommitError(nobody(result.err) or failure(arguments, result, git.log.mention))


def nobody(said: str) -> str:
    """The sentence for a commit without a known author; empty where that is not the reason."""
    if not re.search(r"tell me who you are|empty ident|auto-detect", said):
        return ""
    return (
        "git does not know who makes the commits: run `git config user.name NAME` and `git "
        "config user.email ADDRESS`, and run again."
    )


def keep(git: Git, path: Path, name: str, message: str) -> str:
    """Put all that is in a tree on a new branch, which its detached head is at then; the branch.

    No other branch moves, whatever the head was: detached, at a branch of somebody else's, without
    a commit, in a merge. Raises GitError.
    """
    stage(git, path, None)
    tree = git.must("write-tree", cwd=path).line()
    head = git.commit_of("HEAD", cwd=path)
    if head is not None and git.tree_of(head) == tree:
        commit = head
    else:
        parents = () if head is None else ("-p", head)
        commit = git.must(
            "commit-tree", "--no-gpg-sign", tree, *parents, cwd=path, text=message
        ).line()
    branch = unused_branch(git, name)
    git.must("branch", "--no-track", "--", branch, commit)
    git.must("update-ref", "--no-deref", "HEAD", commit, cwd=path)
    return branch


def unused_branch(git: Git, name: str) -> str:
    """The name, or the name with the first number that no branch has."""
    candidate, number = name, 1
    while git.commit_of(f"refs/heads/{candidate}") is not None:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def history_fault(git: Git, path: Path, branch: str, base: str) -> str:
    """What was done with the branch of a tree that may not be; empty where nothing."""
    head = git.commit_of("HEAD", cwd=path)
    now = git.branch(cwd=path)
    if now is None:
        return "left its branch (detached HEAD)"
    if now != branch:
        return f"switched to the branch {now!r}"
    if head is None or not git.is_ancestor(base, head):
        return "rewrote the history of its branch"
    if merging(git, path):
        return "left a merge half done"
    return ""


def merging(git: Git, path: Path) -> bool:
    """Whether a merge is under way in a tree."""
    return git.run("rev-parse", "--verify", "--quiet", "MERGE_HEAD", cwd=path).ok
