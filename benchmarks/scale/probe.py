"""What one process pays to look at a ledger and to change it; a process of its own measures it.

    python -m benchmarks.scale.probe DIR

Prints one JSON object: CPU seconds of the cockpit's counts before its first paint, of its first
look, of a look when nothing and when one job has changed, with the memory after them; then what a
second reader pays to open the ledger, and for a claim with its completion, with the wall seconds
of that.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from engine import logs
from engine.config import Settings
from engine.insight.watch import Watch
from engine.jobs import Claim
from engine.progress import ProgressTracker

LOOKS: Final = 5
PAIRS: Final = 100


def cpu_of(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def probe(work_dir: Path) -> dict[str, float]:
    """All figures of one work directory; changes its ledger."""
    settings = Settings.load(work_dir)
    logs.configure(None, settings.logs)  # what is printed is read back
    watch = Watch(work_dir, settings)
    found = {"glance": cpu_of(watch.glance), "look": cpu_of(watch.refresh)}
    found["same"] = median(cpu_of(watch.refresh) for _ in range(LOOKS))
    found["watch_mb"] = psutil.Process().memory_info().rss / 1e6
    ledger = ProgressTracker(watch.ledger.path, settings=settings, run_id="probe", cap=0)
    found["open"] = cpu_of(ledger.exists)
    first = _claim(ledger)
    found["first_claim"] = cpu_of(lambda: ledger.succeed(first))
    watch.refresh()
    changed = []
    for _ in range(LOOKS):
        _pair(ledger)
        changed.append(cpu_of(watch.refresh))
    found["changed"] = median(changed)
    wall = time.perf_counter()
    found["pair"] = cpu_of(lambda: _pairs(ledger)) / PAIRS
    found["pair_wall"] = (time.perf_counter() - wall) / PAIRS
    return found


def _claim(ledger: ProgressTracker) -> Claim:
    claim = ledger.claim("probe")
    if not isinstance(claim, Claim):
        raise RuntimeError("The ledger has no job that waits.")
    return claim


def _pair(ledger: ProgressTracker) -> None:
    ledger.succeed(_claim(ledger))


def _pairs(ledger: ProgressTracker) -> None:
    for _ in range(PAIRS):
        _pair(ledger)


if __name__ == "__main__":
    print(json.dumps(probe(Path(sys.argv[1]))))
