"""A worker that stands still with its phone on: the phone goes off, the day goes on."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.e2e.farm_day import QUICK, FarmDay


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_the_phone_of_a_worker_that_stands_still_is_stopped_and_its_job_is_done_later(
    tmp_path: Path,
) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 1, "--workers", 1, "--time-scale", 100,
        delays=f"{QUICK}app_step = [40, 60]\n",
        GEELARK_RUN__WORKER_SILENT_SECONDS="4",
        GEELARK_RUN__SHUTDOWN_TIMEOUT_SECONDS="0.5",
    )  # fmt: skip
    with day.served():
        run = day.start("--run")
        day.wait_for(lambda: day.in_state("JOB_RUNNING") and day.phones_on())
        (worker,) = day.processes("engine.worker")
        os.kill(worker.pid, signal.SIGSTOP)
        day.wait_for(lambda: "gave no sign of life" in day.output and not day.phones_on())
        assert run.wait(90) == 0
        assert "gave no sign of life" in day.output
        assert day.left_behind() == {}
        found = day.compare()
        assert (found["published"], found["double_posts"]) == (1, 0)
