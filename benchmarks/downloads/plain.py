"""The same orders by one worker, by two, by four: how much sooner, and at what cost."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from benchmarks.downloads import ended
from benchmarks.downloads.desk import Desk
from benchmarks.downloads.gauge import Gauge, Usage, by_role
from benchmarks.downloads.site import Site
from benchmarks.downloads.visits import Course, SpeedUp, hand_outs, speed_up, visits_of
from simulator.order_site_file import SiteOrder

WORKERS: Final = (1, 2, 4)
_LONGEST: Final = 90.0
"""Beside a generous time for each order."""
_EACH: Final = 12.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One run on all orders."""

    course: Course
    usage: Usage
    hand_outs: Sequence[float]
    """Seconds, as the ledger has them."""
    starts: Sequence[float]
    """Of each worker, from its start to a browser that is ready."""


@dataclass
class Plain:
    """All runs."""

    runs: dict[int, Measured] = field(default_factory=dict)
    leftovers: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def speed_up(self, workers: int) -> SpeedUp:
        """Against one worker."""
        return speed_up(self.runs[1].course, self.runs[workers].course)

    def all_hand_outs(self) -> list[float]:
        """Of all runs."""
        return [one for run in self.runs.values() for one in run.hand_outs]


def measure(
    base: Path, site: Site, profile: Path, orders: Sequence[SiteOrder], workers: Sequence[int]
) -> Plain:
    """A fresh work directory for each number of workers."""
    plain = Plain()
    for count in workers:
        settings = {"run.workers": count, "host.scaling": False}
        desk = Desk(base / f"plain-{count}", site, profile, orders, settings)
        desk.make()
        try:
            measured = _run(desk, count, plain)
        finally:
            desk.family.end()
        if measured is None:
            break
        plain.runs[count] = measured
    return plain


def _run(desk: Desk, workers: int, plain: Plain) -> Measured | None:
    began = time.time()
    popen = desk.start()
    gauge = Gauge(popen, desk.family)
    status = gauge.watch(_LONGEST + _EACH * len(desk.orders) / workers)
    exited = time.time()
    plain.leftovers += ended.leftovers(desk)
    if status != 0:
        plain.told.append(
            f"The run with {workers} workers ended with {status}: {desk.output[-1500:]}"
        )
        return None
    plain.told += ended.faults(desk)
    visits = visits_of(desk.rows())
    return Measured(
        course=Course(workers, began, exited, visits),
        usage=gauge.usage,
        hand_outs=hand_outs(visits),
        starts=_starts(desk),
    )


def _starts(desk: Desk) -> list[float]:
    """From each worker's start to its first order with a browser."""
    began: dict[int, float] = {}
    found = []
    for event in desk.events("worker_started", "worker_state"):
        slot, at = event["worker"], _moment(event)
        if event["event"] == "worker_started":
            began[slot] = at
        elif event.get("state") == "BROWSER_READY" and slot in began:
            found.append(at - began.pop(slot))
    return found


def _moment(event: dict[str, str]) -> float:
    return datetime.fromisoformat(event["ts"]).timestamp()


# -- for people -----------------------------------------------------------------------------------


def tables(plain: Plain) -> list[str]:
    """Where the time went, and where the processor's."""
    runs = list(plain.runs.values())
    orders = len(runs[0].course.visits) if runs else 0
    lines = [f"{orders} orders, each visited once.", ""]
    lines.append(_row("", [f"{run.course.workers} at work" for run in runs]))
    for name, values in _times(runs):
        lines.append(_row(name, [f"{value:.2f}" for value in values]))
    lines += ["", _row("CPU seconds for each order", [""] * len(runs))]
    roles = sorted({role for run in runs for role in run.usage.cpu})
    for role in roles:
        lines.append(_row(f"  {role}", [f"{run.usage.cpu[role] / orders:.3f}" for run in runs]))
    totals = [sum(run.usage.cpu.values()) for run in runs]
    lines.append(_row("  together", [f"{total / orders:.3f}" for total in totals]))
    busy = [total / run.course.wall for total, run in zip(totals, runs, strict=True)]
    lines.append(_row("cores in use", [f"{one:.2f}" for one in busy]))
    lines += ["", _row("MiB: worker alone (USS)", [f"{r.usage.worker_uss:.0f}" for r in runs])]
    lines.append(_row("worker with its share (PSS)", [f"{r.usage.worker_pss:.0f}" for r in runs]))
    lines.append(_row("its browser and driver (PSS)", [f"{r.usage.browser_pss:.0f}" for r in runs]))
    return lines


def _times(runs: Sequence[Measured]) -> list[tuple[str, list[float]]]:
    courses = [run.course for run in runs]
    return [
        ("wall, command to exit, s", [one.wall for one in courses]),
        ("  command to first claim", [one.first_claim - one.began for one in courses]),
        ("  first claim to last outcome", [one.work for one in courses]),
        ("    first claims of workers apart by", [one.apart_at_start for one in courses]),
        ("    their last outcomes apart by", [one.apart_at_end for one in courses]),
        ("  last outcome to exit", [one.ended - one.last_outcome for one in courses]),
        ("an order, claim to next claim", [_mean(one.cycles) for one in courses]),
        ("slowest start of a worker", [max(run.starts, default=math.nan) for run in runs]),
    ]


def ours(usage: Usage) -> float:
    """CPU seconds of supervisor and workers."""
    roles = by_role(usage.cpu)
    return roles.get("supervisor", 0.0) + roles.get("worker", 0.0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:<40}" + "".join(f"{cell:>14}" for cell in cells)
