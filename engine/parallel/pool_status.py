"""What a pool says of itself (behaviour C1.2, C1.4, C1.6, C2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.lifecycle import ERROR_RECOVERY, SHUTDOWN
from engine.parallel.task_figures import Performance, QueueStatus


class PoolState(StrEnum):
    """IDLE → STARTING → RUNNING ⇄ PAUSED → STOPPING → IDLE; any → ERROR."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    ERROR = "error"


LIVE = frozenset({PoolState.STARTING, PoolState.RUNNING, PoolState.PAUSED, PoolState.STOPPING})


class WorkerState(StrEnum):
    """INITIALIZING → READY → PROCESSING → READY or FAILED; any → COMPLETED at the end."""

    INITIALIZING = "initializing"
    READY = "ready"
    PROCESSING = "processing"
    FAILED = "failed"
    COMPLETED = "completed"


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerInstance:
    """One worker of the pool, as it was last heard of."""

    worker_id: str
    status: WorkerState
    pid: int | None = None
    """None while it has no process."""
    profile_path: str = ""
    """Empty where it has none now."""
    created_at: str = ""
    """Since when its process is as it is (ISO 8601)."""
    current_task: str = ""
    processed: int = 0
    failed: int = 0
    restarts: int = 0
    last_activity: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolStatus:
    """One moment of the pool; its figures were counted together, so they add up."""

    status: PoolState = PoolState.IDLE
    tasks: QueueStatus = field(default_factory=QueueStatus)
    workers: Sequence[WorkerInstance] = ()
    performance: Performance = field(default_factory=Performance)
    error: str = ""
    """Why it is in error, or why it pauses by itself; one sentence."""

    @property
    def pending(self) -> int:
        return self.tasks.pending

    @property
    def active(self) -> int:
        return self.tasks.active

    @property
    def completed(self) -> int:
        return self.tasks.completed

    @property
    def failed(self) -> int:
        return self.tasks.failed

    @property
    def total(self) -> int:
        """Tasks added = pending + active + completed + failed."""
        return self.tasks.total

    @property
    def active_workers(self) -> int:
        """Workers that have a process."""
        return sum(one.pid is not None for one in self.workers)


def workers_of(
    status: Mapping[str, Any] | None, profiles: Path | None = None
) -> tuple[WorkerInstance, ...]:
    """From the run's snapshot, and the folder of its profiles; none where there is no run."""
    return tuple(_worker(one, profiles) for one in (status or {}).get("workers", ()))


def _worker(told: Mapping[str, Any], profiles: Path | None) -> WorkerInstance:
    return WorkerInstance(
        worker_id=str(told["slot"]),
        status=_state(told),
        pid=told.get("pid"),
        profile_path=_profile(profiles, str(told["slot"])),
        created_at=str(told.get("process_since") or ""),
        current_task=str(told.get("job") or ""),
        processed=int(told.get("succeeded") or 0) + int(told.get("failed") or 0),
        failed=int(told.get("failed") or 0),
        restarts=int(told.get("restarts") or 0),
        last_activity=str(told.get("beat") or ""),
        error=str(told.get("exit_reason") or ""),
    )


def _profile(profiles: Path | None, slot: str) -> str:
    """The clone that a worker has now."""
    found = [] if profiles is None else sorted(profiles.glob(f"profile-worker-{slot}-*"))
    return str(found[-1]) if found else ""


def _state(told: Mapping[str, Any]) -> WorkerState:
    process = str(told.get("process")).casefold()
    if told.get("pid") is None:
        if process in ("fatal", "backoff", "cleaning"):
            return WorkerState.FAILED
        return WorkerState.INITIALIZING if process == "waiting" else WorkerState.COMPLETED
    if told.get("job"):
        return WorkerState.PROCESSING
    if told.get("state") == ERROR_RECOVERY:
        return WorkerState.FAILED
    if told.get("state") == SHUTDOWN:
        return WorkerState.COMPLETED
    return WorkerState.READY if told.get("idle") else WorkerState.INITIALIZING
