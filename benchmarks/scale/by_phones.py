"""What the number of phones costs: the provider's list, our own record of them, ``--status``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.scale.live import answer
from engine import logs
from engine.config import Settings
from engine.insight.watch import Watch
from engine.phones.registry import PhoneEntry
from engine.processes import identity
from simulator.demo import farm_process
from simulator.work_directory import Wishes, new_directory

ASKED: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneCost:
    """One size of the farm; CPU seconds of the engine."""

    phones: int
    status_cpu: float
    list_cpu: float
    """All phones of the provider, joined with our record."""
    list_wall: float
    record_cpu: float
    """A look at our own record with as many phones on."""


def cost_of_phones(folder: Path, phones: int) -> PhoneCost:
    """Measure one size of the farm. Raises RuntimeError."""
    work_dir = folder / f"phones{phones}"
    new_directory(work_dir, Wishes(accounts=phones, videos=1, workers=3))
    with farm_process(work_dir):
        status = ("engine.orchestrator", "-C", str(work_dir), "--status")
        status_cpu = median(answer(*status)[0] for _ in range(ASKED))
        _, _, said = answer("benchmarks.scale.by_phones", str(work_dir), str(phones))
    found = json.loads(said)
    return PhoneCost(phones=phones, status_cpu=status_cpu, **found)


def look_at(work_dir: Path, phones: int) -> dict[str, float]:
    """In a process of its own: the list, then the record of as many phones."""
    settings = Settings.load(work_dir)
    logs.configure(None, settings.logs)  # what is printed is read back
    watch = Watch(work_dir, settings)
    watch.refresh()
    list_cpu, list_wall = _cost(watch.ask_resources)
    _record(watch, phones)
    record_cpu, _ = _cost(lambda: watch.workload.resources(ask=False))
    return {"list_cpu": list_cpu, "list_wall": list_wall, "record_cpu": record_cpu}


def _cost(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds, the median of several calls behind a first one."""
    work()
    spent = []
    for _ in range(ASKED):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        spent.append((time.process_time() - cpu, time.perf_counter() - wall))
    return median(cpu for cpu, _ in spent), median(wall for _, wall in spent)


def _record(watch: Watch, phones: int) -> None:
    """Entries as the registry writes them, without its flush to disk for each."""
    folder = watch.work_dir / watch.settings.paths.books / "phones"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(phones):
        entry = PhoneEntry(
            id=f"made-up-{number:04}",
            serial_name=f"account{number:04}",
            since=datetime.now(UTC),
            slot=number % 50,
            job_id=f"job{number}",
            run_id="bench",
            pid=os.getpid(),
            pid_started=identity(os.getpid()),
        )
        path = folder / f"{entry.id}.json"
        path.write_text(entry.model_dump_json(indent=1, exclude_none=True), encoding="utf-8")


if __name__ == "__main__":
    print(json.dumps(look_at(Path(sys.argv[1]), int(sys.argv[2]))))
