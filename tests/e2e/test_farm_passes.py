"""Retry passes on a farm: the acceptance scenarios, what is said of them, and a restart in one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.jobs import ErrorCategory, JobStatus
from simulator.farm_file import FARM_FILE, FarmFile
from tests.e2e.farm_day import FarmDay

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
LINES = (
    "Retry Configuration:",
    "max passes: 2",
    "retry delay: 1s",
    "infra retry limit: 3",
    "retry unknown errors: yes",
    "Starting pass 1/2",
    "Ended pass 1/2: succeeded 4 of 10, failed 6 (account 3, infrastructure 3), in ",
    "Waiting 1s before next pass",
    "Starting pass 2/2",
    "Ended pass 2/2: succeeded 3 of 3, failed 0, in ",
)
"""Said in this order, on the terminal and in the supervisor's log (A8.14)."""
QUICK_STARTS = {
    "GEELARK_RUN__STAGGER_SECONDS": "0.05",
    "GEELARK_RETRY__DELAY_SECONDS": "0.2",
}
GIVEN_UP_SOON = {
    "GEELARK_PHONES__ADB_DEVICE_TIMEOUT_SECONDS": "10",
    "GEELARK_PHONES__ADB_POLL_SECONDS": "0.5",
}
"""Long enough for a phone that does come on a busy host."""


@contextmanager
def day_of(
    folder: Path, accounts: int, *options: object, faults: Sequence[str] = (), **env: str
) -> Iterator[FarmDay]:
    """A day of as many jobs as accounts; each fault strikes the first boot of another healthy
    account's phone."""
    day = FarmDay(
        folder / "W", "--accounts", accounts, "--workers", 4, "--time-scale", 300, *options,
        **QUICK_STARTS, **env,
    )  # fmt: skip
    farm = FarmFile.load(day.work_dir / FARM_FILE).accounts
    healthy = [name for name in farm.all_names() if name not in farm.states]
    with (day.work_dir / FARM_FILE).open("a", encoding="utf-8") as file:
        for name, kind in zip(healthy, faults, strict=False):
            file.write(f'[[faults.script]]\nkind = "{kind}"\naccount = "{name}"\n')
    with day.served():
        yield day


def final(day: FarmDay) -> dict[str, Any]:
    """The run's stored result (A8.16)."""
    record = json.loads((day.work_dir / "run" / "run.json").read_text(encoding="utf-8"))
    return {"result": record["result"], "run_id": record["run_id"], **record["summary"]}


def tries(day: FarmDay, category: ErrorCategory) -> list[int]:
    """How often each job was tried that ended in this category."""
    found = []
    for job_id, job in day.jobs().items():
        if job.error_category is category:
            starts = {row.claimed_at for row in day.rows_of(job_id) if row.claimed_at}
            found.append(len(starts))
    return found


def test_scenario_a_five_jobs_succeed_in_one_pass(tmp_path: Path) -> None:
    with day_of(tmp_path, 5) as day:
        assert day.run("--run") == 0
        run = final(day)
        assert (run["result"], len(run["passes"])) == ("all_complete", 1)
        assert day.compare()["success"] == 5


def test_scenario_b_suspended_accounts_are_never_tried_again(tmp_path: Path) -> None:
    with day_of(tmp_path, 5, "--suspended", 2) as day:
        assert day.run("--run") == 1
        run = final(day)
        assert (run["result"], len(run["passes"])) == ("only_non_retryable", 1)
        assert day.statuses() == {"success": 3, "failed": 2}
        assert tries(day, ErrorCategory.ACCOUNT) == [1, 1]
        assert {job.error_type for job in day.jobs().values()} == {"", "suspended"}
        assert day.compare()["published"] == 3


def test_scenario_c_adb_timeouts_are_tried_again_in_another_pass(tmp_path: Path) -> None:
    with day_of(tmp_path, 5, faults=["adb_never"] * 2, **GIVEN_UP_SOON) as day:
        assert day.run("--run") == 0
        run = final(day)
        assert run["result"] == "all_complete"
        assert [stats["total_jobs"] for stats in run["passes"]] == [5, 2]
        again = [job for job in day.jobs().values() if job.pass_number == 2]
        assert [job.attempts for job in again] == [1, 1]
        failures = [
            row.error_type
            for job in again
            for row in day.rows_of(job.job_id)
            if row.status is JobStatus.FAILED
        ]
        assert failures == ["adb_timeout"] * 2
        assert day.compare()["success"] == 5


def test_scenario_d_mixed_failures_end_with_the_right_figures_and_say_so(tmp_path: Path) -> None:
    broken = ("glogin_refused", "session_refused", "connection_dropped")
    states = ("--suspended", 1, "--logged-out", 1, "--captcha", 1)
    with day_of(tmp_path, 10, *states, faults=broken) as day:
        assert day.run("--run", "--max-passes", "2", "--retry-delay", "1") == 1
        run = final(day)
        assert run["result"] == "only_non_retryable"
        figures = ("total_jobs", "succeeded", "failed_account", "failed_infrastructure")
        assert [[stats[name] for name in figures] for stats in run["passes"]] == [
            [10, 4, 3, 3],
            [3, 3, 0, 0],
        ]
        assert tries(day, ErrorCategory.ACCOUNT) == [1, 1, 1]
        assert day.statuses() == {"success": 7, "failed": 3}
        assert day.compare()["success"] == 7
        for text in (day.output, (day.work_dir / "logs" / "orchestrator.log").read_text()):
            assert [text.index(line) for line in LINES] == sorted(map(text.index, LINES))
        assert "only_non_retryable" in day.output.splitlines()[-1]
        end = [line for line in text.splitlines() if "event=run_ended" in line]
        assert len(end) == 1
        assert all(word in end[0] for word in ("result=only_non_retryable", "passes=2", "total=10"))


@POSIX
def test_a_supervisor_killed_in_the_second_pass_goes_on_with_it(tmp_path: Path) -> None:
    with day_of(tmp_path, 3, faults=["session_refused"] * 2) as day:
        supervisor = day.start("--run")
        day.wait_for(lambda: "Starting pass 2/3" in day.output)
        first_run = day.events("run_started")[0]["run_id"]
        day.wait_for(lambda: any(e.get("state") == "JOB_RUNNING" for e in in_pass(day, 2)))
        day.kill("engine.orchestrator")
        supervisor.wait(30)
        assert day.run("--run") == 0
        run = final(day)
        assert run["run_id"] == first_run
        assert day.output.count("Starting pass 1/3") == 1
        assert [stats["pass_number"] for stats in run["passes"]] == [1, 2]
        assert [stats["total_jobs"] for stats in run["passes"]] == [3, 2]
        assert [stats["succeeded"] for stats in run["passes"]] == [1, 2]
        assert day.compare()["success"] == 3
        assert day.left_behind() == {}


def in_pass(day: FarmDay, number: int) -> list[dict[str, Any]]:
    """Events since a pass began."""
    events = day.events()
    starts = [n for n, event in enumerate(events) if event["event"] == "stage_started"]
    return events[starts[number - 1] :] if len(starts) >= number else []
