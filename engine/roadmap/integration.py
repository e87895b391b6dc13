"""The integration tree: where the branches of a group's tasks come together, phase by phase.

One tree, ``run/worktrees/merged``, with the branch ``roadmap/phase-<n>/merged``. It does not move
while a group runs; at the barrier each task's branch is merged in, in order. Gates run here, and a
person resolves a conflict here by merging the named branch and committing.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path
from typing import Final

from engine.logger import get_logger
from engine.private_files import make_private_dir, write_atomically
from engine.roadmap import worktree_content as content
from engine.roadmap import worktree_removal as removal
from engine.roadmap.git import Git, failure
from engine.roadmap.git_errors import GitError, MergeConflictError, NotReadyError, named
from engine.roadmap.worktree_list import clear_stale_locks, real, registered, require_ours
from engine.roadmap.worktrees import phase_prefix

log = get_logger(__name__)

_MARK: Final = "geelark-merging"
"""A file in git's folder of the tree while a merge of ours is under way; without it, a merge that
is half done is a person's."""


class Integration:
    """The tree on which gates run and from which a phase is committed."""

    def __init__(self, git: Git, folder: Path) -> None:
        """``folder`` holds our trees (``run/worktrees``)."""
        self.git = git
        self.path = folder / "merged"
        self._link: tuple[bytes, Path] | None = None
        """Content of the tree's ``.git`` file, and the folder that git said it names."""

    @staticmethod
    def branch_of(phase: str) -> str:
        """The branch that a phase's work comes together on."""
        return f"{phase_prefix(phase)}merged"

    def ensure(self, phase: str, start: str) -> str:
        """Make the tree ready on the phase's branch, which begins at ``start``; its tip.

        What a kill left is put right: a merge of ours half done is given up, files that nobody
        committed (gates may write some) are put on a branch of their own. Raises NotReadyError
        where a person's merge is half done in it, GitError, OSError.
        """
        branch = self.branch_of(phase)
        if self.git.commit_of(f"refs/heads/{branch}") is None:
            self.git.must("branch", "--no-track", "--", branch, start)
        make_private_dir(self.path.parent)
        if self._is_usable():
            self._end_half_merge()
            self._switch(branch)
        else:
            removal.make_room(self.git, self.path)
            self.git.must("worktree", "add", "--quiet", "--", os.fspath(self.path), branch)
        return self.git.tip(branch)

    def tree(self) -> str:
        """The name of the content that the tree's last commit holds: what gates passed on."""
        return self.git.must("rev-parse", "--verify", "HEAD^{tree}", cwd=self.path).line()

    def head(self) -> str:
        """The tree's last commit."""
        return self.git.must("rev-parse", "--verify", "HEAD^{commit}", cwd=self.path).line()

    def merge(self, task: str, branch: str, title: str = "") -> bool:
        """Merge the branch of a task; whether it was not in already.

        Raises MergeConflictError, which names the task and the files, after giving the merge up:
        the tree is as before and the branch is kept.
        """
        message = f"Merge task {task}: {title}" if title else f"Merge task {task}"
        files = self._merge(branch, message)
        if files:
            where = shlex.quote(os.fspath(self.path))
            raise MergeConflictError(
                f"The work of task {task} conflicts with what was merged before it, in "
                f"{named(files)}{self.git.log.mention}. Nothing is lost and nothing was merged: "
                f"run `cd {where} && git merge {shlex.quote(branch)}`, resolve, `git add` the "
                "files, `git commit`, and run again.",
                files,
            )
        return files is not None

    def merge_moved(self, branch: str, remote: str) -> bool:
        """Merge in the operator's branch, which moved on meanwhile; whether it had.

        Raises MergeConflictError with what to do.
        """
        files = self._merge(branch, f"Merge {branch}")
        if files:
            where = shlex.quote(os.fspath(self.path))
            pull = f"git pull --rebase {shlex.quote(remote)} {shlex.quote(branch)}"
            raise MergeConflictError(
                f"The phase conflicts with what came to {branch!r} meanwhile, in {named(files)}"
                f"{self.git.log.mention}. "
                f"Nothing is lost: pull with rebase (`{pull}`), resolve (`cd {where} && git merge "
                f"{shlex.quote(branch)}`, edit, `git add` the files, `git commit`), and run again.",
                files,
            )
        return files is not None

    def _merge(self, branch: str, message: str) -> list[str] | None:
        """Nothing where it is in already, else the files that conflict: none when merged."""
        own = self._own_folder()
        clear_stale_locks(self.path, own)
        if self._holds(branch):
            return None
        mark = own / _MARK
        write_atomically(mark, f"{branch}\n")
        words = (
            "merge", "--no-ff", "--no-autostash", "--no-verify", "--no-verify-signatures",
            "--no-gpg-sign", "--quiet", "-m", message, f"refs/heads/{branch}",
        )  # fmt: skip
        result = self.git.run(*words, cwd=self.path)
        if result.ok:
            mark.unlink(missing_ok=True)
            return []
        files = self.git.must("diff", "--name-only", "--diff-filter=U", "-z", cwd=self.path).names()
        if content.merging(self.git, self.path):
            self.git.must("merge", "--abort", cwd=self.path)
        mark.unlink(missing_ok=True)
        if not files:
            raise GitError(
                content.nobody(result.err) or failure(words, result, self.git.log.mention)
            )
        return files

    def _own_folder(self) -> Path:
        """Where git keeps what is this tree's; git is asked again once the tree's link changed."""
        link = self.path / ".git"
        if self._link is not None and self._link[0] == _content(link) and self._link[1].is_dir():
            return self._link[1]
        own = require_ours(self.git, self.path)
        self._link = (_content(link), own)
        return own

    def _holds(self, branch: str) -> bool:
        """Whether the tree's last commit holds the branch's. Raises GitError."""
        try:
            return self.git.is_ancestor(f"refs/heads/{branch}", "HEAD", cwd=self.path)
        except GitError:
            self.git.tip(branch)  # says so where there is none
            raise

    def _is_usable(self) -> bool:
        found = registered(self.git).get(real(self.path))
        return found is not None and not found.half_made and (self.path / ".git").exists()

    def _end_half_merge(self) -> None:
        own = self._own_folder()
        clear_stale_locks(self.path, own)
        if content.merging(self.git, self.path):
            if not (own / _MARK).exists():
                raise NotReadyError(
                    f"A merge is half done in {self.path}: end it there with `git commit`, or "
                    "give it up with `git merge --abort`, and run again."
                )
            self.git.must("merge", "--abort", cwd=self.path)
        (own / _MARK).unlink(missing_ok=True)

    def _switch(self, branch: str) -> None:
        """Have the branch checked out with no change in the tree."""
        on_it = self.git.branch(cwd=self.path) == branch
        if not on_it:
            # A phase's commit that was not made leaves exactly this branch's content staged.
            self.git.run("switch", "--quiet", "--no-guess", branch, cwd=self.path)
        state = content.state_of(self.git, self.path)
        if state.changed or state.untracked:
            kept = content.keep(
                self.git, self.path, f"{branch}-left", f"Left in {self.path.name}\n"
            )
            log.warning("uncommitted files of the integration tree kept", branch=kept)
            on_it = False
        if not on_it and self.git.branch(cwd=self.path) != branch:
            self.git.must("switch", "--quiet", "--no-guess", branch, cwd=self.path)

    # The phase's commit

    def squash(self, phase: str, onto: str) -> None:
        """Stage the phase's whole change on top of ``onto``, head detached there.

        The branch must hold ``onto``. Raises GitError.
        """
        self.git.must("switch", "--quiet", "--detach", onto, cwd=self.path)
        self.git.must(
            "merge", "--squash", "--ff", "--no-autostash", "--quiet",
            f"refs/heads/{self.branch_of(phase)}", cwd=self.path,
        )  # fmt: skip

    def leave_commit(self, phase: str) -> None:
        """Back to the phase's branch after a commit that was refused; raises nothing."""
        with contextlib.suppress(GitError):
            self.git.must("switch", "--quiet", "--no-guess", self.branch_of(phase), cwd=self.path)

    def archive(self, phase: str, commit: str) -> None:
        """Rename a committed phase's branch, so that a later round of it starts anew."""
        branch = self.branch_of(phase)
        if self.git.commit_of(f"refs/heads/{branch}") is not None:
            aside = content.unused_branch(self.git, f"{branch}-{commit[:12]}")
            self.git.must("branch", "--move", "--", branch, aside)


def _content(link: Path) -> bytes:
    """Of a file that may be gone, or a folder now."""
    with contextlib.suppress(OSError):
        return link.read_bytes()
    return b""
