"""A day that has cost what it may: no new work, said why, and how the operator goes on."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.toy_farm import ToyFarm


def farm_of(work_dir: Path, *jobs: str) -> ToyFarm:
    farm = ToyFarm(work_dir, *jobs)
    set_limit(farm, "10.0")
    return farm


def set_limit(farm: ToyFarm, usd: str) -> None:
    path = farm.work_dir / "geelark.toml"
    lines = [line for line in path.read_text().splitlines() if "usd_per_day" not in line]
    path.write_text("\n".join([lines[0], f"usd_per_day = {usd}", *lines[1:]]) + "\n")


def spend(farm: ToyFarm, usd: str) -> None:
    part = farm.work_dir / "spent.part"
    part.write_text(usd)
    part.replace(farm.work_dir / "spent")


def status(farm: ToyFarm) -> dict[str, Any]:
    shown = farm.run("--status", "--json")
    assert shown.returncode == 0, shown.stderr
    found: dict[str, Any] = json.loads(shown.stdout)
    return found


def test_at_the_limit_claims_pause_jobs_at_work_finish_and_a_resume_holds_for_the_day(
    tmp_path: Path,
) -> None:
    farm = farm_of(tmp_path, "j0 a until:go submit do", "j1 b")
    spend(farm, "8.5")
    run = farm.start("--workers", "1", "--run")
    farm.wait_for(lambda: farm.events("money_warning") and farm.events("worker_job"))
    assert farm.events("alarm") == []
    spend(farm, "10.25")
    farm.wait_for(lambda: farm.events("alarm"))
    (tmp_path / "go").touch()
    farm.wait_for(lambda: farm.statuses()["j0"] == "success")

    # The status is at most two seconds old: the worker may still show the job that it had.
    farm.wait_for(lambda: status(farm)["overview"]["why_idle"])
    shown = status(farm)
    spent = "about $10.25 of $10.00 is spent today"
    why = shown["overview"]["why_idle"]
    assert why.startswith("Claims are paused by the daily money limit since ")
    assert why.endswith(f": {spent}.")
    assert (shown["run"]["paused_by"], shown["run"]["paused_why"]) == (
        "the daily money limit",
        spent,
    )
    (line,) = [one for one in shown["overview"]["attention"] if one["level"] == "alarm"]
    assert line["id"] == "money"
    assert "no new claims until tomorrow, a higher limit or resume" in line["text"]
    assert farm.statuses()["j1"] == "pending"

    assert farm.run("--send", "resume").returncode == 0
    out, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (0, "")
    assert set(farm.statuses().values()) == {"success"}
    (alarm,) = [line for line in out.splitlines() if line.startswith("ALARM")]
    told = f"The daily money limit is reached: {spent} (lamps $0.00, calls $10.25)."
    assert told in alarm
    warning = "Money: about $8.50 of $10.00 is spent today (lamps $0.00, calls $8.50)"
    assert f"{warning}; claims pause at the limit." in out


def test_a_limit_that_is_raised_while_the_run_is_live_lets_it_go_on(tmp_path: Path) -> None:
    farm = farm_of(tmp_path, "j0 a", "j1 b")
    spend(farm, "10")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("alarm"))
    set_limit(farm, "20")
    out, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (0, "")
    assert sorted(farm.done()) == ["j0", "j1"]
    order = [e["event"] for e in farm.events() if e["event"] in ("limit_changed", "limit_lifted")]
    assert order == ["limit_changed", "limit_lifted"]
    assert "Daily money limit: $20.00." in out


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_the_pause_outlives_the_run_and_ends_with_the_day(tmp_path: Path) -> None:
    farm = farm_of(tmp_path, "j0 a")
    spend(farm, "10")
    run = farm.start("--run")
    farm.wait_for(lambda: farm.events("alarm"))
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=60)
    path = tmp_path / "run" / "control.json"
    kept = json.loads(path.read_text())
    assert kept["paused"]
    path.write_text(json.dumps(kept | {"limit_day": "2026-01-01"}))  # it was another day's
    spend(farm, "0")
    again = farm.run("--run")
    assert again.returncode == 0, again.stderr
    assert farm.done() == ["j0"]
    assert not json.loads(path.read_text())["paused"]
