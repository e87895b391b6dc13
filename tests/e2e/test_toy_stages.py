"""Stages that are groups of jobs with an exit gate, in a trade that the engine does not know."""

from __future__ import annotations

import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.config import Settings
from engine.insight.watch import Watch
from tests.e2e.toy_farm import ToyFarm

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def rooms(work_dir: Path, *jobs: str, gates: str = "", settings: str = "") -> ToyFarm:
    farm = ToyFarm(work_dir, *jobs, settings=settings)
    (work_dir / "gates.txt").write_text(gates, encoding="utf-8")
    return farm


def status(farm: ToyFarm) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((farm.work_dir / "run" / "status.json").read_text())
    return found


def state(farm: ToyFarm) -> str:
    path = farm.work_dir / "run" / "status.json"
    return str(status(farm)["state"]) if path.exists() else ""


def test_jobs_of_a_later_stage_wait_until_the_gate_before_it_is_open(tmp_path: Path) -> None:
    farm = rooms(
        tmp_path,
        "late k0 stage:2",  # first in the file, last to be done
        "early k1 until:go submit do",
        "also k2",
        gates="1 say:windows-open until:aired\n",
    )
    run = farm.start("--workers", "2", "--run")
    farm.wait_for(lambda: farm.statuses().get("also") == "success" and status(farm)["stage"])
    farm.wait_for(lambda: status(farm)["totals"]["success"] == 1)
    told = status(farm)
    assert (told["stage"]["number"], told["stage"]["total_jobs"]) == (1, 2)
    assert (told["totals"]["pending"], told["totals"]["later"]) == (1, 1)
    assert told["totals"]["blocked"] == {}
    shown = farm.run("--status")
    assert "for a later stage: 1" in shown.stdout
    assert "blocked" not in shown.stdout
    assert farm.statuses()["late"] == "pending"
    (tmp_path / "go").touch()
    farm.wait_for(lambda: state(farm) == "airing room 1")
    assert farm.statuses()["late"] == "pending"
    (tmp_path / "aired").touch()
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, out + err
    assert farm.done() == ["also", "early", "late"]
    assert "windows-open" in out
    assert [event["text"] for event in farm.events("stage_started")] == [
        "Starting room 1",
        "Starting room 2",
    ]
    assert [event["jobs"] for event in farm.events("stage_started")] == [2, 1]


def test_what_the_plan_says_of_its_limits_opens_the_run(tmp_path: Path) -> None:
    result = rooms(tmp_path, "j0 a", gates="1 alarm:too-dark\n").run("--run")
    assert "Rooms with a gate: 1." in result.stdout
    assert "Retry Configuration" not in result.stdout
    assert "ALARM: too-dark" in result.stdout


def test_commands_are_heard_while_the_plan_is_between_two_stages(tmp_path: Path) -> None:
    farm = rooms(tmp_path, "j0 a", "j1 b stage:2", gates="1 until:aired\n")
    run = farm.start("--run")
    farm.wait_for(lambda: state(farm) == "airing room 1")
    assert "airing room 1" in farm.run("--status").stdout
    assert farm.run("--send", "hold", "key:z").returncode == 0
    assert farm.run("--skip", "j1").returncode == 0
    (tmp_path / "aired").touch()
    run.communicate(timeout=60)
    assert run.returncode == 0
    assert farm.statuses() == {"j0": "success", "j1": "skipped"}


@POSIX
def test_a_stop_between_two_stages_is_obeyed_at_once_and_the_next_run_goes_on(
    tmp_path: Path,
) -> None:
    farm = rooms(tmp_path, "j0 a", "j1 b stage:2", gates="1 until:aired\n")
    run = farm.start("--run")
    farm.wait_for(lambda: state(farm) == "airing room 1")
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=20)
    assert run.returncode == 130, out + err
    assert out.splitlines()[-1] == "Result: stopped (exit status 130)"
    assert farm.statuses() == {"j0": "success", "j1": "pending"}
    (tmp_path / "aired").touch()
    again = farm.run("--run")
    assert again.returncode == 0, again.stdout
    assert farm.done() == ["j0", "j1"]


@POSIX
def test_a_plan_that_does_not_end_when_it_is_told_is_left_behind(tmp_path: Path) -> None:
    farm = rooms(tmp_path, "j0 a", gates="1 deaf:never\n")
    run = farm.start("--run")
    farm.wait_for(lambda: state(farm) == "airing room 1")
    run.send_signal(signal.SIGTERM)
    farm.wait_for(lambda: state(farm) == "stopping")
    run.send_signal(signal.SIGTERM)
    out, _ = run.communicate(timeout=20)
    assert "does not end" in out
    assert run.returncode == 1, "it was forced"


def test_an_error_of_the_plan_ends_the_run_as_a_failure(tmp_path: Path) -> None:
    farm = rooms(tmp_path, "j0 a", "j1 b stage:2", gates="1 bug\n")
    result = farm.run("--run")
    assert result.returncode not in (0, 130)
    assert farm.events("run_failed")[0]["kind"] == "AttributeError"
    assert farm.statuses() == {"j0": "success", "j1": "pending"}


def test_a_stage_with_a_failed_job_keeps_everybody_from_the_next(tmp_path: Path) -> None:
    farm = rooms(tmp_path, "j0 a raise:suspended", "j1 b", "j2 c stage:2")
    result = farm.run("--run")
    assert result.returncode == 1
    assert "Result: stage_failed" in result.stdout.splitlines()[-1]
    assert farm.statuses() == {"j0": "failed", "j1": "success", "j2": "pending"}
    assert farm.run("--requeue", "j0").returncode == 0
    assert farm.jobs()["j0"].pass_number == 1


def test_a_requeued_job_still_belongs_to_its_own_stage(tmp_path: Path) -> None:
    farm = rooms(tmp_path, "j0 a", "j1 b stage:2 unless:mended:raise:suspended")
    assert farm.run("--run").returncode == 1
    assert farm.run("--requeue", "j1").returncode == 0
    assert farm.jobs()["j1"].pass_number == 2
    (tmp_path / "mended").touch()
    assert farm.run("--run").returncode == 0
    assert [event["text"] for event in farm.events("stage_started")][-1] == "Starting room 2"


def test_a_trade_writes_its_own_files_for_people_and_its_trouble_ends_no_run(
    tmp_path: Path,
) -> None:
    farm = rooms(tmp_path, "j0 a", "j1 b")
    assert farm.run("--run").returncode == 0
    assert (tmp_path / "published.txt").read_text() == "2 done\n"
    shut = tmp_path / "shut"
    shut.mkdir()
    farm = rooms(shut, "j0 a")
    (shut / "unpublishable").touch()
    assert farm.run("--run").returncode == 0
    assert not (shut / "published.txt").exists()
    log = (shut / "logs" / "orchestrator.log").read_text()
    assert "not_published" in log


def test_a_gate_that_does_not_open_ends_the_run_with_the_trades_own_word_and_reason(
    tmp_path: Path,
) -> None:
    farm = rooms(tmp_path, "j0 a", "j1 b stage:2", gates="1 fail:too-damp\n")
    result = farm.run("--run")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[-2:] == ["Room 1: too-damp.", "Result: gate_failed (exit status 1)"]
    assert any(line.strip() == "Rooms" for line in lines)
    assert "room 1: Room 1: too-damp." in lines
    shown = farm.run("--status").stdout
    assert "gate_failed. Room 1: too-damp." in shown
    told = json.loads(farm.run("--status", "--json").stdout)
    assert told["last_run"]["why"] == "Room 1: too-damp."
    assert "Room 1: too-damp." in told["overview"]["last_result"]
    assert told["labels"]["stage"] == "room"


def test_the_stages_of_the_last_run_keep_their_names_and_notes(tmp_path: Path) -> None:
    farm = rooms(tmp_path, "j0 a", "j1 b stage:2", "j2 c stage:3", gates="2 fail:dusty\n")
    assert farm.run("--run").returncode == 1
    settings = Settings.load(tmp_path)
    watch = Watch(tmp_path, settings)
    watch.refresh()
    passes = watch.pass_report().passes
    assert [(one.label, one.result) for one in passes] == [
        ("room 1", "aired"),
        ("room 2", "gate_failed"),
        ("room 3", "planned"),
    ]
    assert [one.note for one in passes] == ["", "Room 2: dusty.", ""]
    assert passes[-1].jobs == 1


def test_a_trade_without_a_calendar_day_goes_on_with_the_ledger_of_an_earlier_one(
    tmp_path: Path,
) -> None:
    farm = rooms(tmp_path, "j0 a", "j1 b stage:2", gates="1 fail:shut\n")
    assert farm.run("--run").returncode == 1
    path = farm.ledger_path
    year = f"{datetime.now(UTC):%Y}"
    path.write_text(path.read_text().replace(f",{year}-", ",2020-"), encoding="utf-8")
    (tmp_path / "gates.txt").write_text("", encoding="utf-8")
    assert "is of 2020-" in farm.run("--run").stderr
    (tmp_path / "undated").touch()
    again = farm.run("--run")
    assert again.returncode == 0, again.stderr
    assert farm.done() == ["j0", "j1"]
