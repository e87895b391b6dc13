"""How an agent is kept from pushing: settings of git in its environment, none in the repository.

It is a guard against mistakes, not a wall: what runs as this user can undo it. That no credential
is among the agent's variables is what the allow-list of its environment sees to.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from engine.roadmap.git import Git

_REFUSED: Final = "agents-may-not-push:"
"""An address that git has no program for: the push ends at once and its words say why."""


def push_disabled(git: Git, worktree: Path) -> dict[str, str]:
    """Variables for the process of an agent that works in ``worktree``.

    No remote of the repository, and no address given instead of one, can be pushed to; git asks no
    questions, and does not climb into the operator's tree where the agent's lost its link. Holds no
    secret of an address. Raises GitError.
    """
    settings = [(f"url.{_REFUSED}.pushInsteadOf", "")]
    for remote in git.must("remote").out.split():
        pushed = git.run("config", "-z", "--get-all", f"remote.{remote}.pushurl").names()
        if not pushed:
            settings.append((f"remote.{remote}.pushurl", _REFUSED))
        # A list of its own can only be added to, so the addresses in it are turned away.
        settings += [(f"url.{_REFUSED}.insteadOf", _beginning(address)) for address in pushed]
    variables = {
        "GIT_CONFIG_COUNT": str(len(settings)),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": ":",
        "GIT_PAGER": "cat",
        "GIT_CEILING_DIRECTORIES": os.fspath(worktree.parent),
    }
    for number, (name, value) in enumerate(settings):
        variables[f"GIT_CONFIG_KEY_{number}"] = name
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


def _beginning(address: str) -> str:
    """An address as far as it holds no password: that much of it is enough to know it by."""
    scheme, mark, rest = address.partition("://")
    user, at, _ = rest.rpartition("@") if "@" in rest.partition("/")[0] else ("", "", "")
    if not mark or not at or ":" not in user:
        return address
    return f"{scheme}://{user.partition(':')[0]}:"
