"""Runs that are stopped or killed: nothing lives on, and a rerun continues (B6.8, B6.9, B-D7)."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from engine.run_state import RunDirectory
from tests.e2e.roadmap_farm import SUMMARY, WRITE, RoadmapFarm, last, two_groups
from tests.family import command_line, running_below
from tests.roadmaps import roadmap

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

HANGS = [
    {"child": 600, "session": True, "stubborn": True},
    {"child": 600, "orphan": True},
    {"ignore_terminate": True},
    {"hang": True},
]
THEN_WORKS = [HANGS, [WRITE, SUMMARY]]


def _until_a2_is_done_and_a1_hangs(farm: RoadmapFarm) -> None:
    farm.wait_for(lambda: len(farm.marked()) >= 3, 90)  # the agent and both children
    farm.wait_for(lambda: farm.statuses().get("PHASE_1:A:A2") == "success", 90)


def _result(farm: RoadmapFarm) -> str:
    record = RunDirectory(farm.work_dir / "run").read_run()
    assert record is not None
    return record.result


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_b_d7_a_stop_ends_agents_with_all_their_children_and_a_rerun_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, two_groups(), script={"A1": THEN_WORKS})
    with farm.under_way() as run:
        _until_a2_is_done_and_a1_hangs(farm)
        run.send_signal(number)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130, out + err
    assert out.splitlines()[-1] == "Result: stopped (exit status 130)"
    assert farm.marked() == set()
    assert _result(farm) == "stopped"
    assert "failed" not in farm.statuses().values()
    assert farm.completed == farm.commits() == []
    if number == signal.SIGINT:
        return
    again = farm.go()
    assert again.returncode == 0, again.stdout + again.stderr
    assert [farm.starts(task) for task in ("A1", "A2", "B1")] == [2, 1, 1]
    assert farm.trees() == []


def test_b_d15_one_run_at_a_time_is_seen_from_outside_and_stopped_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, two_groups(), script={"A1": HANGS})
    with farm.under_way() as run:
        _until_a2_is_done_and_a1_hangs(farm)
        second = farm.roadmap("--headless")
        assert second.returncode == 4, second.stderr
        # The run's own status is written a moment after the ledger, and the status files with it.
        farm.wait_for(lambda: "PHASE_1:A:A1" in farm.roadmap("--status").stdout)
        at_work = ["PHASE_1:A:A1:Feature A1"]
        farm.wait_for(lambda: farm.status("in_progress_tasks.txt") == at_work)
        assert farm.status("pending_tasks.txt") == ["PHASE_1:B:B1:Feature B1"]
        stopped = farm.roadmap("--stop-all")
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr
        out, err = run.communicate(timeout=60)
        assert run.returncode == 130, out + err
    assert farm.marked() == set()
    after = farm.roadmap("--status")
    assert after.returncode == 0
    assert "Traceback" not in after.stdout + after.stderr


def test_a_killed_supervisor_leaves_no_agent_and_a_rerun_does_each_success_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(tmp_path, monkeypatch, two_groups(), script={"A1": THEN_WORKS})
    with farm.under_way() as run:
        _until_a2_is_done_and_a1_hangs(farm)
        run.kill()
        run.wait(10)
        again = farm.go()
        assert again.returncode == 0, again.stdout + again.stderr
        assert farm.marked() == set()
    assert [farm.starts(task) for task in ("A1", "A2", "B1")] == [2, 1, 1]
    assert len(farm.commits(remote=True)) == 1
    assert farm.trees() == []


def test_a_killed_worker_is_replaced_and_a_killed_agent_is_a_failure_with_its_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    farm = RoadmapFarm(
        tmp_path,
        monkeypatch,
        roadmap(["A"], [2]),
        script={"A1": THEN_WORKS, "A2": [[{"hang": True}], [WRITE, SUMMARY]]},
    )
    with farm.under_way() as run:
        farm.wait_for(lambda: farm.starts("A2") and len(farm.marked()) >= 4, 90)
        os.kill(farm.agent_pid("A2"), signal.SIGKILL)
        agent = psutil.Process(farm.agent_pid("A1"))
        _worker_of(run.pid, agent).kill()
        farm.began("A1", 2)
        out, err = run.communicate(timeout=90)
    assert run.returncode == 1, out + err
    assert "A2" in out
    assert "SIGKILL" in out
    assert farm.statuses() == {"PHASE_1:A:A1": "success", "PHASE_1:A:A2": "failed"}
    assert farm.marked() == set()
    again = farm.go()
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Result: all_complete" in last(again)
    assert [farm.starts(task) for task in ("A1", "A2")] == [2, 2]


def _worker_of(supervisor: int, agent: psutil.Process) -> psutil.Process:
    above = agent.parents()
    workers = [p for p in running_below(supervisor) if "engine.worker" in command_line(p)]
    return next(worker for worker in workers if worker in above)
