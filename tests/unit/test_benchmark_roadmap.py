"""The benchmark of roadmaps sees what it is there to see."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.roadmap.plain import Day, GroupTimes
from benchmarks.roadmap.project import GATES, Project, Run, Span
from tests.roadmaps import roadmap


def a_group(name: str, began: float) -> GroupTimes:
    """Five agents of 2 s on four places, 0.1 s apart, then two gates of 1 s a second later."""
    agents = [Span(f"{name}{n}", began + n * 0.1, began + n * 0.1 + 2) for n in range(4)]
    agents.append(Span(f"{name}4", began + 2.2, began + 4.2))
    gates = [Span("one", began + 5.2, began + 6.2), Span("two", began + 6.3, began + 7.3)]
    return GroupTimes(name, agents, gates)


def test_the_ideal_packs_agents_over_the_places_and_gates_one_after_the_other() -> None:
    assert a_group("A", 10).ideal == pytest.approx(4 + 2)


def test_the_parts_of_a_day_are_all_of_its_wall() -> None:
    groups = [a_group("A", 10), a_group("B", 18)]
    day = Day(10, groups, Run(0, 9, 26, ""), 50, (), (), ())

    assert day.ideal + sum(seconds for _, seconds in day.parts()) == pytest.approx(17)
    assert day.efficiency == pytest.approx(12 / 17)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("base") / "here", roadmap(["A"], [1]))
    made.make({})
    return made


def _calls_complete(project: Project, tree: str) -> None:
    status = project.path / "status"
    status.mkdir(exist_ok=True)
    text = json.dumps({"groups": {"PHASE_1:A": {"tree": tree}}})
    (status / "roadmap.json").write_text(text, encoding="utf-8")


def _passes(project: Project, tree: str, gates: tuple[str, ...]) -> None:
    lines = [
        json.dumps({"name": name, "tree": tree, "passed": True, "began": 1.0, "ended": 2.0}) + "\n"
        for name in gates
    ]
    (project.base / "gates.jsonl").write_text("".join(lines), encoding="utf-8")


def _committed(project: Project, path: str) -> str:
    file: Path = project.path / path
    file.parent.mkdir(exist_ok=True)
    file.write_text("A1\n", encoding="utf-8")
    project.git("add", path)
    project.git("commit", "--quiet", "-m", path)
    return project.git("rev-parse", "HEAD^{tree}")


def test_a_group_that_is_called_complete_without_all_its_gates_is_seen(project: Project) -> None:
    tree = _committed(project, "work/A1.txt")
    _calls_complete(project, tree)
    _passes(project, tree, GATES[:1])
    assert project.false_complete() == ["PHASE_1:A"]
    _passes(project, tree, GATES)
    assert project.false_complete() == []


def test_a_group_whose_tree_lacks_the_work_of_a_task_is_seen(project: Project) -> None:
    project.git("rm", "--quiet", "-r", "--ignore-unmatch", "work")
    tree = _committed(project, "other/A1.txt")
    _calls_complete(project, tree)
    _passes(project, tree, GATES)
    assert project.false_complete() == ["PHASE_1:A"]
