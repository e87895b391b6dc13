"""Worker processes as the supervisor sees them: started staggered, watched, restarted, ended.

Deciding what a death means for claims and resources is the orchestrator's.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from engine import processes
from engine.channel import decode, encode
from engine.config import Run
from engine.logger import get_logger
from engine.private_files import open_append
from engine.processes import ProcessRecord, ProcessRegistry
from engine.worker_process import WorkerProcess, WorkerState, WorkerView

log = get_logger(__name__)

STAYED_UP_SECONDS = 300.0
"""A worker that lived this long after its last start gets its restarts back."""

LAST_WORDS_SECONDS = 1.0
"""Within which what an ended process said has been read, unless a child of it keeps its output."""

KILL_SECONDS = 15.0
"""Within which a killed process is gone, on a host that is not stuck itself."""


def load_a_core() -> float:
    """The host's load average of the last minute over its cores."""
    return psutil.getloadavg()[0] / (psutil.cpu_count() or 1)


Message = tuple[int, int, dict[str, Any] | None]
"""(slot, generation, what it said); None = its output closed."""
WAKE: Message = (-1, 0, None)
"""From no worker: it only ends a wait for messages."""


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
        load: Callable[[], float] = load_a_core,
    ) -> None:
        self._run = run
        self._command = command
        self._registry = registry
        self._logs = logs
        self._inbox = inbox
        self._clock = clock
        self._load = load
        self._last_start: float | None = None
        self.slots: dict[int, WorkerProcess] = {}
        self.orders: dict[str, Any] = {}
        self.held: set[int] = set()
        """Slots that claim nothing until the operator releases them."""
        self.leaving: set[int] = set()
        """Slots that claim nothing more and are to be dismissed once they have no job."""
        self.asked = count
        """How many the operator last asked for; scaling stays within it."""
        self.resize(count)

    # -- number ----------------------------------------------------------------------------------

    def resize(self, count: int) -> None:
        """Have slots 0 to count-1; the others are stopped after their job."""
        self.asked = count
        for slot in range(count):
            worker = self.slots.setdefault(slot, WorkerProcess(slot=slot))
            self.keep(worker)
            if not worker.wanted:
                self.revive(slot)
        for slot, worker in self.slots.items():
            if slot >= count:
                self.dismiss(worker)

    def revive(self, slot: int) -> None:
        """Want the slot (again); it is started when its turn comes, its restarts forgotten."""
        worker = self.slots.setdefault(slot, WorkerProcess(slot=slot))
        self.keep(worker)
        worker.wanted = True
        worker.restarts = 0
        if worker.state in (WorkerState.STOPPED, WorkerState.FATAL):
            worker.enter(WorkerState.WAITING)

    def dismiss(self, worker: WorkerProcess) -> None:
        """Take the slot away: its worker finishes or gives back."""
        self.leaving.discard(worker.slot)
        worker.wanted = False
        if worker.alive:
            self.stop(worker)
        elif worker.state in (WorkerState.WAITING, WorkerState.BACKOFF):
            worker.enter(WorkerState.STOPPED)

    def retire(self, worker: WorkerProcess) -> None:
        """Let it finish what it has and claim nothing more; who asked dismisses it then."""
        self.leaving.add(worker.slot)
        self._send(worker, self._orders_of(worker))

    def keep(self, worker: WorkerProcess) -> None:
        """It need not leave after all."""
        if worker.slot in self.leaving:
            self.leaving.remove(worker.slot)
            self._send(worker, self._orders_of(worker))

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
    def unreaped(self) -> list[WorkerProcess]:
        """Those that live, and those whose end nobody has looked at yet."""
        return [worker for worker in self.slots.values() if worker.popen is not None]

    @property
    def wanted(self) -> list[WorkerProcess]:
        return [worker for worker in self.slots.values() if worker.wanted]

    @property
    def hopeless(self) -> bool:
        """Every wanted slot has been given up; those that the operator stopped may return."""
        states = {worker.state for worker in self.slots.values() if worker.wanted or worker.alive}
        return states == {WorkerState.FATAL}

    def wake(self) -> None:
        """End the supervisor's wait for messages, from any thread: what it waits for is there."""
        self._inbox.put(WAKE)

    # -- orders ----------------------------------------------------------------------------------

    def order(self, **changes: Any) -> None:
        """Change the standing orders of every worker, present and future."""
        self.orders |= changes
        for worker in self.alive:
            self._send(worker, self._orders_of(worker))

    def _orders_of(self, worker: WorkerProcess) -> dict[str, Any]:
        paused = bool(self.orders.get("paused")) or worker.slot in self.held | self.leaving
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

    @property
    def longest_stop_seconds(self) -> float:
        """After which every worker that was told to stop has ended, been killed and cleaned up
        after; one that even a kill does not end is left behind then."""
        run = self._run
        longest = max(run.shutdown_timeout_seconds, run.submitted_shutdown_timeout_seconds)
        return longest + run.process_stop_seconds + run.release_timeout_seconds + KILL_SECONDS

    def hurry(self) -> None:
        """The operator asked again: wait less for those that are stopping."""
        soon = self._clock() + self._run.forced_shutdown_timeout_seconds
        for worker in self.alive:
            worker.stop_deadline = min(worker.stop_deadline, soon)
            worker.submitted_stop_deadline = min(worker.submitted_stop_deadline, soon)

    def give_up(self, worker: WorkerProcess, why: str) -> None:
        """End a worker that is no use any more: asked first, killed when its time to stop is up.

        However it ends, it counts as a death.
        """
        worker.given_up = worker.given_up or why
        self.stop(worker)

    @staticmethod
    def _send(worker: WorkerProcess, message: Mapping[str, Any]) -> None:
        """Never waits: a process that stands still reads no orders, and its pipe may be full."""
        if worker.popen is not None:
            worker.mail.put(encode(message))

    # -- start and end ---------------------------------------------------------------------------

    def start_due(self, needed: int) -> WorkerProcess | None:
        """Start the next slot whose turn has come, if more than the living ones are needed.

        One at a time, staggered (``run.stagger``); a restart waits for its backoff instead.
        Raises OSError when a process cannot be started: it is tried again after the longest
        backoff, and counts as no restart.
        """
        now = self._clock()
        if len(self.alive) >= needed:
            return None
        for worker in sorted(self.wanted, key=lambda worker: worker.slot):
            if worker.alive:
                continue
            due = worker.state is WorkerState.BACKOFF and now >= worker.restart_at
            turn = worker.state is WorkerState.WAITING and self._may_start(now)
            if turn:
                self._last_start = now
            if due or turn:
                try:
                    self._spawn(worker)
                except OSError:
                    self._put_off(worker, self._run.restart_backoff_max_seconds)
                    raise
                return worker
        return None

    def _may_start(self, now: float) -> bool:
        """The stagger lets the next worker start: starts cost the host, not the provider."""
        run = self._run
        if self._last_start is None or now - self._last_start >= run.stagger_seconds:
            return True
        if run.stagger == "clock" or any(worker.coming_up for worker in self.alive):
            return False
        return self._load() <= run.stagger_load

    def _spawn(self, worker: WorkerProcess) -> None:
        command = list(self._command(worker.slot))
        with open_append(self._logs / f"worker_{worker.slot}.stderr.log") as errors:
            popen = processes.start(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        record = ProcessRecord(
            pid=popen.pid,
            started=processes.identity(popen.pid),
            command=tuple(command),
            role="worker",
            slot=worker.slot,
        )
        try:
            self._registry.add(record)
        except OSError:
            processes.end_unrecorded(popen)
            raise
        worker.popen, worker.record = popen, record
        worker.given_up = ""
        worker.mail = queue.SimpleQueue()
        worker.generation += 1
        worker.view = WorkerView(succeeded=worker.view.succeeded, failed=worker.view.failed)
        worker.started_at = datetime.now(UTC)
        worker.started_clock = self._clock()
        worker.enter(WorkerState.STARTING)
        worker.reader = threading.Thread(
            target=self._read, args=(worker.slot, worker.generation, popen), daemon=True
        )
        worker.reader.start()
        threading.Thread(target=_deliver, args=(popen, worker.mail), daemon=True).start()
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
        """Workers whose process has ended since the last look, and whether cleanly.

        Their last words are in the inbox by then: at what job one died is among them.
        """
        ended = []
        for worker in self.slots.values():
            if worker.popen is None or worker.popen.poll() is None:
                continue
            if worker.reader is not None:
                worker.reader.join(LAST_WORDS_SECONDS)
            worker.returncode = worker.popen.returncode
            clean = worker.returncode == 0 and not worker.given_up
            worker.mail.put(None)
            if worker.record is not None:
                self._registry.forget(worker.record)
            worker.popen = None
            ended.append((worker, clean))
        return ended

    def excuse(self, seconds: float) -> None:
        """Nobody could start or stop while this process stood still for so long."""
        for worker in self.alive:
            worker.started_clock += seconds
            worker.stop_deadline += seconds
            worker.submitted_stop_deadline += seconds

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
        self._put_off(worker, wait)
        return wait

    def _put_off(self, worker: WorkerProcess, wait: float) -> None:
        worker.restart_at = self._clock() + wait
        worker.restart_due = datetime.now(UTC) + timedelta(seconds=wait)
        worker.enter(WorkerState.BACKOFF)


def _deliver(popen: subprocess.Popen[bytes], mail: queue.SimpleQueue[bytes | None]) -> None:
    """Write a worker's orders one by one; a worker that is gone needs none."""
    assert popen.stdin is not None
    with contextlib.suppress(OSError, ValueError), popen.stdin as pipe:
        while (message := mail.get()) is not None:
            pipe.write(message)
            pipe.flush()


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
