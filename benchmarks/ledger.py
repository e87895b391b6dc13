"""Durable claim + complete pairs by several processes on one ledger, beside the disk's own limit.

    python -m benchmarks.ledger --rows 4660 --procs 5 --seconds 10

Rounds of a fresh ledger with N waiting jobs are worked off by P processes until S seconds of work
are measured. The limit is what one process reaches by appending rows of the same size to a file on
the same disk, each made durable by the same call; it is measured before every round. Afterwards the
files are read back without the engine: no job may be claimed twice at a time, no account be in two
jobs, and every completion that a worker was told of must be there. The last line is for programs.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from engine.config import Settings
from engine.jobs import Claim
from engine.progress import ProgressTracker

COLUMNS = ProgressTracker.COLUMNS
LIMIT_SECONDS = 0.5
_sync = getattr(os, "fdatasync", os.fsync)


@dataclass
class Round:
    """What the processes report of one ledger."""

    seconds: float = 0.0
    pair_seconds: list[float] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    memory: int = 0


@dataclass
class Truth:
    """What the file itself says."""

    double_claims: int = 0
    successes: set[str] = field(default_factory=set)


def make_ledger(path: Path, rows: int) -> None:
    """A day of ``rows`` waiting jobs, each of its own account, with captions of real length."""
    caption = 'A caption, as long as real ones, with "quotes" and\na few lines. ' * 5
    now = datetime.now(UTC).astimezone().isoformat(timespec="microseconds")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number in range(rows):
            row = dict.fromkeys(COLUMNS, "") | {
                "job_id": f"video_{number:07d}.mp4_bench",
                "account": f"acct{number:07d}",
                "video_path": f"C:\\campaigns\\bench\\videos\\show\\video_{number:07d}.mp4",
                "caption": caption,
                "status": "pending",
                "attempts": "0",
                "max_attempts": "3",
                "updated_at": now,
            }
            writer.writerow(row.values())


def work(worker: int, pipe: Connection) -> None:
    """One worker process: for each ledger named, claim and complete until told to end."""
    while True:
        order = pipe.recv()
        if order is None:
            return
        path, start_at, seconds = order
        tracker = ProgressTracker(path, settings=Settings(), run_id="bench")
        tracker.revision()  # reads the file, so that opening is not part of the measurement
        pipe.send("ready")
        begin = pipe.recv() if start_at is None else start_at
        while time.time() < begin:
            time.sleep(0.001)
        pipe.send(_pairs(tracker, str(worker), seconds))
        tracker.close()


def _pairs(tracker: ProgressTracker, worker: str, seconds: float) -> Round:
    result = Round()
    started = time.perf_counter()
    ended = started
    while ended - started < seconds:
        before = time.perf_counter()
        claim = tracker.claim(worker)
        if not isinstance(claim, Claim):
            break
        tracker.succeed(claim)
        ended = time.perf_counter()
        result.pair_seconds.append(ended - before)
        result.done.add(claim.job_id)
    result.seconds = ended - started
    result.memory = psutil.Process().memory_info().rss
    return result


def disk_limit(folder: Path, row_bytes: int) -> float:
    """Appends a second that the disk makes durable one by one, by a single process."""
    path = folder / "limit.bin"
    row = b"x" * (row_bytes - 1) + b"\n"
    fd = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        appended, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < LIMIT_SECONDS:
            os.write(fd, row)
            _sync(fd)
            appended += 1
        return appended / spent
    finally:
        os.close(fd)
        path.unlink()


def read_back(path: Path) -> Truth:
    """Replay the file by the csv module alone."""
    truth = Truth()
    holder: dict[str, str] = {}
    accounts: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            job, account, status = row["job_id"], row["account"], row["status"]
            if status == "claimed":
                if job in holder or account in accounts or job in truth.successes:
                    truth.double_claims += 1
                holder[job] = row["worker_id"]
                accounts[account] = job
            elif status == "success":
                if holder.pop(job, None) != row["worker_id"]:
                    truth.double_claims += 1
                accounts.pop(account, None)
                truth.successes.add(job)
    return truth


def run_rounds(folder: Path, rows: int, procs: int, seconds: float) -> Iterator[tuple[Round, int]]:
    """Rounds of fresh ledgers until enough was measured; with each, claims that broke a rule and
    completions that are missing."""
    context = multiprocessing.get_context("spawn")
    ends = [context.Pipe() for _ in range(procs)]
    workers = [
        context.Process(target=work, args=(n, theirs), daemon=True)
        for n, (_, theirs) in enumerate(ends)
    ]
    for worker in workers:
        worker.start()
    pipes = [ours for ours, _ in ends]
    spent = 0.0
    number = 0
    try:
        while spent < seconds:
            path = folder / f"bench_{number}.csv"
            make_ledger(path, rows)
            joined = _one_round(pipes, path, seconds - spent)
            truth = read_back(path)
            path.unlink()
            if truth.double_claims:
                print(f"round {number}: {truth.double_claims} double claims")
            joined.done -= truth.successes  # what is left was lost
            yield joined, truth.double_claims
            spent += joined.seconds
            number += 1
    finally:
        for pipe in pipes:
            pipe.send(None)
        for worker in workers:
            worker.join()


def _one_round(pipes: list[Connection], path: Path, seconds: float) -> Round:
    for pipe in pipes:
        pipe.send((path, None, seconds))
    for pipe in pipes:
        pipe.recv()
    begin = time.time() + 0.05
    for pipe in pipes:
        pipe.send(begin)
    joined = Round()
    for pipe in pipes:
        part: Round = pipe.recv()
        joined.seconds = max(joined.seconds, part.seconds)
        joined.pair_seconds += part.pair_seconds
        joined.done |= part.done
        joined.memory = max(joined.memory, part.memory)
    return joined


def measure(folder: Path, rows: int, procs: int, seconds: float) -> bool:
    """Print the table and the last line; whether nothing was claimed twice or lost."""
    limits: list[float] = []
    pair_seconds: list[float] = []
    spent, double_claims, lost, memory = 0.0, 0, 0, 0
    row_bytes = 200
    limits.append(disk_limit(folder, row_bytes))
    for found, doubles in run_rounds(folder, rows, procs, seconds):
        limits.append(disk_limit(folder, row_bytes))
        pair_seconds += found.pair_seconds
        spent += found.seconds
        double_claims += doubles
        lost += len(found.done)
        memory = max(memory, found.memory)
    limit = statistics.median(limits)
    pairs = len(pair_seconds) / spent
    cuts = statistics.quantiles(pair_seconds, n=100)
    p50, p99 = cuts[49] * 1000, cuts[98] * 1000
    print(f"{'rows at the start':>28}: {rows}")
    print(f"{'processes':>28}: {procs}")
    print(f"{'pairs in measured seconds':>28}: {len(pair_seconds)} in {spent:.1f}")
    print(f"{'durable writes a second':>28}: {2 * pairs:.0f}, {2 * pairs / limit:.2f} of the limit")
    print(f"{'largest process':>28}: {memory / 1e6:.0f} MB")
    print(
        f"pairs_per_s={pairs:.0f} p50_ms={p50:.2f} p99_ms={p99:.2f} "
        f"fsync_limit_per_s={limit:.0f} double_claims={double_claims} lost={lost}"
    )
    return not double_claims and not lost


def measure_opening(folder: Path, rows: int) -> None:
    path = folder / "open.csv"
    make_ledger(path, rows)
    started = time.perf_counter()
    total = ProgressTracker(path, settings=Settings()).figures().total
    print(f"{'opening':>28}: {total} rows in {time.perf_counter() - started:.2f} s")
    path.unlink()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--rows", type=int, default=4660, help="waiting jobs in a fresh ledger")
    parser.add_argument("--procs", type=int, default=5, help="worker processes")
    parser.add_argument("--seconds", type=float, default=10.0, help="time to measure")
    parser.add_argument("--open", type=int, metavar="ROWS", help="also time the first reading")
    parser.add_argument("--folder", type=Path, help="where to work; its disk is measured")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ledger-", dir=chosen.folder) as name:
        if chosen.open:
            measure_opening(Path(name), chosen.open)
        clean = measure(Path(name), chosen.rows, chosen.procs, chosen.seconds)
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
