"""Worker processes as the supervisor sees them: started staggered, watched, restarted, ended.

The vocabulary is that of process supervisors: starting, running, backoff, stopping, stopped, fatal.
Deciding what a death means for claims and resources is the orchestrator's.
"""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil
import structlog

from engine import processes
from engine.channel import decode, encode
from engine.config import Run
from engine.jobs import JobStatus
from engine.private_files import open_append
from engine.processes import ProcessRecord, ProcessRegistry

log = structlog.get_logger(__name__)

STAYED_UP_SECONDS = 300.0
"""A worker that lived this long after its last start gets its restarts back."""


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
    submitted: bool = False
    idle: bool = False
    exit_reason: str = ""
    succeeded: int = 0
    failed: int = 0
    beat: datetime | None = None
    """When it last said anything at all."""

    def leave_job(self) -> None:
        """No job is in hand any more."""
        self.job_id = self.key = self.phase = ""
        self.submitted = False


@dataclass(kw_only=True)
class WorkerProcess:
    """One slot: its process now, and what it has been through."""

    slot: int
    state: WorkerState = WorkerState.WAITING
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    popen: subprocess.Popen[bytes] | None = None
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
    view: WorkerView = field(default_factory=WorkerView)

    @property
    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

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
            view.phase, view.idle = "", False
        elif kind == "submitted":
            view.submitted = True
        elif kind == "outcome":
            view.succeeded += message.get("status") == JobStatus.SUCCESS
            view.failed += message.get("status") == JobStatus.FAILED
            view.leave_job()
        elif kind == "idle":
            view.idle = True
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


Message = tuple[int, int, dict[str, Any] | None]
"""(slot, generation, what it said); None = its output closed."""


class Workers:
    """All slots of a run."""

    def __init__(
        self,
        count: int,
        *,
        run: Run,
        command: Callable[[int], Sequence[str]],
        registry: ProcessRegistry,
        logs: Path,
        inbox: queue.Queue[Message],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run = run
        self._command = command
        self._registry = registry
        self._logs = logs
        self._inbox = inbox
        self._clock = clock
        self._next_start = 0.0
        self.slots: dict[int, WorkerProcess] = {}
        self.orders: dict[str, Any] = {}
        self.held: set[int] = set()
        """Slots that claim nothing until the operator releases them."""
        self.resize(count)

    # -- number ----------------------------------------------------------------------------------

    def resize(self, count: int) -> None:
        """Have slots 0 to count-1; the others are stopped after their job."""
        for slot in range(count):
            worker = self.slots.setdefault(slot, WorkerProcess(slot=slot))
            if not worker.wanted:
                self.revive(slot)
        for slot, worker in self.slots.items():
            if slot >= count:
                self.dismiss(worker)

    def revive(self, slot: int) -> None:
        """Want the slot (again); it is started when its turn comes, its restarts forgotten."""
        worker = self.slots.setdefault(slot, WorkerProcess(slot=slot))
        worker.wanted = True
        worker.restarts = 0
        if worker.state in (WorkerState.STOPPED, WorkerState.FATAL):
            worker.enter(WorkerState.WAITING)

    def dismiss(self, worker: WorkerProcess) -> None:
        """Take the slot away: its worker finishes or gives back."""
        worker.wanted = False
        if worker.alive:
            self.stop(worker)
        elif worker.state in (WorkerState.WAITING, WorkerState.BACKOFF):
            worker.enter(WorkerState.STOPPED)

    def new_stage(self) -> None:
        """Workers that were given up get another chance in the next stage."""
        for worker in self.slots.values():
            worker.restarts = 0
            if worker.wanted and worker.state is WorkerState.FATAL:
                worker.enter(WorkerState.WAITING)

    @property
    def alive(self) -> list[WorkerProcess]:
        return [worker for worker in self.slots.values() if worker.alive]

    @property
    def wanted(self) -> list[WorkerProcess]:
        return [worker for worker in self.slots.values() if worker.wanted]

    @property
    def hopeless(self) -> bool:
        """Every wanted slot has been given up; those that the operator stopped may return."""
        states = {worker.state for worker in self.slots.values() if worker.wanted or worker.alive}
        return states == {WorkerState.FATAL}

    # -- orders ----------------------------------------------------------------------------------

    def order(self, **changes: Any) -> None:
        """Change the standing orders of every worker, present and future."""
        self.orders |= changes
        for worker in self.alive:
            self._send(worker, self._orders_of(worker))

    def _orders_of(self, worker: WorkerProcess) -> dict[str, Any]:
        paused = bool(self.orders.get("paused")) or worker.slot in self.held
        return self.orders | {"paused": paused}

    def stop(self, worker: WorkerProcess, *, order: str = "stop") -> None:
        """Ask one worker to finish or give back, or (``finish``) to end as all is done."""
        if worker.state is not WorkerState.STOPPING:
            worker.enter(WorkerState.STOPPING)
            run, now = self._run, self._clock()
            longest = max(run.shutdown_timeout_seconds, run.submitted_shutdown_timeout_seconds)
            worker.stop_deadline = now + run.shutdown_timeout_seconds
            worker.submitted_stop_deadline = now + longest
        self._send(worker, {order: True})

    def stop_all(self, *, order: str) -> None:
        """The end of a run: nobody comes back."""
        for worker in self.slots.values():
            worker.wanted = False
            if worker.alive:
                self.stop(worker, order=order)

    def hurry(self) -> None:
        """The operator asked again: wait less for those that are stopping."""
        soon = self._clock() + self._run.forced_shutdown_timeout_seconds
        for worker in self.alive:
            worker.stop_deadline = min(worker.stop_deadline, soon)
            worker.submitted_stop_deadline = min(worker.submitted_stop_deadline, soon)

    def _send(self, worker: WorkerProcess, message: Mapping[str, Any]) -> None:
        if worker.popen is None or worker.popen.stdin is None:
            return
        try:
            worker.popen.stdin.write(encode(message))
            worker.popen.stdin.flush()
        except (OSError, ValueError):
            log.debug("worker_pipe_closed", worker=worker.slot)

    # -- start and end ---------------------------------------------------------------------------

    def start_due(self, needed: int) -> WorkerProcess | None:
        """Start the next slot whose turn has come, if more than the living ones are needed.

        One at a time and ``stagger_seconds`` apart; a restart waits for its backoff instead.
        Raises OSError when a process cannot be started.
        """
        now = self._clock()
        for worker in sorted(self.wanted, key=lambda worker: worker.slot):
            if worker.alive or len(self.alive) >= needed:
                continue
            if worker.state is WorkerState.BACKOFF and now >= worker.restart_at:
                self._spawn(worker)
                return worker
            if worker.state is WorkerState.WAITING and now >= self._next_start:
                self._next_start = now + self._run.stagger_seconds
                self._spawn(worker)
                return worker
        return None

    def _spawn(self, worker: WorkerProcess) -> None:
        command = list(self._command(worker.slot))
        with open_append(self._logs / f"worker_{worker.slot}.stderr.log") as errors:
            popen = processes.start(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        worker.popen = popen
        worker.generation += 1
        worker.view = WorkerView(succeeded=worker.view.succeeded, failed=worker.view.failed)
        worker.started_at = datetime.now(UTC)
        worker.started_clock = self._clock()
        worker.record = ProcessRecord(
            pid=popen.pid,
            started=processes.identity(popen.pid),
            command=tuple(command),
            role="worker",
            slot=worker.slot,
        )
        self._registry.add(worker.record)
        worker.enter(WorkerState.STARTING)
        threading.Thread(
            target=self._read, args=(worker.slot, worker.generation, popen), daemon=True
        ).start()
        self._send(worker, self._orders_of(worker))

    def _read(self, slot: int, generation: int, popen: subprocess.Popen[bytes]) -> None:
        assert popen.stdout is not None
        with popen.stdout:
            for line in popen.stdout:
                message = decode(line)
                if message is not None:
                    self._inbox.put((slot, generation, message))
        self._inbox.put((slot, generation, None))

    def reap(self) -> list[tuple[WorkerProcess, bool]]:
        """Workers whose process has ended since the last look, and whether cleanly."""
        ended = []
        for worker in self.slots.values():
            if worker.popen is None or worker.popen.poll() is None:
                continue
            worker.returncode = worker.popen.returncode
            clean = worker.returncode == 0
            if worker.popen.stdin is not None:
                try:
                    worker.popen.stdin.close()
                except OSError:
                    log.debug("worker_pipe_closed", worker=worker.slot)
            if worker.record is not None:
                self._registry.forget(worker.record)
            worker.popen = None
            ended.append((worker, clean))
        return ended

    def end_overdue(self) -> list[WorkerProcess]:
        """Kill workers whose time to stop is up, and new ones that never reported."""
        now = self._clock()
        killed = []
        for worker in self.alive:
            submitted = worker.view.submitted
            bound = worker.submitted_stop_deadline if submitted else worker.stop_deadline
            late_stop = worker.state is WorkerState.STOPPING and now >= bound
            silent = (
                worker.state is WorkerState.STARTING
                and now - worker.started_clock > self._run.worker_start_seconds
            )
            if late_stop or silent:
                self.kill(worker)
                killed.append(worker)
        return killed

    def kill(self, worker: WorkerProcess) -> None:
        """End the process with all below it; it is our child, so its pid is surely its own."""
        process = worker.record.process() if worker.record is not None else None
        if process is not None:
            processes.end_tree(process, timeout=0)
        elif worker.popen is not None:
            worker.popen.kill()

    def plan_restart(self, worker: WorkerProcess) -> float | None:
        """Put a dead worker into backoff; seconds until its restart, None when it is given up."""
        if self._clock() - worker.started_clock > STAYED_UP_SECONDS:
            worker.restarts = 0
        if worker.restarts >= self._run.max_restarts:
            worker.enter(WorkerState.FATAL)
            return None
        wait = min(
            self._run.restart_backoff_max_seconds,
            self._run.restart_backoff_seconds * 2.0**worker.restarts,
        )
        worker.restarts += 1
        worker.restart_at = self._clock() + wait
        worker.restart_due = datetime.now(UTC) + timedelta(seconds=wait)
        worker.enter(WorkerState.BACKOFF)
        return wait


def worker_command(
    slot: int, *, workers: int, work_dir: Path, ledger: Path, settings: Path, run_id: str
) -> list[str]:
    """Command line of one worker (A1.13); no secret is ever in it."""
    options = {
        "--workers": str(workers),
        "--workdir": str(work_dir),
        "--ledger": str(ledger),
        "--settings": str(settings),
        "--run-id": run_id,
    }
    flags = [part for option in options.items() for part in option]
    return [sys.executable, "-m", "engine.worker", str(slot), *flags]
