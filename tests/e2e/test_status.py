"""``--status`` of a run that lives, ended, or died; of a campaign; with nothing to ask."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.commandline.status_report import overview_json
from engine.config import Settings
from engine.insight.watch import Watch
from tests import prepared
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
def test_a_run_writes_its_forecast_from_what_its_workers_told_it(tmp_path: Path) -> None:
    """docs/status.md names the fields; a run that goes on knows what the days before took."""
    farm = ToyFarm(tmp_path, *(f"j{n} k{n} sleep:0.2 submit do" for n in range(6)), "j7 k7 hang")
    run = farm.start("--run", "--workers", "1")

    def told() -> dict[str, Any]:
        path = tmp_path / "run" / "status.json"
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return dict(found.get("forecast") or {})

    farm.wait_for(lambda: farm.events("worker_job")[6:])
    basis = {"source": "run", "attempts": 6}
    farm.wait_for(lambda: told().get("basis") == basis)  # it is worked out twice a second at most
    first = told()
    assert first["done_at"] is not None
    assert (first["jobs_left"], first["workers"], first["minutes_to_come"]) == (1, 1, 1.0)
    assert [one["workers"] for one in first["others"]] == [2]
    described = (Path(__file__).parents[2] / "docs" / "status.md").read_text(encoding="utf-8")
    assert [name for name in first if f"`{name}`" not in described] == []
    shown = farm.run("--status").stdout
    assert "1 job to go" in shown
    assert "from 6 attempts of this run" in shown
    assert "With 2 workers: " in shown
    assert farm.run("--stop-all").returncode == 0
    run.communicate(timeout=30)
    again = farm.start("--run", "--workers", "1")
    farm.wait_for(lambda: farm.events("worker_job")[7:])
    farm.wait_for(lambda: told().get("basis") == {"source": "days", "attempts": 6})
    assert farm.run("--stop-all").returncode == 0
    again.communicate(timeout=30)


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
    assert prepared.run("simulator", "new", work_dir, *options).returncode == 0
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


def test_it_shows_the_figures_that_a_viewer_sees_at_the_same_moment(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a", "j1 b raise:suspended", "j2 c raise:doubt", "j3 d hang")
    run = farm.start("--run", "--workers", "1")
    farm.wait_for(lambda: len(farm.events("outcome")) >= 3 and farm.events("worker_job")[3:])
    farm.run("--send", "pause")
    steady = {"updated_at", "workers", "money"}

    def figures(report: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in report.items() if name not in steady}

    def status() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(farm.run("--status", "--json").stdout)
        return found

    def same() -> bool:
        viewer = Watch(tmp_path, Settings.load(tmp_path, overrides={"run.workers": 1}))
        before = figures(overview_json(viewer.refresh().overview))
        assert before["word"] == "PAUSED", "the order is on disk before it is answered"
        told = json.loads(farm.run("--status", "--workers", "1", "--json").stdout)["overview"]
        return before == figures(told) == figures(overview_json(viewer.refresh().overview))

    farm.wait_for(same)

    def at_work() -> bool:
        (worker,) = status()["overview"]["workers"]
        return bool(worker["state"] == "job")

    farm.wait_for(at_work)
    seen = status()
    assert seen["overview"]["word"] == "PAUSED"
    assert seen["overview"]["by_status"]["success"] == seen["ledger"]["success"] == 1
    assert seen["overview"]["in_doubt"] == seen["ledger"]["in_doubt"] == 1
    assert seen["run"]["paused"] is True
    (worker,) = seen["overview"]["workers"]
    assert (worker["job_id"], worker["failed"]) == ("j3", 2)
    assert worker["beat"] is not None
    shown = farm.run("--status").stdout
    assert "State: PAUSED" in shown
    assert "1 key needs a person: b suspended" in shown
    assert "failed for good: 2" in shown
    assert farm.run("--stop-all").returncode == 0
    run.communicate(timeout=30)
    ended = json.loads(farm.run("--status", "--json").stdout)["overview"]
    assert (ended["word"], ended["live"]) == ("NO RUN", False)
    assert "ended stopped" in ended["why_idle"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_watching_tells_every_change_as_one_object_until_it_is_interrupted(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a until:go", "j1 b")
    assert farm.run("--seed-only").returncode == 0
    viewer = farm.start("--status", "--watch", "--json")
    assert viewer.stdout is not None
    first = json.loads(viewer.stdout.readline())
    assert (first["event"], first["schema"], first["overview"]["word"]) == ("change", 1, "NO RUN")
    run = farm.start("--run", "--workers", "1")
    for word, then in (("RUNNING", (tmp_path / "go").touch), ("NO RUN", run.wait)):
        while json.loads(viewer.stdout.readline())["overview"]["word"] != word:
            assert viewer.poll() is None
        then()
    viewer.send_signal(signal.SIGINT)
    rest, err = viewer.communicate(timeout=30)
    assert (viewer.returncode, err) == (0, "")
    assert all(json.loads(line)["event"] == "change" for line in rest.splitlines())
    run.communicate(timeout=30)


def test_watching_ends_when_nobody_reads_any_more_and_goes_with_status_only(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    viewer = farm.start("--status", "--watch")
    assert viewer.stdout is not None
    assert "NO RUN | no jobs" in viewer.stdout.readline()
    viewer.stdout.close()
    assert farm.run("--seed-only").returncode == 0
    assert viewer.wait(timeout=30) == 0
    refused = farm.run("--watch")
    assert refused.returncode == 1
    assert "give both" in refused.stderr
