"""The remote: asked which commit a branch has there, and given ours, never by force."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from engine.logger import get_logger
from engine.roadmap.git import Git, reason
from engine.roadmap.git_errors import GitError, GitTimeoutError, PushFailedError, safe_text
from engine.roadmap.git_process import GitResult

log = get_logger(__name__)

PUSH_FAILED: Final = "Failed to push changes"
PUSH_KEPT: Final = "The commit is kept and the next run pushes it."


class Remote:
    """One remote of the repository by its name (``origin``)."""

    def __init__(self, git: Git, name: str) -> None:
        self.git = git
        self.name = name
        self._env: dict[str, str] | None = None

    def tip(self, branch: str) -> str | None:
        """The commit that a branch has there; nothing where there is no such branch.

        Raises GitError where the remote cannot be asked.
        """
        result = self.git.run(
            "ls-remote", "--heads", "--", self.name, f"refs/heads/{branch}",
            seconds=self.git.limits.remote,
            env=self._quiet(),
        )  # fmt: skip
        if not result.ok:
            name = shlex.quote(self.name)
            raise GitError(
                f"The remote {self.name!r} cannot be reached: {reason(result)}"
                f"{self.git.log.mention}. Try `git ls-remote {name}` yourself, mend the address "
                "(`git remote -v`), the network or the access, and run again."
            )
        for line in result.out.splitlines():
            commit, _, found = line.partition("\t")
            if found == f"refs/heads/{branch}":
                return commit
        return None

    def push(self, branch: str) -> None:
        """Send a branch to the branch of that name. Raises PushFailedError.

        The repository's own pre-push hook runs.
        """
        log.info("push", remote=self.name, branch=branch)
        try:
            result = self.git.run(
                "push", "--porcelain", "--no-follow-tags", "--recurse-submodules=no", "--",
                self.name, f"refs/heads/{branch}:refs/heads/{branch}",
                seconds=self.git.limits.push,
                env=self._quiet(),
                hooks=True,
            )  # fmt: skip
        except GitTimeoutError as exc:
            raise PushFailedError(f"{PUSH_FAILED}: {exc} {PUSH_KEPT}") from None
        if not result.ok:
            raise PushFailedError(self._refused(branch, result))

    def _refused(self, branch: str, result: GitResult) -> str:
        """Why a push failed and what helps; the commit is kept in any case (behaviour B5.2)."""
        where = f"{shlex.quote(self.name)} {shlex.quote(branch)}"
        said = f"{result.out}\n{result.err}"
        if re.search(r"\[rejected\]|non-fast-forward|fetch first", said):
            helps = (
                f"others have pushed there meanwhile. Run `git pull --rebase {where}`, resolve "
                "what conflicts, and run again"
            )
        else:
            words = safe_text(said).replace("\n", "; ") or "git said nothing"
            helps = f"{words}. Mend that, try `git push {where}`, and run again"
        mention = self.git.log.mention
        return f"{PUSH_FAILED} to {self.name}/{branch}{mention}: {helps}. {PUSH_KEPT}"

    def _quiet(self) -> Mapping[str, str]:
        """Variables by which ssh asks nothing: it uses keys and agents, or it fails."""
        if self._env is None:
            self._env = {}
            own = os.getenv("GIT_SSH_COMMAND")
            if own or "GIT_SSH" not in os.environ:
                command = own or self.git.run("config", "core.sshCommand").line() or "ssh"
                seconds = self.git.limits.remote
                self._env = {"GIT_SSH_COMMAND": quiet_ssh(command, seconds=seconds)}
        return self._env


def quiet_ssh(command: str, *, seconds: float) -> str:
    """An ssh command that asks nobody anything; other programs are left as they are."""
    try:
        program = PurePath(shlex.split(command)[0]).name
    except (ValueError, IndexError):
        return command
    if program not in {"ssh", "ssh.exe"}:
        return command
    return f"{command} -o BatchMode=yes -o ConnectTimeout={max(1, round(seconds))}"
