"""A small day over the real adb and the real Appium: the farm's demo, with two phones failing."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from simulator.serve import RunningFarm
from tests.appium_farm import need_appium
from tests.e2e.farm_day import FarmDay

FAULTS = """
[[faults.script]]
kind = "connection_dropped"
account = "acct001"

[[faults.script]]
kind = "session_lost"
account = "acct002"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX processes")
@pytest.mark.timeout(240)
def test_a_day_over_real_adb_and_appium_ends_as_the_truth_has_it(tmp_path: Path) -> None:
    need_appium()
    day = FarmDay(
        tmp_path / "W", "--appium", "--accounts", 3, "--workers", 3, "--time-scale", 40,
        "--infrastructure", 0, farm=FAULTS,
    )  # fmt: skip
    with day.served():
        assert day.run("--run", timeout=180) == 0, day.output
        assert day.statuses() == {"success": 3}
        failed = {job.error_type for job_id in day.jobs() for job in day.rows_of(job_id)}
        assert "connection_dropped" in failed
        figures = day.compare()
        zeros = ("double_posts", "lost", "in_doubt", "phones_on")
        assert {name: figures[name] for name in zeros} == dict.fromkeys(zeros, 0)
        assert (figures["published"], figures["success"]) == (3, 3)
        assert RunningFarm(day.work_dir).unknown_commands() == []
        assert day.processes() == []
        assert ours(day) == []


def ours(day: FarmDay) -> list[str]:
    """Adb servers and Appium servers on the day's ports that still run."""
    settings = day.settings
    ports = [f"tcp:{settings.get_adb_server_port(worker)}" for worker in range(3)]
    ports += [str(settings.get_appium_port(worker)) for worker in range(3)]
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [" ".join(line) for line in lines if any(port in line for port in ports)]
