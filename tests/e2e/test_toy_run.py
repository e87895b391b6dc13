"""The engine's core over a trade that it does not know: real processes, real ledger."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from engine.insight.timings import Timings
from engine.run_state import RunDirectory
from tests.e2e.toy_farm import ToyFarm, kill_at_once
from tests.toy_workload import write_jobs

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def test_scenario_a_all_jobs_succeed_in_one_pass(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *(f"j{n} k{n}" for n in range(5)))
    result = farm.run("--workers", "3", "--run")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "Result: all_complete (exit status 0)"
    assert set(farm.statuses().values()) == {"success"}
    assert sorted(farm.done()) == [f"j{n}" for n in range(5)]
    assert len(farm.events("stage_started")) == 1
    ends = farm.events("worker_ended")
    assert {(end["clean"], end["reason"]) for end in ends} == {(True, "all_jobs_complete")}
    for path in (tmp_path / "logs").glob("*.stderr.log"):
        assert path.read_text() == ""


def test_scenario_b_account_failures_are_never_tried_again(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a", "j1 b", "j2 c", "j3 d raise:suspended", "j4 e raise:suspended")
    result = farm.run("--workers", "2", "--run")
    assert result.returncode == 1
    assert "Result: only_non_retryable" in result.stdout.splitlines()[-1]
    assert sorted(farm.statuses().values()) == ["failed"] * 2 + ["success"] * 3
    assert len(farm.events("stage_started")) == 1
    claims = [row["job_id"] for row in farm.rows() if row["status"] == "claimed"]
    assert claims.count("j3") == claims.count("j4") == 1


def test_scenario_c_infrastructure_failures_are_tried_again_in_a_later_pass(
    tmp_path: Path,
) -> None:
    farm = ToyFarm(
        tmp_path,
        "j0 a",
        "j1 b",
        "j2 c",
        "j3 d times:1:raise:adb submit do",
        "j4 e times:1:raise:adb submit do",
    )
    result = farm.run("--workers", "2", "--run")
    assert result.returncode == 0, result.stdout
    assert set(farm.statuses().values()) == {"success"}
    assert [event["text"] for event in farm.events("stage_started")] == [
        "Starting pass 1/3",
        "Starting pass 2/3",
    ]
    jobs = farm.jobs()
    assert (jobs["j3"].attempts, jobs["j3"].pass_number) == (1, 2)


def test_an_outcome_tells_where_the_attempt_spent_its_time(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a times:1:raise:adb sleep:0.3 submit do")
    assert farm.run("--workers", "1", "--run").returncode == 0
    failed, done = farm.events("outcome")
    assert (failed["attempt"], failed["failed_in"]) == (1, "acting")
    assert (done["attempt"], done["failed_in"], done["status"]) == (2, "", "success")
    assert list(done["phases"]) == ["start", "acting"]
    assert done["phases"]["acting"] >= 0.3 > failed["phases"]["acting"]
    claims = {row["claimed_at"] for row in farm.rows() if row["status"] == "claimed"}
    assert {failed["claimed_at"], done["claimed_at"]} == claims
    timings = Timings(RunDirectory(tmp_path / "run"), lambda: datetime.now(UTC))
    timings.update()
    assert [(one.outcome, one.failed_in) for one in timings.of_job("j0")] == [
        ("adb_timeout", "acting"),
        ("success", ""),
    ]


def test_scenario_d_passes_leave_account_failures_alone_and_count_right(tmp_path: Path) -> None:
    farm = ToyFarm(
        tmp_path,
        *(f"ok{n} k{n}" for n in range(4)),
        *(f"acc{n} a{n} raise:suspended" for n in range(3)),
        "inf0 i0 times:1:raise:adb submit do",
        "inf1 i1 times:2:raise:adb submit do",
        "inf2 i2 raise:adb",
    )
    result = farm.run("--workers", "3", "--run", "--json")
    final = json.loads(result.stdout.splitlines()[-1])
    assert result.returncode == final["exit_code"] == 1
    assert final["result"] == "only_non_retryable"
    passes = final["summary"]["passes"]
    assert [stats["total_jobs"] for stats in passes] == [10, 3, 2]
    assert [stats["succeeded"] for stats in passes] == [4, 1, 1]
    assert [stats["failed_infrastructure"] for stats in passes] == [3, 2, 1]
    assert [stats["failed_account"] for stats in passes] == [3, 0, 0]
    assert sum(stats["succeeded"] for stats in passes) == final["totals"]["success"] == 6
    assert final["totals"]["by_category"]["account"] == 3
    assert farm.jobs()["inf2"].attempts == 3


def test_what_is_past_the_point_of_no_return_is_never_tried_again(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit do raise:adb", "j1 b submit do crash")
    farm.run("--workers", "2", "--run")
    jobs = farm.jobs()
    assert {job.in_doubt for job in jobs.values()} == {True}
    assert sorted(farm.done()) == ["j0", "j1"]
    again = farm.run("--workers", "2", "--run")
    assert again.returncode == 1
    assert sorted(farm.done()) == ["j0", "j1"]
    assert "in doubt" in again.stdout


def test_the_operator_settles_what_is_in_doubt(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit do raise:adb", "j1 b submit raise:adb")
    farm.run("--run")
    settled = farm.run("--mark-posted", "j0")
    assert settled.returncode == 0, settled.stderr
    assert farm.statuses()["j0"] == "success"
    assert (tmp_path / "confirmed.log").read_text() == "j0\n"
    assert farm.run("--requeue", "j1").returncode == 0
    assert farm.statuses()["j1"] == "retrying"


def test_a_new_run_says_which_failures_it_leaves_alone(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a raise:suspended", "j1 b raise:adb", "j2 c")
    farm.run("--run", "--max-passes", "1")
    again = farm.run("--run", "--max-passes", "2", "--infra-retry-limit", "1")
    assert "2 failed jobs are left alone" in again.stdout
    assert "--retry-all-failed" in again.stdout
    requeued = farm.run("--retry-all-failed")
    assert "Requeued 1 failed jobs." in requeued.stdout
    assert "Left alone: 1 account." in requeued.stdout


def test_a_worker_that_dies_before_the_point_of_no_return_gives_its_job_back(
    tmp_path: Path,
) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang", *(f"j{n} k{n}" for n in range(1, 4)))
    run = farm.start("--workers", "2", "--run")
    farm.wait_for(lambda: any(event["job"] == "j0" for event in farm.events("worker_job")))
    slot = _worker(farm, "j0")
    farm.wait_for(lambda: f"{slot}.json" in farm.lamps())
    pid = next(e["pid"] for e in farm.events("worker_hello") if e["worker"] == slot)
    os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    farm.wait_for(lambda: farm.events("claim_settled"))
    settled = farm.events("claim_settled")[0]
    assert (settled["job"], settled["status"]) == ("j0", "pending")
    farm.wait_for(lambda: farm.events("released"))  # what the dead worker held
    farm.wait_for(lambda: farm.events("worker_backoff"))
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    assert farm.lamps() == []


def test_a_job_that_kills_its_workers_ends_and_the_others_are_done(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a crash", *(f"j{n} k{n}" for n in range(1, 4)))
    result = farm.run("--workers", "2", "--run", "--max-passes", "1")
    assert result.returncode == 1
    jobs = farm.jobs()
    assert jobs["j0"].error_type == "worker_died"
    assert [jobs[f"j{n}"].status.value for n in range(1, 4)] == ["success"] * 3


@POSIX
def test_term_in_mid_run_gives_jobs_back_and_the_next_run_finishes_the_day(
    tmp_path: Path,
) -> None:
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} sleep:0.4 submit do" for n in range(12)))
    run = farm.start("--workers", "3", "--run")
    farm.wait_for(lambda: len(farm.done()) >= 2)
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert out.splitlines()[-1] == "Result: stopped (exit status 130)"
    assert not {"claimed", "failed"} & set(farm.statuses().values())
    assert (farm.lamps(), farm.processes()) == ([], [])
    again = farm.run("--workers", "3", "--run")
    assert again.returncode == 0, again.stderr
    assert sorted(farm.done()) == sorted(f"j{n}" for n in range(12))
    assert set(farm.statuses().values()) == {"success"}


@POSIX
def test_a_second_signal_shortens_the_wait_and_still_releases_everything(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit sleep:15 do")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("worker_submitted"))
    run.send_signal(signal.SIGINT)
    farm.wait_for(lambda: _state(farm) == "stopping")
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=30)
    assert (farm.lamps(), farm.processes()) == ([], [])
    assert farm.jobs()["j0"].in_doubt


@POSIX
def test_workers_whose_supervisor_was_killed_leave_by_themselves(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit sleep:1 do", "j1 b hang")
    run = farm.start("--workers", "2", "--run")
    farm.wait_for(lambda: farm.events("worker_submitted") and len(farm.events("worker_job")) == 2)
    pids = [event["pid"] for event in farm.events("worker_hello")]
    run.kill()
    run.communicate()
    farm.wait_for(lambda: not any(_lives(pid) for pid in pids))
    assert farm.statuses() == {"j0": "success", "j1": "pending"}
    assert farm.lamps() == []


@POSIX
def test_the_next_start_puts_right_what_a_kill_of_everything_left(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a times:1:hang submit do", "j1 b submit hang")
    run = farm.start("--workers", "2", "--run")
    farm.wait_for(lambda: farm.events("worker_submitted") and len(farm.events("worker_job")) == 2)
    pids = [event["pid"] for event in farm.events("worker_hello")]
    kill_at_once(run.pid, *pids)
    run.communicate()
    (tmp_path / "jobs.txt").write_text("unused u\n")
    assert sorted(farm.statuses().values()) == ["claimed", "claimed"]
    stopped = farm.run("--stop-all")
    assert stopped.returncode == 0, stopped.stderr
    assert farm.statuses() == {"j0": "pending", "j1": "failed"}
    assert farm.jobs()["j1"].in_doubt
    assert (farm.lamps(), farm.processes()) == ([], [])


def test_a_second_run_is_refused_and_says_who_is_there(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    second = farm.run("--run")
    assert second.returncode == 4
    assert f"process {run.pid}" in second.stderr
    assert "--stop-all" in second.stderr
    for flag in ("--reset-day", "--seed-only"):
        refused = farm.run(flag)
        assert refused.returncode == 1
        assert f"process {run.pid}" in refused.stderr
    _stop(farm, run)


def test_status_tells_of_a_live_run_and_changes_nothing(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang", "j1 a")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    before = farm.ledger_path.read_bytes()
    shown = farm.run("--status")
    assert shown.returncode == 0, shown.stderr
    assert f"A run is live: process {run.pid}" in shown.stdout
    assert "in progress 1" in shown.stdout
    assert farm.ledger_path.read_bytes() == before
    report = json.loads(farm.run("--status", "--json").stdout)
    assert report["run"]["pid"] == run.pid
    assert report["ledger"]["claimed"] == 1
    _stop(farm, run)


def test_status_without_a_run_or_a_ledger_makes_no_file(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    before = sorted(path.name for path in tmp_path.iterdir())
    shown = farm.run("--max-passes", "5", "--retry-delay", "60", "--status")
    assert shown.returncode == 0, shown.stderr
    assert "--seed-only or --run makes one" in shown.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_header_only_ledger_is_seeded_and_run(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    assert farm.run("--seed-only").returncode == 0
    assert farm.run("--reset-day").returncode == 0
    assert len(list(tmp_path.glob("parallel_progress_*.csv"))) == 1
    assert farm.run("--run").returncode == 0
    assert farm.done() == ["j0"]


def test_seeding_beats_running(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    result = farm.run("--workers", "1", "--run", "--seed-only")
    assert result.returncode == 0, result.stderr
    assert farm.statuses() == {"j0": "pending"}
    again = farm.run("--seed-only")
    assert again.returncode == 1
    assert "--reset-day" in again.stderr


def test_commands_are_answered_when_they_are_true(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go submit do", "j1 b", "j2 c until:end", "j3 d")
    assert farm.run("--send", "set_workers", "2").returncode == 1, "no run is live yet"
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    assert farm.run("--send", "pause").returncode == 0
    assert farm.run("--send", "hold", "key:d").returncode == 0
    assert farm.run("--send", "set_workers", "99").returncode == 1
    (tmp_path / "go").touch()
    farm.wait_for(lambda: farm.statuses()["j0"] == "success")
    assert farm.run("--send", "set_workers", "2").returncode == 0
    assert farm.statuses()["j1"] == "pending", "paused: nobody claims"
    assert farm.run("--send", "resume").returncode == 0
    farm.wait_for(lambda: farm.statuses()["j1"] == "success")
    farm.wait_for(lambda: farm.statuses()["j2"] == "claimed")
    assert farm.statuses()["j3"] == "pending", "its key is held"
    stopped = farm.run("--send", "stop_resources")
    assert stopped.returncode == 0, stopped.stdout
    assert farm.lamps() == []
    assert farm.run("--send", "release", "key:d").returncode == 0
    assert farm.run("--send", "resume").returncode == 0, "the stop has paused claims"
    farm.wait_for(lambda: farm.statuses()["j3"] == "success")
    assert farm.run("--send", "stop_run").returncode == 0
    run.communicate(timeout=30)
    assert run.returncode == 130


def test_a_busy_provider_postpones_inside_the_pass(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a raise:busy", "j1 b")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.statuses() == {"j0": "retrying", "j1": "success"})
    assert farm.jobs()["j0"].attempts == 0
    _stop(farm, run)


def _worker(farm: ToyFarm, job: str) -> int:
    found = next(event for event in farm.events("worker_job") if event["job"] == job)
    return int(found["worker"])


def _state(farm: ToyFarm) -> str:
    return str(json.loads((farm.work_dir / "run" / "status.json").read_text())["state"])


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _stop(farm: ToyFarm, run: subprocess.Popen[str]) -> None:
    assert farm.run("--stop-all").returncode == 0
    run.communicate(timeout=30)
    assert (farm.lamps(), farm.processes()) == ([], [])


@pytest.mark.parametrize("grows", [True, False])
def test_jobs_that_were_added_to_the_source_join_the_next_run_of_a_trade_that_grows(
    tmp_path: Path, grows: bool
) -> None:
    farm = ToyFarm(tmp_path, "job-0 anna")
    if grows:
        (tmp_path / "grows").touch()
    assert farm.run("--run", "--workers", "1").returncode == 0
    write_jobs(tmp_path, "job-0 anna", "job-1 bert")
    assert farm.run("--run", "--workers", "1").returncode == 0
    assert farm.done() == (["job-0", "job-1"] if grows else ["job-0"])
