"""How much sooner several browsers are done, what a worker takes, and what kills leave.

    python -m benchmarks.downloads

The site of orders is a process of its own: real HTTP, a login cookie, pages that take its server
two to six seconds, files that take half a second to one and a half. Browser, driver and command
line are the real ones.

- ``plain``: the same orders by one worker, by two, by four, without scaling. *speedup_N* is one
  worker's time from the first claim to the last outcome over that of N: the start of each browser
  is in it, and that workers begin and end apart. *command to exit* has the start and end of the
  run in it, too. *steady* is what a long list comes to, each order taken from its claim to its
  worker's next claim. *packed* is what orders that are no slower for one another would allow,
  packed as well as can be by somebody who knows all lengths before.
  *handout_ms* is from the outcome of a worker's order to its next claim, as the ledger has both:
  p95.
- ``kills``: SIGKILL at so many random moments, of the supervisor, of a worker, of a browser alone,
  of the whole tree at once. *leftovers* counts what is there once a later run, or ``--stop-all``,
  has ended: processes, records, profiles, scratch folders, locks, unfinished files.
- ``scaling``: one run that follows CPU and memory, and is stopped once all workers are there.

Files are compared with what the site has, byte by byte. The last line is for programs. The exit
status is 1 where anything is left, or an order is lost or wrong.
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.downloads import kills, plain, scaled, times
from benchmarks.downloads.site import Site, running_site, slow_orders
from benchmarks.downloads.visits import median, percentile
from engine.output import plain as cleaned
from simulator.order_login import logged_in_profile
from simulator.order_site_file import SiteOrder

PARTS: Final = ("plain", "kills", "scaling")
_SCALING_SECONDS: Final = 45.0
_P95: Final = 0.95


@dataclass
class Result:
    """Of all parts together; a figure that was not measured is nan."""

    orders: int = 0
    figures: dict[str, str] = field(
        default_factory=lambda: dict.fromkeys(
            ("speedup_2", "speedup_4", "own_mb_per_worker", "handout_ms"), "nan"
        )
    )
    leftovers: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def last_line(self) -> str:
        """For programs."""
        words = {"orders": str(self.orders), **self.figures, "leftovers": str(len(self.leftovers))}
        return " ".join(f"{name}={text}" for name, text in words.items())


@dataclass(frozen=True, slots=True)
class World:
    """What all parts share."""

    base: Path
    site: Site
    profile: Path
    slow: Sequence[SiteOrder]
    lists: Sequence[Sequence[SiteOrder]]
    options: argparse.Namespace


def _plain(world: World, result: Result) -> None:
    counts = world.options.workers
    seen = plain.measure(world.base, world.site, world.profile, world.slow, counts)
    result.leftovers += seen.leftovers
    result.told += seen.told
    if not seen.runs:
        return
    print("\n".join(plain.tables(seen)))
    result.orders = len(seen.runs[min(seen.runs)].course.visits)
    print(f"\n{'figure':<34}{'measured':>10}{'target':>10}")
    for count in sorted(seen.runs.keys() - {1}):
        if 1 in seen.runs:
            _tell_speed_up(seen, count, result)
    given = [1000 * one for one in seen.all_hand_outs()]
    most = seen.runs[max(seen.runs)].usage
    _tell("own_mb_per_worker (PSS)", most.worker_pss, "< 200")
    _tell("  memory no other process shares", most.worker_uss)
    _tell("  its browser and driver beside it", most.browser_pss)
    _tell("handout_ms, p95", percentile(given, _P95), "< 100")
    _tell("  median", median(given))
    starts = [one for run in seen.runs.values() for one in run.starts]
    _tell("start of a worker, s, slowest", max(starts, default=math.nan), "< 30")
    cpu = plain.ours(most) / result.orders
    _tell("our CPU seconds an order", cpu)
    result.figures["own_mb_per_worker"] = f"{most.worker_pss:.0f}"
    result.figures["handout_ms"] = f"{percentile(given, _P95):.0f}"


def _tell_speed_up(seen: plain.Plain, count: int, result: Result) -> None:
    targets = {2: ">= 1.9", 4: ">= 3.6"}
    found = seen.speed_up(count)
    _tell(f"speedup_{count}", found.work, targets.get(count, ""))
    _tell("  command to exit", found.wall)
    _tell("  steady: claim to next claim", found.steady)
    _tell("  these orders, packed", found.limit)
    if f"speedup_{count}" in result.figures:
        result.figures[f"speedup_{count}"] = f"{found.work:.2f}"


def _kills(world: World, result: Result) -> None:
    options = world.options
    campaign = kills.run(
        world.base,
        world.site,
        world.profile,
        world.lists,
        kills=options.kills,
        seed=options.seed,
    )
    print("\n".join(["", *kills.lines(campaign)]))
    result.orders = result.orders or campaign.orders
    result.leftovers += campaign.leftovers
    result.told += campaign.told
    if campaign.stops:
        _tell("--stop-all after a kill, s, slowest", max(campaign.stops), "< 30")


def _scaling(world: World, result: Result) -> None:
    seen = scaled.measure(
        world.base, world.site, world.profile, world.slow, longest=_SCALING_SECONDS
    )
    print("\n".join(["", *scaled.lines(seen)]))
    _tell(f"stop with {seen.stopped_with} workers, s", seen.stop_seconds, "< 30")
    result.leftovers += seen.leftovers
    result.told += seen.told


_RUN: Final[dict[str, Callable[[World, Result], None]]] = {
    "plain": _plain,
    "kills": _kills,
    "scaling": _scaling,
}


def _profiles(world: World) -> None:
    found = times.profile_seconds(world.profile, world.base / "profiles")
    targets = {"create": "< 10", "cleanup": "< 5", "validate": "< 1", "list": "< 0.1"}
    print("\nA worker's profile, seconds, the slowest of twelve:")
    for name, target in targets.items():
        _tell(f"  {name}", found[name], target, digits=3)


def _tell(name: str, measured: float, target: str = "", *, digits: int = 2) -> None:
    print(f"{name:<34}{measured:>10.{digits}f}{target:>10}")


def _parts(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{sorted(unknown)[0]!r} is none of {', '.join(PARTS)}")
    return chosen


def _counts(text: str) -> tuple[int, ...]:
    try:
        chosen = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list such as 1,2,4") from None
    if not all(1 <= count <= 8 for count in chosen):
        raise argparse.ArgumentTypeError("1 to 8 workers each")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.downloads",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--parts", type=_parts, default=PARTS, metavar="PART,…")
    parser.add_argument("--orders", type=int, default=36, metavar="N", help="of the plain part")
    parser.add_argument("--workers", type=_counts, default=plain.WORKERS, metavar="N,…")
    parser.add_argument("--kills", type=int, default=20, metavar="N")
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--keep", action="store_true", help="leave the work directories behind")
    options = parser.parse_args(arguments)
    base = Path(tempfile.mkdtemp(prefix="downloads-"))
    result = Result()
    try:
        _measure(base, options, result)
    finally:
        if options.keep:
            print(f"Kept: {base}")
        else:
            shutil.rmtree(base, ignore_errors=True)
    for line in (*result.told, *(f"left: {one}" for one in result.leftovers)):
        print(f"FAULT {cleaned(line)}")
    print(result.last_line)
    return 1 if result.told or result.leftovers else 0


def _measure(base: Path, options: argparse.Namespace, result: Result) -> None:
    dice = random.Random(options.seed)
    slow = slow_orders(options.orders, dice)
    lists = kills.lists_for(options.kills, dice)
    every = [*slow, *(order for one in lists for order in one)]
    with running_site(base, every, options.seed) as site:
        profile = logged_in_profile(base / "base profile", site.url, site.file)
        world = World(base, site, profile, slow, lists, options)
        for part in options.parts:
            _RUN[part](world, result)
        _profiles(world)


if __name__ == "__main__":
    sys.exit(main())
