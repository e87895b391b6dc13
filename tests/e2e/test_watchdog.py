"""Workers that live and do nothing: noticed, ended, and what they held put right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.jobs import Claim
from engine.progress import ProgressTracker
from tests.e2e.toy_farm import ToyFarm

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

QUICK = """
[ledger]
stale_claim_seconds = 1
renew_seconds = 0.2
lock_timeout_seconds = 0.2
"""
"""So that an outcome that cannot be written is not waited for so long."""


def farm_of(work_dir: Path, *jobs: str, quick: str = QUICK, **run: float) -> ToyFarm:
    """A farm with these bounds of ``[run]``."""
    farm = ToyFarm(work_dir, *jobs, settings=quick)
    limits = {"shutdown_timeout_seconds": 0.3, "submitted_shutdown_timeout_seconds": 0.3, **run}
    path = work_dir / "geelark.toml"
    kept = [line for line in path.read_text().splitlines() if line.partition(" =")[0] not in limits]
    lines = [f"{key} = {value}" for key, value in limits.items()]
    path.write_text("\n".join([kept[0], *lines, *kept[1:]]) + "\n")
    return farm


def alarms(farm: ToyFarm) -> list[str]:
    return [str(event["text"]) for event in farm.events("alarm")]


def given_back(farm: ToyFarm) -> list[dict[str, Any]]:
    """At the worker's burial; where the ledger was busy then, as a claim that is too old."""
    return [*farm.events("claim_settled"), *farm.events("claim_taken_back")]


def finish(run: subprocess.Popen[str]) -> str:
    out, err = run.communicate(timeout=60)
    assert err == ""
    return out


def test_a_worker_that_stands_still_is_ended_and_its_job_given_back(tmp_path: Path) -> None:
    farm = farm_of(tmp_path, "j0 a unless:go:hang submit do", "j1 b", worker_silent_seconds=4)
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    log = tmp_path / "logs" / "worker_0.log"
    farm.wait_for(lambda: "phase=acting" in log.read_text(encoding="utf-8"))
    pid = farm.events("worker_hello")[-1]["pid"]
    os.kill(pid, signal.SIGSTOP)
    farm.wait_for(lambda: given_back(farm))
    (tmp_path / "go").touch()
    out = finish(run)
    assert run.returncode == 0
    (alarm,) = alarms(farm)
    assert alarm.startswith("Worker 0 gave no sign of life for ")
    assert alarm.endswith(" s, with job j0 (a) in phase acting: it is ended.")
    assert out.count("gave no sign of life") >= 1
    (ended, *_) = farm.events("worker_ended")
    assert (ended["clean"], "gave no sign of life" in ended["reason"]) == (False, True)
    assert given_back(farm)[0]["status"] == "pending"
    assert set(farm.statuses().values()) == {"success"}
    assert sorted(farm.done()) == ["j0", "j1"]
    assert (farm.lamps(), farm.processes()) == ([], [])


def test_a_claim_of_a_living_worker_that_is_not_at_the_job_is_taken_back(tmp_path: Path) -> None:
    farm = farm_of(tmp_path, "j0 a until:go submit do", "j1 b")
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    # As a ledger saved over by an older copy may have it: worker 0 is at j0 alone.
    run_id = farm.events("run_started")[0]["run_id"]
    settings = Settings.load(tmp_path)
    claim = ProgressTracker(farm.ledger_path, settings=settings, run_id=run_id).claim("0")
    assert isinstance(claim, Claim)
    assert claim.job.job_id == "j1"
    farm.wait_for(lambda: farm.events("claim_taken_back"))
    assert [event["job"] for event in farm.events("claim_taken_back")] == ["j1"]
    (tmp_path / "go").touch()
    finish(run)
    assert run.returncode == 0
    assert sorted(farm.done()) == ["j0", "j1"]


def test_a_host_that_slept_ends_no_worker(tmp_path: Path) -> None:
    farm = farm_of(
        tmp_path,
        "j0 a until:go submit do",
        "j1 b",
        worker_silent_seconds=8,
        shutdown_timeout_seconds=20,
        submitted_shutdown_timeout_seconds=20,
    )
    run = farm.start("--workers", "2", "--run")
    farm.wait_for(lambda: len(farm.events("worker_hello")) == 2 and farm.done() == ["j1"])
    pids = [run.pid, *(event["pid"] for event in farm.events("worker_hello"))]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(9)  # this is the sleep itself: longer than a silent worker is given
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    (tmp_path / "go").touch()
    finish(run)
    assert (run.returncode, alarms(farm)) == (0, [])
    assert set(farm.statuses().values()) == {"success"}
    assert {event["clean"] for event in farm.events("worker_ended")} == {True}


def test_a_job_that_is_stuck_is_given_back_before_and_in_doubt_after_its_point_of_no_return(
    tmp_path: Path,
) -> None:
    farm = farm_of(
        tmp_path,
        "j0 a unless:go:stuck submit do",
        "j1 b submit do stuck",
        worker_silent_seconds=4,
        worker_stall_seconds=1,
    )
    run = farm.start("--workers", "2", "--run")
    farm.wait_for(lambda: len(given_back(farm)) == 2)
    (tmp_path / "go").touch()
    finish(run)
    assert run.returncode == 1
    jobs = farm.jobs()
    assert jobs["j0"].status == "success"
    assert jobs["j1"].in_doubt
    assert sorted(farm.done()) == ["j0", "j1"], "nothing was done twice"
    told = sorted(alarms(farm))
    assert "was stuck for " in told[0]
    assert any("past the point of no return: it may be in doubt" in text for text in told)
    assert (farm.lamps(), farm.processes()) == ([], [])


def test_a_worker_that_is_stuck_between_two_jobs_is_ended_too(tmp_path: Path) -> None:
    farm = farm_of(
        tmp_path, "j0 a raise:adb", "j1 b", worker_silent_seconds=4, worker_stall_seconds=2
    )
    (tmp_path / "recovery-hangs").touch()
    run = farm.start("--workers", "1", "--run", "--max-passes", "1")
    farm.wait_for(lambda: alarms(farm))
    (tmp_path / "recovery-hangs").unlink()
    finish(run)
    assert [("stuck" in text, ", without a job" in text) for text in alarms(farm)] == [(True, True)]
    assert farm.statuses() == {"j0": "failed", "j1": "success"}


def test_what_costs_is_put_out_when_it_is_held_for_longer_than_a_job_may_take(
    tmp_path: Path,
) -> None:
    farm = farm_of(tmp_path, "j0 a submit do busy", "j1 b until:go submit do", overtime_seconds=0.5)
    (tmp_path / "attempt_seconds").write_text("1.5")
    run = farm.start("--workers", "1", "--run", "--max-passes", "1")
    farm.wait_for(farm.lamps)
    (tmp_path / "lamps" / "7.json").write_text("{}")
    farm.wait_for(lambda: {"lamp 0", "lamp 7"} <= {e["label"] for e in farm.events("released")})
    farm.wait_for(lambda: given_back(farm))
    (tmp_path / "go").touch()
    finish(run)
    jobs = farm.jobs()
    assert jobs["j0"].in_doubt
    assert jobs["j1"].status == "success"
    told = alarms(farm)
    assert any(text.startswith("lamp lamp 0 has been on for ") for text in told)
    assert any(text.startswith("lamp lamp 7 has been on for ") for text in told)
    assert farm.lamps() == []


def test_what_a_worker_keeps_over_its_jobs_is_its_own_until_it_ends(tmp_path: Path) -> None:
    farm = farm_of(tmp_path, *(f"j{n} k{n} sleep:1.2" for n in range(4)), overtime_seconds=0.2)
    (tmp_path / "attempt_seconds").write_text("1.5")
    (tmp_path / "keeps").touch()
    run = farm.start("--workers", "1", "--run", "--max-passes", "1")
    finish(run)
    assert set(farm.statuses().values()) == {"success"}
    assert (farm.events("released"), alarms(farm), farm.lamps()) == ([], [], [])


def test_a_release_that_never_ends_holds_up_neither_the_run_nor_its_end(tmp_path: Path) -> None:
    farm = farm_of(tmp_path, "j0 a submit do crash", "j1 b", quick="", release_timeout_seconds=0.5)
    (tmp_path / "deaf").mkdir()
    (tmp_path / "deaf" / "0").touch()
    run = farm.start("--workers", "1", "--run", "--max-passes", "1")
    out = finish(run)
    assert run.returncode == 1
    assert farm.jobs()["j0"].in_doubt
    assert farm.jobs()["j1"].status == "success"
    assert any("its release has not ended in time" in text for text in alarms(farm))
    assert "its release has not ended in time" in out
