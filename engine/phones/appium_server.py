"""The Appium server of one worker slot: started, proved to be ours, watched, stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.phones.phone import Pause

if TYPE_CHECKING:
    from engine.workloads.base import WorkerSlot


class AppiumServer:
    """One Appium process on the slot's port; nothing else is ever adopted or killed."""

    def __init__(self, slot: WorkerSlot) -> None:
        raise NotImplementedError

    @property
    def url(self) -> str:
        raise NotImplementedError

    @property
    def log_path(self) -> Path:
        raise NotImplementedError

    def start(self, pause: Pause) -> None:
        """Start and wait until ready; nothing to do when healthy. Raises AppiumError."""
        raise NotImplementedError

    def healthy(self) -> bool:
        """Our process lives and answers that it is ready."""
        raise NotImplementedError

    def restart(self, pause: Pause) -> None:
        """Stop, then start. Raises AppiumError."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop within the configured time; safe to repeat."""
        raise NotImplementedError
