"""What a queue's tasks add up to: status, performance, errors (behaviour C2.6, C4.1, C-D14).

Every figure is counted from the tasks themselves, so none can run ahead of another or below 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.ledger.figures import Figures
from engine.parallel.tasks import ProcessingTask, TaskState

UNCLASSIFIED: Final = "unclassified"
ENDED: Final = frozenset({TaskState.COMPLETED, TaskState.FAILED})


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueStatus:
    """pending + active + completed + failed = total, at any time."""

    pending: int = 0
    """With those that wait for their retry."""
    retry_pending: int = 0
    """Part of ``pending``: tried once and to be tried again."""
    active: int = 0
    completed: int = 0
    failed: int = 0
    cleared: int = 0
    """Taken out of the queue; not part of ``total``."""
    paused: bool = False

    @property
    def total(self) -> int:
        """Tasks that were added and not taken out."""
        return self.pending + self.active + self.completed + self.failed

    def to_dict(self) -> dict[str, int | bool]:
        return {
            "total": self.total,
            "pending": self.pending,
            "retry_pending": self.retry_pending,
            "active": self.active,
            "completed": self.completed,
            "failed": self.failed,
            "cleared": self.cleared,
            "paused": self.paused,
        }


def status_of(figures: Figures, *, paused: bool = False) -> QueueStatus:
    """The ledger's figures under the queue's names."""
    return QueueStatus(
        pending=figures.pending + figures.retrying,
        retry_pending=figures.retrying,
        active=figures.claimed,
        completed=figures.success,
        failed=figures.failed,
        cleared=figures.skipped,
        paused=paused,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Performance:
    """How the work went; rates are 0 to 1, and 0 where nothing has ended yet."""

    ended: int = 0
    attempts: int = 0
    """That ended, one way or the other."""
    retries: int = 0
    """Those of a task after its first."""
    success_rate: float = 0.0
    retry_rate: float = 0.0
    average_seconds: float = 0.0
    """From the hand-out of a task's last attempt to its end."""
    elapsed_seconds: float = 0.0
    """From the first of those hand-outs to the last end."""
    tasks_per_minute: float = 0.0

    def to_dict(self) -> dict[str, float]:
        names = ("ended", "attempts", "retries", "success_rate", "retry_rate")
        times = ("average_seconds", "elapsed_seconds", "tasks_per_minute")
        return {name: round(float(getattr(self, name)), 3) for name in (*names, *times)}


def performance_of(tasks: Iterable[ProcessingTask]) -> Performance:
    """From the tasks as they stand."""
    counted = list(tasks)
    ended = [one for one in counted if one.status in ENDED]
    waiting = [one for one in counted if one.status not in ENDED]
    attempts = len(ended) + sum(one.retry_count for one in counted)
    going_on = sum(one.retry_count > 0 for one in waiting)
    retries = sum(one.retry_count for one in counted) - going_on
    times = [(one.assigned_at, one.completed_at) for one in ended]
    spans = [(begin, end) for begin, end in times if begin is not None and end is not None]
    lasted = [max(0.0, (end - begin).total_seconds()) for begin, end in spans]
    elapsed = 0.0
    if spans:
        first, last = min(begin for begin, _ in spans), max(end for _, end in spans)
        elapsed = max(0.0, (last - first).total_seconds())
    done = sum(one.status is TaskState.COMPLETED for one in ended)
    return Performance(
        ended=len(ended),
        attempts=attempts,
        retries=retries,
        success_rate=done / len(ended) if ended else 0.0,
        retry_rate=retries / attempts if attempts else 0.0,
        average_seconds=sum(lasted) / len(lasted) if lasted else 0.0,
        elapsed_seconds=elapsed,
        tasks_per_minute=60 * len(ended) / elapsed if elapsed else 0.0,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorSummary:
    """What went wrong with the tasks that failed, or wait for another try."""

    failed: int
    waiting: int
    by_type: Mapping[str, int]
    examples: Mapping[str, str]
    """One sentence of each type."""


def errors_of(tasks: Sequence[ProcessingTask]) -> ErrorSummary:
    """From the tasks as they stand."""
    wrong = [one for one in tasks if one.last_error or one.status is TaskState.FAILED]
    wrong = [one for one in wrong if one.status is not TaskState.COMPLETED]
    kinds = Counter(one.error_type or UNCLASSIFIED for one in wrong)
    examples = {one.error_type or UNCLASSIFIED: one.last_error for one in reversed(wrong)}
    failed = sum(one.status is TaskState.FAILED for one in wrong)
    return ErrorSummary(
        failed=failed, waiting=len(wrong) - failed, by_type=dict(kinds), examples=examples
    )
