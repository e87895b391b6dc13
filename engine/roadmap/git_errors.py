"""What can go wrong with the git repository, each as one sentence that says what to do.

Nothing of git's own words is shown before ``safe_text``: an address of a remote may hold a
password, and a hook may print what a terminal obeys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from engine.errors import EngineError
from engine.output import one_line, plain

SHOWN_LINES: Final = 20
"""At most so many last lines of foreign output are shown (behaviour B7.2)."""
_SHOWN_NAMES: Final = 10
_ESCAPES: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_USER_PART: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s/'\"]*@")
_QUERY_SECRET: Final = re.compile(
    r"([?&][^=&\s]*(?:token|key|secret|passw|pwd|sig|auth)[^=&\s]*=)[^&\s'\"]+", re.IGNORECASE
)


class GitError(EngineError):
    """A git command did not do what it was asked for; nothing was destroyed."""


class GitMissingError(GitError):
    """There is no git program, or one that is too old."""


class GitTimeoutError(GitError):
    """A git command took longer than it may and was ended with all below it."""


class NotReadyError(GitError):
    """The repository is in no state for a run; says which command helps (behaviour B5.4)."""


class MergeConflictError(GitError):
    """Two lines of work changed the same places; ``files`` names them, nothing was merged."""

    def __init__(self, message: str, files: Sequence[str]) -> None:
        super().__init__(message)
        self.files = tuple(files)


class CommitError(GitError):
    """A commit was refused, by a hook of the repository for instance (behaviour B5.5)."""


class FastForwardError(GitError):
    """The finished commit cannot be brought into the operator's tree; it is kept."""


class PushFailedError(GitError):
    """The remote did not take the commit, which stays for the next run (behaviour B5.2)."""


class AgentHistoryError(GitError):
    """An agent left its branch or rewrote it; ``kept`` is the branch that holds what it made."""

    def __init__(self, message: str, kept: str) -> None:
        super().__init__(message)
        self.kept = kept


def redact(text: str) -> str:
    """The text without user names, passwords and tokens of the addresses in it."""
    return _QUERY_SECRET.sub(r"\1***", _USER_PART.sub(r"\1***@", text))


def safe_text(text: str, *, lines: int = SHOWN_LINES) -> str:
    """The last lines of foreign output: no secrets of addresses, nothing a terminal obeys."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    whole = plain(_ESCAPES.sub("", redact(text)).replace("\r\n", "\n").replace("\r", "\n"))
    kept = [line.rstrip() for line in whole.splitlines() if line.strip()]
    return "\n".join(kept[-lines:])


def named(files: Sequence[str]) -> str:
    """File names for a sentence: the first ones, and how many more there are."""
    shown = ", ".join(
        one_line(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        for name in files[:_SHOWN_NAMES]
    )
    more = len(files) - _SHOWN_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
