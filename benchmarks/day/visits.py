"""What the farm itself knows of each boot of a phone: its own delays, its minutes, its reel.

All times are simulated seconds. What a phone took for its own delays nobody could have saved; what
it was on beyond them was paid for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulator.journal import FARM_FOLDER, TRUTH_FILE, read_journal
from simulator.meter import MINUTE

TAIL: Final = ("app_step", "publish")
"""Delays that follow one another once the app is open and the video there."""
LOOKS_BESIDE: Final = 2
"""Looks that a visit needs beside one after each touch: the first, and that at the app's word."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One boot of one of our phones, from the start that was asked for until it was off."""

    account: str
    started: float
    ready: float | None
    """When the phone was started; None where it never was."""
    off: float
    billed_minutes: int
    published: bool
    spent: Mapping[str, float]
    """The phone's own delays in this boot, by name."""
    paces: Mapping[str, int]
    """How many there were of each."""

    def took(self, *names: str) -> float:
        """Seconds of these delays."""
        return sum(self.spent.get(name, 0.0) for name in names)

    @property
    def preparing(self) -> float:
        """From started until app and video are there, with all that can go on side by side."""
        opening = self.took("adb_enable", "adb_offline", "session", "automation_start", "app_start")
        return max(opening, self.took("upload", "transfer"))

    @property
    def overlap(self) -> float:
        """What ``preparing`` is shorter than one step after the other."""
        names = ("adb_enable", "adb_offline", "session", "automation_start", "app_start")
        return self.took(*names, "upload", "transfer") - self.preparing

    @property
    def looking(self) -> float:
        """Page sources: no more than one for each touch that changed the screen, and two."""
        looks = self.paces.get("look", 0)
        needed = min(looks, self.paces.get("app_step", 0) + LOOKS_BESIDE)
        return self.took("look") * needed / looks if looks else 0.0

    @property
    def least(self) -> float:
        """Seconds that a worker needs this phone for, if it never waits for nothing.

        Not in it: shutting down, which nobody has to wait for.
        """
        return self.took("boot") + self.preparing + self.looking + self.took(*TAIL)

    @property
    def least_on(self) -> float:
        """Seconds that are billed in the least: from started until off."""
        return self.preparing + self.looking + self.took(*TAIL, "stop")

    @property
    def least_minutes(self) -> int:
        """The same by the farm's rule: a begun minute counts whole."""
        return math.ceil(self.least_on / MINUTE)

    @property
    def on(self) -> float:
        """Seconds that it was really billed for, before rounding."""
        return 0.0 if self.ready is None else max(0.0, self.off - self.ready)


def read_visits(work_dir: Path) -> list[Visit]:
    """Every boot that has ended, oldest first. Raises FarmError for a broken truth."""
    began: dict[tuple[str, int], Mapping[str, Any]] = {}
    reels: set[tuple[str, int]] = set()
    visits = []
    for record in read_journal(work_dir / FARM_FOLDER / TRUTH_FILE):
        if record.get("foreign") or "boot" not in record:
            continue
        which = (record["phone"], record["boot"])
        match record["event"]:
            case "phone_on":
                began[which] = record
            case "published":
                reels.add(which)
            case "phone_off" if which in began:
                visits.append(_visit(began[which], record, published=which in reels))
    return visits


def _visit(on: Mapping[str, Any], off: Mapping[str, Any], *, published: bool) -> Visit:
    ready = on["ready"]
    return Visit(
        account=str(on["account"]),
        started=float(on["started"]),
        ready=None if ready is None else float(ready),
        off=float(off["off"]),
        billed_minutes=int(off["billed_minutes"]),
        published=published,
        spent=off.get("spent", {}),
        paces=off.get("paces", {}),
    )
