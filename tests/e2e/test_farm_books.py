"""What costs money is kept apart from the run directory, which operators delete."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.farm_day import QUICK, FarmDay


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be deleted there")
def test_a_run_directory_deleted_in_mid_run_leaves_no_phone_on(tmp_path: Path) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 2, "--workers", 2, "--time-scale", 200,
        delays=f"{QUICK}publish = [200, 200]\n",
    )  # fmt: skip
    with day.served():
        run = day.start("--run")
        day.wait_for(lambda: len(day.phones_on()) == 2)
        # In one step: nothing new can be written into it while it goes.
        (day.work_dir / "run").rename(tmp_path / "gone")
        shutil.rmtree(tmp_path / "gone")
        run.wait(60)
        day.run("--run")
        assert day.statuses() == {"success": 2}, day.output
        assert day.left_behind() == {}
        assert day.compare()["phones_on"] == 0
