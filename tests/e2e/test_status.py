"""``--status`` of a run that lives, ended, or died; of a campaign; with nothing to ask."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.toy_farm import ToyFarm
from tests.farm import served


def test_it_tells_what_is_paused_and_held_in_a_live_run(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang", "j1 b")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    farm.run("--send", "pause")
    farm.run("--send", "hold", "key:b")

    def kept() -> bool:
        status = json.loads((tmp_path / "run" / "status.json").read_text())
        return bool(status["paused"] and status["held"]["keys"])

    farm.wait_for(kept)
    shown = farm.run("--status").stdout
    assert "running, pass 1/3" in shown
    assert "Claims are paused" in shown
    assert "Held keys: b" in shown
    assert ": lit, ours" in shown
    assert farm.run("--stop-all").returncode == 0
    run.communicate(timeout=30)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_it_tells_how_the_last_run_ended(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("worker_job"))
    run.send_signal(signal.SIGKILL)
    run.communicate()
    dead = farm.run("--status")
    assert dead.returncode == 0
    assert "No run is live." in dead.stdout
    assert "did not end by itself" in dead.stdout
    (tmp_path / "jobs.txt").write_text("unused u\n")
    assert farm.run("--stop-all").returncode == 0
    assert farm.run("--skip", "j0").returncode == 0
    assert farm.run("--run").returncode == 0
    assert "all_complete" in farm.run("--status").stdout


def test_a_campaigns_phones_are_told_from_others_and_a_look_makes_no_file(tmp_path: Path) -> None:
    work_dir = tmp_path / "w"
    options = ("--accounts", "2", "--campaign", "spring", "--foreign-phones", "1")
    subprocess.run([sys.executable, "-m", "simulator", "new", str(work_dir), *options], check=True)
    farm = ToyFarm.at(work_dir)
    assert farm.run("--campaign", "spring", "--seed-only").returncode == 0
    files = sorted(path.name for path in work_dir.rglob("*"))
    with served(work_dir):
        report = json.loads(farm.run("--campaign", "spring", "--status", "--json").stdout)
        shown = farm.run("--campaign", "spring", "--status").stdout
    assert [state["in_campaign"] for state in report["resources"]] == [False]
    assert "not started by us, not of this campaign" in shown
    unreachable = farm.run("--campaign", "spring", "--status")
    assert unreachable.returncode == 0
    assert "phones: unknown" in unreachable.stdout
    assert "total 2, pending 2" in unreachable.stdout
    made = {path.name for path in (work_dir / "run").rglob("*")} - set(files)
    assert made <= {"api_budget.json", "api_budget.lock"}, "the provider's limit counts every call"
