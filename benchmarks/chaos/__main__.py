"""A campaign of faults: is anything posted twice, lost, wrongly called a success, or left on?

    python -m benchmarks.chaos --runs 300 --seed 1

Each run is a short day on the simulated farm with one to three faults in it, drawn from the seed.
Whatever is left of it a plain new ``--run`` must finish. Then ledgers, processes and phones are
compared with the farm's own truth. The last line is for programs; the exit status is 1 where one
of its figures but the minutes is not zero. A run that failed is named with the command that
repeats it.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.chaos.day import Day, Toll, day_on_farm
from benchmarks.chaos.faults import CLOCK, FAULTS, Fault
from simulator.errors import FarmError
from simulator.farm_file import FarmFile

JOBS = 4
_MANY = (1, 1, 1, 2, 2, 3)
"""How many faults a run has, drawn from these."""
_ZEROS = ("double_posts", "lost_jobs", "wrong_success", "phones_on", "orphans", "unfinished")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """A run of the campaign."""

    number: int
    faults: Sequence[Fault]
    missed: Sequence[str]
    """Faults whose moment never came: the day was over."""
    toll: Toll
    seconds: float
    folder: Path


def one_run(
    arguments: argparse.Namespace, number: int, faults: Sequence[Fault], folder: Path
) -> Ended:
    """A day with these faults, the run that picks up after it, and the toll of both."""
    jobs, real = int(arguments.jobs), bool(arguments.appium)
    began = time.monotonic()
    dice = random.Random(f"{arguments.seed}|{number}")

    def change(farm: FarmFile) -> FarmFile:
        for fault in faults:
            farm = fault.apply(farm, dice)
        return farm

    seed = dice.randrange(1, 2**31)
    missed: Sequence[str] = ()
    try:
        with day_on_farm(folder, seed, change, jobs=jobs, real=real) as day:
            missed = _befall(day, faults)
            day.await_end(day.start("--run"), "the run that picks up")
            toll = day.toll()
    except (FarmError, psutil.Error, OSError, subprocess.SubprocessError) as exc:
        toll = Toll(unfinished=jobs, told=[f"the campaign itself failed: {exc!r}"])
    return Ended(
        number=number,
        faults=faults,
        missed=missed,
        toll=toll,
        seconds=time.monotonic() - began,
        folder=folder,
    )


def _befall(day: Day, faults: Sequence[Fault]) -> list[str]:
    for fault in faults:
        if fault.prepare is not None:
            fault.prepare(day)
    run = day.start("--run")
    missed = [
        fault.name for fault in faults if fault.strike is not None and not fault.strike(day, run)
    ]
    day.await_end(run, "the run")
    return missed


def draw(seed: int, number: int, wanted: Sequence[Fault], possible: Sequence[Fault]) -> list[Fault]:
    """Each fault comes first in its turn, in an order of the seed's; others join it by chance.

    What is not possible on this host is left out, so that the other runs stay the same anywhere.
    """
    order = list(wanted)
    random.Random(f"{seed}|order").shuffle(order)
    dice = random.Random(f"{seed}|{number}|faults")
    first = order[number % len(order)]
    others = [fault for fault in order if fault is not first]
    drawn = [first, *dice.sample(others, min(len(others), dice.choice(_MANY) - 1))]
    # The clock of a day is moved once, or nobody could say what time it is.
    clocks = [fault for fault in drawn if fault in CLOCK]
    faults = [fault for fault in drawn if fault not in clocks[1:] and fault in possible]
    return faults or [dice.choice(possible)]


def table(runs: Sequence[Ended], usual: float) -> str:
    """By fault: runs that had it, what should be zero, doubts, and minutes above the usual."""
    rows: dict[str, list[Ended]] = defaultdict(list)
    for ended in runs:
        for fault in ended.faults:
            if fault.name not in ended.missed:
                rows[fault.name].append(ended)
    lines = [f"{'fault':20} runs clean doubts  extra minutes (mean, most)  what"]
    for fault in FAULTS:
        met = rows.get(fault.name, [])
        if not met:
            continue
        extra = [max(0.0, ended.toll.billed_minutes - usual) for ended in met]
        lines.append(
            f"{fault.name:20} {len(met):4} {sum(ended.toll.clean for ended in met):5} "
            f"{sum(ended.toll.in_doubt for ended in met):6}  "
            f"{statistics.mean(extra):13.1f} {max(extra):6.1f}         {fault.what}"
        )
    return "\n".join(lines)


def last_line(runs: Sequence[Ended], usual: float) -> str:
    """The figures for programs."""
    sums = {name: sum(getattr(ended.toll, name) for ended in runs) for name in _ZEROS}
    extra = sum(max(0.0, ended.toll.billed_minutes - usual) for ended in runs)
    figures = [f"{name}={sums[name]}" for name in _ZEROS[:-1]]
    return " ".join(
        [
            f"runs={len(runs)}",
            *figures,
            f"extra_billed_minutes={extra:.0f}",
            f"unfinished={sums['unfinished']}",
        ]
    )


def campaign(arguments: argparse.Namespace, root: Path) -> int:
    """All runs, their table and the last line; the exit status."""
    possible: list[Fault] = []
    for fault in FAULTS:
        reason = fault.impossible()
        if arguments.appium and fault.light_only:
            reason = "the real Appium takes longer than that"
        if reason:
            print(f"not tried: {fault.name}: {reason}")
        else:
            possible.append(fault)
    wanted = [fault for fault in FAULTS if arguments.only in ("", fault.name)]
    if not any(fault in possible for fault in wanted):
        print(f"No fault to try is called {arguments.only!r}; there are: "
              f"{', '.join(fault.name for fault in possible)}.", file=sys.stderr)  # fmt: skip
        return 2

    def plain(number: int) -> Ended:
        return one_run(arguments, -number, [], root / f"usual{number}")

    def go(number: int) -> Ended:
        faults = draw(arguments.seed, number, wanted, possible)
        ended = one_run(arguments, number, faults, root / f"run{number}")
        _tell(ended, arguments)
        if ended.toll.clean:
            shutil.rmtree(ended.folder, ignore_errors=True)
        return ended

    with ThreadPoolExecutor(arguments.at_once) as pool:
        usual = statistics.median(day.toll.billed_minutes for day in pool.map(plain, (1, 2, 3)))
        numbers = range(arguments.first, arguments.first + arguments.runs)
        runs = list(pool.map(go, numbers))
    print(f"\na day without a fault: {usual:.0f} billed minutes\n")
    print(table(runs, usual))
    print(last_line(runs, usual))
    return 0 if all(ended.toll.clean for ended in runs) else 1


def _tell(ended: Ended, arguments: argparse.Namespace) -> None:
    names = ", ".join(
        f"{fault.name}{' (missed)' if fault.name in ended.missed else ''}" for fault in ended.faults
    )
    word = "ok" if ended.toll.clean else "FAILED"
    print(f"{ended.number:4} {ended.seconds:5.1f} s  {word:6}  {names}", flush=True)
    for line in ended.toll.told:
        print(f"       {line}", flush=True)
    if not ended.toll.clean:
        again = f"--runs 1 --first {ended.number} --seed {arguments.seed}"
        again += f" --only {arguments.only!r}" if arguments.only else ""
        again += f" --jobs {arguments.jobs}" if arguments.jobs != JOBS else ""
        again += " --appium" if arguments.appium else ""
        print(
            f"       kept: {ended.folder}\n       again: python -m benchmarks.chaos {again}",
            flush=True,
        )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first run")
    parser.add_argument("--at-once", type=int, default=1, help="days at the same time")
    parser.add_argument("--only", default="", help="only this fault, by its name")
    parser.add_argument("--jobs", type=int, default=JOBS, help="of each day")
    parser.add_argument(
        "--appium", action="store_true", help="over the real adb and Appium of this host"
    )
    arguments = parser.parse_args(words)
    root = Path(tempfile.mkdtemp(prefix="geelark-chaos-"))
    status = campaign(arguments, root)
    if status == 0:
        shutil.rmtree(root, ignore_errors=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
