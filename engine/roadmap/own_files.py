"""Which files in the work directory are ours and never the tasks' (behaviour B5.4, B5.5)."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from engine.private_files import make_private_dir, write_atomically

OWN_FOLDERS: Final = ("run", "status", "logs", "evidence", ".worktrees")
"""Folders of a run directory, and where the working trees of attempts are."""
OWN_VIEWS: Final = "PHASE*-GROUP-*-STATUS.md"
"""The status files of groups, which lie beside the roadmap."""
OWN_SETTINGS: Final = ("geelark.toml", ".env")
"""Left alone where git does not know them; where it does, a change of them is a change."""

LEFT_OUT_NAMES: Final = (
    ".env",
    ".env.*",
    ".netrc",
    ".pypirc",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.keystore",
    "id_rsa*",
    "id_ed25519*",
    "id_ecdsa*",
    "credentials.json",
    "*.log",
)
"""New files of such names are taken for secrets or logs: they are never committed."""
_PUBLIC_ENDINGS: Final = (".example", ".sample", ".template", ".dist", ".defaults", ".pub")


def outside_own() -> tuple[str, ...]:
    """Pathspecs of everything but our own folders and views."""
    folders = (f":(top,exclude){name}" for name in OWN_FOLDERS)
    return (":(top)", *folders, f":(top,exclude,glob){OWN_VIEWS}")


def is_left_out(name: str) -> bool:
    """Whether a new file of this name is taken for a secret or a log."""
    last = PurePosixPath(name).name.lower()
    if last.endswith(_PUBLIC_ENDINGS):
        return False
    return any(fnmatch.fnmatchcase(last, pattern) for pattern in LEFT_OUT_NAMES)


def hide_own_folders(work_dir: Path, names: Iterable[str] = OWN_FOLDERS) -> None:
    """Make our folders invisible to git: each holds a ``.gitignore`` that leaves all out.

    Raises OSError where they cannot be written.
    """
    for name in names:
        path = make_private_dir(work_dir / name) / ".gitignore"
        if not path.is_file():
            write_atomically(path, "*\n")
