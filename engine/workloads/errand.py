"""Something done beside a job's own steps, in a thread that sees nothing of the job.

Only the job's own thread hears stops and time limits; an errand hears that it is dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from engine.errors import StopRequested
from engine.phones.phone import Pause

T = TypeVar("T")
_GLANCE: Final = 0.2
"""Seconds between two looks of who waits at whether it may wait on; the end is seen at once."""


class Errand(Generic[T]):
    """One piece of work, begun at once; whoever begins it also ends it, with ``end``."""

    def __init__(self, name: str, work: Callable[[Pause], T]) -> None:
        """``work`` does all its waiting in the pause that it is given, which raises
        StopRequested once the errand is dropped."""
        self._done = threading.Event()
        self._dropped = threading.Event()
        self._result: list[T] = []
        self._error: BaseException | None = None
        self._began = time.monotonic()
        self.seconds = 0.0
        """What it took; 0 until it is done."""
        self._thread = threading.Thread(target=self._run, args=(work,), name=name, daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def check(self) -> None:
        """Raises what the work raised, if it failed already."""
        if self._done.is_set() and self._error is not None:
            raise self._error

    def result(self, pause: Pause) -> T:
        """Wait for the end; ``pause`` is asked meanwhile whether to wait on.

        Raises what the work raised, and what ``pause`` raises.
        """
        self.wait(pause)
        self.check()
        return self._result[0]

    def wait(self, pause: Pause) -> None:
        """Wait for the end, however it ends. Raises what ``pause`` raises."""
        pause(0)
        while not self._done.wait(_GLANCE):
            pause(0)

    def drop(self) -> None:
        """Nobody wants it any more: it ends at its next pause, nobody waits for that."""
        self._dropped.set()

    def end(self) -> None:
        """Drop it. Returns when it has ended: nothing of it comes later."""
        self.drop()
        self._thread.join()

    def _run(self, work: Callable[[Pause], T]) -> None:
        try:
            self._result.append(work(self._pause))
        except BaseException as exc:  # noqa: BLE001 - it is raised to who asks for the result
            self._error = exc
        finally:
            self.seconds = time.monotonic() - self._began
            self._done.set()

    def _pause(self, seconds: float) -> None:
        if self._dropped.wait(seconds):
            raise StopRequested("Nobody waits for this any more.")
