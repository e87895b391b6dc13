"""What an attempt or a phase changed, as evidence: bounded, whatever it was."""

from __future__ import annotations

from typing import Final

from engine.roadmap.git import Git
from engine.roadmap.git_errors import safe_text

STAT_LINES: Final = 200
PATCH_BYTES: Final = 1_000_000
_PLAIN: Final = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames")


def files_changed(git: Git, base: str, tip: str) -> list[str]:
    """Names of the files in which two commits differ. Raises GitError."""
    return git.must("diff", "--name-only", "-z", *_PLAIN, base, tip, "--").names()


def diff_stat(git: Git, base: str, tip: str, *, lines: int = STAT_LINES) -> str:
    """A line for each changed file and a sum; the last lines where there are too many."""
    out = git.must("diff", "--stat=100", *_PLAIN, base, tip, "--").out
    return safe_text(out, lines=lines)


def patch(git: Git, base: str, tip: str, *, most_bytes: int = PATCH_BYTES) -> str:
    """The change as text that ``git apply`` reads, cut where it is too long, which it says then.

    Raises GitError.
    """
    out = git.must("diff", "--patch", "--full-index", *_PLAIN, base, tip, "--").out
    whole = out.encode("utf-8", "surrogateescape")
    text = whole[:most_bytes].decode("utf-8", "replace")
    if len(whole) <= most_bytes:
        return text
    return f"{text}\n[cut here: {len(whole) - most_bytes} of {len(whole)} bytes are left out]\n"
