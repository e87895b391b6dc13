"""What is in a working tree of ours: looked at, committed, kept whatever state it is in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.roadmap.git import Git, failure
from engine.roadmap.git_errors import CommitError, GitError, named
from engine.roadmap.own_files import is_left_out

_NESTED_MODE: Final = "160000"
_FIELDS: Final = {"1": 8, "u": 10}
"""How many fields stand before the name of a changed and of an unmerged file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What a tree's head is and what is not committed in it."""

    head: str | None
    """Its commit; nothing where there is none yet."""
    branch: str | None
    """Nothing where the head is detached."""
    changed: tuple[str, ...]
    """Names of the files that git knows and that differ from the commit."""
    untracked: tuple[str, ...]
    """Without ignored files; a repository inside the tree ends with a slash."""


def state_of(git: Git, path: Path) -> State:
    """All that is asked before a tree is committed or removed, by one command."""
    answer = git.must(
        "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames",
        "--ignore-submodules=none", cwd=path,
    )  # fmt: skip
    facts: dict[str, str] = {}
    changed, untracked = [], []
    for entry in answer.names():
        if entry.startswith("# branch."):
            key, _, value = entry.removeprefix("# branch.").partition(" ")
            facts[key] = value
        elif entry.startswith("? "):
            untracked.append(entry[2:])
        else:
            changed.append(entry.split(" ", _FIELDS[entry[0]])[-1])
    head, branch = facts.get("oid"), facts.get("head")
    return State(
        head=None if head == "(initial)" else head,
        branch=None if branch == "(detached)" else branch,
        changed=tuple(changed),
        untracked=tuple(untracked),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """What the index of a tree holds after all was staged."""

    changed: bool
    """Whether it differs from the commit that the attempt began at."""
    left_out: tuple[str, ...]
    """Secrets and logs: they are in the tree, not in the index."""


def stage(git: Git, path: Path, untracked: Sequence[str], base: str | None) -> Staged:
    """Stage all of a tree but ignored files, secrets and logs.

    The two latter are left out as well where somebody staged or committed them since ``base``.
    Raises GitError for a repository inside the tree, of which git would keep nothing but a name.
    """
    _refuse_nested(path, [name for name in untracked if name.endswith("/")])
    left_out = [name for name in untracked if is_left_out(name)]
    excluded = [f":(top,exclude,literal){name}" for name in left_out]
    _with_names(git, path, ("add", "--all"), [":(top)", *excluded])
    if base is None:
        return Staged(changed=True, left_out=tuple(left_out))
    differing = _differing(git, path, base)
    added = {name: mode for name, mode, status in differing if status == "A"}
    _refuse_nested(path, [name for name, mode in added.items() if mode == _NESTED_MODE])
    known = [name for name in added if is_left_out(name)]
    if known:
        words = ("rm", "--cached", "--quiet", "--ignore-unmatch")
        _with_names(git, path, words, [f":(top,literal){name}" for name in known])
    return Staged(changed=len(differing) > len(known), left_out=tuple(sorted({*left_out, *known})))


def _with_names(git: Git, path: Path, words: tuple[str, ...], names: list[str]) -> None:
    git.must(
        *words, "--pathspec-from-file=-", "--pathspec-file-nul", cwd=path, text="\0".join(names)
    )


def _differing(git: Git, path: Path, base: str) -> list[tuple[str, str, str]]:
    """Names, modes and kinds of change of the files in which the index differs from ``base``."""
    parts = git.must(
        "diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev",
        "--ignore-submodules=none", base, cwd=path,
    ).names()  # fmt: skip
    facts = [part.split() for part in parts[::2]]
    return [(name, fact[1], fact[4]) for fact, name in zip(facts, parts[1::2], strict=True)]


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
    state = state_of(git, path)
    head = state.head
    stage(git, path, state.untracked, None)
    tree = git.must("write-tree", cwd=path).line()
    if head is not None and git.tree_of(head) == tree:
        known = _branches_at(git, head, name)
        if known:
            return known[0]
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


def _branches_at(git: Git, commit: str, name: str) -> list[str]:
    """Branches whose names begin so and that are at a commit."""
    return git.must(
        "for-each-ref", f"--points-at={commit}", "--format=%(refname:lstrip=2)",
        f"refs/heads/{name}*",
    ).out.split()  # fmt: skip


def history_fault(git: Git, state: State, *, branch: str, base: str, own: Path) -> str:
    """What was done with the branch of a tree that may not be; empty where nothing.

    ``own`` is the folder where git keeps what belongs to this tree alone.
    """
    if state.branch is None:
        return "left its branch (detached HEAD)"
    if state.branch != branch:
        return f"switched to the branch {state.branch!r}"
    if state.head is None or (state.head != base and not git.is_ancestor(base, state.head)):
        return "rewrote the history of its branch"
    if (own / "MERGE_HEAD").exists():
        return "left a merge half done"
    return ""


def merging(git: Git, path: Path) -> bool:
    """Whether a merge is under way in a tree."""
    return git.run("rev-parse", "--verify", "--quiet", "MERGE_HEAD", cwd=path).ok
