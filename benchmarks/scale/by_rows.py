"""What the length of the ledger costs: start, claim, status, the cockpit's look, memory."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.scale.ledgers import work_directory
from benchmarks.scale.live import answer, live_run
from benchmarks.scale.trade import arrivals

IDLE_SECONDS: Final = 3.0
SETTLE_SECONDS: Final = 1.0
SETTLE_ROWS_A_SECOND: Final = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """A run with one worker, up to its first job and a little longer."""

    wall: float
    """From the command until the first job was claimed."""
    supervisor_cpu: float
    worker_cpu: float
    worker_wall: float
    """From the worker's start to its first job."""
    idle_share: float
    """Of a core, of the supervisor while its worker holds a job."""
    supervisor_mb: float
    worker_mb: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RowCost:
    """One length of the ledger."""

    rows: int
    started: Started
    status_cpu: float
    status_wall: float
    probed: dict[str, float]


def start_of(work_dir: Path, rows: int = 0) -> Started:
    """Start a run on so many rows, see its first job claimed, let it idle for a while, stop it."""
    with live_run(work_dir, 1) as run:
        run.wait_for_first_jobs(1)
        first = arrivals(work_dir)[0]
        supervisor_cpu = run.used().supervisor
        spawned = run.first_event("worker_started")
        # Its first look at all of them is no idling.
        time.sleep(SETTLE_SECONDS + rows / SETTLE_ROWS_A_SECOND)
        before = run.used()
        time.sleep(IDLE_SECONDS)
        after = run.used()
        memory = run.supervisor.memory_info().rss / 1e6
    return Started(
        wall=first["at"] - run.began,
        supervisor_cpu=supervisor_cpu,
        worker_cpu=first["cpu"],
        worker_wall=first["at"] - spawned,
        idle_share=(after.supervisor - before.supervisor) / (after.at - before.at),
        supervisor_mb=memory,
        worker_mb=first["memory"],
    )


def cost_of_rows(folder: Path, rows: int, *, asked: int = 3) -> RowCost:
    """Measure one length; ``asked``: how often ``--status`` is asked. Raises RuntimeError."""
    work_dir = work_directory(folder / f"rows{rows}", rows=rows)
    status = ("engine.orchestrator", "-C", str(work_dir), "--status")
    answers = [answer(*status) for _ in range(asked)]
    started = start_of(work_dir, rows)
    _, _, said = answer("benchmarks.scale.probe", str(work_dir))
    return RowCost(
        rows=rows,
        started=started,
        status_cpu=median(cpu for cpu, _, _ in answers),
        status_wall=median(wall for _, wall, _ in answers),
        probed=json.loads(said),
    )
