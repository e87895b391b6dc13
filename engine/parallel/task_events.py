"""Who wants to hear what happens in a queue (behaviour C4.1)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.logger import get_logger

log = get_logger(__name__)

EventName = Literal[
    "task_added",
    "task_assigned",
    "task_started",
    "task_completed",
    "task_failed",
    "task_retry_scheduled",
    "task_returned",
    "queue_paused",
    "queue_resumed",
    "queue_cleared",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskEvent:
    """Something that has happened, and is written down already."""

    name: EventName
    task_id: str = ""
    worker: str = ""
    text: str = ""


Listener = Callable[[TaskEvent], object]


class Listeners:
    """Calls everybody, one after the other, on the thread that made it happen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Listener] = []

    def add(self, listener: Listener) -> Callable[[], None]:
        """Hear all from now on; calling what is returned ends that."""
        with self._lock:
            self._all.append(listener)

        def leave() -> None:
            with self._lock:
                if listener in self._all:
                    self._all.remove(listener)

        return leave

    def tell(self, event: TaskEvent) -> None:
        """A listener that fails is logged; the queue and the others do not mind."""
        with self._lock:
            everybody = list(self._all)
        for listener in everybody:
            try:
                listener(event)
            except Exception:
                log.exception("listener_failed", told=event.name)
