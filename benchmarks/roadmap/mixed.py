"""The large plan with every trouble that tasks can make, each mended as a person would.

What must come of each is behaviour B's: a time-out is tried once more, a failure stops the line
and only the failed task is done again, a gate that fails stops the run, a conflict is named and
resolved in the integration tree, and what an agent leaves running is ended with it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.roadmap import ended
from benchmarks.roadmap.plain import book_of
from benchmarks.roadmap.project import Book, Project, Run, Steps
from engine.roadmap.document import Document, Task

LIMIT: Final = 5
"""Seconds that an agent may take."""
_END_SECONDS: Final = 10.0
"""Within them after its limit an agent has ended with all its children (B2.5)."""
_SECONDS: Final = (0.1, 0.4)
_LONGEST: Final = 120.0

FAILS, LEAVES, HANGS, STUBBORN, TWICE = "B2", "C1", "D3", "F1", "G2"
"""Tasks: exits with 3; leaves children in sessions of their own; hangs in its first attempt;
ignores requests to end, and so does its child; hangs in its first two attempts."""
FIRST, SECOND, BROKEN = "I1", "I3", "L2"
"""Two that write the same line of the same file; one whose work the gates refuse."""


@dataclass
class Seen:
    """What became of the troubles."""

    lines: list[str] = field(default_factory=list)
    """A sentence for each that ended as it must."""
    told: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    false_complete: list[str] = field(default_factory=list)

    def check(self, right: object, sentence: str, why: str = "") -> None:
        """Count it as it is."""
        if right:
            self.lines.append(f"As it must: {sentence}")
        else:
            self.told.append(f"Not so: {sentence} {why[-1500:]}")


def run(base: Path, document: Document) -> Seen:
    """From the first run to the pushed end."""
    project = Project(base, document, {"task_timeout_seconds": LIMIT})
    book = _book(document)
    project.make(book)
    seen = Seen()
    try:
        for step in (_failure, _time_outs, _conflict, _gate, _end):
            before = project.starts()
            if not step(project, book, seen, before):
                break
            left = project.orphans()
            seen.orphans += left
            seen.false_complete += project.false_complete()
    finally:
        project.end_orphans()
    return seen


def _book(document: Document) -> Book:
    book = book_of(document, _SECONDS, 8)
    work = {"write": "work/{task}.txt", "text": "{task}\n"}
    child = {"child": 600, "stubborn": True}
    away = {**child, "session": True}
    good, hang = _steps(work), _steps(work, {"hang": True})
    book[FAILS] = _steps(work, {"exit": 3})
    book[LEAVES] = _steps(away, {**child, "orphan": True}, work)
    book[HANGS] = [hang, good]
    book[STUBBORN] = [_steps(work, {"ignore_terminate": True}, child, {"hang": True}), good]
    book[TWICE] = [_steps(away, *hang), hang, good]
    for task in (FIRST, SECOND):
        book[task] = _steps(work, {"write": "shared.txt", "text": "{task} was here\n"})
    book[BROKEN] = _steps({"write": "work/{task}.txt", "text": "what no gate lets pass\n"})
    return book


def _steps(*steps: Mapping[str, object]) -> Steps:
    return steps


_Step = Callable[[Project, Book, Seen, Counter[str]], bool]


def _failure(project: Project, book: Book, seen: Seen, _before: Counter[str]) -> bool:
    """The first run ends behind group B."""
    ended_as = project.run(longest=_LONGEST)
    starts = project.starts()
    siblings = [task.id for task in _group(project, FAILS)]
    seen.check(
        ended_as.status == 1 and f"{FAILS}" in ended_as.output and starts[FAILS] == 1,
        f"{FAILS} fails once and the run ends with 1, naming it.",
        ended_as.output,
    )
    seen.check(
        all(starts[task] == 1 for task in siblings) and set(project.complete()) == {"PHASE_1:A"},
        "its neighbours come to their end, its group is not complete, nothing later begins.",
        f"{sorted(starts)} {sorted(project.complete())}",
    )
    seen.check(not starts.keys() - {"A1", "A2", "A3", "A4", *siblings}, "no later task began.")
    book[FAILS] = [{"write": "work/{task}.txt", "text": "{task}\n"}]
    project.write_script(book)
    return ended_as.status == 1


def _time_outs(project: Project, _book: Book, seen: Seen, before: Counter[str]) -> bool:
    """The second run goes through two time-outs and ends at one that comes twice."""
    ended_as = project.run(longest=_LONGEST)
    starts = project.starts()
    again = [task for task, count in before.items() if task != FAILS and starts[task] != count]
    seen.check(
        starts[FAILS] == 2 and not again, f"once mended, only {FAILS} is done again.", str(again)
    )
    for task in (HANGS, STUBBORN):
        seen.check(
            starts[task] == 2 and f"Task {task} timed out after {LIMIT}s" in ended_as.output,
            f"{task} times out, is tried once more in the same run, and succeeds.",
            ended_as.output,
        )
    seen.check(
        starts[TWICE] == 2
        and ended_as.status == 1
        and f"Task {TWICE} timed out" in ended_as.output,
        f"{TWICE} times out twice, which ends the run with 1.",
        ended_as.output,
    )
    _check_limit(project, seen)
    return ended_as.status == 1


def _check_limit(project: Project, seen: Seen) -> None:
    """Each agent over its limit was ended in time."""
    longest = max(project.overtime(task, LIMIT) for task in (HANGS, STUBBORN, TWICE))
    seen.check(
        longest <= _END_SECONDS,
        f"agents over their limit are ended within {_END_SECONDS:g} s of it ({longest:.1f} s).",
    )


def _conflict(project: Project, _book: Book, seen: Seen, _before: Counter[str]) -> bool:
    """The third run ends at two tasks that wrote the same; a person merges them."""
    ended_as = project.run(longest=_LONGEST)
    seen.check(
        ended_as.status == 1
        and f"The work of task {SECOND} conflicts" in ended_as.output
        and "shared.txt" in ended_as.output,
        f"{SECOND} conflicts with {FIRST}, which ends the run with 1, naming task and file.",
        ended_as.output,
    )
    branch = f"roadmap/phase-3/{SECOND}.1"
    if ended_as.status != 1 or not project.git("branch", "--list", branch):
        return False
    project.merge_by_hand(branch, "shared.txt", f"{FIRST} and {SECOND} were here\n")
    return True


def _gate(project: Project, _book: Book, seen: Seen, before: Counter[str]) -> bool:
    """The fourth run ends at a gate; a person mends the merged work."""
    ended_as = project.run(longest=_LONGEST)
    starts = project.starts()
    again = [task for task, count in before.items() if starts[task] != count]
    seen.check(not again, "a conflict that a person merged costs no task again.", str(again))
    seen.check(
        ended_as.status == 1
        and "Type check failed for Group L" in ended_as.output
        and "PHASE_3:L" not in project.complete()
        and not starts["M1"],
        f"the gate refuses what {BROKEN} did, which ends the run with 1, naming the group.",
        ended_as.output,
    )
    if ended_as.status != 1:
        return False
    (project.merged / f"work/{BROKEN}.txt").write_text(f"{BROKEN}\n", encoding="utf-8")
    project.git("commit", "--quiet", "-a", "-m", f"Mend {BROKEN}", cwd=project.merged)
    return True


def _end(project: Project, _book: Book, seen: Seen, before: Counter[str]) -> bool:
    """The last run comes to the pushed end."""
    ended_as: Run = project.run(longest=_LONGEST)
    starts = project.starts()
    again = [task for task, count in before.items() if starts[task] != count]
    seen.check(
        ended_as.status == 0 and not again,
        "once mended the rest is done and pushed, and nothing again.",
        f"{again} {ended_as.output}",
    )
    wrong: Sequence[str] = ended.faults(project, by_hand=frozenset({SECOND}))
    seen.check(
        not wrong, "one commit a phase, pushed once, every task in it once.", " ".join(wrong)
    )
    began = time.time()
    same = project.run(longest=_LONGEST)
    nothing = project.starts() == starts and not ended.faults(project, by_hand=frozenset({SECOND}))
    seen.check(
        same.status == 0 and nothing,
        f"the same command once more does nothing ({time.time() - began:.1f} s).",
        same.output,
    )
    return True


def _group(project: Project, task: str) -> Sequence[Task]:
    return next(g.tasks for g in project.document.groups() if any(t.id == task for t in g.tasks))
