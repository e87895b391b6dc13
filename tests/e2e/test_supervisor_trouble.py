"""What may befall a supervisor in mid-run; nothing of ours outlives it (behaviour A12.7)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.e2e.toy_farm import ROOT, ToyFarm

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and file modes")


def live(
    farm: ToyFarm, *flags: str, jobs: int = 2, submitted: bool = False
) -> tuple[subprocess.Popen[str], list[int]]:
    """A run with jobs in hand; its process and those of its workers."""
    run = farm.start("--workers", str(jobs), "--run", *flags)
    farm.wait_for(lambda: len(farm.events("worker_job")) >= jobs)
    if submitted:
        farm.wait_for(lambda: farm.events("worker_submitted"))
    return run, [event["pid"] for event in farm.events("worker_hello")]


def alive(pids: list[int]) -> list[int]:
    found = []
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def one_sentence(run: subprocess.Popen[str]) -> str:
    """What a run says when it fails, after which nothing of it lives."""
    _, complaint = run.communicate(timeout=60)
    assert run.returncode == 1, complaint
    assert "Traceback" not in complaint
    assert len(complaint.splitlines()) == 1
    return complaint


def test_a_ledger_that_goes_in_mid_run_ends_it_loudly_and_cleanly(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang", "j1 b hang")
    run, workers = live(farm)
    kept = farm.ledger_path.rename(tmp_path / "moved.csv")
    complaint = one_sentence(run)
    assert "parallel_progress.csv" in complaint
    assert (alive(workers), farm.lamps(), farm.processes()) == ([], [], [])
    assert farm.events("run_failed")
    kept.rename(farm.ledger_path)
    assert farm.run("--stop-all").returncode == 0
    assert set(farm.statuses().values()) == {"pending"}


def test_a_ledger_emptied_in_mid_run_is_no_finished_day(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang")
    run, workers = live(farm, jobs=1)
    header = farm.ledger_path.read_text().splitlines()[0]
    farm.ledger_path.write_text(header + "\n")
    assert "lost its jobs" in one_sentence(run)
    assert (alive(workers), farm.lamps()) == ([], [])


@pytest.mark.parametrize("half", [0, 30], ids=["empty", "in the middle of its header"])
def test_a_ledger_that_is_just_being_saved_ends_no_run(tmp_path: Path, half: int) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go submit do")
    run, _ = live(farm, jobs=1)
    content = farm.ledger_path.read_bytes()
    farm.ledger_path.write_bytes(content[:half])
    farm.wait_for(lambda: any("looked at again" in e["text"] for e in farm.events("alarm")))
    farm.ledger_path.write_bytes(content)
    (tmp_path / "go").touch()
    out, complaint = run.communicate(timeout=60)
    assert (run.returncode, complaint) == (0, ""), out
    assert farm.statuses() == {"j0": "success"}


def test_a_run_outlives_its_run_directory(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} until:go submit do" for n in range(4)))
    run, workers = live(farm)
    (tmp_path / "run").rename(tmp_path / "gone")  # whole and at once, whatever is being written
    (tmp_path / "go").touch()
    run.communicate(timeout=60)
    assert run.returncode == 0
    assert set(farm.statuses().values()) == {"success"}
    assert (alive(workers), farm.lamps()) == ([], [])


HOLDER = """
import portalocker, sys
with open(sys.argv[1], "a") as file:
    portalocker.lock(file, portalocker.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


@POSIX
def test_a_ledger_held_by_another_program_is_waited_for(tmp_path: Path) -> None:
    farm = ToyFarm(
        tmp_path,
        "j0 a hang",
        "j1 b until:go submit do",
        settings="\n[ledger]\nlock_timeout_seconds = 0.3\n",
    )
    run, _ = live(farm)
    lock = farm.ledger_path.with_name(farm.ledger_path.name + ".lock")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        hanging = next(e["worker"] for e in farm.events("worker_job") if e["job"] == "j0")
        pid = next(e["pid"] for e in farm.events("worker_hello") if e["worker"] == hanging)
        os.kill(pid, signal.SIGKILL)
        log = tmp_path / "logs" / "orchestrator.log"
        farm.wait_for(lambda: "claims_not_settled" in log.read_text())
        assert run.poll() is None, "a busy ledger ends no run"
        assert farm.statuses()["j0"] == "claimed"
        other.communicate("")
    farm.wait_for(lambda: farm.events("claim_settled"))
    (tmp_path / "go").touch()
    farm.wait_for(lambda: farm.statuses()["j1"] == "success")
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=30)
    assert farm.statuses() == {"j0": "pending", "j1": "success"}


@POSIX
def test_two_stops_end_with_status_one_and_nothing_left(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit sleep:20 do", "j1 b hang")
    run, workers = live(farm, submitted=True)
    run.send_signal(signal.SIGTERM)
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=30)
    assert run.returncode == 1
    assert out.splitlines()[-1] == "Result: stopped (exit status 1)"
    assert (alive(workers), farm.lamps(), farm.processes()) == ([], [], [])
    assert farm.jobs()["j0"].in_doubt
    assert farm.statuses()["j1"] == "pending"


@POSIX
def test_a_worker_that_is_stopped_past_the_point_of_no_return_has_time_to_finish(
    tmp_path: Path,
) -> None:
    farm = ToyFarm(tmp_path, "j0 a submit sleep:2 do", "j1 b hang")
    text = (tmp_path / "geelark.toml").read_text()
    (tmp_path / "geelark.toml").write_text(
        text.replace("\nshutdown_timeout_seconds = 10", "\nshutdown_timeout_seconds = 0.5")
    )
    run, _ = live(farm, submitted=True)
    slot = farm.events("worker_submitted")[0]["worker"]
    stopped = farm.run("--send", "stop_worker", str(slot))
    assert stopped.returncode == 0, stopped.stdout
    assert farm.statuses()["j0"] == "success"
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=30)


@POSIX
def test_a_stop_that_comes_after_the_last_job_changes_no_result(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("stage_ended"))
    run.send_signal(signal.SIGTERM)
    out, _ = run.communicate(timeout=30)
    assert set(farm.statuses().values()) == {"success"}
    assert out.splitlines()[-1] in {
        "Result: all_complete (exit status 0)",
        "Result: stopped (exit status 130)",
    }


@POSIX
def test_events_that_cannot_be_written_end_no_run(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    farm = ToyFarm(tmp_path, "j0 a", "j1 b")
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / "events.jsonl").symlink_to("/dev/full")
    result = farm.run("--run")
    assert result.returncode == 0, result.stderr
    assert set(farm.statuses().values()) == {"success"}
    assert "Worker 0 started." in result.stdout


@POSIX
def test_a_disk_that_fills_in_mid_run_loses_nothing(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} submit do" for n in range(40)))
    run = subprocess.Popen(
        ["bash", "-c", 'ulimit -f 10; exec "$@"', "bash", *farm.command("--workers", "2", "--run")],
        cwd=ROOT,
        # A byte code file that is cut off by the limit would break every later start.
        env={**farm.environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    alarm = next(line for line in run.stdout if line.startswith("ALARM"))
    assert "free disk space" in alarm
    assert run.poll() is None, "it waits until there is room"
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=60)
    # Whether the last claims could be settled depends on the moment of the signal.
    assert err == "" or ("free disk space" in err and len(err.splitlines()) == 1)
    assert out.count("free disk space") <= 2, "it does not say so again and again"
    assert (farm.lamps(), farm.processes()) == ([], [])
    again = farm.run("--workers", "2", "--run", "--max-passes", "1")
    assert again.stderr == ""
    assert len(farm.done()) == len(set(farm.done())), "nothing was done twice"
    jobs = farm.jobs()
    assert {job for job in jobs if jobs[job].status == "success" or jobs[job].in_doubt} == set(jobs)
