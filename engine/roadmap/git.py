"""The git client: the one way to ask and change the repository.

Every call is bounded in time, its status is looked at, its names are read with ``-z``, and nothing
that destroys is ever issued: no hard reset, no clean, no forced push or removal, no stash, and in
the operator's own tree nothing but a fast-forward.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tenacity

from engine.roadmap import git_process
from engine.roadmap.git_errors import (
    GitError,
    GitMissingError,
    MergeConflictError,
    PushFailedError,
    safe_text,
)
from engine.roadmap.git_log import GitLog
from engine.roadmap.git_process import GitResult

__all__ = [
    "Git",
    "GitError",
    "GitLimits",
    "GitResult",
    "MergeConflictError",
    "PushFailedError",
]

OLDEST_VERSION: Final = (2, 36)
"""The first whose list of worktrees can be read whatever their paths are (``-z``)."""
NO_HOOKS: Final = ("-c", "core.hooksPath=/dev/null")
"""Hooks are for what people see: the phase's commit and the push. All else runs without."""
_NOT_AN_ANCESTOR: Final = 1
_LOCK_TEXT: Final = re.compile(
    r"\.lock': File exists|could not lock config file|Unable to create '[^']*\.lock'"
    r"|failed to read \S*worktrees/\S+/(?:commondir|gitdir)"
)
"""What git says when another git holds a file for a moment, or makes a worktree beside us."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitLimits:
    """Seconds that git may take; over them it is ended with all below it."""

    local: float = 300
    """A command of this host alone (the slowest fills a working tree)."""
    remote: float = 30
    """Asking the remote which commit a branch has."""
    push: float = 300
    hooks: float = 1800
    """A commit with the repository's hooks, which may run its tests."""
    locks: float = 15
    """How long another git's lock is waited for."""


class _LockedError(GitError):
    """Another git process holds a lock just now."""


def _never() -> bool:
    return False


class Git:
    """The repository whose top folder is the work directory."""

    def __init__(
        self,
        work_dir: Path,
        *,
        program: str = "git",
        limits: GitLimits | None = None,
        stop: Callable[[], bool] = _never,
        log_path: Path | None = None,
    ) -> None:
        """``stop`` says whether somebody asked us to end; it is looked at while git works.

        What has to be done at the end too (committing what an attempt left) wants a client
        without it. What changed something is written to ``log_path``.
        """
        self.work_dir = work_dir
        self.limits = limits or GitLimits()
        self.log = GitLog(log_path)
        self._program = program
        self._stop = stop
        self._common: Path | None = None

    def run(
        self,
        *arguments: str,
        cwd: Path | None = None,
        text: str | None = None,
        seconds: float | None = None,
        env: Mapping[str, str] | None = None,
        hooks: bool = False,
        stoppable: bool = True,
    ) -> GitResult:
        """Run ``git arguments`` and say how it ended, whatever its status.

        ``cwd`` is the working tree (default: the operator's), ``text`` what it reads. Raises
        GitMissingError, GitTimeoutError, StopRequested.
        """
        folder = self.work_dir if cwd is None else cwd
        words = arguments if hooks else (*NO_HOOKS, *arguments)
        # Where a working tree lost its link, git must not climb into the operator's tree.
        ceiling = {"GIT_CEILING_DIRECTORIES": os.fspath(folder.parent)}
        command = git_process.command_line(self._program, words)
        result = git_process.run(
            command,
            cwd=folder,
            env=git_process.environment(self.work_dir, {**ceiling, **(env or {})}),
            text=text,
            seconds=self.limits.local if seconds is None else seconds,
            stop=self._stop if stoppable else _never,
        )
        self.log.note(command, folder, result)
        return result

    def must(
        self,
        *arguments: str,
        cwd: Path | None = None,
        text: str | None = None,
        seconds: float | None = None,
        env: Mapping[str, str] | None = None,
        hooks: bool = False,
        stoppable: bool = True,
    ) -> GitResult:
        """Run ``git arguments``; raises GitError with git's own last words where it fails.

        Another git's lock is waited for, within the limit.
        """

        def once() -> GitResult:
            result = self.run(
                *arguments,
                cwd=cwd,
                text=text,
                seconds=seconds,
                env=env,
                hooks=hooks,
                stoppable=stoppable,
            )
            if result.ok:
                return result
            busy = _LOCK_TEXT.search(result.err) is not None
            sentence = failure(arguments, result, self.log.mention)
            raise (_LockedError if busy else GitError)(sentence)

        patient = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_LockedError),
            stop=tenacity.stop_after_delay(self.limits.locks),
            wait=tenacity.wait_random(0.02, 0.2),
            reraise=True,
        )
        return patient(once)

    # What is there

    def version(self) -> tuple[int, int]:
        """Raises GitMissingError where there is no git or its answer is none."""
        found = re.search(r"(\d+)\.(\d+)", self.run("version").out)
        if found is None:
            raise GitMissingError(
                f"{self._program!r} does not say its version: install git "
                f"{'.'.join(map(str, OLDEST_VERSION))} or newer, and try again."
            )
        return int(found[1]), int(found[2])

    def commit_of(self, revision: str, *, cwd: Path | None = None) -> str | None:
        """The commit that a name stands for, or nothing where there is none."""
        result = self.run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}",
            cwd=cwd,
        )  # fmt: skip
        return result.line() if result.ok else None

    def tip(self, branch: str) -> str:
        """The commit at the end of a branch. Raises GitError where there is no such branch."""
        found = self.commit_of(f"refs/heads/{branch}")
        if found is None:
            raise GitError(
                f"There is no branch {branch!r} in {self.work_dir}: `git branch --all` lists "
                "those there are."
            )
        return found

    def tree_of(self, revision: str) -> str:
        """The name of the whole content that a commit holds."""
        return self.must("rev-parse", "--verify", "--end-of-options", f"{revision}^{{tree}}").line()

    def branch(self, *, cwd: Path | None = None) -> str | None:
        """The branch checked out in a working tree; nothing where the head is detached."""
        result = self.run("symbolic-ref", "--quiet", "HEAD", cwd=cwd)
        name = result.line()
        return name.removeprefix("refs/heads/") if result.ok and name else None

    def is_ancestor(self, older: str, newer: str, *, cwd: Path | None = None) -> bool:
        """Whether a commit holds another in its history; a commit holds itself."""
        result = self.run("merge-base", "--is-ancestor", older, newer, cwd=cwd)
        if result.status in (0, _NOT_AN_ANCESTOR):
            return result.ok
        raise GitError(failure(("merge-base", "--is-ancestor"), result))

    def common_folder(self) -> Path:
        """Where the repository keeps its own files (``.git`` of the main working tree)."""
        if self._common is None:
            asked = self.must("rev-parse", "--path-format=absolute", "--git-common-dir")
            self._common = Path(asked.line())
        return self._common

    def has_commit(self, commit: str) -> bool:
        """Whether the repository holds a commit, on a branch or not."""
        return self.run("cat-file", "-e", f"{commit}^{{commit}}").ok


def reason(result: GitResult) -> str:
    """The last thing that git said, as a part of a sentence."""
    said = safe_text(result.err or result.out).replace("\n", "; ")
    return said.rstrip(".") or f"git ended with status {result.status} and said nothing"


def failure(arguments: Sequence[str], result: GitResult, mention: str = "") -> str:
    """The sentence for a command that failed; ``mention`` names the log."""
    return (
        f"`{git_process.shown(['git', *arguments])}` failed: {reason(result)}{mention}. Mend what "
        "it names, and run again."
    )
