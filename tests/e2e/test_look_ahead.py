"""Workers that hold their next job beside the one in hand: done once, given back, never lost."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from engine.run_state import Command, RunDirectory
from tests.e2e.farm_day import FarmDay
from tests.e2e.toy_farm import ToyFarm

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
SLOW_BOOT = "boot = [400, 400]\nadb_enable = [1, 2]\npublish = [200, 200]\nidle_shutdown = 1e7\n"
"""At a time scale of 200: two seconds to boot, and one to confirm a Share."""


def far_seeing(work_dir: Path, *jobs: str) -> ToyFarm:
    farm = ToyFarm(work_dir, *jobs)
    (work_dir / "looks-ahead").touch()
    return farm


def holds_two(farm: ToyFarm) -> bool:
    return farm.statuses() == {"j0": "claimed", "j1": "claimed"} and len(farm.lamps()) == 2


def taken_over(farm: ToyFarm) -> list[str]:
    path = farm.work_dir / "taken-over.log"
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def test_what_was_lit_ahead_is_taken_over_by_its_job(tmp_path: Path) -> None:
    farm = far_seeing(tmp_path, *(f"j{n} k{n} submit sleep:0.3 do" for n in range(3)))
    assert farm.run("--workers", "1", "--run").returncode == 0
    assert farm.done() == ["j0", "j1", "j2"]
    assert taken_over(farm) == ["j1", "j2"]
    assert farm.lamps() == []
    assert [row["job_id"] for row in farm.rows() if row["status"] == "claimed"].count("j1") >= 1
    assert {job.attempts for job in farm.jobs().values()} == {0}


@POSIX
@pytest.mark.parametrize("victim", ["worker", "everything"])
def test_a_kill_of_a_worker_with_two_jobs_loses_none_and_does_none_twice(
    tmp_path: Path, victim: str
) -> None:
    farm = far_seeing(tmp_path, "j0 a submit do until:go", "j1 b")
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: holds_two(farm) and farm.events("worker_hello"))
    if victim == "everything":
        run.kill()
    os.kill(farm.events("worker_hello")[0]["pid"], signal.SIGKILL)
    out, _ = run.communicate(timeout=60)
    if victim == "everything":
        out = farm.run("--run").stdout
    assert sorted(farm.done()) == ["j0", "j1"], out
    jobs = farm.jobs()
    assert jobs["j0"].in_doubt
    assert (str(jobs["j1"].status), jobs["j1"].attempts) == ("success", 0)
    assert (farm.lamps(), farm.processes()) == ([], [])


def test_stopping_what_was_lit_ahead_gives_its_job_back_and_lets_the_other_finish(
    tmp_path: Path,
) -> None:
    farm = far_seeing(tmp_path, "j0 a submit until:go do", "j1 b")
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: holds_two(farm))
    run_dir, stop = RunDirectory(tmp_path / "run"), Command(name="stop_resources", ids=("0-next",))
    tail = run_dir.tail()
    run_dir.send(stop)
    farm.wait_for(lambda: farm.statuses()["j1"] == "pending")
    assert farm.lamps() == ["0.json"]
    (tmp_path / "go").touch()
    answer = run_dir.wait_answer(stop.id, timeout=40, tail=tail)
    assert answer is not None
    assert (answer["ok"], answer["paused"]) == (True, True)
    assert answer["jobs"] == {
        "j0": "success: it was finished first",
        "j1": "given back, the attempt is not counted",
    }
    assert farm.run("--stop-all").returncode == 0
    run.communicate(timeout=30)
    assert (farm.done(), farm.lamps()) == (["j0"], [])


@POSIX
def test_a_worker_whose_supervisor_is_gone_gives_its_next_job_back(tmp_path: Path) -> None:
    farm = far_seeing(tmp_path, "j0 a submit until:go do", "j1 b")
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: holds_two(farm))
    run.kill()
    farm.wait_for(lambda: farm.statuses()["j1"] == "pending")
    assert farm.lamps() == ["0.json"]
    (tmp_path / "go").touch()
    farm.wait_for(lambda: farm.statuses()["j0"] == "success")
    farm.wait_for(lambda: farm.lamps() == [])
    run.communicate(timeout=30)


def test_phones_boot_beside_the_job_before_and_the_day_is_as_the_farm_saw_it(
    tmp_path: Path,
) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 3, "--workers", 1, "--time-scale", 200, delays=SLOW_BOOT
    )
    with day.served():
        assert day.run("--run") == 0
        assert day.statuses() == {"success": 3}
        figures = day.compare()
        assert (figures["published"], figures["success"]) == (3, 3)
        zeros = ("double_posts", "lost", "in_doubt", "phones_on")
        assert [figures[name] for name in zeros] == [0] * len(zeros)
        assert day.left_behind() == {}
    boots = [event["phases"]["boot"] for event in day.events("outcome")]
    assert boots[0] >= 2.0 > min(boots[1:]), boots
