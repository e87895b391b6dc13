from __future__ import annotations

import os
from pathlib import Path

from engine.config import Logs
from engine.roadmap.run_logs import agent_log, gate_log, sweep

DAY = 24 * 3600


def test_logs_are_named_by_what_ran_and_when(tmp_path: Path) -> None:
    agent = agent_log(tmp_path, phase="3.1", group="AA", task="AA2", epoch=1700000000.9)
    assert agent == tmp_path / "orchestrator" / "phase3.1_groupAA_AA2_1700000000.log"
    gate = gate_log(tmp_path, phase="1", group="B", name="lint", epoch=1700000000.9)
    assert gate == tmp_path / "orchestrator" / "gate_1_B_lint_1700000000.log"


def test_two_attempts_in_one_second_have_logs_of_their_own(tmp_path: Path) -> None:
    first = agent_log(tmp_path, phase="1", group="A", task="A1", epoch=1700000000)
    first.parent.mkdir()
    first.touch()
    second = agent_log(tmp_path, phase="1", group="A", task="A1", epoch=1700000000)
    assert second.name == "phase1_groupA_A1_1700000001.log"


def test_old_logs_go_and_nothing_else_does(tmp_path: Path) -> None:
    old = agent_log(tmp_path, phase="1", group="A", task="A1", epoch=1)
    gate = gate_log(tmp_path, phase="1", group="A", name="test", epoch=1)
    new = agent_log(tmp_path, phase="1", group="A", task="A2", epoch=1)
    foreign = old.parent / "notes.log"
    old.parent.mkdir()
    for path in (old, gate, new, foreign):
        path.touch()
        os.utime(path, (1000 * DAY, 1000 * DAY))
    os.utime(new, (1029.5 * DAY, 1029.5 * DAY))
    assert sweep(tmp_path, Logs(keep_days=30), now=1031 * DAY) == 2
    assert sorted(old.parent.iterdir()) == sorted([new, foreign])
    assert sweep(tmp_path / "none", Logs()) == 0
