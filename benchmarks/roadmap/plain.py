"""A day on which everything succeeds, beside what its agents and gates alone would have taken."""

from __future__ import annotations

import itertools
import random
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.day.packing import packed
from benchmarks.roadmap import ended
from benchmarks.roadmap.project import Book, Gated, Project, Run, Span
from engine.roadmap.document import Document
from simulator.coding_agent import agent_command

PARALLEL: Final = 4
LONGEST: Final = 280.0
_LAUNCHES: Final = 7
_LOUD: Final = 7
"""Every so many tasks one prints much."""


@dataclass(frozen=True, slots=True)
class GroupTimes:
    """A group as its agents and gates noted it."""

    name: str
    agents: Sequence[Span]
    gates: Sequence[Span]

    @property
    def ideal(self) -> float:
        """The agents packed as well as can be over the places, then the gates one by one."""
        together = packed([one.seconds for one in self.agents], PARALLEL)
        return together + sum(one.seconds for one in self.gates)

    @property
    def began(self) -> float:
        return min(one.began for one in self.agents)

    @property
    def agents_ended(self) -> float:
        return max(one.ended for one in self.agents)

    @property
    def gates_began(self) -> float:
        return min(one.began for one in self.gates)

    @property
    def ended(self) -> float:
        return max(one.ended for one in self.gates)


@dataclass(frozen=True, slots=True)
class Day:
    """What was measured."""

    tasks: int
    groups: Sequence[GroupTimes]
    run: Run
    git_changes: int
    orphans: Sequence[str]
    false_complete: Sequence[str]
    told: Sequence[str]

    @property
    def ideal(self) -> float:
        return sum(group.ideal for group in self.groups)

    @property
    def efficiency(self) -> float:
        return self.ideal / self.run.seconds

    def parts(self) -> list[tuple[str, float]]:
        """Where the time went that was nobody's work; together with the ideal it is the wall."""
        groups = self.groups
        if not groups:
            return []
        between = sum(b.began - a.ended for a, b in itertools.pairwise(groups))
        agents = sum(g.agents_ended - g.began - packed([a.seconds for a in g.agents], PARALLEL)
                     for g in groups)  # fmt: skip
        gates = sum(g.ended - g.gates_began - sum(s.seconds for s in g.gates) for g in groups)
        return [
            ("from the command to its first agent", groups[0].began - self.run.began),
            ("agents of a group that began or ended apart", agents),
            ("from a group's last agent to its first gate", _sum_merging(groups)),
            ("between and around gates", gates),
            ("from a group's last gate to the next one's first agent", between),
            ("from the last gate to the exit", self.run.ended - groups[-1].ended),
        ]


def _sum_merging(groups: Sequence[GroupTimes]) -> float:
    return sum(group.gates_began - group.agents_ended for group in groups)


def book_of(document: Document, seconds: tuple[float, float], seed: int) -> Book:
    """Agents that take their time, write a file each, and some print a lot."""
    dice = random.Random(seed)
    book: Book = {}
    for number, (_, task) in enumerate(document.tasks()):
        steps: list[dict[str, object]] = [{"sleep": round(dice.uniform(*seconds), 3)}]
        if number % _LOUD == 0:
            steps.append({"print_megabytes": 1})
        steps.append({"write": "work/{task}.txt", "text": "{task}\n"})
        book[task.id] = steps
    return book


def measure(base: Path, document: Document, seconds: tuple[float, float], seed: int) -> Day:
    """Run the whole plan once."""
    project = Project(base, document)
    project.make(book_of(document, seconds, seed))
    try:
        run = project.run(longest=LONGEST)
        left = project.orphans()
    finally:
        project.end_orphans()
    told = [] if run.status == 0 else [f"It ended with {run.status}: {run.output[-1500:]}"]
    if not told:
        told += ended.faults(project)
        told += [
            f"{task} was begun {count} times."
            for task, count in project.starts().items()
            if count != 1
        ]
    groups = [] if told else _groups(project)
    log = (project.path / "logs/orchestrator/git.log").read_text(encoding="utf-8")
    changes = sum(" git " in line for line in log.splitlines() if not line.startswith(" "))
    tasks = sum(1 for _ in document.tasks())
    return Day(tasks, groups, run, changes, left, project.false_complete(), told)


def launch_seconds() -> float:
    """What this machine needs to start one agent or gate and see it end: the median of some."""
    program = [*agent_command(Path())[:-2], "--stay", "0"]
    took = []
    for _ in range(_LAUNCHES):
        began = time.monotonic()
        subprocess.run(program, check=True, capture_output=True)
        took.append(time.monotonic() - began)
    return statistics.median(took)


def _groups(project: Project) -> list[GroupTimes]:
    agents, gated, trees = project.agents(), project.gated(), project.complete()
    return [
        GroupTimes(
            group.name,
            [agents[task.id] for task in group.tasks],
            _gates_on(gated, trees[group.name]),
        )
        for group in project.document.groups()
    ]


def _gates_on(gated: Sequence[Gated], tree: str) -> list[Span]:
    return [one.span for one in gated if one.tree == tree]
