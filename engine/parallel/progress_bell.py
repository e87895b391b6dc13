"""Tells a program how far its session is, every second or two (behaviour C5.1)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from engine.logger import get_logger

T = TypeVar("T")
log = get_logger(__name__)

_END_SECONDS: Final = 5.0


class ProgressBell(Generic[T]):
    """Calls back from a thread of its own; whoever is called does not hold up the work."""

    def __init__(
        self, ask: Callable[[], T], tell: Callable[[T], object] | None, seconds: float
    ) -> None:
        self._ask = ask
        self._tell = tell
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ring, name="progress", daemon=True)

    def __enter__(self) -> ProgressBell[T]:
        if self._tell is not None:
            self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        """The last call says how it ended; it comes from the session's own thread."""
        self._ended.set()
        if self._tell is not None:
            self._thread.join(_END_SECONDS)

    def once(self) -> None:
        """A caller whose own code fails is logged; the work goes on."""
        if self._tell is None:
            return
        try:
            self._tell(self._ask())
        except Exception:
            log.exception("progress_callback_failed")

    def _ring(self) -> None:
        while not self._ended.wait(self._seconds):
            self.once()
