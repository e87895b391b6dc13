"""What the processes of the ledger's tests run; importable by a spawned interpreter."""

from __future__ import annotations

import os
import random
import time
from multiprocessing.synchronize import Event
from pathlib import Path

from engine.jobs import Claim, ErrorCategory, Failure, Nothing
from engine.progress import ProgressTracker
from tests.ledger_days import job, settings

FAILURE = Failure(
    error="adb\ngone", category=ErrorCategory.INFRASTRUCTURE, error_type="adb_timeout"
)


def open_ledger(path: Path, cap: int = 0) -> ProgressTracker:
    return ProgressTracker(path, settings=settings(), run_id="run-1", cap=cap)


def work_off(path: Path, worker: int, acts: Path) -> None:
    """Do every job there is: submit, act once, say so; now and then fail or give back first."""
    ledger = open_ledger(path)
    chance = random.Random(os.getpid())
    fd = os.open(acts, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    while not isinstance(claim := ledger.claim(str(worker)), Nothing) or claim.open_jobs:
        if not isinstance(claim, Claim):
            time.sleep(0.005)  # a worker without a job looks again later
            continue
        dice = chance.random()
        if dice < 0.1:
            ledger.release(claim)
        elif dice < 0.2:
            ledger.fail(claim, FAILURE)
            ledger.requeue([claim.job_id])
        else:
            ledger.mark_submitted(claim)
            os.write(fd, f"{claim.job_id} {worker}\n".encode())
            ledger.succeed(claim)
    os.close(fd)


def keep_writing(path: Path, writer: int, stop: Event) -> None:
    """Seed some jobs, claim and complete, and go on with the last one until told to stop."""
    ledger = open_ledger(path)
    number = 1000 * (writer + 1)
    while not stop.is_set():
        if number % 1000 < 200:
            number += 1
            new = job(number, f"w{number}")
            ledger.seed(lambda _known, new=new: [new])  # type: ignore[misc]  # bound per round
        claim = ledger.claim(str(writer))
        if isinstance(claim, Claim):
            ledger.fail(claim, FAILURE)
            ledger.requeue([claim.job_id])


def keep_reading(path: Path, reads: int, results: Path) -> None:
    """Read, by one tracker and now and then by a fresh one; note what is not as it must be."""
    ledger = open_ledger(path)
    most, problems = 0, []
    for number in range(reads):
        figures = (ledger if number % 100 else open_ledger(path)).figures()
        if figures.total < most or figures.quarantined:
            problems.append(f"read {number}: {figures.total} jobs after {most}")
        most = max(most, figures.total)
    results.write_text("\n".join(problems), encoding="utf-8")


def seed_same(path: Path, jobs: int, begin: Event) -> None:
    begin.wait()
    open_ledger(path).seed(
        lambda known: [job(n) for n in range(jobs) if job(n).job_id not in known]
    )


def claim_one(path: Path, worker: int, begin: Event, claims: Path) -> None:
    ledger = open_ledger(path)
    begin.wait()
    claim = ledger.claim(str(worker))
    claims.write_text(claim.job_id if isinstance(claim, Claim) else "", encoding="utf-8")
