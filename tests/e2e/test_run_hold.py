"""What only a person can put right holds the run: no job is to blame, none loses an attempt."""

from __future__ import annotations

import json
from pathlib import Path

from engine.jobs import JobStatus
from tests.e2e.toy_farm import ToyFarm


def test_a_run_that_needs_a_person_pauses_with_the_reason_and_goes_on_when_resumed(
    tmp_path: Path,
) -> None:
    work = "unless:logged-in:raise:hold"
    farm = ToyFarm(tmp_path, *(f"job-{n} key-{n} {work} submit do" for n in range(3)))
    run = farm.start("--run", "--workers", "2")
    farm.wait_for(lambda: farm.events("alarm"))
    assert farm.events("alarm")[0]["text"] == (
        "Nobody is logged in. Claims are paused; resume to go on."
    )
    status = json.loads(farm.run("--status", "--json").stdout)["run"]
    assert (status["paused"], status["paused_why"]) == (True, "Nobody is logged in")

    (tmp_path / "logged-in").touch()
    assert farm.run("--send", "resume").returncode == 0
    assert run.wait(60) == 0
    assert sorted(farm.done()) == ["job-0", "job-1", "job-2"]
    assert {job.attempts for job in farm.jobs().values()} == {0}


def test_a_hold_ends_with_its_run(tmp_path: Path) -> None:
    farm = ToyFarm(tmp_path, "job-0 anna unless:logged-in:raise:hold submit do")
    first = farm.start("--run", "--workers", "1")
    farm.wait_for(lambda: farm.events("alarm"))
    first.terminate()
    first.wait(60)
    (tmp_path / "logged-in").touch()
    assert farm.run("--run", "--workers", "1").returncode == 0
    assert farm.done() == ["job-0"]


def test_a_run_for_which_nothing_can_be_done_ends_with_the_reason_and_keeps_its_jobs(
    tmp_path: Path,
) -> None:
    farm = ToyFarm(tmp_path, *(f"job-{n} key-{n} raise:ruin" for n in range(3)))
    ended = farm.run("--run", "--workers", "2")
    assert ended.returncode == 1
    assert "What all jobs need is broken." in ended.stderr
    assert "Traceback" not in ended.stderr
    assert {job.status for job in farm.jobs().values()} == {JobStatus.PENDING}
    assert farm.processes() == []
