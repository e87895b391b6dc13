"""A phase closed: one commit of all its changes, brought into the operator's tree and pushed.

The commit is made in the integration tree on a detached head, by a real ``git commit``, so that
the repository's hooks see it. Where it shall go is written down before the branch moves, and what
happened is afterwards read from the history itself, never from messages (behaviour B5, B6.3).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from engine.logger import get_logger
from engine.output import one_line
from engine.roadmap import half_forward
from engine.roadmap.git import Git, reason
from engine.roadmap.git_errors import (
    CommitError,
    FastForwardError,
    GitError,
    NotReadyError,
    PushFailedError,
)
from engine.roadmap.git_remote import PUSH_FAILED, PUSH_KEPT, Remote
from engine.roadmap.integration import Integration
from engine.roadmap.worktree_content import nobody

log = get_logger(__name__)

_TRIES: Final = 3
"""How often the branch may move on between the commit and its fast-forward."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhaseCommit:
    """A phase's commit and what it was made from; recorded before the branch is moved to it."""

    phase: str
    commit: str
    base: str
    """The tip of the operator's branch that it follows."""
    tree: str
    """The content that the phase's branch had when it was made; hooks may have changed it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """How a phase ended."""

    commit: PhaseCommit | None
    """Nothing where no task of the phase changed anything: no empty commit is made."""
    committed_now: bool = False
    pushed: bool = False
    """Whether the remote has it, by this or an earlier push."""
    pushed_now: bool = False
    note: str = ""


def phase_message(phase: str, groups: Iterable[tuple[str, str]]) -> str:
    """The message of a phase's commit from its groups' ids and titles (behaviour B5.1)."""
    lines = [
        f"- Group {one_line(name)}: {one_line(title)}" if title else f"- Group {one_line(name)}"
        for name, title in groups
    ]
    head = f"Complete Phase {phase}: All groups implemented and tested"
    return "\n".join([head, "", *lines, ""])


def rollback_command(made: PhaseCommit, *, pushed: bool) -> str:
    """The command that takes a phase back, for a person to run; never run here (behaviour B6.4)."""
    return f"git revert {made.commit[:12]}" if pushed else f"git reset --keep {made.base[:12]}"


class Closing:
    """Commits and pushes phases; each step may be repeated after a kill at any moment."""

    def __init__(self, git: Git, integration: Integration, *, branch: str, remote: str) -> None:
        self.git = git
        self.integration = integration
        self.branch = branch
        self.remote = Remote(git, remote)

    def close(
        self,
        phase: str,
        message: str,
        *,
        gated_tree: str,
        gates: Callable[[], None],
        pending: PhaseCommit | None,
        save: Callable[[PhaseCommit], None],
        push: bool,
    ) -> Closed:
        """Commit the phase once, and push it where asked to.

        ``gated_tree`` is the content that the gates passed on last; where another is to be
        committed ``gates`` is called, which raises where one fails (behaviour B3.5). ``pending``
        is what ``save`` was given last for this round of the phase. Raises MergeConflictError,
        CommitError, FastForwardError, PushFailedError, NotReadyError, GitError, and what ``gates``
        and ``save`` raise. A commit that was made stays (behaviour B5.2).
        """
        made = pending
        now = False
        if made is None or not self.is_committed(made):
            made = self._commit(
                phase, message, gated_tree=gated_tree, gates=gates, pending=pending, save=save
            )
            now = True
        if made is None:
            return Closed(
                commit=None, note=f"Phase {phase} changed no file: there is nothing to commit."
            )
        self._archive(made)
        if not push:
            return Closed(commit=made, committed_now=now, note=self._held(made))
        try:
            there = self.is_pushed(made)
        except GitError as exc:
            raise PushFailedError(f"{PUSH_FAILED}: {exc} {PUSH_KEPT}") from None
        if there:
            return Closed(commit=made, committed_now=now, pushed=True)
        self.push()
        return Closed(commit=made, committed_now=now, pushed=True, pushed_now=True)

    def prepare(
        self, phase: str, message: str, *, gated_tree: str, gates: Callable[[], None]
    ) -> PhaseCommit | None:
        """Make the phase's commit beside the branch; nothing where it changed nothing.

        Raises MergeConflictError, CommitError, GitError and what ``gates`` raises.
        """
        base = self.git.tip(self.branch)
        self.integration.ensure(phase, base)
        self.integration.merge_moved(self.branch, self.remote.name)
        tree = self.integration.tree()
        if tree == self.git.tree_of(base):
            return None
        if tree != gated_tree:
            gates()
            self.integration.ensure(phase, base)  # gates may have written files
        self.integration.squash(phase, base)
        self._real_commit(phase, message)
        commit = self.integration.head()
        if self.git.commit_of(f"{commit}^") != base:
            raise CommitError(
                f"The commit of phase {phase} ({commit[:12]}) does not follow {base[:12]}: a hook "
                f"changed the history in {self.integration.path}. Mend the hook, and run again."
            )
        if self.integration.tree() != tree:
            log.warning("a hook changed the phase's content: gates run again", phase=phase)
            gates()
        return PhaseCommit(phase=phase, commit=commit, base=base, tree=tree)

    def fast_forward(self, made: PhaseCommit) -> None:
        """Bring the commit into the operator's tree, which must have its branch checked out.

        Never anything but a fast-forward; files in its way stop it. Raises NotReadyError,
        FastForwardError.
        """
        current = self.git.branch()
        if current != self.branch:
            raise NotReadyError(
                f"The branch {self.branch!r} is no longer checked out in {self.git.work_dir}: run "
                f"`git switch {shlex.quote(self.branch)}`, and run again. The commit of phase "
                f"{made.phase} is kept ({made.commit[:12]})."
            )
        result = self.git.run(
            "merge", "--ff-only", "--no-autostash", "--no-overwrite-ignore", "--quiet",
            made.commit, stoppable=False,
        )  # fmt: skip
        if not result.ok or self.git.tip(self.branch) != made.commit:
            raise FastForwardError(
                f"The commit of phase {made.phase} ({made.commit[:12]}) cannot be brought into "
                f"{self.git.work_dir}: {reason(result)}{self.git.log.mention}. It is "
                "kept: commit or move away what is in its way, and run again."
            )
        log.info("phase committed", phase=made.phase, commit=made.commit)

    def finish_interrupted(self, made: PhaseCommit) -> bool:
        """Before readiness is looked at: go on with a fast-forward that the host's end cut short.

        Whether there was one. Changes of a person in the same files are left for readiness to
        refuse. Raises GitError.
        """
        if self.git.branch() != self.branch or not self.git.has_commit(made.commit):
            return False
        if self.git.tip(self.branch) != made.base:
            return False
        names = half_forward.written_already(self.git, made.base, made.commit)
        if names is None:
            return False
        log.warning("a fast-forward was cut short: going on with it", commit=made.commit)
        half_forward.stage_written(self.git, names)
        self.fast_forward(made)
        return True

    def push(self) -> None:
        """Send the branch to the remote, never by force. Raises PushFailedError."""
        self.remote.push(self.branch)

    def is_committed(self, made: PhaseCommit) -> bool:
        """Whether the branch holds the commit, or held it until a person rewrote the branch.

        The latter happens where a push was refused and the branch was pulled with rebase.
        """
        if not self.git.has_commit(made.commit):
            return False
        return self.git.is_ancestor(made.commit, self.git.tip(self.branch)) or self._was_tip(made)

    def is_pushed(self, made: PhaseCommit) -> bool:
        """Whether the remote's branch holds the commit (or what a person rewrote it to).

        Raises GitError where the remote cannot be asked.
        """
        there = self.remote.tip(self.branch)
        if there is None or not self.git.has_commit(there):
            return False
        tip = self.git.tip(self.branch)
        if self.git.is_ancestor(made.commit, there):
            return True
        return not self.git.is_ancestor(made.commit, tip) and self.git.is_ancestor(tip, there)

    def _commit(
        self,
        phase: str,
        message: str,
        *,
        gated_tree: str,
        gates: Callable[[], None],
        pending: PhaseCommit | None,
        save: Callable[[PhaseCommit], None],
    ) -> PhaseCommit | None:
        made = pending if pending is not None and self._still_fits(pending) else None
        for _try in range(_TRIES):
            if made is None:
                made = self.prepare(phase, message, gated_tree=gated_tree, gates=gates)
                if made is None:
                    return None
                save(made)
            if self.git.tip(self.branch) == made.base:
                self.fast_forward(made)
                return made
            made = None
        raise GitError(
            f"The branch {self.branch!r} moved on {_TRIES} times while phase {phase} was being "
            "committed: let nobody commit there for a while, and run again."
        )

    def _still_fits(self, made: PhaseCommit) -> bool:
        """Whether a commit made earlier can still be what the branch is moved to."""
        return (
            self.git.has_commit(made.commit)
            and self.git.tip(self.branch) == made.base
            and self._is_content_of_branch(made)
        )

    def _is_content_of_branch(self, made: PhaseCommit) -> bool:
        """Whether the phase's branch is there and holds what the commit was made from."""
        tip = self.git.commit_of(f"refs/heads/{self.integration.branch_of(made.phase)}")
        return tip is not None and self.git.tree_of(tip) == made.tree

    def _real_commit(self, phase: str, message: str) -> None:
        result = self.git.run(
            "commit", "--quiet", "--cleanup=whitespace", "--file=-",
            cwd=self.integration.path,
            text=message,
            seconds=self.git.limits.hooks,
            hooks=True,
        )  # fmt: skip
        if result.ok:
            return
        self.integration.leave_commit(phase)
        raise CommitError(
            nobody(result.err)
            or f"The commit of phase {phase} was refused, by a hook most likely: {reason(result)}"
            f"{self.git.log.mention}. Mend that in {self.integration.path} (commit it there), "
            "and run again."
        )

    def _was_tip(self, made: PhaseCommit) -> bool:
        held = self.git.run("rev-list", "--walk-reflogs", f"refs/heads/{self.branch}", "--")
        return made.commit in held.out.split()

    def _archive(self, made: PhaseCommit) -> None:
        if self._is_content_of_branch(made):
            self.integration.archive(made.phase, made.commit)

    def _held(self, made: PhaseCommit) -> str:
        return (
            f"Phase {made.phase} is committed ({made.commit[:12]}) and not pushed: look at it, "
            f"then `git push {shlex.quote(self.remote.name)} {shlex.quote(self.branch)}`."
        )
