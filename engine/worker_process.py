"""One worker process as the supervisor sees it: its state, what it said last, how it ended.

The vocabulary is that of process supervisors: starting, running, backoff, stopping, stopped, fatal.
"""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import psutil

from engine.jobs import JobStatus
from engine.processes import ProcessRecord


class WorkerState(StrEnum):
    """How the supervisor sees a worker's process."""

    WAITING = "waiting"
    """Its turn in the stagger has not come, or nothing is left for it."""
    STARTING = "starting"
    RUNNING = "running"
    CLEANING = "cleaning"
    """It died; what it held is being released."""
    BACKOFF = "backoff"
    """It will be started again at ``restart_at``."""
    STOPPING = "stopping"
    STOPPED = "stopped"
    FATAL = "fatal"
    """Its restarts are used up; a person must look."""


@dataclass(kw_only=True, slots=True)
class WorkerView:
    """What a worker last said of itself."""

    state: str = ""
    state_since: datetime | None = None
    phase: str = ""
    phase_since: datetime | None = None
    job_id: str = ""
    key: str = ""
    attempt: int = 0
    next_id: str = ""
    """A job that it holds beside the one in hand, to perform it next."""
    next_key: str = ""
    submitted: bool = False
    idle: bool = False
    ready: bool = False
    """Since its start it has claimed a job, or looked for one: all that it holds is up."""
    exit_reason: str = ""
    succeeded: int = 0
    failed: int = 0
    beat: datetime | None = None
    """When it last said anything at all."""

    @property
    def jobs(self) -> Mapping[str, str]:
        """Every job that it holds, the one in hand first, and its key."""
        held = ((self.job_id, self.key), (self.next_id, self.next_key))
        return {job: key for job, key in held if job}

    def leave_job(self) -> None:
        """No job is in hand any more; one that comes next stays."""
        self.job_id = self.key = self.phase = ""
        self.submitted = False

    def leave_all(self) -> None:
        """It holds no job any more."""
        self.leave_job()
        self.next_id = self.next_key = ""


@dataclass(kw_only=True)
class WorkerProcess:
    """One slot: its process now, and what it has been through."""

    slot: int
    state: WorkerState = WorkerState.WAITING
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    popen: subprocess.Popen[bytes] | None = None
    reader: threading.Thread | None = None
    """Puts what the present process says into the supervisor's inbox."""
    record: ProcessRecord | None = None
    returncode: int | None = None
    """Of the process that ended last."""
    started_at: datetime | None = None
    started_clock: float = 0.0
    restart_at: float = 0.0
    restart_due: datetime | None = None
    """The same moment for people; None unless it waits for its restart."""
    restarts: int = 0
    generation: int = 0
    stop_deadline: float = 0.0
    """When it is killed if it was told to stop and has not submitted its job."""
    submitted_stop_deadline: float = 0.0
    """The same for a worker past the point of no return."""
    wanted: bool = True
    """False once the operator took the slot away (fewer workers, *stop worker*)."""
    given_up: str = ""
    """Why the supervisor ends this process although nobody asked for it; empty for a sound one."""
    mail: queue.SimpleQueue[bytes | None] = field(default_factory=queue.SimpleQueue)
    """Orders on their way to the present process; None closes its control pipe."""
    view: WorkerView = field(default_factory=WorkerView)

    @property
    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    @property
    def coming_up(self) -> bool:
        """Its process was started and cannot take a job yet."""
        begun = self.state in (WorkerState.STARTING, WorkerState.RUNNING)
        return begun and self.alive and not self.view.ready

    def enter(self, state: WorkerState) -> None:
        if state is not self.state:
            self.state = state
            self.since = datetime.now(UTC)
            if state is not WorkerState.BACKOFF:
                self.restart_due = None

    def how_it_ended(self) -> str:
        """In words, for a process that did not say why it ended."""
        if self.returncode is not None and self.returncode < 0:
            return f"killed by signal {-self.returncode}"
        return f"died with exit status {self.returncode}"

    def hear(self, message: dict[str, Any], now: datetime) -> str:
        """Note what the worker said of itself; returns the kind, taken out of the message."""
        kind = str(message.pop("event", ""))
        view = self.view
        view.beat = now
        if kind == "hello":
            self.enter(WorkerState.RUNNING)
        elif kind == "state":
            view.state, view.state_since = str(message.get("state")), now
        elif kind == "phase":
            view.phase, view.phase_since = str(message.get("phase")), now
        elif kind == "job":
            view.job_id, view.key = str(message.get("job")), str(message.get("key"))
            view.attempt = int(message.get("attempt", 1))
            view.phase, view.idle, view.ready = "", False, True
            if view.next_id == view.job_id:
                view.next_id = view.next_key = ""
        elif kind == "next":
            view.next_id, view.next_key = str(message.get("job")), str(message.get("key"))
        elif kind == "submitted":
            view.submitted = True
        elif kind == "outcome":
            view.succeeded += message.get("status") == JobStatus.SUCCESS
            view.failed += message.get("status") == JobStatus.FAILED
            view.leave_job()
        elif kind == "idle":
            view.idle = view.ready = True
        elif kind == "exit":
            view.exit_reason = str(message.get("reason"))
        return kind

    def usage(self) -> tuple[float, float]:
        """(CPU seconds used, resident megabytes) of the process; zeros when it is gone."""
        try:
            process = psutil.Process(self.popen.pid) if self.popen and self.alive else None
            if process is None:
                return (0.0, 0.0)
            times = process.cpu_times()
            return (times.user + times.system, process.memory_info().rss / 1_048_576)
        except psutil.Error:
            return (0.0, 0.0)
