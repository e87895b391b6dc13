"""What a year of archived days and posted records costs a start and a seeding, against none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.scale.by_rows import Started, start_of
from benchmarks.scale.ledgers import work_directory
from benchmarks.scale.live import answer
from simulator.work_directory import Wishes, new_directory
from tests.year_of_days import lay_days

ACCOUNTS: Final = 100
ROWS: Final = 300
ASKED: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCost:
    """So many days lie there; CPU seconds."""

    days: int
    started: Started
    first_seed_cpu: float
    """With the archives not indexed yet."""
    seed_cpu: float
    status_cpu: float


def cost_of_days(folder: Path, days: int) -> DayCost:
    """Measure one age. Raises RuntimeError."""
    today = datetime.now(UTC).date()
    toy = work_directory(folder / f"start{days}", rows=ROWS)
    lay_days(toy, today, days=days, accounts=ACCOUNTS, swept=True)
    posting = folder / f"seed{days}"
    new_directory(posting, Wishes(accounts=ACCOUNTS))
    lay_days(posting, today, days=days, accounts=ACCOUNTS, swept=True)
    seeds = [_seed(posting) for _ in range(1 + ASKED)]
    status = ("engine.orchestrator", "-C", str(posting), "--status")
    return DayCost(
        days=days,
        started=start_of(toy),
        first_seed_cpu=seeds[0],
        seed_cpu=median(seeds[1:]),
        status_cpu=median(answer(*status)[0] for _ in range(ASKED)),
    )


def _seed(work_dir: Path) -> float:
    """CPU seconds of a seeding into no ledger."""
    for name in ("parallel_progress.csv", "parallel_progress.csv.seeded"):
        (work_dir / name).unlink(missing_ok=True)
    return answer("engine.orchestrator", "-C", str(work_dir), "--seed-only")[0]
