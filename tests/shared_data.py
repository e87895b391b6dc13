"""Where the real, anonymised day material lies; it is never part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_data(name: str) -> Path:
    """Path of a shared file or folder; skips the test, saying so, where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared data {name!r} is not beside this checkout")
    return path
