"""A run that follows CPU and memory: how many workers it had when, why, and how soon it stops."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from benchmarks.downloads import ended
from benchmarks.downloads.desk import Desk, waited
from benchmarks.downloads.site import Site
from simulator.order_site_file import SiteOrder

MOST: Final = 4
SAMPLE: Final = 2.0
"""Seconds between two looks at the host; five are built in, and would take this longer."""
_STOP_LIMIT: Final = 60.0
_LOOK: Final = 0.1
_STAYS: Final = 3.0
"""Seconds for which all workers are left at work before the run is stopped."""


@dataclass
class Scaled:
    """What was seen."""

    changes: list[tuple[float, int, str]] = field(default_factory=list)
    """Seconds since the run began, workers from then on, why."""
    stop_seconds: float = 0.0
    stopped_with: int = 0
    """Workers that were there when the run was stopped."""
    leftovers: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def measure(
    base: Path, site: Site, profile: Path, orders: Sequence[SiteOrder], *, longest: float
) -> Scaled:
    """Until all workers are there, or for so many seconds; then the run is told to stop."""
    settings = {"run.workers": MOST, "host.scaling": True, "host.sample_seconds": SAMPLE}
    desk = Desk(base / "scaled", site, profile, orders, settings)
    desk.make()
    scaled = Scaled()
    try:
        _run(desk, scaled, longest)
    finally:
        desk.family.end()
    return scaled


def _run(desk: Desk, scaled: Scaled, longest: float) -> None:
    popen = desk.start()
    deadline = time.monotonic() + longest
    while time.monotonic() < deadline and popen.poll() is None:
        desk.family.meet(popen.pid)
        if _workers(desk) == MOST:
            with contextlib.suppress(Exception):
                popen.wait(_STAYS)
            break
        time.sleep(_LOOK)
    scaled.stopped_with = _workers(desk)
    desk.family.meet(popen.pid)
    began = time.monotonic()
    if popen.poll() is None:
        popen.send_signal(signal.SIGTERM)
    status = waited(popen, _STOP_LIMIT)
    scaled.stop_seconds = time.monotonic() - began
    if status == -1:
        scaled.told.append(f"It did not stop within {_STOP_LIMIT:g} s: {desk.output[-1500:]}")
    scaled.leftovers += ended.leftovers(desk, finished=False)
    scaled.changes = _changes(desk)


def _workers(desk: Desk) -> int:
    """Who said that it has a browser."""
    ready = {e["worker"] for e in desk.events("worker_state") if e.get("state") == "BROWSER_READY"}
    return len(ready)


def _changes(desk: Desk) -> list[tuple[float, int, str]]:
    began = None
    found = []
    for event in desk.events("run_started", "scaled"):
        at = datetime.fromisoformat(event["ts"]).timestamp()
        if event["event"] == "run_started":
            began = at
        elif began is not None:
            found.append((at - began, int(event["after"]), str(event["text"])))
    return found


def lines(scaled: Scaled) -> list[str]:
    """For people."""
    said = [
        f"Scaling by the host, looked at every {SAMPLE:g} s, from one worker to at most {MOST}:"
    ]
    said += [f"  {at:6.1f} s  {count} at work: {why}" for at, count, why in scaled.changes]
    if not scaled.changes:
        said.append("  no change")
    return said
