"""Stopping single phones on a farm, while a run works with them and without one."""

from __future__ import annotations

from pathlib import Path

from engine.jobs import JobStatus
from engine.workloads.base import WorldContext
from engine.workloads.post_reel import PostReel
from tests.e2e.farm_day import QUICK, FarmDay

SLOW_STEPS = f"{QUICK}app_step = [40, 60]\n"
"""A worker is long enough at a job for an operator to act."""
REMOTE = '[[faults.script]]\nkind = "stop_remote"\naccount = "acct001"\n'


def on(day: FarmDay) -> list[str]:
    """Phones that the provider says are on, whoever started them."""
    context = WorldContext(settings=day.settings, work_dir=day.work_dir)
    states = PostReel(context).resources(ask=True)
    return [state.label for state in states if state.state in ("starting", "started")]


def test_a_working_phone_is_stopped_and_its_job_done_after_the_resume(tmp_path: Path) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 2, "--workers", 2, "--time-scale", 100, delays=SLOW_STEPS,
        GEELARK_POSTING__POLL_SECONDS="0.3",  # a touch has time to act before it is repeated
    )  # fmt: skip
    with day.served():
        run = day.start("--run")
        day.wait_for(lambda: day.in_state("JOB_RUNNING") and len(day.phones_on()) == 2)
        assert day.run("--stop-resources", "acct001") == 0
        assert "phone acct001: stopped seen shut down" in day.output
        assert "acct001" not in day.phones_on()
        (job,) = [job for job in day.jobs().values() if job.account == "acct001"]
        assert (job.status, job.attempts) == (JobStatus.PENDING, 0)
        assert f"job {job.job_id}: given back, the attempt is not counted" in day.output
        assert len(list((day.work_dir / "run" / "receipts").iterdir())) == 1
        assert day.run("--send", "resume") == 0
        assert run.wait(90) == 0
        assert day.left_behind() == {}
        assert day.compare()["published"] == 2


def test_a_phone_that_refuses_to_stop_is_named(tmp_path: Path) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 1, "--workers", 1, "--time-scale", 200, farm=REMOTE,
        delays=f"{SLOW_STEPS}busy = 1e6\n", GEELARK_PHONES__STOP_TRIES="2",
    )  # fmt: skip
    with day.served():
        run = day.start("--run")
        day.wait_for(lambda: day.in_state("JOB_RUNNING"))
        assert day.run("--stop-resources") == 1
        assert "phone acct001: COULD NOT BE STOPPED" in day.output
        assert "NOT OFF: acct001" in day.output
        assert day.phones_on() == ["acct001"]
        assert day.run("--stop-all") == 1
        run.wait(60)


def test_a_phone_of_somebody_else_is_stopped_when_it_is_named(tmp_path: Path) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 1, "--workers", 1, "--time-scale", 200,
        "--foreign-phones", 2,
    )  # fmt: skip
    with day.served():
        foreign, other = on(day)
        assert day.run("--stop-resources") == 0, "none of ours is on"
        assert on(day) == [foreign, other]
        assert day.run("--stop-resources", foreign, "acct9999") == 1
        assert "unknown: acct9999" in day.output
        assert on(day) == [other]
