"""A farm in a process of its own, for tests that post on it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from engine.jobs import Job, JobStatus
from simulator.farm_file import FARM_FILE
from simulator.serve import RunningFarm
from tests import prepared

STANDARD_ERROR = 2


def new_farm(work_dir: Path, *options: object, farm: str = "") -> list[Job]:
    """Make a work directory; ``farm`` is TOML added to its farm file.

    Returns its jobs with an account each, claimed by worker 0.
    """
    made = prepared.run("simulator", "new", work_dir, *options)
    assert made.returncode == 0, made.stderr
    with (work_dir / FARM_FILE).open("a", encoding="utf-8") as file:
        file.write("\n" + farm)
    accounts = (work_dir / "accounts.txt").read_text(encoding="utf-8").split()
    state = json.loads((work_dir / "scheduler_state.json").read_text(encoding="utf-8"))
    return [
        Job(
            job_id=job["id"],
            account=account,
            video_path=job["video_path"],
            caption=job["caption"],
            status=JobStatus.CLAIMED,
            worker_id="0",
        )
        for account, job in zip(accounts, state["jobs"], strict=False)
    ]


@contextlib.contextmanager
def served(work_dir: Path) -> Iterator[RunningFarm]:
    """The farm of a work directory, running in a process of its own."""
    told, tells = os.pipe()
    with os.fdopen(told, "rb") as said:
        farm = prepared.start(
            "simulator", "serve", work_dir, env=os.environ, out=tells, err=STANDARD_ERROR
        )
        os.close(tells)
        assert b"listens on" in said.readline()
        try:
            yield RunningFarm(work_dir)
        finally:
            farm.end()
