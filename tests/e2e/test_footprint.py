"""What a run's processes take, measured by the command that the figures come from."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.footprint import TARGETS


def test_worker_and_supervisor_stay_below_their_memory_and_each_figure_is_told() -> None:
    short = ("--workers=1", "--jobs=4", "--rows=500", "--times=1", "--idle=2")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.footprint", *short],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    figures = {name: float(text) for name, text in re.findall(r"(\w+)=([\d.]+)", last)}
    assert 20 < figures["worker_mb"] < TARGETS["worker_mb"]
    assert 20 < figures["supervisor_idle_mb"] < TARGETS["supervisor_idle_mb"]
    assert 0 < figures["worker_start_s"] < figures["first_claim_s"]
    assert 0 < figures["help_cpu_s"] < figures["status_cpu_s"]
    told = TARGETS.keys() - ({"first_paint_s"} if sys.platform == "win32" else set())
    assert figures.keys() >= told
