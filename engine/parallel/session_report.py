"""What a processing session says of itself, meanwhile and at its end (behaviour C5.2, C5.3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from engine.downloads.folders import OrderFolders
from engine.errors import EngineError
from engine.parallel.pool_status import WorkerInstance
from engine.parallel.tasks import ProcessingTask, TaskState

Mode = Literal["sequential", "parallel"]


class SessionState(StrEnum):
    """INITIALIZING → RUNNING → COMPLETED or FAILED."""

    INITIALIZING = "initializing"
    RUNNING = "running"
    COMPLETED = "completed"
    """Every order was tried."""
    FAILED = "failed"
    """It ended before; the rest counts as failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderOutcome:
    """What became of one order; every one that was given has exactly one."""

    po_number: str
    """Empty for an item without a usable number."""
    ok: bool
    state: str = ""
    """The last part of its folder's name, such as ``_PARTIAL``; empty where it has no folder."""
    reason: str = ""
    error_type: str = ""
    attempts: int = 0
    mode: Mode | Literal[""] = ""
    """In which it was done; empty where nobody came to it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionReport:
    """The end of a session: ``ok`` + ``failed`` = distinct orders that were given.

    An item that is no order (without a number, with a wrong address) counts as one that failed.
    """

    status: SessionState
    mode: Mode
    """In which it was begun."""
    workers: int
    """That it was begun with."""
    outcomes: Sequence[OrderOutcome]
    repeated: Sequence[str] = ()
    """Numbers that were given again; each was done once."""
    fell_back: bool = False
    """Parallel work could not start or collapsed: the rest was done one after the other."""
    notes: Sequence[str] = ()
    """One sentence for each thing that went otherwise than asked for."""
    seconds: float = 0.0

    @property
    def ok(self) -> int:
        return sum(one.ok for one in self.outcomes)

    @property
    def failed(self) -> int:
        """All that is not ok, partial ones among them."""
        return len(self.outcomes) - self.ok

    @property
    def by_state(self) -> Mapping[str, int]:
        """Orders by the state of their folders; partial ones are a figure of their own (C6.9)."""
        return Counter(one.state for one in self.outcomes if one.state)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "status": self.status.value,
            "mode": self.mode,
            "workers": self.workers,
            "ok": self.ok,
            "failed": self.failed,
            "by_state": dict(self.by_state),
            "repeated": list(self.repeated),
            "fell_back": self.fell_back,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
            "orders": [
                {name: getattr(one, name) for name in OrderOutcome.__dataclass_fields__}
                for one in self.outcomes
            ],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionProgress:
    """One moment: pending + active + completed + failed = total."""

    status: SessionState = SessionState.INITIALIZING
    total: int = 0
    pending: int = 0
    active: int = 0
    completed: int = 0
    failed: int = 0
    elapsed_seconds: float = 0.0
    remaining_seconds: float | None = None
    """Estimated; None while nothing has ended."""
    mode: Mode | Literal[""] = ""
    """As it is now, also after a fallback."""
    workers: Sequence[WorkerInstance] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def outcomes_of(
    tasks: Iterable[ProcessingTask], mode: Mode, folders: OrderFolders | None
) -> dict[str, OrderOutcome]:
    """Of the tasks that have ended."""
    return {
        one.task_id: OrderOutcome(
            po_number=one.task_id,
            ok=one.status is TaskState.COMPLETED,
            state=_folder_state(folders, one.task_id),
            reason=one.last_error,
            error_type=one.error_type,
            attempts=one.retry_count + 1,
            mode=mode,
        )
        for one in tasks
        if one.status in (TaskState.COMPLETED, TaskState.FAILED)
    }


def _folder_state(folders: OrderFolders | None, po_number: str) -> str:
    if folders is None:
        return ""
    try:
        found = folders.found(po_number)
    except EngineError:
        return ""
    return found[0].value if found else ""
