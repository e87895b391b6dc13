"""What a roadmap's run costs beside its agents and gates, and what kills and troubles leave.

    python -m benchmarks.roadmap

A plan of 4 phases, 17 groups and 61 tasks, done by an agent that takes 6 to 14 seconds by script,
with gates that look at every file, against a real bare repository as remote.

- ``plain``: all succeeds, four agents in parallel. *ideal* is what agents and gates noted of
  themselves: for each group its agents packed as well as can be over four places (all lengths known
  before), then its gates one after the other. *efficiency* is ideal over wall, from the command to
  its exit; what is between the two is in the table. The start of an interpreter for each agent and
  gate (0.02 s and more on a busy machine) is not in the ideal, so no run reaches 1. Agents here are
  fifty times as quick as real ones, and what the engine costs is not: for those the seconds
  for each group count.
- ``kills``: shorter plans, and SIGKILL of the supervisor at so many random moments, each time gone
  on with by the same command.
- ``mixed``: the large plan with every trouble, each mended as a person would.

The truth is what agents, gates and the remote noted themselves. The last line is for programs;
``false_complete`` counts groups called complete that were not gated, ``faults`` all else that
should not be. The exit status is 1 where any of them is not 0.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.roadmap import kills, mixed, plain
from benchmarks.roadmap.project import GATES
from engine.output import plain as cleaned
from engine.roadmap.document import Document
from tests.roadmaps import LARGE, LARGE_TASKS, large_roadmap, roadmap

PARTS: Final = ("plain", "kills", "mixed")


@dataclass
class Result:
    """Of all parts together."""

    figures: dict[str, str] = field(default_factory=dict)
    orphans: list[str] = field(default_factory=list)
    false_complete: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def last_line(self) -> str:
        """For programs."""
        counts = {
            "orphans": str(len(self.orphans)),
            "false_complete": str(len(self.false_complete)),
            "faults": str(len(self.told)),
        }
        return " ".join(f"{name}={text}" for name, text in {**self.figures, **counts}.items())


def _plan(phases: int) -> Document:
    """The first phases of the large plan."""
    if phases == len(LARGE):
        return large_roadmap()
    groups = sum(len(letters) for letters in LARGE)
    each, more = divmod(LARGE_TASKS, groups)
    letters = LARGE[:phases]
    return roadmap(letters, [each + (n < more) for n in range(sum(map(len, letters)))])


def _plain(base: Path, options: argparse.Namespace, result: Result) -> None:
    day = plain.measure(base / "plain", _plan(options.phases), options.agents, options.seed)
    result.orphans += day.orphans
    result.false_complete += day.false_complete
    result.told += day.told
    if day.told:
        return
    groups = len(day.groups)
    print(f"A plain day: {day.tasks} tasks in {groups} groups, {plain.PARALLEL} in parallel.\n")
    print(f"{'':<58}{'s':>8}{'s a group':>11}{'of wall':>9}")
    for name, seconds in [("ideal", day.ideal), *day.parts(), ("wall", day.run.seconds)]:
        share = seconds / day.run.seconds
        print(f"{name:<58}{seconds:>8.2f}{seconds / groups:>11.3f}{share:>9.1%}")
    starts = plain.launch_seconds()
    limit = starts * groups * (1 + len(GATES))
    print(
        f"\nThe machine's own part in it: {starts:.3f} s for each start of an agent or a gate, "
        f"{limit:.1f} s for one agent and the gates of each group.\n"
    )
    result.figures |= {
        "tasks": str(day.tasks),
        "wall_s": f"{day.run.seconds:.1f}",
        "ideal_s": f"{day.ideal:.1f}",
        "efficiency": f"{day.efficiency:.3f}",
        "own_s_per_group": f"{(day.run.seconds - day.ideal) / groups:.2f}",
        "git_changes_per_task": f"{day.git_changes / day.tasks:.2f}",
    }


def _kills(base: Path, options: argparse.Namespace, result: Result) -> None:
    campaign = kills.run(base, kills=options.kills, seed=options.seed)
    for line in kills.lines(campaign):
        print(line)
    result.orphans += campaign.orphans
    result.false_complete += campaign.false_complete
    result.told += campaign.told
    result.figures |= {"kills": str(campaign.kills), "redone": str(campaign.redone)}


def _mixed(base: Path, _options: argparse.Namespace, result: Result) -> None:
    seen = mixed.run(base / "mixed", large_roadmap())
    for line in seen.lines:
        print(line)
    result.orphans += seen.orphans
    result.false_complete += seen.false_complete
    result.told += seen.told
    result.figures |= {"troubles": str(len(seen.lines))}


_RUN: Final[dict[str, Callable[[Path, argparse.Namespace, Result], None]]] = {
    "plain": _plain,
    "kills": _kills,
    "mixed": _mixed,
}


def _range(text: str) -> tuple[float, float]:
    low, _, high = text.partition("-")
    try:
        return float(low), float(high or low)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no range such as 2-6") from None


def _parts(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(PARTS):
        raise argparse.ArgumentTypeError(f"{sorted(unknown)[0]!r} is none of {', '.join(PARTS)}")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.roadmap",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--parts", type=_parts, default=PARTS, metavar="PART,…")
    parser.add_argument("--phases", type=int, choices=(1, 2, 3, 4), default=4, help="plain day's")
    parser.add_argument("--agents", type=_range, default=(6.0, 14.0), metavar="S-S")
    parser.add_argument("--kills", type=int, default=20, metavar="N")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--keep", action="store_true", help="leave the repositories behind")
    options = parser.parse_args(arguments)
    base = Path(tempfile.mkdtemp(prefix="geelark-roadmap-"))
    result = Result()
    try:
        for part in options.parts:
            _RUN[part](base, options, result)
    finally:
        if options.keep:
            print(f"Kept: {base}")
        else:
            shutil.rmtree(base, ignore_errors=True)
    for line in (*result.told, *result.orphans, *result.false_complete):
        print(f"FAULT {cleaned(line)}")
    print(result.last_line)
    return 1 if result.told or result.orphans or result.false_complete else 0


if __name__ == "__main__":
    sys.exit(main())
