"""Checks of the host itself: Python and the disk."""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path
from typing import Final

from engine.doctor.finding import Finding, Place, fail, ok, warn

_LOWEST, _TOO_HIGH = (3, 11), (3, 14)
"""The range of pyproject.toml."""
_MEGABYTE: Final = 1024 * 1024
_LEAST_FREE: Final = 200
"""Megabytes without which the ledger and the logs of one day may not fit."""


def python(_place: Place) -> Finding:
    """The interpreter that runs this."""
    version = platform.python_version()
    if _LOWEST <= sys.version_info[:2] < _TOO_HIGH:
        return ok("Python", f"{version} ({sys.executable})")
    return fail("Python", f"{version} ({sys.executable})", "use Python 3.11, 3.12 or 3.13")


def disk(place: Place) -> Finding:
    """Room for the ledger and the logs, and for the evidence that the settings allow."""
    folder = _existing(place.work_dir)
    free = shutil.disk_usage(folder).free // _MEGABYTE
    logs, evidence = place.settings.logs, place.settings.logs.evidence_megabytes
    processes = 2 * place.settings.run.workers + 1  # a worker and its Appium each, the supervisor
    wanted = evidence + logs.max_megabytes * (logs.keep + 1) * processes
    found = f"{free / 1024:.1f} GB free at {folder}"
    if free < _LEAST_FREE:
        return fail("disk", found, "make room there, or use a work directory on another disk")
    if free < wanted:
        return warn(
            "disk",
            f"{found}; logs and evidence may grow to {wanted / 1024:.1f} GB",
            "make room there, or lower logs.evidence_megabytes",
        )
    return ok("disk", found)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
