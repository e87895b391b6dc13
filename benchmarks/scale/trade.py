"""Jobs that ask for nothing: what they cost is the engine's own.

Every worker holds its first job until the file ``go`` is there, so that all are up before anything
is measured, and leaves a note of what it had used by then.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Final

import psutil

from engine.jobs import Job, Outcome, Success
from engine.workloads.base import Report, Session, WorkerSlot
from tests.toy_workload import ToySession, ToyWorkload

GATE: Final = "go"
ARRIVALS: Final = "arrived"
"""Folder of the notes, one a worker."""
TRADE: Final = "benchmarks.scale.trade:Nothing"
_LOOK_SECONDS: Final = 0.02


class NothingSession(ToySession):
    """Performs a job by saying that it is done."""

    def __init__(self, slot: WorkerSlot) -> None:
        super().__init__(slot)
        self._index = slot.index
        self._work_dir = slot.work_dir
        self._open = False

    def perform(self, job: Job, report: Report) -> Outcome:
        report.state("WARM")
        if not self._open:
            self._arrive()
            while not (self._work_dir / GATE).exists():
                report.pause(_LOOK_SECONDS)
            self._open = True
        report.begin()
        return Success(evidence="Nothing was asked.")

    def _arrive(self) -> None:
        process = psutil.Process()
        used = process.cpu_times()
        note = {
            "at": time.time(),
            "cpu": used.user + used.system,
            "memory": process.memory_info().rss / 1e6,
        }
        folder = self._work_dir / ARRIVALS
        folder.mkdir(exist_ok=True)
        written = folder / f"{self._index}.new"
        written.write_text(json.dumps(note), encoding="utf-8")
        written.replace(folder / f"{self._index}.json")


class Nothing(ToyWorkload):
    """The toy trade with nothing to do and nothing that costs."""

    def open(self, slot: WorkerSlot) -> Session:
        return NothingSession(slot)


def arrivals(work_dir: Path) -> dict[int, dict[str, float]]:
    """What each worker had used when it began its first job: wall moment, CPU seconds, MB."""
    paths = (work_dir / ARRIVALS).glob("*.json")
    return {int(path.stem): json.loads(path.read_text(encoding="utf-8")) for path in paths}
