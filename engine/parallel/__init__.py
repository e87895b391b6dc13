"""The public names of parallel work (behaviour C1): thin fronts on the engine.

``from engine.parallel import WorkerPool``: each name is imported when it is asked for, so that who
needs one does not load them all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.downloads.profiles import ProfileManager
    from engine.parallel.errors import (
        ParallelProcessingError,
        ProfileCreationError,
        ProfileError,
        TaskQueueError,
        WorkerError,
    )
    from engine.parallel.main_app import MainApp
    from engine.parallel.pool_status import WorkerInstance
    from engine.parallel.processing_session import ProcessingSession
    from engine.parallel.resource_monitor import ResourceMonitor
    from engine.parallel.task_queue import TaskQueue
    from engine.parallel.tasks import ProcessingTask
    from engine.parallel.worker_pool import WorkerPool

__all__ = [
    "MainApp",
    "ParallelProcessingError",
    "ProcessingSession",
    "ProcessingTask",
    "ProfileCreationError",
    "ProfileError",
    "ProfileManager",
    "ResourceMonitor",
    "TaskQueue",
    "TaskQueueError",
    "WorkerError",
    "WorkerInstance",
    "WorkerPool",
]

_PLACES = {
    "MainApp": "engine.parallel.main_app",
    "ParallelProcessingError": "engine.parallel.errors",
    "ProcessingSession": "engine.parallel.processing_session",
    "ProcessingTask": "engine.parallel.tasks",
    "ProfileCreationError": "engine.parallel.errors",
    "ProfileError": "engine.parallel.errors",
    "ProfileManager": "engine.downloads.profiles",
    "ResourceMonitor": "engine.parallel.resource_monitor",
    "TaskQueue": "engine.parallel.task_queue",
    "TaskQueueError": "engine.parallel.errors",
    "WorkerError": "engine.parallel.errors",
    "WorkerInstance": "engine.parallel.pool_status",
    "WorkerPool": "engine.parallel.worker_pool",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)
