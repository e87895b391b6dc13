"""Whether the repository is ready for a run (behaviour B2.1, B5.4).

Each refusal is one sentence with the command that helps. Nothing is changed by asking, and nothing
is fetched: a commit of the remote that we do not have is one that we are behind.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.roadmap.git import OLDEST_VERSION, Git, reason
from engine.roadmap.git_errors import GitMissingError, NotReadyError, named
from engine.roadmap.git_remote import Remote
from engine.roadmap.own_files import OWN_SETTINGS, outside_own

_UNDER_WAY: Final = (
    ("MERGE_HEAD", "merge", "git merge --continue` or `git merge --abort"),
    ("rebase-merge", "rebase", "git rebase --continue` or `git rebase --abort"),
    ("rebase-apply", "rebase", "git rebase --continue` or `git rebase --abort"),
    ("CHERRY_PICK_HEAD", "cherry-pick", "git cherry-pick --continue` or `git cherry-pick --abort"),
    ("REVERT_HEAD", "revert", "git revert --continue` or `git revert --abort"),
    ("BISECT_LOG", "bisect", "git bisect reset"),
)
_LOOK_SECONDS: Final = 0.05
_RENAMES: Final = frozenset("RC")


@dataclass(frozen=True, kw_only=True, slots=True)
class Readiness:
    """What a repository that is ready told about itself."""

    branch: str
    tip: str
    remote_tip: str | None
    """Nothing where the remote has no such branch yet, or was not asked."""
    warnings: tuple[str, ...] = ()


def check(
    git: Git,
    *,
    branch: str = "",
    remote: str = "origin",
    allow_dirty: bool = False,
    ours: Collection[str] = (),
) -> Readiness:
    """Look at everything that a run needs of the repository.

    ``branch`` empty means the one checked out; ``remote`` empty means that nothing will be pushed
    and no remote is asked. ``ours`` are commits that earlier runs made and could not push yet.
    Raises GitMissingError, NotReadyError, GitError.
    """
    check_version(git)
    check_place(git)
    _refuse_under_way(git)
    current = _branch(git, branch)
    _refuse_locks(git, current)
    tip = git.tip(current)
    check_identity(git)
    warnings = [*_dirty(git, allow_dirty=allow_dirty), *_submodules(git)]
    remote_tip = None
    if remote:
        remote_tip, more = _remote(git, remote, current, tip, frozenset(ours))
        warnings += more
    return Readiness(branch=current, tip=tip, remote_tip=remote_tip, warnings=tuple(warnings))


def check_version(git: Git) -> None:
    """Raises GitMissingError where there is no git or an older one than we can read.

    NotReadyError where there is no folder to ask it in.
    """
    if not git.work_dir.is_dir():
        raise NotReadyError(
            f"There is no folder {git.work_dir}: start in the project's top folder."
        )
    found = git.version()
    if found < OLDEST_VERSION:
        raise GitMissingError(
            f"git {found[0]}.{found[1]} is too old: install git "
            f"{OLDEST_VERSION[0]}.{OLDEST_VERSION[1]} or newer, and try again."
        )


def check_place(git: Git) -> None:
    """Raises NotReadyError unless the work directory is the top of a main working tree."""
    where = git.work_dir
    asked = git.run("rev-parse", "--is-bare-repository", env={"GIT_CEILING_DIRECTORIES": ""})
    if not asked.ok:
        if "not a git repository" not in asked.err:
            raise NotReadyError(f"git refuses to work in {where}: {reason(asked)}.")
        raise NotReadyError(
            f"{where} is not in a git repository: start in the project's top folder, or run "
            "`git init` there and make a first commit."
        )
    if asked.line() == "true":
        raise NotReadyError(
            f"{where} is a bare repository without files: run `git clone {_quoted(where)} FOLDER` "
            "and start in that folder."
        )
    top = Path(git.must("rev-parse", "--show-toplevel", env={"GIT_CEILING_DIRECTORIES": ""}).line())
    if not _same(top, where):
        raise NotReadyError(
            f"{where} is not the top folder of its repository: run `cd {_quoted(top)}` and start "
            "there."
        )
    own, common = git.must(
        "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"
    ).out.splitlines()
    if not _same(Path(own), Path(common)):
        raise NotReadyError(
            f"{where} is a linked working tree of {Path(common).parent}: run `cd "
            f"{_quoted(Path(common).parent)}` and start there."
        )
    above = git.run(
        "rev-parse", "--show-superproject-working-tree", env={"GIT_CEILING_DIRECTORIES": ""}
    ).line()
    if above:
        raise NotReadyError(
            f"{where} is a submodule of {above}: run `git clone` of it into a folder of its own "
            "and start there."
        )


def check_identity(git: Git) -> None:
    """Raises NotReadyError where commits would have no author of whom we know."""
    for kind in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if not git.run("-c", "user.useConfigOnly=true", "var", kind).ok:
            raise NotReadyError(
                "git does not know who makes the commits (user.name or user.email is missing): "
                'run `git config user.name "Your Name"` and `git config user.email '
                "you@example.com`, and run again."
            )


def changed_files(git: Git) -> list[str]:
    """Uncommitted files of the operator's tree, without our own; renamed ones by both names."""
    answer = git.must(
        "status", "--porcelain=v1", "-z", "--untracked-files=normal", "--", *outside_own()
    )
    parts = iter(answer.out.split("\0"))
    files = []
    for part in parts:
        if not part:
            continue
        state, name = part[:2], part[3:]
        if state == "??" and name in OWN_SETTINGS:
            continue
        files.append(name)
        if _RENAMES & set(state):
            files.append(next(parts, name))
    return files


def _refuse_under_way(git: Git) -> None:
    folder = git.common_folder()
    for name, what, helps in _UNDER_WAY:
        if (folder / name).exists():
            raise NotReadyError(
                f"A {what} is under way in {git.work_dir}: end it with `{helps}`, and run again."
            )


def _refuse_locks(git: Git, branch: str) -> None:
    """Locks of a git at work are gone in a moment; those of a killed one stay."""
    names = ("index.lock", "HEAD.lock", "packed-refs.lock", f"refs/heads/{branch}.lock")
    deadline = time.monotonic() + git.limits.locks / 10
    while locks := [lock for name in names if (lock := git.common_folder() / name).exists()]:
        if time.monotonic() >= deadline:
            raise NotReadyError(
                f"Another git works in {git.work_dir}, or one was killed there ({locks[0]} "
                "exists): wait for it; where none runs (`ps -C git`), `rm "
                f"{_quoted(locks[0])}`, and run again."
            )
        time.sleep(_LOOK_SECONDS)


def _branch(git: Git, wanted: str) -> str:
    current = git.branch()
    if current is None:
        back = shlex.quote(wanted) if wanted else "BRANCH"
        raise NotReadyError(
            f"No branch is checked out in {git.work_dir} (detached HEAD): run `git switch "
            f"{back}`, and run again."
        )
    if wanted and current != wanted:
        raise NotReadyError(
            f"The branch {current!r} is checked out and {wanted!r} is configured: run `git "
            f"switch {shlex.quote(wanted)}`, or configure `branch`, and run again."
        )
    if git.commit_of("HEAD") is None:
        raise NotReadyError(
            f"The branch {current!r} has no commit yet: run `git add` of the project's files and "
            "`git commit`, and run again."
        )
    return current


def _dirty(git: Git, *, allow_dirty: bool) -> list[str]:
    files = changed_files(git)
    if not files:
        return []
    text = f"{len(files)} file(s) with uncommitted changes: {named(files)}"
    if allow_dirty:
        return [f"{text}. They are left alone and no agent sees them."]
    raise NotReadyError(
        f"{text}. Commit them (`git add FILES && git commit`) or put them away (`git stash push "
        "--include-untracked`), or allow them (`--allow-dirty`), and run again."
    )


def _submodules(git: Git) -> list[str]:
    if not (git.work_dir / ".gitmodules").is_file():
        return []
    text = "The repository has submodules, which a new working tree holds empty: let `prepare` run"
    return [f"{text} `git submodule update --init --recursive`."]


def _remote(
    git: Git, remote: str, branch: str, tip: str, ours: frozenset[str]
) -> tuple[str | None, list[str]]:
    known = git.must("remote").out.split()
    if remote not in known:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise NotReadyError(
            f"The repository has no remote {remote!r} ({has}): run `git remote add "
            f"{shlex.quote(remote)} ADDRESS`, configure `remote`, or turn the push off."
        )
    there = Remote(git, remote).tip(branch)
    if there is None:
        return None, [f"The remote {remote!r} has no branch {branch!r} yet: the push makes it."]
    pull = f"git pull --rebase {shlex.quote(remote)} {shlex.quote(branch)}"
    if not git.has_commit(there):
        raise NotReadyError(
            f"The branch {branch!r} is behind {remote}/{branch}: run `{pull}`, and run again."
        )
    if not git.is_ancestor(there, tip):
        what = "is behind" if git.is_ancestor(tip, there) else "has diverged from"
        raise NotReadyError(
            f"The branch {branch!r} {what} {remote}/{branch}: run `{pull}`, and run again."
        )
    ahead = git.must("rev-list", f"{there}..{tip}").out.split()
    strange = [commit for commit in ahead if commit not in ours]
    if not strange:
        return there, []
    text = f"{len(strange)} commit(s) of {branch!r} are not at {remote!r} yet: the next push takes"
    return there, [f"{text} them along (`git log {remote}/{branch}..{branch}` shows them)."]


def _quoted(path: Path) -> str:
    return shlex.quote(os.fspath(path))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
