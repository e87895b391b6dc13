"""Whether a roadmap came to its pushed end, and nothing happened twice on the way."""

from __future__ import annotations

from collections import Counter

from benchmarks.roadmap.project import BRANCH, Project


def faults(project: Project, *, by_hand: frozenset[str] = frozenset()) -> list[str]:
    """What is not as it must be after the last run, a sentence each.

    ``by_hand``: tasks that a person merged.
    """
    return [*_tasks(project), *_merges(project, by_hand), *_commits(project), *_left(project)]


def _tasks(project: Project) -> list[str]:
    said = []
    statuses, agents = project.statuses(), project.agents()
    files = set(project.git("ls-tree", "-r", "--name-only", BRANCH).splitlines())
    for _, task in project.document.tasks():
        if statuses.get(task.id) != ["success"]:
            said.append(f"{task.id} is {statuses.get(task.id)} in the ledger.")
        if task.id not in agents:
            said.append(f"No agent came to its end with {task.id}.")
        name = f"work/{task.id}.txt"
        if name not in files:
            said.append(f"{name} is not in {BRANCH}.")
        elif project.git("show", f"{BRANCH}:{name}") != task.id:
            said.append(f"{name} does not hold what one attempt writes.")
    return said


def _merges(project: Project, by_hand: frozenset[str]) -> list[str]:
    """Each task came into its phase's branch once."""
    found: Counter[str] = Counter()
    names = project.git("for-each-ref", "--format=%(refname)", "refs/heads/roadmap").splitlines()
    for name in names:
        if "/merged" in name:
            said = project.git("log", "--first-parent", "--merges", "--format=%s", name)
            found.update(
                line.removeprefix("Merge task ").partition(":")[0]
                for line in said.splitlines()
                if line.startswith("Merge task ")
            )
    wanted = Counter(task.id for _, task in project.document.tasks() if task.id not in by_hand)
    return [
        f"{task} was merged {found[task]} times."
        for task in sorted(wanted | found)
        if found[task] != wanted[task]
    ]


def _commits(project: Project) -> list[str]:
    """One commit a phase, pushed once."""
    phases = project.document.phases
    wanted = ["Begin", *(f"Complete Phase {one.number}: " for one in phases)]
    found = project.git("log", "--reverse", "--format=%s", BRANCH).splitlines()
    said = []
    if [line.partition(": ")[0] + ": " if ": " in line else line for line in found] != wanted:
        said.append(f"The commits are {found}.")
    if project.git("rev-parse", BRANCH) != project.git("rev-parse", BRANCH, cwd=project.remote):
        said.append("The remote does not have what was committed.")
    pushes = len(project.git("reflog", "show", BRANCH, cwd=project.remote).splitlines())
    if pushes != len(wanted):
        said.append(f"The remote's branch moved {pushes} times.")
    return said


def _left(project: Project) -> list[str]:
    """Neither changes in the operator's tree nor trees of attempts."""
    said = []
    if changed := project.git("status", "--porcelain", "--untracked-files=no"):
        said.append(f"The operator's tree was changed: {changed[:200]}")
    if len(trees := project.git("worktree", "list").splitlines()) > 2:
        said.append(f"Trees are left: {trees[2:]}")
    if not project.document.path or len(project.complete()) != len(list(project.document.groups())):
        said.append(f"Complete are only {sorted(project.complete())}.")
    return said
