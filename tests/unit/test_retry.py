from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.config import Settings
from engine.jobs import Claim, ErrorCategory, Failure, Job, JobStatus, NewJob, Nothing
from engine.progress import ProgressTracker
from engine.retry import PassResult, RetryConfig, RetryPassManager, is_retryable

RUN = "run-1"
CATEGORIES = ("account", "content", "infrastructure", "internal", "in_doubt", "unknown")


def make_ledger(path: Path, count: int, run_id: str = RUN) -> ProgressTracker:
    ledger = ProgressTracker(path, settings=Settings(), run_id=run_id)
    jobs = [
        NewJob(job_id=f"j{n}", account=f"a{n}", video_path=f"{n}.mp4", caption="")
        for n in range(count)
    ]
    ledger.seed(lambda _known: jobs)
    return ledger


def failure(category: str) -> Failure:
    return Failure(error=f"{category} went wrong", category=ErrorCategory(category), error_type="")


def work(ledger: ProgressTracker, outcome: Callable[[Job], str]) -> None:
    """Do what one worker does until nothing is left; ``outcome`` names success or a category."""
    while not isinstance(claim := ledger.claim("0"), Nothing):
        finish(ledger, claim, outcome(claim.job))


def finish(ledger: ProgressTracker, claim: Claim, outcome: str) -> None:
    if outcome == "success":
        ledger.succeed(claim)
    elif outcome != "leave":
        ledger.fail(claim, failure(outcome))


def test_a_pass_tries_again_only_what_may_be_tried_again(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 6)
    manager = RetryPassManager(ledger, RetryConfig(), run_id=RUN)
    assert manager.start_new_pass() == 1
    work(ledger, lambda job: CATEGORIES[int(job.job_id[1:])])
    assert manager.end_pass() is PassResult.RETRYABLE_REMAINING
    assert manager.start_new_pass() == 2
    pending = {job.job_id for job in ledger.jobs().values() if job.status is JobStatus.PENDING}
    assert pending == {"j2", "j5"}, "infrastructure and unknown"
    work(ledger, lambda _job: "success")
    assert manager.end_pass() is PassResult.ONLY_NON_RETRYABLE


def test_all_complete_needs_every_job_done_or_skipped(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 3)
    ledger.skip(["j2"])
    manager = RetryPassManager(ledger, run_id=RUN)
    manager.start_new_pass()
    work(ledger, lambda _job: "success")
    assert manager.end_pass() is PassResult.ALL_COMPLETE


@pytest.mark.parametrize(
    ("category", "config", "passes", "result"),
    [
        ("infrastructure", {}, 3, "only_non_retryable"),
        ("infrastructure", {"infrastructure_retry_limit": 9}, 3, "max_passes_reached"),
        ("infrastructure", {"max_passes": 1}, 1, "max_passes_reached"),
        ("unknown", {}, 2, "only_non_retryable"),
        ("unknown", {"unknown_error_is_retryable": False}, 1, "only_non_retryable"),
        ("unknown", {"retry_unknown_errors": False}, 1, "only_non_retryable"),
        ("account", {}, 1, "only_non_retryable"),
    ],
)
def test_a_job_that_always_fails_ends_the_run_at_its_limit(
    tmp_path: Path, category: str, config: dict[str, int], passes: int, result: str
) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 1)
    plan = RetryPassManager(ledger, RetryConfig.model_validate(config), run_id=RUN)
    stages = 0
    for _stage in plan:
        stages += 1
        work(ledger, lambda _job: category)
    assert (stages, plan.result) == (passes, result)


def test_jobs_that_no_worker_got_to_are_taken_into_the_next_pass(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 3)
    plan = RetryPassManager(ledger, RetryConfig(max_passes=2), run_id=RUN)
    totals = [stage.total_jobs for stage in plan]
    assert totals == [3, 3]
    assert plan.result == "max_passes_reached"
    assert plan.stats()[2].unprocessed == 3


def test_blocked_jobs_neither_keep_a_run_alive_nor_count_as_done(tmp_path: Path) -> None:
    ledger = ProgressTracker(tmp_path / "l.csv", settings=Settings(), run_id=RUN)
    ledger.seed(
        lambda _known: [
            NewJob(job_id="j0", account="a", video_path="0.mp4", caption=""),
            NewJob(job_id="j1", account="", video_path="1.mp4", caption=""),
            NewJob(job_id="j2", account="a", video_path="2.mp4", caption=""),
        ]
    )
    plan = RetryPassManager(ledger, run_id=RUN)
    for _stage in plan:
        work(ledger, lambda _job: "success")
    assert plan.result == "only_non_retryable"
    assert plan.stats()[1].blocked == 2


def test_a_pass_is_not_started_when_what_was_reset_is_blocked(tmp_path: Path) -> None:
    """The account had its post from another job meanwhile, so its retry may not run today."""
    ledger = ProgressTracker(tmp_path / "l.csv", settings=Settings(), run_id=RUN)
    ledger.seed(
        lambda _known: [
            NewJob(job_id=f"j{n}", account="a", video_path=f"{n}.mp4", caption="") for n in range(2)
        ]
    )
    plan = RetryPassManager(ledger, run_id=RUN)
    stages = 0
    for _stage in plan:
        stages += 1
        work(ledger, lambda job: "infrastructure" if job.job_id == "j0" else "success")
    assert (stages, plan.result) == (1, "only_non_retryable")


def test_a_supervisor_that_restarts_goes_on_with_the_pass_found_in_the_rows(
    tmp_path: Path,
) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 2)
    first = RetryPassManager(ledger, run_id=RUN)
    first.start_new_pass()
    work(ledger, lambda _job: "infrastructure")
    first.end_pass()
    first.start_new_pass()

    restarted = RetryPassManager(
        ProgressTracker(tmp_path / "l.csv", settings=Settings(), run_id=RUN), run_id=RUN
    )
    assert restarted.start_new_pass() == 2
    assert restarted.stats()[1].failed_infrastructure == 2


def restarted(path: Path, config: RetryConfig | None = None) -> RetryPassManager:
    """As a supervisor that goes on with the run of a crashed one makes it."""
    return RetryPassManager(
        ProgressTracker(path, settings=Settings(), run_id=RUN), config, run_id=RUN
    )


def test_figures_of_a_pass_hold_although_the_supervisor_restarted_in_it(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 5)
    first = RetryPassManager(ledger, run_id=RUN)
    first.start_new_pass()
    work(ledger, lambda _job: "infrastructure")
    first.end_pass()
    first.start_new_pass()
    for _ in range(3):
        claim = ledger.claim("0")
        assert isinstance(claim, Claim)
        ledger.succeed(claim)

    again = restarted(tmp_path / "l.csv")
    assert again.start_new_pass() == 2
    work(again.ledger, lambda _job: "account")
    again.end_pass()
    stats = again.stats()[2]
    assert (stats.total_jobs, stats.succeeded, stats.failed_account) == (5, 3, 2)
    claims = [
        row.claimed_at
        for row in again.ledger.events()
        if row.status is JobStatus.CLAIMED and row.pass_number == 2
    ]
    assert stats.start_time == claims[0], "from before the restart"


def test_an_operators_requeue_does_not_change_what_happened_in_the_pass(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 1)
    manager = RetryPassManager(ledger, run_id=RUN)
    manager.start_new_pass()
    work(ledger, lambda _job: "infrastructure")
    ledger.requeue(["j0"])
    stats = manager.stats()[1]
    assert (stats.failed_infrastructure, stats.failed_unknown) == (1, 0)


def test_a_run_that_used_its_passes_up_says_so_after_a_restart(tmp_path: Path) -> None:
    """Crashed between its last pass and its last line."""
    config = RetryConfig(max_passes=1)
    ledger = make_ledger(tmp_path / "l.csv", 1)
    RetryPassManager(ledger, config, run_id=RUN).start_new_pass()
    work(ledger, lambda _job: "infrastructure")

    plan = restarted(tmp_path / "l.csv", config)
    assert list(plan) == []
    assert plan.result == "max_passes_reached"
    assert plan.stats()[1].failed_infrastructure == 1


def test_failures_of_an_earlier_system_are_tried_again_within_their_limits(
    tmp_path: Path,
) -> None:
    make_ledger(tmp_path / "l.csv", 2, run_id="earlier")
    earlier = ProgressTracker(tmp_path / "l.csv", settings=Settings(), run_id="earlier")
    work(earlier, lambda _job: "infrastructure")
    ledger = ProgressTracker(tmp_path / "l.csv", settings=Settings(), run_id=RUN)
    plan = RetryPassManager(ledger, run_id=RUN)
    for _stage in plan:
        work(ledger, lambda _job: "success")
    assert plan.result == "all_complete"
    assert plan.stats()[1].succeeded == 2


def test_a_stop_ends_the_plan_without_a_further_pass(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 1)
    plan = RetryPassManager(ledger, run_id=RUN)
    stages = 0
    for _stage in plan:
        stages += 1
        work(ledger, lambda _job: "infrastructure")
        plan.stop()
    assert (stages, plan.result) == (1, "stopped")
    assert ledger.jobs()["j0"].status is JobStatus.FAILED


def test_the_operator_may_allow_one_pass_more(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 1)
    plan = RetryPassManager(ledger, RetryConfig(max_passes=1), run_id=RUN)
    stages = 0
    for _stage in plan:
        stages += 1
        if stages == 1:
            plan.add_stage()
        work(ledger, lambda _job: "infrastructure")
    assert (stages, plan.result) == (2, "max_passes_reached")


def test_an_empty_category_of_an_old_row_is_unknown() -> None:
    job = Job(job_id="j", account="a", video_path="", caption="", status=JobStatus.FAILED)
    assert is_retryable(job, RetryConfig())
    assert not is_retryable(job, RetryConfig(retry_unknown_errors=False))


def test_the_summary_says_what_is_still_running(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l.csv", 1)
    manager = RetryPassManager(ledger, run_id=RUN)
    manager.start_new_pass()
    assert manager.get_summary()["passes"][0]["duration_seconds"] == "in_progress"
    work(ledger, lambda _job: "success")
    manager.end_pass()
    summary = manager.get_summary()
    assert summary["passes"][0]["success_rate"] == 100.0
    assert summary["config"]["max_passes"] == 3
    assert isinstance(summary["passes"][0]["duration_seconds"], float)


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 8),
    config=st.builds(
        RetryConfig,
        max_passes=st.integers(1, 5),
        infrastructure_retry_limit=st.integers(1, 5),
        unknown_error_is_retryable=st.booleans(),
    ),
)
def test_passes_and_figures_hold_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, config: RetryConfig
) -> None:
    """A8.10 and A8.11: never more passes than allowed, and every figure adds up."""
    chance = random.Random(seed)
    ledger = make_ledger(tmp_path_factory.mktemp("retry") / "l.csv", count)
    plan = RetryPassManager(ledger, config, run_id=RUN)
    stages = 0
    for stage in plan:
        stages += 1
        assert stage.total_jobs > 0, "a pass with nothing to claim (A8.9)"
        work(ledger, lambda _job: chance.choice(("success", *CATEGORIES)))
    jobs = ledger.jobs().values()
    stats = plan.stats().values()
    successes = [job for job in jobs if job.status is JobStatus.SUCCESS]
    assert stages <= config.max_passes
    assert sum(one.succeeded for one in stats) == len(successes)
    assert all(0 <= one.success_rate <= 100 for one in stats)
    assert all(one.succeeded + one.failed + one.unprocessed == one.total_jobs for one in stats)
    assert not any(job.status in (JobStatus.PENDING, JobStatus.CLAIMED) for job in jobs)
    expected = "all_complete" if len(successes) == len(jobs) else plan.result
    assert plan.result == expected
    if plan.result == "max_passes_reached":
        assert any(is_retryable(job, config) for job in jobs)
