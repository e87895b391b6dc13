"""A run whose number of workers follows the host; how busy that is meanwhile does not matter."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.toy_farm import ToyFarm

SCALED = "\n[host]\nscaling = true\nsample_seconds = 1\ncool_down_seconds = 0\n"


def test_a_scaled_run_begins_with_one_worker_and_tells_of_every_other(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, *(f"job-{n} anna" for n in range(4)), settings=SCALED)
    ended = farm.run("--run", "--workers", "3")
    assert ended.returncode == 0, ended.stderr
    assert sorted(farm.done()) == [f"job-{n}" for n in range(4)]
    started = [event["worker"] for event in farm.events("worker_started")]
    added = [event["worker"] for event in farm.events("scaled") if event["cause"] == "room"]
    assert started[0] == 0
    assert set(started[1:]) <= set(added)
    status = json.loads((tmp_path / "run" / "status.json").read_text(encoding="utf-8"))
    assert status["scaling"]["leaving"] == []
    assert "memory_used" in status["scaling"]
    assert farm.processes() == []
