"""One day on a farm of its own, run by the real command line, and all that was seen of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

from benchmarks.day.causes import Lost, Waits, beginnings, lost_time, read_events
from benchmarks.day.counts import counting, pauses, syncs
from benchmarks.day.packing import lower_bound, packed
from benchmarks.day.plans import Plan
from benchmarks.day.usage import ADB, APPIUM, ENGINE_ROLES, SUPERVISOR, WORKER, Gauge, Usage
from benchmarks.day.visits import Visit, read_visits
from engine.private_files import make_private_dir
from simulator.compare import Comparison, compare
from simulator.demo import farm_process
from simulator.farm_file import FARM_FILE, FarmFile, RateLimits
from simulator.serve import RunningFarm
from simulator.work_directory import Wishes, farm_text, new_directory

ROOT: Final = Path(__file__).resolve().parents[2]
SEED: Final = 7
DELAYS: Final[Mapping[str, object]] = {
    "boot": (30.0, 90.0),
    "adb_enable": (3.0, 8.0),
    "adb_offline": (0.5, 2.0),
    "session": (1.5, 4.0),
    "look": (0.2, 0.6),
    "app_step": (0.3, 1.5),
    "publish": (5.0, 20.0),
    "upload_megabytes_per_second": 0.004,
    "uplink_megabytes_per_second": 0.0025,
}
"""The made-up videos have a thousandth of a real one's size (8 to 24 MB), so lines that are a
thousand times slower than real ones (4 and 2.5 MB/s) take as long for them. The rest are the
simulator's own delays."""
NEVER_REACHED: Final = 1_000_000
MODULES: Final = (
    "engine.commandline.operations",
    "engine.orchestrator",
    "engine.worker",
    "engine.workloads.posting_session",
    "engine.phones.appium_client",
    "httpx2",
    "simulator.adb",
    "simulator.appium",
)
LONGEST_SECONDS: Final = 1800.0
"""A run that takes longer is told to stop, and the benchmark fails."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What to measure."""

    plan: Plan
    workers: int
    jobs: int
    scale: float
    faults: float = 0.0
    """Chance of a boot to meet an infrastructure fault."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one day took; simulated seconds and minutes."""

    order: Order
    wall: float
    visits: Sequence[Visit]
    comparison: Comparison
    usage: Usage
    lost: Lost
    calls: Mapping[str, int]
    """Calls of each API path in its fullest minute."""
    asked: int = 0
    """Calls of the provider in all."""
    syncs: int = 0
    """Flushes of the workers to the disk."""
    paused: float = 0.0
    """Simulated seconds that the jobs asked to wait; a busy host makes them fewer, never more."""

    @property
    def good(self) -> Sequence[Visit]:
        return [visit for visit in self.visits if visit.published]

    @property
    def limit(self) -> float:
        """What the phones alone would have taken, perfectly packed."""
        return packed([visit.least for visit in self.good], self.order.workers)

    @property
    def bound(self) -> float:
        """No packing is shorter."""
        return lower_bound([visit.least for visit in self.good], self.order.workers)

    @property
    def efficiency(self) -> float:
        """As measured: all of the host's own time counts ``scale`` times."""
        return self.limit / self.wall

    @property
    def host_seconds(self) -> float:
        """CPU seconds a job of the processes that a worker is or waits for, one by one."""
        cpu = self.usage.cpu
        return (cpu[WORKER] + cpu[APPIUM] + cpu[ADB]) / max(1, len(self.good))

    @property
    def efficiency_at_one(self) -> float:
        """Estimate for delays that are not compressed, on an idle host.

        CPU seconds that a worker spent or waited for count once instead of ``scale`` times, and
        waiting for a free core, which took as much again as its own main thread tells, not at all.
        """
        return self.limit / (self.wall - self.distortion)

    @property
    def distortion(self) -> float:
        """Simulated seconds of the wall that a host without other work, at scale 1, would save."""
        share = len(self.good) / self.order.workers
        cpu = self.host_seconds * share + self.usage.start_cpu[SUPERVISOR]
        return (self.order.scale - 1 + self.order.scale * self.usage.waited) * cpu

    @property
    def billed_minutes(self) -> int:
        return self.comparison.billed_minutes

    @property
    def least_minutes(self) -> int:
        return sum(visit.least_minutes for visit in self.good)

    @property
    def billed_ratio(self) -> float:
        """By the farm's rule: minutes billed over those that could not be avoided."""
        return self.billed_minutes / max(1, self.least_minutes)

    @property
    def on_ratio(self) -> float:
        """The same in seconds, which no rounding hides."""
        return sum(visit.on for visit in self.visits) / max(
            1.0, sum(visit.least_on for visit in self.good)
        )

    @property
    def engine_cpu(self) -> float:
        """CPU seconds a job of supervisor and workers, their start with it."""
        return sum(self.usage.cpu[role] for role in ENGINE_ROLES) / max(1, len(self.good))

    @property
    def steps(self) -> float:
        """Touches a job that changed the screen."""
        return self._a_job("app_step")

    @property
    def looks(self) -> float:
        """Page sources a job."""
        return self._a_job("look")

    def _a_job(self, pace: str) -> float:
        return fmean(visit.paces.get(pace, 0) for visit in self.good) if self.good else 0.0


def prepare(work_dir: Path, order: Order) -> None:
    """Its directory: the farm with realistic delays, as many accounts as jobs.

    The engine counts the provider's calls by the real minute, which holds many simulated ones, so
    its budget is kept from counting: its file cannot be written. What it would have waited for
    is told by the calls of the fullest simulated minute instead.
    """
    wishes = Wishes(
        accounts=order.jobs,
        workers=order.workers,
        seed=SEED,
        time_scale=order.scale,
        infrastructure=order.faults,
    )
    farm = new_directory(work_dir, wishes)
    (work_dir / FARM_FILE).write_text(farm_text(_realistic(farm)), encoding="utf-8")
    make_private_dir(work_dir / "books" / "api_budget.json")


def _realistic(farm: FarmFile) -> FarmFile:
    limits = RateLimits(per_minute=NEVER_REACHED, per_hour=NEVER_REACHED)
    delays = farm.delays.model_copy(update=dict(DELAYS))
    return farm.model_copy(update={"delays": delays, "rate_limits": limits})


def environment(folder: Path, order: Order) -> dict[str, str]:
    """Of the run's processes: the plan's waits, and bytecode kept as on an operator's host."""
    kept = {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    waits = order.plan.environment(order.scale)
    return {**kept, **waits, "PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "COLUMNS": "120"}


def warm_up(folder: Path, order: Order) -> None:
    """Compile once what every process of a run imports."""
    imports = "; ".join(f"import {name}" for name in MODULES)
    command = [sys.executable, "-c", imports]
    subprocess.run(command, cwd=ROOT, env=environment(folder, order), check=True)


def run_day(work_dir: Path, order: Order) -> Measured:
    """Run a prepared day to its end.

    Raises RuntimeError with the run's words where it fails, or does not end.
    """
    with farm_process(work_dir):
        running = RunningFarm(work_dir)
        status = running.status() or {}
        began = time.time()
        with (work_dir / "output.txt").open("wb") as out:
            run = subprocess.Popen(
                [sys.executable, "-m", "engine.orchestrator", "-C", str(work_dir), "--run"],
                cwd=ROOT,
                env=environment(work_dir.parent, order) | counting(work_dir),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
            gauge = Gauge(run, int(status["pid"]))
            try:
                code = gauge.watch(LONGEST_SECONDS)
            finally:
                if run.returncode is None:
                    run.terminate()
                    run.wait()
        ended = time.time()
        calls = (running.status() or {}).get("calls", {})
    visits = read_visits(work_dir)
    comparison = compare(work_dir)
    if (code != 0 and not order.faults) or not comparison.agrees or not visits:
        output = (work_dir / "output.txt").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"The day of {order} failed (exit status {code}):\n{output}")
    events = read_events(work_dir)
    return Measured(
        order=order,
        wall=(ended - began) * order.scale,
        visits=visits,
        comparison=comparison,
        usage=gauge.usage(beginnings(events, run.pid)),
        lost=lost_time(
            events,
            visits,
            _waits(order.plan),
            workers=order.workers,
            scale=order.scale,
            span=(began, ended),
            uplink=_uplink(work_dir),
        ),
        calls={path: int(count["most_a_minute"]) for path, count in calls.items()},
        asked=sum(int(count["all"]) for count in calls.values()),
        syncs=syncs(work_dir),
        paused=pauses(work_dir) * order.scale,
    )


def _waits(plan: Plan) -> Waits:
    return Waits(
        settle=plan.seconds("phones.settle_seconds"),
        enable=plan.seconds("phones.adb_enable_wait_seconds"),
        between=plan.seconds("run.delay_between_jobs_seconds"),
    )


def _uplink(work_dir: Path) -> float:
    """Simulated seconds that sending a video takes in the mean."""
    rate = FarmFile.load(work_dir / FARM_FILE).delays.uplink_megabytes_per_second
    sizes = [path.stat().st_size for path in (work_dir / "videos").glob("*.mp4")]
    return fmean(sizes) / (rate * 1_000_000) if sizes and rate else 0.0
