"""A fast-forward of the operator's tree that the host's end cut short, brought to its end.

Git writes files first, then its index, then moves the branch. In between, files have the content
of the phase's commit and look like uncommitted changes. Only where each file of the commit has
either its old or its new content is it gone on with: everything else is a person's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine.roadmap.changes import files_changed
from engine.roadmap.git import Git
from engine.roadmap.readiness import changed_files


def written_already(git: Git, base: str, commit: str) -> list[str] | None:
    """Files of the operator's tree that have the commit's content and not that of ``base``.

    Nothing where one of the files between the two has neither, or the tree has no such change.
    Raises GitError.
    """
    between = files_changed(git, base, commit)
    if not set(between) & set(changed_files(git)):
        return None
    new = _other_than(git, commit, between)
    old = _other_than(git, base, between)
    if new & old:
        return None
    return [name for name in between if name not in new]


def stage_written(git: Git, names: list[str]) -> None:
    """Tell git's index of files that have the commit's content, so that the merge takes them."""
    git.must(
        "update-index", "--add", "--remove", "-z", "--stdin",
        text="".join(f"{name}\0" for name in names),
        stoppable=False,
    )  # fmt: skip


def _other_than(git: Git, commit: str, names: list[str]) -> set[str]:
    """Which files of the operator's tree differ from a commit's, or are there and not in it."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.must("read-tree", commit, env=index)
        git.run("update-index", "-q", "--refresh", env=index)
        differ = set(git.must("diff-files", "--name-only", "-z", env=index).names())
        known = set(git.must("ls-files", "-z", env=index).names())
    return {
        name
        for name in names
        if name in differ or (name not in known and _is_there(git.work_dir / name))
    }


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
