"""How long the profiles of workers take (behaviour C3.5), asked of the manager itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine import logs
from engine.config import Logs
from engine.downloads.profiles import ProfileManager

_TIMES: Final = 3
_WORKERS: Final = 4


def profile_seconds(base_profile: Path, root: Path) -> dict[str, float]:
    """The slowest of some of each: create, validate, list, clean up."""
    logs.configure(None, Logs())  # what it says of each would stand among the figures
    slowest = dict.fromkeys(("create", "validate", "list", "cleanup"), 0.0)

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        slowest[name] = max(slowest[name], time.monotonic() - began)

    manager = ProfileManager(base_profile, root=root, cleanup_at_exit=False)
    try:
        for number in range(_TIMES):
            names = [f"w{number}.{worker}" for worker in range(_WORKERS)]
            for name in names:
                with timed("create"):
                    manager.create_profile(name)
                with timed("validate"):
                    manager.validate_profile(name)
            with timed("list"):
                manager.list_profiles()
            for name in names:
                with timed("cleanup"):
                    manager.cleanup_profile(name)
    finally:
        manager.close()
    return slowest
