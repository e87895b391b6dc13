"""``--json``: every line of standard output is one JSON object that says what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.toy_farm import ToyFarm

LEDGER_KEYS = {"total", "pending", "claimed", "success", "failed", "skipped", "retrying"}


def objects(farm: ToyFarm, *flags: str, exit_code: int = 0) -> list[dict[str, Any]]:
    result = farm.run(*flags, "--json")
    assert result.returncode == exit_code, result.stderr
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert found, result.stderr
    assert all(isinstance(entry, dict) and entry["event"] for entry in found)
    return found


def only(farm: ToyFarm, *flags: str, exit_code: int = 0) -> dict[str, Any]:
    found = objects(farm, *flags, exit_code=exit_code)
    assert len(found) == 1
    return found[0]


def test_every_command_of_a_day(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a", "j1 b raise:suspended", "j2 c submit raise:adb")
    empty = only(farm, "--status")
    assert (empty["event"], empty["schema"], empty["run"]) == ("status", 1, None)
    assert empty["ledger"]["exists"] is False

    seeded = only(farm, "--seed-only")
    assert (seeded["event"], seeded["seeded"]) == ("seeded", 3)
    assert seeded["plan"][0] == {"job": "j0", "key": "a", "video": ""}

    run = objects(farm, "--run", exit_code=1)
    assert run[0]["event"] == "run_started"
    assert all(entry.get("ts") for entry in run if entry["event"] not in ("result", "progress"))
    result = run[-1]
    assert (result["event"], result["result"]) == ("result", "only_non_retryable")
    assert result["exit_code"] == 1
    assert {"summary", "totals", "resource", "minutes"} <= set(result)

    status = only(farm, "--status")
    assert set(status["ledger"]) >= LEDGER_KEYS
    assert sum(status["ledger"][key] for key in LEDGER_KEYS - {"total"}) == 3
    assert status["last_run"]["result"] == "only_non_retryable"

    posted = only(farm, "--mark-posted", "j2")
    assert posted.pop("id")
    assert posted == {
        "event": "mark_posted",
        "ok": True,
        "results": {"j2": "marked posted"},
        "changed": ["j2"],
        "detail": "mark_posted: 1 of 1 jobs.",
    }
    assert only(farm, "--retry-all-failed") == {
        "event": "requeued",
        "jobs": [],
        "left": {"account": 1},
    }
    assert only(farm, "--skip", "j1")["changed"] == ["j1"]
    exported = only(farm, "--export", str(tmp_path / "day.csv"))
    assert exported == {"event": "exported", "jobs": 3, "path": str(tmp_path / "day.csv")}
    stopped = only(farm, "--stop-all")
    assert (stopped["event"], stopped["exit_code"], stopped["released"]) == ("stop_all", 0, [])
    reset = only(farm, "--reset-day")
    assert reset["event"] == "day_reset"
    assert Path(reset["archive"]).exists()
    assert reset["totals"]["total"] == 3


def test_a_live_run_answers_and_is_stopped_as_json(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a hang")
    run = farm.start("--run", "--json")
    farm.wait_for(lambda: farm.events("worker_job"))
    answer = only(farm, "--send", "pause")
    assert (answer["event"], answer["name"], answer["ok"]) == ("command_answered", "pause", True)
    refused = only(farm, "--send", "stop_worker", "9", exit_code=1)
    assert refused["ok"] is False
    status = only(farm, "--status")
    assert status["run"]["pid"] == run.pid
    assert status["workers"][0]["job"] == "j0"
    said = [json.loads(line) for line in farm.run("--stop-all", "--json").stdout.splitlines()]
    seen = [(event["state"], event["resource"]) for event in said[:-1]]
    assert seen == [("stopping", "lamp 0"), ("off", "lamp 0")]
    assert {event["event"] for event in said[:-1]} == {"command_progress"}
    stopped = said[-1]
    assert (stopped["event"], stopped["ok"], stopped["run_stopped"]) == ("stop_all", True, True)
    assert stopped["detail"] == "1 of 1 seen off; 1 job told to end first."
    assert stopped["jobs"] == {"j0": "given back, the attempt is not counted"}
    assert [(one["label"], one["off"]) for one in stopped["resources"]] == [("lamp 0", True)]
    assert json.loads(Path(stopped["receipt"]).read_text())["ok"] is True
    out, _ = run.communicate(timeout=30)
    assert [json.loads(line)["event"] for line in out.splitlines()][-1] == "result"


def test_an_export_replaces_an_export_and_nothing_else(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "j0 a")
    assert farm.run("--run").returncode == 0
    before = farm.ledger_path.read_bytes()
    for target in (farm.ledger_path, tmp_path / "jobs.txt"):
        refused = farm.run("--export", str(target))
        assert refused.returncode == 1
        assert "name another file" in refused.stderr
    assert farm.ledger_path.read_bytes() == before
    for _ in range(2):
        assert farm.run("--export", str(tmp_path / "day.csv")).returncode == 0
    missing = farm.run("--export", str(tmp_path / "nowhere" / "day.csv"))
    assert missing.returncode == 1
    assert len(missing.stderr.splitlines()) == 1
