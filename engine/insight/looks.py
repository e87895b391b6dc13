"""What is looked at less often than files that change: resources, price, limits, the disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.errors import EngineError
from engine.logger import get_logger
from engine.workloads.paid_calls import NO_CALLS, PaidCalls

if TYPE_CHECKING:
    from engine.workloads.base import ResourceState, Workload

log = get_logger(__name__)

LOOK_SECONDS: Final = 2.0
"""As often as a live run writes its status."""
DISK_SECONDS: Final = 60.0
ANSWER_SECONDS: Final = 60.0
"""An answer of the provider is believed for so long."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the last look found."""

    resources: Sequence[ResourceState] = ()
    limited_until: datetime | None = None
    minutes_before: float = 0.0
    """Of today, of what is off again."""
    price: float = 0.0
    calls: PaidCalls = NO_CALLS
    """Today's, of a paid service."""
    free_bytes: int | None = None


def free_bytes(work_dir: Path) -> int | None:
    """Room on the disk of a work directory; None where it cannot be told."""
    try:
        return shutil.disk_usage(work_dir).free
    except OSError:
        return None


class Looks:
    """Looks again when it is due."""

    def __init__(
        self, workload: Workload, work_dir: Path, room: Callable[[Path], int | None] = free_bytes
    ) -> None:
        self._workload = workload
        self._work_dir = work_dir
        self._room = room
        self._last = Looked()
        self._next = self._next_disk = 0.0
        self._answered: dict[str, ResourceState] = {}
        self._answered_until = 0.0

    def answered(self, states: Sequence[ResourceState]) -> None:
        """What the provider just said; our own records do not know whether a phone has booted."""
        self._answered = {state.id: state for state in states if state.ours}
        self._answered_until = time.monotonic() + ANSWER_SECONDS
        self._next = 0.0

    def recorded(self) -> Sequence[ResourceState]:
        """What our own records say; nothing where they cannot be read."""
        try:
            return self._workload.resources(ask=False)
        except (EngineError, OSError) as exc:
            log.warning("resources_not_looked_at", error=str(exc))
            return ()

    def look(self, today: date, *, now: bool) -> Looked:
        """The last finding, or a new one when it is due or ``now``; never raises."""
        moment = time.monotonic()
        free = self._last.free_bytes
        if moment >= self._next_disk:
            self._next_disk = moment + DISK_SECONDS
            free = self._room(self._work_dir)
        elif not now and moment < self._next:
            return self._last
        self._next = moment + LOOK_SECONDS
        try:
            found = Looked(
                resources=tuple(map(self._with_answer, self._workload.resources(ask=False))),
                limited_until=self._workload.limited_until(),
                minutes_before=self._workload.minutes_on(today),
                price=self._workload.price_per_minute,
                calls=self._workload.calls_on(today),
                free_bytes=free,
            )
        except (EngineError, OSError) as exc:
            log.warning("resources_not_looked_at", error=str(exc))
            found = replace(self._last, free_bytes=free)
        self._last = found
        return found

    def _with_answer(self, state: ResourceState) -> ResourceState:
        """Our record of a phone, with the state that the provider told of it lately."""
        answer = self._answered.get(state.id)
        if answer is None or state.state != "unknown" or time.monotonic() > self._answered_until:
            return state
        return replace(state, state=answer.state, code=answer.code, note=answer.note)
