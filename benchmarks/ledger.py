"""Durable claim + complete pairs by several processes on one ledger, beside the disk's own limit.

    python -m benchmarks.ledger --rows 4660 --procs 5 --seconds 10

Rounds of a fresh ledger with N waiting jobs are worked off by P processes until S seconds of work
are measured, each round up to the moment when the first process finds nothing to do. The limit is
what one process reaches by appending rows of the same size to a file on the same disk and calling
fsync after each (the table also has fdatasync, which the ledger calls where there is one); it is
measured in turn with the work, so that a disk that others use too is the same for both. Afterwards
the files are read back without the engine: no job may be claimed twice at a time, no account be in
two jobs, and every completion that a worker was told of must be there. The last line is for
programs.
"""

from __future__ import annotations

import argparse
import csv
import math
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from engine.config import Settings
from engine.jobs import Claim
from engine.progress import ProgressTracker

COLUMNS = ProgressTracker.COLUMNS
ROW_BYTES = 230
"""A later row of a job, as the ledger writes it."""
SLICE_SECONDS = 0.5
LIMIT_SECONDS = 0.2
own_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


@dataclass
class Share:
    """What one process did in a slice of time; times by the clock that all processes share."""

    pairs: list[tuple[float, float]] = field(default_factory=list)
    """Begin and end of each."""
    done: set[str] = field(default_factory=set)
    exhausted_at: float = math.inf
    """When no waiting job was left."""
    memory: int = 0


@dataclass
class Slice:
    """What all processes did, up to the moment when the first of them found nothing to do."""

    seconds: float
    pair_seconds: list[float]
    done: set[str]
    exhausted: bool
    memory: int

    @classmethod
    def of(cls, begin: float, shares: list[Share]) -> Slice:
        exhausted_at = min(share.exhausted_at for share in shares)
        pairs = [pair for share in shares for pair in share.pairs if pair[1] <= exhausted_at]
        return cls(
            seconds=max((ended for _, ended in pairs), default=begin) - begin,
            pair_seconds=[ended - started for started, ended in pairs],
            done=set().union(*(share.done for share in shares)),
            exhausted=exhausted_at < math.inf,
            memory=max(share.memory for share in shares),
        )


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
        file.flush()
        os.fsync(file.fileno())


def work(worker: int, pipe: Connection) -> None:
    """One worker process: opens the ledgers it is told, and works for the slices it is told."""
    tracker: ProgressTracker | None = None
    while (order := pipe.recv()) is not None:
        if isinstance(order, Path):
            tracker = ProgressTracker(order, settings=Settings(), run_id="bench")
            tracker.requeue([])  # reads the file and opens the lock: opening is not measured
            pipe.send(None)
        elif tracker is not None:
            begin, end = order
            while time.perf_counter() < begin:
                time.sleep(0.0005)
            pipe.send(_pairs(tracker, str(worker), end))


def _pairs(tracker: ProgressTracker, worker: str, end: float) -> Share:
    share = Share()
    while (started := time.perf_counter()) < end:
        claim = tracker.claim(worker)
        if not isinstance(claim, Claim):
            share.exhausted_at = time.perf_counter()
            break
        tracker.succeed(claim)
        share.pairs.append((started, time.perf_counter()))
        share.done.add(claim.job_id)
    share.memory = psutil.Process().memory_info().rss
    return share


def disk_limit(folder: Path, sync: Callable[[int], None]) -> float:
    """Appends a second that the disk makes durable one by one, by a single process."""
    path = folder / "limit.bin"
    row = b"x" * (ROW_BYTES - 1) + b"\n"
    fd = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    try:
        appended, started = 0, time.perf_counter()
        while (spent := time.perf_counter() - started) < LIMIT_SECONDS:
            os.write(fd, row)
            sync(fd)
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
            elif holder.pop(job, None):  # given back
                accounts.pop(account, None)
    return truth


class Workers:
    """P worker processes that work in common slices of time."""

    def __init__(self, procs: int) -> None:
        context = multiprocessing.get_context("spawn")
        ends = [context.Pipe() for _ in range(procs)]
        self._pipes = [ours for ours, _ in ends]
        self._processes = [
            context.Process(target=work, args=(number, theirs), daemon=True)
            for number, (_, theirs) in enumerate(ends)
        ]
        for process in self._processes:
            process.start()

    def open(self, path: Path) -> None:
        self._tell(path)
        for pipe in self._pipes:
            pipe.recv()

    def slice(self, seconds: float) -> Slice:
        begin = time.perf_counter() + 0.02
        self._tell((begin, begin + seconds))
        return Slice.of(begin, [pipe.recv() for pipe in self._pipes])

    def end(self) -> None:
        self._tell(None)
        for process in self._processes:
            process.join()

    def _tell(self, order: object) -> None:
        for pipe in self._pipes:
            pipe.send(order)


@dataclass
class Result:
    """Slices of work and of the bare disk, taken in turn, over rounds of fresh ledgers."""

    slices: list[Slice] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    """By fsync."""
    own_limits: list[float] = field(default_factory=list)
    """By the call that the ledger uses: fdatasync where there is one."""
    double_claims: int = 0
    lost: int = 0

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.slices)


def measure(folder: Path, rows: int, procs: int, seconds: float) -> Result:
    result = Result()
    workers = Workers(procs)
    try:
        while result.seconds < seconds:
            path = folder / f"bench_{len(result.slices)}.csv"
            make_ledger(path, rows)
            workers.open(path)
            done = _one_round(workers, folder, seconds, result)
            truth = read_back(path)
            result.double_claims += truth.double_claims
            result.lost += len(done - truth.successes)
            path.unlink()
    finally:
        workers.end()
    return result


def _one_round(workers: Workers, folder: Path, seconds: float, result: Result) -> set[str]:
    """Work one ledger off, or until the time is up; the jobs that workers were told are done."""
    done: set[str] = set()
    while result.seconds < seconds:
        result.limits.append(disk_limit(folder, os.fsync))
        result.own_limits.append(disk_limit(folder, own_sync))
        part = workers.slice(min(SLICE_SECONDS, seconds - result.seconds))
        done |= part.done
        if part.pair_seconds:
            result.slices.append(part)
        if part.exhausted:
            break
    return done


def report(rows: int, procs: int, result: Result) -> None:
    """Print the table and the last line."""
    pair_seconds = [pair for part in result.slices for pair in part.pair_seconds]
    limit, own_limit = statistics.fmean(result.limits), statistics.fmean(result.own_limits)
    pairs = len(pair_seconds) / result.seconds
    cuts = statistics.quantiles(pair_seconds, n=100)
    p50, p99 = cuts[49] * 1000, cuts[98] * 1000
    memory = max(part.memory for part in result.slices)
    print(f"{'rows at the start':>28}: {rows}")
    print(f"{'processes':>28}: {procs}")
    print(f"{'pairs in measured seconds':>28}: {len(pair_seconds)} in {result.seconds:.1f}")
    print(f"{'durable writes a second':>28}: {2 * pairs:.0f}")
    print(f"{'bare append and fsync':>28}: {limit:.0f}, reached {2 * pairs / limit:.2f}")
    print(
        f"{'bare append and fdatasync':>28}: {own_limit:.0f}, reached {2 * pairs / own_limit:.2f}"
    )
    print(f"{'largest process':>28}: {memory / 1e6:.0f} MB")
    print(
        f"pairs_per_s={pairs:.0f} p50_ms={p50:.2f} p99_ms={p99:.2f} "
        f"fsync_limit_per_s={limit:.0f} double_claims={result.double_claims} lost={result.lost}"
    )


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
        result = measure(Path(name), chosen.rows, chosen.procs, chosen.seconds)
    report(chosen.rows, chosen.procs, result)
    return 1 if result.double_claims or result.lost else 0


if __name__ == "__main__":
    sys.exit(main())
