"""What a measurement was taken on, in words that name no machine."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.catalogue import ROOT


def machine() -> str:
    """Cores, Python, system, and how busy it is just now."""
    load = psutil.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} "
        f"({platform.machine()}), load {load:.1f} before"
    )


def today() -> str:
    """The date of a measurement, by UTC."""
    return datetime.now(UTC).date().isoformat()


def commit(root: Path = ROOT) -> str:
    """The commit that was measured, and whether files differed from it."""
    try:
        name = _git(root, "rev-parse", "--short", "HEAD")
        # What is being written does not change what is measured.
        changes = _git(root, "status", "--porcelain", "--", ".", ":!docs")
    except (OSError, subprocess.SubprocessError):
        return "no commit known"
    return f"commit {name}{' with changes' if changes else ''}"


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=root, check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip()
