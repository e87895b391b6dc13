"""SIGKILL at random moments: the supervisor, a worker, a browser alone, the whole tree at once.

A run goes on by itself without a worker or a browser; without its supervisor it is given again, now
and then after ``--stop-all``. What is left is looked for whenever a run, or a stop, has ended.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import psutil

from benchmarks.downloads import ended
from benchmarks.downloads.desk import Desk, waited
from benchmarks.downloads.family import BROWSER, WORKER, kind_of, line_of, role_of
from benchmarks.downloads.site import Site, quick_orders
from simulator.order_site_file import SiteOrder

ORDERS: Final = 8
"""Of one list."""
_KILLS_OF_A_LIST: Final = 10
_WORKERS: Final = 2
_LONGEST: Final = 90.0
_BLIND: Final = 0.25
"""Share of the kills that look at the clock alone: they meet the beginning, too."""
_BLIND_SECONDS: Final = (0.1, 2.5)
_MOST_HAPPENING: Final = 12
"""Another comes at most so many events after the start, or after the kill before ..."""
_LATER_SECONDS: Final = (0.0, 1.6)
"""... and so much later: in the middle of a page or of its files."""
_LOOK: Final = 0.03
_STOPS: Final = 2
"""Every so many a dead run is stopped before it is given again."""
_SETTINGS: Final = {
    "run.workers": _WORKERS,
    "host.scaling": False,
    "run.restart_backoff_seconds": 0.3,
    "run.max_restarts": 50,
}


class Kill(StrEnum):
    """Who is killed."""

    SUPERVISOR = "supervisor"
    WORKER = "worker"
    TREE = "whole tree"
    BROWSER = "browser"


FATAL: Final = (Kill.SUPERVISOR, Kill.TREE)
"""After these the run has to be given again."""


@dataclass
class Campaign:
    """What so many kills left."""

    kills: Counter[str] = field(default_factory=Counter)
    doing: Counter[str] = field(default_factory=Counter)
    """What had happened last when they struck."""
    lists: int = 0
    orders: int = 0
    visits: int = 0
    """Pages that the site was asked for; more than orders where one was begun again."""
    dead: int = 0
    """Runs that had to be given again."""
    stops: list[float] = field(default_factory=list)
    """Seconds of each ``--stop-all`` after a kill."""
    looks: int = 0
    """How often what was left was looked for."""
    leftovers: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def lists_for(kills: int, dice: random.Random) -> list[tuple[SiteOrder, ...]]:
    """More lists than so many kills can need."""
    return [quick_orders(ORDERS, dice, name=f"K{n:02d}") for n in range(1, kills + 2)]


def run(
    base: Path,
    site: Site,
    profile: Path,
    lists: Sequence[Sequence[SiteOrder]],
    *,
    kills: int,
    seed: int,
) -> Campaign:
    """List after list until so many kills have struck."""
    dice = random.Random(seed)
    deck = [list(Kill)[n % len(Kill)] for n in range(kills)]
    dice.shuffle(deck)
    campaign = Campaign()
    for orders in lists:
        if not deck or campaign.told:
            break
        desk = Desk(base / f"kills-{campaign.lists + 1}", site, profile, orders, _SETTINGS)
        desk.make()
        campaign.lists += 1
        campaign.orders += len(orders)
        try:
            _one(desk, deck, dice, campaign)
        finally:
            desk.family.end()
        numbers = {order.number for order in orders}
        campaign.visits += sum(
            one["kind"] == "page" and one["order"] in numbers for one in site.journal()
        )
    return campaign


def _one(desk: Desk, deck: list[Kill], dice: random.Random, campaign: Campaign) -> None:
    """A list to its end, with kills from the deck as long as it goes on."""
    popen, few = desk.start(), len(deck) - _KILLS_OF_A_LIST
    while len(deck) > max(0, few) and _goes_on(popen, desk, dice):
        kind = deck[-1]
        if not _struck(kind, popen, desk, dice):
            continue
        deck.pop()
        campaign.kills[kind] += 1
        campaign.doing[_last_event(desk)] += 1
        if kind in FATAL:
            popen.wait()
            campaign.dead += 1
            if campaign.dead % _STOPS == 0:
                _stop(desk, campaign)
            popen = desk.start()
    status = waited(popen, _LONGEST)
    if status != 0:
        campaign.told.append(f"It ended with {status}: {desk.output[-1500:]}")
    _look(desk, campaign, "the run's end", finished=True)
    campaign.told += ended.faults(desk)


def _stop(desk: Desk, campaign: Campaign) -> None:
    status, seconds = desk.stop_all()
    campaign.stops.append(seconds)
    if status != 0:
        campaign.told.append(f"--stop-all ended with {status}: {desk.output[-1500:]}")
    _look(desk, campaign, "--stop-all", finished=False)


def _look(desk: Desk, campaign: Campaign, after: str, *, finished: bool) -> None:
    campaign.looks += 1
    left = ended.leftovers(desk, finished=finished)
    campaign.leftovers += [f"{line}, after {after}" for line in left]


def _goes_on(popen: subprocess.Popen[bytes], desk: Desk, dice: random.Random) -> bool:
    """Wait for the moment of a kill; whether the run is still there then."""
    if dice.random() < _BLIND:
        return _lasts(popen, dice.uniform(*_BLIND_SECONDS))
    wanted = _happened(desk) + dice.randint(1, _MOST_HAPPENING)
    deadline = time.monotonic() + _LONGEST
    while _happened(desk) < wanted and time.monotonic() < deadline:
        if not _lasts(popen, _LOOK):
            return False
    return _lasts(popen, dice.uniform(*_LATER_SECONDS))


def _happened(desk: Desk) -> int:
    return sum(1 for _ in desk.events("run_started", "worker_job", "worker_state", "outcome"))


def _lasts(popen: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        popen.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def _struck(kind: Kill, popen: subprocess.Popen[bytes], desk: Desk, dice: random.Random) -> bool:
    """Kill; False where there is no such process just now."""
    family = desk.family.meet(popen.pid)
    victims = family[:1] if kind is Kill.SUPERVISOR else family
    if kind is Kill.WORKER:
        victims = [one for one in family if role_of(line_of(one)) == WORKER]
    elif kind is Kill.BROWSER:
        victims = [one for one in family if _is_browser(one)]
    if not victims:
        return False
    if kind in (Kill.WORKER, Kill.BROWSER):
        victims = [dice.choice(victims)]
    for victim in victims:
        with contextlib.suppress(psutil.Error):
            victim.kill()
    return True


def _is_browser(process: psutil.Process) -> bool:
    line = line_of(process)
    return role_of(line) == BROWSER and kind_of(line) == "main"


def _last_event(desk: Desk) -> str:
    events = list(desk.run_dir.events())
    if not events:
        return "nothing yet"
    last = events[-1]
    return str(last.get("state") or last["event"]).lower().replace("_", " ")


def lines(campaign: Campaign) -> Sequence[str]:
    """For people."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in campaign.kills.items())
    last = ", ".join(f"{what} {count}" for what, count in campaign.doing.most_common())
    slowest = f", slowest {max(campaign.stops):.1f} s" if campaign.stops else ""
    struck = f"{campaign.kills.total()} kills ({kinds}) in {campaign.lists} lists"
    looked = f"What is left was looked for {campaign.looks} times"
    return [
        f"{struck}, {campaign.orders} orders, {campaign.visits} visits of their pages.",
        f"What had happened last when they struck: {last}.",
        f"{looked}, {len(campaign.stops)} of them after --stop-all{slowest}.",
    ]
