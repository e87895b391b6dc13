"""A run that only looks alive: ``python -m benchmarks.console_run WORKDIR``; ends with its stdin.

It stands in for supervisor and workers, whose own work would be measured together with the
cockpit's on a small machine. What the cockpit can see is as in a real run: the locks are held, the
status is written every two seconds, workers change phase, log in the engine's form and take jobs
from the ledger. Each line of stdin is a JSON object that changes what it does (``Orders``).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import socket
import sys
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from benchmarks.console_day import LEDGER_NAME
from engine.config import Settings
from engine.instance import InstanceLock, run_lock
from engine.jobs import Claim
from engine.orchestrator import STATUS_SECONDS
from engine.private_files import make_private_dir, open_append
from engine.progress import ProgressTracker
from engine.run_state import RunDirectory, RunRecord

TICK_SECONDS = 0.02
PHASES = ("boot", "connect", "push", "upload", "caption", "share", "confirm")


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What the run is to look like from now on."""

    workers: int = 5
    lines: float = 0.0
    """Log lines a second of each worker."""
    job_seconds: float = 0.0
    """How long a job takes; 0: nobody has one, and nothing changes but the status' age."""


class Worker:
    """One slot: what it does, and its log."""

    def __init__(self, slot: int, folder: Path) -> None:
        self.slot = slot
        self.claim: Claim | None = None
        self.since = datetime.now(UTC)
        self.phase, self.phase_since = "", self.since
        self.succeeded = 0
        self.due = 0.0
        """Lines that are to be written, with the part that is not a whole one yet."""
        self._file: IO[bytes] = open_append(folder / f"worker_{slot}.log")

    def log(self, count: int) -> None:
        """Write lines in the engine's form; each says when it was written (monotonic clock)."""
        job = self.claim.job_id if self.claim else f"idle{self.slot}"
        stamp = datetime.now().astimezone().isoformat(timespec="milliseconds")
        lines = []
        for number in range(count):
            level = "warning" if number % 40 == 39 else "info"
            event = f"at {time.monotonic():.3f} tapped Next at (540, 1180) after {number * 7} ms"
            lines.append(
                f"ts={stamp} level={level} worker={self.slot} job={job} "
                f'account=account{self.slot:06} state=JOB_RUNNING event="{event}" step={number}\n'
            )
        self._file.write("".join(lines).encode())
        self._file.flush()

    def enter(self, phase: str) -> None:
        self.phase, self.phase_since = phase, datetime.now(UTC)

    def status(self) -> dict[str, Any]:
        """As the supervisor writes it."""
        busy = self.claim is not None
        return {
            "slot": self.slot,
            "process": "running",
            "process_since": self.since.isoformat(),
            "pid": os.getpid(),
            "state": "JOB_RUNNING" if busy else "SESSION_READY",
            "state_since": self.since.isoformat(),
            "phase": self.phase,
            "phase_since": self.phase_since.isoformat(),
            "job": self.claim.job_id if self.claim else "",
            "key": self.claim.job.account if self.claim else "",
            "attempt": 1,
            "submitted": self.phase == "confirm",
            "idle": not busy,
            "restarts": 0,
            "restart_at": None,
            "beat": datetime.now(UTC).isoformat(),
            "exit_reason": "",
            "succeeded": self.succeeded,
            "failed": 0,
            "cpu_seconds": 1.0,
            "memory_mb": 60.0,
            "facts": {},
        }


class LookAlike:
    """The run."""

    def __init__(self, work_dir: Path) -> None:
        self._settings = Settings.load(work_dir)
        self._ledger_path = work_dir / LEDGER_NAME
        self._run_dir = RunDirectory(work_dir / self._settings.paths.run)
        self._logs = work_dir / self._settings.paths.logs
        self._orders = Orders()
        self._workers: list[Worker] = []
        self._status_due = self._next_change = 0.0
        self._turns = 0

    def run(self, inbox: queue.Queue[Orders | None]) -> None:
        """Until the inbox says None."""
        self._run_dir.create()
        make_private_dir(self._logs)
        stale = self._settings.run.heartbeat_stale_seconds
        lock = InstanceLock(self._run_dir.lock_path, stale_after=stale)
        ledger_lock = run_lock(self._ledger_path, stale_after=stale)
        lock.acquire()
        ledger_lock.acquire()
        try:
            self._begin()
            while self._obey(inbox):
                self._turn()
                time.sleep(TICK_SECONDS)
        finally:
            ledger_lock.release()
            lock.release()

    def _begin(self) -> None:
        now = datetime.now(UTC)
        self._record = RunRecord.begin(now, "post_reel", campaign="", ledger=str(self._ledger_path))
        self._run_dir.write_run(self._record)
        self._ledger = ProgressTracker(
            self._ledger_path, settings=self._settings, run_id=self._record.run_id
        )
        self._last = time.monotonic()

    def _obey(self, inbox: queue.Queue[Orders | None]) -> bool:
        with contextlib.suppress(queue.Empty):
            orders = inbox.get_nowait()
            if orders is None:
                return False
            self._orders = orders
            self._status_due = 0.0
        while len(self._workers) < self._orders.workers:
            self._workers.append(Worker(len(self._workers), self._logs))
        del self._workers[self._orders.workers :]
        return True

    def _turn(self) -> None:
        now = time.monotonic()
        passed, self._last = now - self._last, now
        for worker in self._workers:
            worker.due += passed * self._orders.lines
            if worker.due >= 1:
                worker.log(int(worker.due))
                worker.due %= 1
        if self._orders.job_seconds and now >= self._next_change:
            # The workers change one after the other, each phase takes its share of a job.
            self._next_change = now + self._orders.job_seconds / len(PHASES) / len(self._workers)
            self._turns += 1
            self._advance(self._workers[self._turns % len(self._workers)])
        if now >= self._status_due:
            self._status_due = now + STATUS_SECONDS
            self._run_dir.write_status(self._status())

    def _advance(self, worker: Worker) -> None:
        """The worker's next phase; after the last one its job is done and it takes another."""
        if worker.claim is None:
            claim = self._ledger.claim(str(worker.slot))
            worker.claim = claim if isinstance(claim, Claim) else None
            worker.enter(PHASES[0])
        elif worker.phase == PHASES[-1]:
            self._ledger.succeed(worker.claim)
            worker.claim = None
            worker.succeeded += 1
            worker.enter("")
        else:
            worker.enter(PHASES[PHASES.index(worker.phase) + 1])

    def _status(self) -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        return {
            "run_id": self._record.run_id,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "workload": "post_reel",
            "labels": {"key": "account", "resource": "phone"},
            "campaign": "",
            "ledger": str(self._ledger_path),
            "started_at": self._record.started_at.isoformat(),
            "updated_at": now,
            "state": "running",
            "stage": {"number": 1, "label": "pass 1/3", "total_jobs": self._ledger.open_jobs()},
            "waiting_until": None,
            "paused": False,
            "paused_by": "",
            "paused_at": None,
            "held": {"keys": [], "workers": []},
            "workers": [worker.status() for worker in self._workers],
            "resources": [],
            "totals": self._ledger.figures().to_dict(),
            "stages": {},
            "stages_allowed": 3,
            "price_per_minute": self._settings.phones.price_per_minute,
            "forecast": {"jobs_left": 0, "jobs_per_hour": None, "done_at": None},
            "result": "",
        }


def listen(inbox: queue.Queue[Orders | None]) -> None:
    """Hand every order on; the end of the input is the end of the run."""
    orders = Orders()
    for line in sys.stdin:
        orders = replace(orders, **json.loads(line))
        inbox.put(orders)
    inbox.put(None)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console_run", description=__doc__)
    parser.add_argument("workdir", type=Path, help="work directory that has a ledger")
    inbox: queue.Queue[Orders | None] = queue.Queue()
    threading.Thread(target=listen, args=(inbox,), daemon=True).start()
    LookAlike(parser.parse_args().workdir.resolve()).run(inbox)
    return 0


if __name__ == "__main__":
    sys.exit(main())
