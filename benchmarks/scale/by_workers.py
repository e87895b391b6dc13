"""How many jobs a second go through the whole engine, and what would have been the limit.

A job asks for nothing: it is claimed, verified, performed, its evidence, log and events written,
and completed; claim and outcome are durable before anybody acts on them. Three limits are measured
beside it: the disk's (a job has so many durable writes, and one process can make so many a second),
the ledger's own (as many processes that only claim and complete), and the processor's (its cores
over the CPU seconds that a job takes).
"""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import Final

import psutil

from benchmarks import ledger as bare
from benchmarks.scale.ledgers import work_directory
from benchmarks.scale.live import live_run

WARM_SECONDS: Final = 1.0
MOST_JOBS_A_SECOND: Final = 900
"""So many jobs wait for each second that is measured; with none left a run would end."""
BARE_SECONDS: Final = 2.0
_DISK_LOOKS: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerRate:
    """One number of workers."""

    workers: int
    jobs_a_second: float
    supervisor_share: float
    """Of one core."""
    supervisor_cpu: float
    """Seconds a job."""
    worker_cpu: float
    """Seconds a job, of all workers together."""
    busy: float
    """Of all cores, by whomever."""
    writes_a_job: float
    """Durable ones: rows of the ledger, each made durable by itself."""
    syncs_a_second: float
    """What one process reaches on this disk with appends of a row's size."""
    bare_pairs: float
    """Claims and completions a second of as many processes that do nothing else."""
    double_claims: int
    lost: int

    @property
    def limit_by_disk(self) -> float:
        return self.syncs_a_second / self.writes_a_job

    @property
    def limit_by_processor(self) -> float:
        return (psutil.cpu_count() or 1) / (self.supervisor_cpu + self.worker_cpu)

    @property
    def lowest_limit(self) -> float:
        return min(self.limit_by_disk, self.bare_pairs, self.limit_by_processor)


def rate_of_workers(folder: Path, workers: int, seconds: float) -> WorkerRate:
    """Measure one number of workers. Raises RuntimeError where the run fails."""
    syncs = [bare.disk_limit(folder, bare.own_sync) for _ in range(_DISK_LOOKS)]
    jobs = int(MOST_JOBS_A_SECOND * (seconds + WARM_SECONDS + 1))
    work_dir = work_directory(folder / f"workers{workers}", rows=jobs, waiting=jobs, poll=0.1)
    with live_run(work_dir, workers) as run:
        run.wait_for_first_jobs(workers)
        run.open_gate()
        time.sleep(WARM_SECONDS)
        before = run.used()
        time.sleep(seconds)
        after = run.used()
    syncs += [bare.disk_limit(folder, bare.own_sync) for _ in range(_DISK_LOOKS)]
    path = work_dir / "parallel_progress.csv"
    done, rows = _between(path, before.at, after.at)
    truth, told = bare.read_back(path), _told_done(work_dir)
    took, count = after.at - before.at, max(1, done)
    pairs = bare.measure(folder, jobs, workers, BARE_SECONDS)
    cores = psutil.cpu_count() or 1
    return WorkerRate(
        workers=workers,
        jobs_a_second=done / took,
        supervisor_share=(after.supervisor - before.supervisor) / took,
        supervisor_cpu=(after.supervisor - before.supervisor) / count,
        worker_cpu=(after.workers - before.workers) / count,
        busy=1 - (after.idle - before.idle) / (took * cores),
        writes_a_job=rows / count,
        syncs_a_second=fmean(syncs),
        bare_pairs=sum(len(part.pair_seconds) for part in pairs.slices) / pairs.seconds,
        double_claims=truth.double_claims + pairs.double_claims,
        lost=len(told - truth.successes) + pairs.lost,
    )


def _between(path: Path, since: float, until: float) -> tuple[int, int]:
    """Jobs that were completed, and rows that were written, between two wall moments."""
    done = rows = 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["status"] == "pending":
                continue
            if since <= datetime.fromisoformat(row["updated_at"]).timestamp() < until:
                rows += 1
                done += row["status"] == "success"
    return done, rows


def _told_done(work_dir: Path) -> set[str]:
    """Jobs that the supervisor was told are done."""
    from engine.run_state import RunDirectory

    events = RunDirectory(work_dir / "run").events()
    return {
        str(event["job"])
        for event in events
        if event.get("event") == "outcome" and event.get("status") == "success"
    }
