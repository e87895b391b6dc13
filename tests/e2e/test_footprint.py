"""What a run's processes take, measured by the command that the figures come from."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_a_worker_in_mid_job_stays_below_its_memory_limit() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.footprint", "--workers=1", "--jobs=2", "--rows=500"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = dict(re.findall(r"(\w+)=([\d.]+)", done.stdout.splitlines()[-1]))
    assert 20 < float(figures["worker_mb"]) < 120
    assert float(figures["worker_start_s"]) > 0
    assert 0 < float(figures["help_cpu_s"]) < float(figures["status_cpu_s"])
