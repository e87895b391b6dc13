"""What git did and said, for people: one private file that the sentences about failures name.

Only commands that change something or talk to the remote are written down, each with its end and
the last of its words, without the secrets of addresses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.private_files import open_append
from engine.roadmap.git_errors import safe_text
from engine.roadmap.git_process import GitResult, shown

_LOGGED: Final = frozenset(
    {"branch", "commit", "ls-remote", "merge", "push", "switch", "update-ref", "worktree"}
)
_LINES: Final = 2000


class GitLog:
    """Appends to a file; without one, writes nothing."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @property
    def mention(self) -> str:
        """The end of a sentence that names the log; empty where there is none."""
        return "" if self.path is None else f" (log: {self.path})"

    def note(self, command: Sequence[str], cwd: Path, result: GitResult) -> None:
        """Write one command down. A log that cannot be written stops nothing."""
        if self.path is None or not _LOGGED & set(command) or "list" in command:
            return
        said = safe_text("\n".join((result.out, result.err)), lines=_LINES)
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        head = f"{moment} status={result.status} {safe_text(shown(command))}  in {cwd}"
        text = "\n    ".join([head, *said.splitlines()]) + "\n"
        with contextlib.suppress(OSError), open_append(self.path) as file:
            file.write(text.encode("utf-8", "replace"))
