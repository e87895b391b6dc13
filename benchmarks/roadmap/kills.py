"""The supervisor is killed again and again, and the same command given again each time."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.roadmap import ended
from benchmarks.roadmap.plain import book_of
from benchmarks.roadmap.project import Project
from tests.roadmaps import roadmap

_SECONDS: Final = (0.1, 0.8)
_LONGEST: Final = 90.0
_MOST_HAPPENING: Final = 40
"""A kill comes at most so many lines of what was done after the command."""
_LOOK_SECONDS: Final = 0.01
_BLIND: Final = 0.25
"""Share of the kills that look at the clock alone: they meet the beginning, too."""


@dataclass
class Campaign:
    """What so many kills left."""

    kills: int = 0
    roadmaps: int = 0
    tasks: int = 0
    redone: int = 0
    """Tasks that an agent began again after their success was in the ledger."""
    orphans: list[str] = field(default_factory=list)
    false_complete: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    phases: Counter[str] = field(default_factory=Counter)
    """What the supervisor was doing when it was killed."""


def run(base: Path, *, kills: int, seed: int) -> Campaign:
    """Roadmaps of two phases, four groups and nine tasks, until so many kills have struck."""
    dice = random.Random(seed)
    campaign = Campaign()
    while campaign.kills < kills:
        campaign.roadmaps += 1
        number = campaign.roadmaps
        project = Project(base / f"kills-{number}", roadmap(["AB", "CD"], [3, 2, 2, 2]))
        project.make(book_of(project.document, _SECONDS, seed + number))
        try:
            _one(project, dice, campaign, kills)
        finally:
            campaign.orphans += project.orphans()
            project.end_orphans()
    return campaign


def _one(project: Project, dice: random.Random, campaign: Campaign, kills: int) -> None:
    campaign.tasks += sum(1 for _ in project.document.tasks())
    done: dict[str, int] = {}
    """How often each task had been begun when its success was first seen."""
    while True:
        popen = project.start()
        if campaign.kills >= kills:
            status: int | None = _wait(popen)
        else:
            status = _killed(project, popen, dice)
        _remember(project, done, campaign)
        if status is None:
            campaign.kills += 1
            campaign.phases[_doing(project)] += 1
            continue
        if status != 0:
            campaign.told.append(f"It ended with {status}: {project.output[-1500:]}")
        else:
            campaign.told += ended.faults(project)
        return


def _wait(popen: subprocess.Popen[bytes]) -> int:
    try:
        return popen.wait(_LONGEST)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()
        return -1


def _killed(project: Project, popen: subprocess.Popen[bytes], dice: random.Random) -> int | None:
    """Kill it at some moment; its exit status where it ended before."""
    before, wanted = project.happened(), dice.randint(1, _MOST_HAPPENING)
    blind = dice.random() < _BLIND
    pause = dice.uniform(0.05, 2.0) if blind else dice.choice((0.0, 0.0, 0.02, 0.2))
    deadline = time.monotonic() + _LONGEST
    while not blind and project.happened() < before + wanted:
        if popen.poll() is not None:
            return popen.returncode
        if time.monotonic() > deadline:
            return _wait(popen)
        time.sleep(_LOOK_SECONDS)
    time.sleep(pause)
    if popen.poll() is not None:
        return popen.returncode
    popen.kill()
    popen.wait()
    return None


def _doing(project: Project) -> str:
    """What was at work last, in the words of the status or of git."""
    path = project.path / "logs" / "orchestrator" / "git.log"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    commands = [line.split(" git ", 1)[1] for line in lines if " git " in line]
    return " ".join(commands[-1].split()[:2]) if commands else "starting"


def _remember(project: Project, done: dict[str, int], campaign: Campaign) -> None:
    """What is done now stays done: compare with what was seen before."""
    statuses = project.statuses()
    starts = project.starts()
    for task, count in done.items():
        if starts[task] != count:
            campaign.redone += 1
            campaign.told.append(f"{task} was begun again after it had succeeded.")
            done[task] = starts[task]
    for task, found in statuses.items():
        if "success" in found:
            done.setdefault(task, starts[task])
    campaign.false_complete += project.false_complete()


def lines(campaign: Campaign) -> Sequence[str]:
    """For people."""
    last = ", ".join(f"{what} {count}" for what, count in campaign.phases.most_common())
    return [
        f"{campaign.kills} kills in {campaign.roadmaps} roadmaps, {campaign.tasks} tasks together.",
        f"What git had done last when they struck: {last}.",
    ]
