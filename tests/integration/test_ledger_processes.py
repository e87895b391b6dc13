"""Many real processes at one ledger, some of them killed."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from engine.jobs import JobStatus
from tests import ledger_workers
from tests.ledger_days import (
    LEGACY_13,
    csv_text,
    job,
    quarantine,
    read_rows,
    row,
    seeded,
)
from tests.ledger_workers import open_ledger

CONTEXT = multiprocessing.get_context("spawn")
JOBS = 1200
LONGEST = 100
"""Seconds after which a process that hangs is the failure."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


@pytest.fixture
def start() -> Iterator[Callable[..., SpawnProcess]]:
    """Start a process that runs a function; ended, whatever the test does."""
    started: list[SpawnProcess] = []

    def begin(target: Callable[..., None], *args: object) -> SpawnProcess:
        process = CONTEXT.Process(target=target, args=args, daemon=True)
        process.start()
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.join()


def finished(processes: list[SpawnProcess]) -> None:
    for process in processes:
        process.join(LONGEST)
        assert process.exitcode == 0, process


def wait_for_acts(acts: Path, number: int) -> None:
    """Until the workers did so many jobs; no sleep decides what is tested."""
    deadline = time.monotonic() + LONGEST
    while acts.read_bytes().count(b"\n") <= number:
        assert time.monotonic() < deadline, "the workers came to a halt"
        time.sleep(0.001)


def replay(path: Path) -> None:
    """Follow the file row by row, without the engine: one owner a job, one job an account."""
    owner: dict[str, str] = {}
    busy: dict[str, str] = {}
    for number, entry in enumerate(read_rows(path)):
        job_id, account, status = entry["job_id"], entry["account"], entry["status"]
        if status == "claimed" and not entry["submitted_at"]:
            assert job_id not in owner, f"row {number}: {job_id} claimed twice"
            assert account not in busy, f"row {number}: {account} in two jobs"
            owner[job_id], busy[account] = entry["worker_id"], job_id
        elif status in ("success", "failed") or (status == "pending" and job_id in owner):
            assert entry["worker_id"] in ("", owner[job_id])
            del owner[job_id], busy[account]
    assert not owner


def test_eight_processes_never_claim_a_job_or_an_account_twice(
    path: Path, tmp_path: Path, start: Callable[..., SpawnProcess]
) -> None:
    seeded(path, [job(number, f"acct{number % 100:03d}") for number in range(1000)])
    acts = tmp_path / "acts"

    finished([start(ledger_workers.work_off, path, worker, acts) for worker in range(8)])

    replay(path)
    done = Counter(line.split()[0] for line in acts.read_text().splitlines())
    assert len(done) == 1000
    assert set(done.values()) == {1}
    figures = open_ledger(path).figures()
    assert (figures.success, figures.total, figures.quarantined) == (1000, 1000, 0)


def test_no_reader_ever_sees_fewer_jobs_than_before(
    path: Path, tmp_path: Path, start: Callable[..., SpawnProcess]
) -> None:
    path.write_bytes(
        csv_text(LEGACY_13, [row(job_id=f"j{n}", account=f"a{n}") for n in range(200)])
    )
    stop = CONTEXT.Event()
    writers = [start(ledger_workers.keep_writing, path, n, stop) for n in range(4)]
    notes = [tmp_path / f"reader{n}" for n in range(3)]

    finished([start(ledger_workers.keep_reading, path, 3334, note) for note in notes])
    stop.set()
    finished(writers)

    assert [note.read_text() for note in notes] == ["", "", ""]
    figures = open_ledger(path).figures()
    assert figures.total > 200
    assert sum(figures.by_status.values()) == figures.total


def test_workers_killed_at_any_moment_lose_and_repeat_nothing(
    path: Path, tmp_path: Path, start: Callable[..., SpawnProcess]
) -> None:
    seeded(path, [job(number, f"acct{number:04d}") for number in range(JOBS)])
    acts = tmp_path / "acts"
    acts.touch()
    chance = random.Random(5)
    workers = {n: start(ledger_workers.work_off, path, n, acts) for n in range(3)}
    supervisor = open_ledger(path)
    for kill in range(10):
        wait_for_acts(acts, JOBS * kill // 12)
        time.sleep(chance.random() / 200)  # somewhere in the middle of a write
        victim = chance.choice([n for n, worker in workers.items() if worker.is_alive()])
        workers[victim].kill()
        workers[victim].join()
        supervisor.settle_dead(lambda found, dead=str(victim): found.worker_id != dead)  # type: ignore[misc]  # bound per round
        workers[victim] = start(ledger_workers.work_off, path, victim, acts)

    finished(list(workers.values()))

    replay(path)
    done = Counter(line.split()[0] for line in acts.read_text().splitlines())
    assert max(done.values()) == 1, "nothing is done twice"
    jobs = open_ledger(path).jobs()
    assert len(jobs) == JOBS
    left = 0
    for job_id, found in jobs.items():
        if found.status is JobStatus.SUCCESS:
            assert done[job_id] == 1
            continue
        left += 1
        if not found.in_doubt:  # killed between its failure and its requeue
            assert (found.status, done[job_id]) == (JobStatus.FAILED, 0)
    assert left <= 10, "one a kill"
    torn = quarantine(path)
    assert len(torn) <= 10
    assert open_ledger(path).quarantined() == len(torn)


def test_two_seedings_at_once_seed_each_job_once(
    path: Path, start: Callable[..., SpawnProcess]
) -> None:
    begin = CONTEXT.Event()
    processes = [start(ledger_workers.seed_same, path, 50, begin) for _ in range(4)]
    begin.set()
    finished(processes)

    assert [entry["job_id"] for entry in read_rows(path)] == [job(n).job_id for n in range(50)]


def test_an_old_ledger_is_upgraded_once_by_whoever_is_first(
    path: Path, tmp_path: Path, start: Callable[..., SpawnProcess]
) -> None:
    content = csv_text(LEGACY_13, [row(job_id=f"j{n}", account=f"a{n}") for n in range(30)])
    path.write_bytes(content)
    begin = CONTEXT.Event()
    notes = [tmp_path / f"claim{n}" for n in range(4)]
    processes = [
        start(ledger_workers.claim_one, path, n, begin, note) for n, note in enumerate(notes)
    ]
    begin.set()
    finished(processes)

    assert {note.read_text() for note in notes} == {f"j{n}" for n in range(4)}
    kept = [found for found in tmp_path.iterdir() if "before-upgrade" in found.name]
    assert [found.read_bytes() for found in kept] == [content]
    assert len(open_ledger(path).jobs()) == 30
