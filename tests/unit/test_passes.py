"""The report of a run's passes, from real ledgers driven as workers and the supervisor do."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.insight.attempts import AttemptFold
from engine.insight.passes import pass_report
from engine.insight.past_days import PastDays, by_key, by_type
from engine.insight.values import PassLine, PassReport
from engine.jobs import Claim, ErrorCategory, Failure, JobStatus
from engine.retry import PassStats, RetryConfig, RetryPassManager
from engine.workloads.post_reel import PostReel
from tests.ledger_days import Clock, job, seeded, settings, tracker

RUN = "run-1"
CATEGORIES = ("account", "content", "infrastructure", "internal", "in_doubt", "unknown")
TYPES = {"infrastructure": "adb_timeout", "account": "logged_out", "content": "corrupted_video"}


class Day:
    """A run on a ledger of its own: its workers, its supervisor's plan, and who looks on."""

    def __init__(self, path: Path, jobs: int, config: RetryConfig | None = None) -> None:
        self.clock = Clock()
        self.ledger = seeded(path, jobs, self.clock, cap=0)
        self.config = config or RetryConfig()
        self.plan = RetryPassManager(self.ledger, self.config, run_id=RUN, now=self.clock)
        self.fold = AttemptFold()
        self.workers: list[dict[str, Any]] = []

    def work(self, outcome: str, count: int = 1, *, worker: str = "0", minutes: float = 5) -> None:
        """One worker's next jobs, each of this outcome (success, a category, or ``open``)."""
        for _ in range(count):
            claim = self.ledger.claim(worker)
            assert isinstance(claim, Claim)
            if outcome != "open":
                self.clock.forward(minutes=minutes)
                self.end(claim, outcome)

    def end(self, claim: Claim, outcome: str) -> None:
        if outcome == "success":
            self.ledger.succeed(claim)
            return
        kind = TYPES.get(outcome, "")
        text = f"{outcome} went wrong"
        failure = Failure(error=text, category=ErrorCategory(outcome), error_type=kind)
        self.ledger.fail(claim, failure)

    def status(self, **more: Any) -> dict[str, Any]:
        return {
            "run_id": RUN,
            "state": "running",
            "stage": {"number": self.plan.current_pass},
            "stages": self.plan.summary(),
            "workers": self.workers,
            **more,
        }

    def report(
        self,
        status: Mapping[str, Any] | None = None,
        history: PastDays | None = None,
        *,
        live: bool = True,
    ) -> PassReport:
        return pass_report(
            ledger=self.ledger,
            fold=self.fold,
            status=(status or self.status()) if live else None,
            config=self.config,
            price=0.007,
            now=self.clock(),
            history=history,
            labels=PostReel.labels,
        )


def test_without_a_ledger_the_report_is_empty(tmp_path: Path) -> None:
    report = pass_report(
        ledger=tracker(tmp_path / "none.csv"),
        fold=AttemptFold(),
        status=None,
        config=RetryConfig(),
        price=0.007,
        now=Clock()(),
    )
    assert report == PassReport()


def test_a_seeded_day_that_nobody_worked_on_has_no_pass(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 2)
    report = day.report(live=False)
    assert (report.run_id, list(report.passes), list(report.bins)) == ("", [], [])
    assert report.next_text == "no run is live"


def test_the_running_pass_and_the_one_to_come(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 20, RetryConfig(max_passes=2))
    began = day.clock()
    day.plan.start_new_pass()
    day.work("success", 5)
    day.work("infrastructure", 4)
    day.work("account")
    day.work("open", worker="1")
    line, planned = day.report().passes
    assert (line.number, line.state, line.started, line.ended) == (1, "running", began, None)
    assert (line.jobs, line.success, line.infrastructure, line.account) == (20, 5, 4, 1)
    assert (line.rate, line.seconds, line.keys) == (50.0, 3000.0, 11)
    assert line.per_minute == pytest.approx(0.2)
    assert (line.median_seconds, line.p90_seconds) == (300.0, 300.0)
    assert line.minutes == pytest.approx(50.0)
    assert line.result == "running, 10 to go"
    assert (planned.number, planned.state, planned.jobs) == (2, "planned", 8), "4 and 40% of 10"
    assert planned.started == day.clock() + timedelta(minutes=50, seconds=30)
    assert planned.ended == planned.started + timedelta(minutes=40)
    assert (planned.rate, planned.success) == (None, 0)
    assert planned.minutes == pytest.approx(40.0)


def test_every_pass_to_come_is_planned_while_anything_will_be_left_for_it(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 20, RetryConfig(max_passes=9))
    day.plan.start_new_pass()
    day.work("success", 5)
    day.work("infrastructure", 5)
    report = day.report()
    assert [line.jobs for line in report.passes] == [20, 10, 5], "a job has three tries"
    assert report.next_text == (
        "10 jobs left in pass 1, then ~10 in pass 2 (~$0.35), then ~5 in pass 3 (~$0.18); "
        "ends when nothing retryable is left or after pass 9"
    )


def test_figures_of_fewer_than_five_jobs_are_not_shown(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 9)
    day.plan.start_new_pass()
    day.work("success", 4)
    report = day.report()
    (line,) = report.passes
    assert (line.rate, line.per_minute, line.median_seconds, line.p90_seconds) == (None,) * 4
    assert report.keys[0].rate_30_days is None


def test_in_the_pause_between_passes_the_next_one_has_its_jobs_and_its_moment(
    tmp_path: Path,
) -> None:
    day = Day(tmp_path / "l.csv", 6, RetryConfig(max_passes=2))
    day.plan.start_new_pass()
    day.work("infrastructure", 2)
    day.work("success", 4)
    day.plan.end_pass()
    until = day.clock() + timedelta(seconds=20)
    report = day.report(day.status(state="waiting", waiting_until=until.isoformat()))
    ended, planned = report.passes
    assert (ended.state, ended.result, ended.ended) == ("ended", "retryable_remaining", day.clock())
    assert (planned.number, planned.jobs, planned.started) == (2, 2, until)


def test_a_pass_that_left_nothing_says_so_while_the_run_still_ends(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 2)
    day.plan.start_new_pass()
    day.work("success", 2)
    day.plan.end_pass()
    (line,) = day.report(day.status(state="draining")).passes
    assert (line.state, line.result) == ("ended", "all_complete")


def test_after_the_run_the_last_pass_tells_how_it_ended(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 3)
    for stage in day.plan:
        day.work("success" if stage.number > 1 else "infrastructure", stage.total_jobs)
    report = day.report(live=False)
    assert report.run_id == RUN
    assert [line.result for line in report.passes] == ["retryable_remaining", "all_complete"]
    assert [line.state for line in report.passes] == ["ended", "ended"]
    assert report.next_text == "no run is live; the last one ended all_complete"
    assert report.projection is None


def test_stages_that_never_began_do_not_say_how_the_run_ended(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 3)
    stage = next(iter(day.plan))
    day.work("account", stage.total_jobs)
    began = {"pass_number": 1, "label": "first", "start_time": day.clock().isoformat()}
    told = {"passes": [began, {"pass_number": 2, "label": "second", "total_jobs": 2}]}
    report = day.report(day.status(state="ended", stages=told, result="stage_failed"))
    assert [line.state for line in report.passes] == ["ended", "planned"]
    assert report.next_text.startswith("no run is live; the last one ended stage_failed")


@pytest.mark.parametrize(
    ("outcome", "config", "result"),
    [
        ("account", RetryConfig(), "only_non_retryable"),
        ("infrastructure", RetryConfig(max_passes=1), "max_passes_reached"),
        ("infrastructure", RetryConfig(), "stopped"),
    ],
)
def test_a_run_that_is_over_is_judged_as_its_plan_would(
    tmp_path: Path, outcome: str, config: RetryConfig, result: str
) -> None:
    day = Day(tmp_path / "l.csv", 1, config)
    day.plan.start_new_pass()
    day.work(outcome)
    assert day.report(live=False).passes[-1].result == result


def test_the_pass_that_the_operator_added_is_planned_too(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 6, RetryConfig(max_passes=1))
    day.plan.start_new_pass()
    day.work("infrastructure", 5)
    assert len(day.report().passes) == 1
    day.plan.add_stage()
    report = day.report()
    assert [line.state for line in report.passes] == ["running", "planned"]
    assert report.limits.startswith("up to 2 passes, 30s apart, infrastructure 3 tries")


def test_clusters_tell_what_was_tried_again_and_what_that_saved(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 8)
    day.plan.start_new_pass()
    day.work("infrastructure", 5, worker="1")
    day.work("account", 2, worker="2")
    day.work("unknown", worker="10")
    day.plan.end_pass()
    day.plan.start_new_pass()
    day.work("success", 3)
    day.work("infrastructure", worker="2")
    report = day.report()
    adb, logged_out, unclassified = report.attempts_failed
    assert (adb.why, adb.count, adb.retry) == ("adb_timeout", 6, "yes")
    assert (adb.tried_again, adb.saved, adb.keys) == (4, 3, 5)
    assert (adb.workers, adb.sample) == (("1", "2"), "infrastructure went wrong")
    assert adb.last == day.clock()
    assert (unclassified.why, unclassified.count, unclassified.retry) == ("unclassified", 1, "once")
    assert (logged_out.retry, logged_out.tried_again) == ("person", 0)
    now = {cluster.why: cluster for cluster in report.failed_now}
    assert list(now) == ["adb_timeout", "logged_out"], "what is tried again comes first"
    assert (now["adb_timeout"].count, now["adb_timeout"].job_ids) == (1, ("v3.mp4_camp",))
    assert "saved = ended in success on a later try: 3 of 4 tried again" in report.remarks
    assert "2 jobs wait for a person" in report.next_text


def test_a_failure_whose_tries_are_used_up_is_not_said_to_be_tried_again(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 1, RetryConfig(infrastructure_retry_limit=1))
    day.plan.start_new_pass()
    day.work("infrastructure")
    assert [cluster.retry for cluster in day.report().failed_now] == ["no"]


def test_a_worker_that_stands_out_is_named_with_its_port(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 30)
    day.plan.start_new_pass()
    for worker in "01":
        day.work("success", 6, worker=worker)
        day.work("infrastructure", 4, worker=worker)
    day.work("infrastructure", 7, worker="2")
    day.work("success", 3, worker="2")
    day.workers = [{"slot": 2, "restarts": 3, "facts": {"port": 4727}}]
    report = day.report()
    assert "worker 2 fails 70% of its attempts, the others 40%: port 4727?" in report.remarks
    tally = report.workers[2]
    assert (tally.name, tally.attempts, tally.success, tally.failed) == ("2", 10, 3, 7)
    assert (tally.infrastructure, tally.restarts, tally.last_why) == (7, 3, "adb_timeout")


def test_workers_that_fail_alike_are_not_named(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 20)
    day.plan.start_new_pass()
    for worker in "01":
        day.work("success", 5, worker=worker)
        day.work("infrastructure", 5, worker=worker)
    assert not any("worker" in remark for remark in day.report().remarks)


def test_ten_minutes_are_counted_from_the_first_claim_with_empty_ones(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 6)
    began = day.clock()
    day.plan.start_new_pass()
    day.work("success", 3, minutes=4)
    day.clock.forward(minutes=20)
    day.work("account", minutes=1)
    ten = timedelta(minutes=10)
    assert list(day.report().bins) == [
        (began, 2, 0),
        (began + ten, 1, 0),
        (began + 2 * ten, 0, 0),
        (began + 3 * ten, 0, 1),
    ]


def test_the_ten_minutes_of_a_long_run_are_those_of_its_last_day(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 2)
    day.plan.start_new_pass()
    day.work("success")
    day.clock.forward(days=400)
    day.work("success")
    bins = day.report().bins
    assert len(bins) == 144
    assert bins[-1][1] == 1
    assert bins[0][0] > day.clock() - timedelta(hours=24, minutes=10)


# -- past days ------------------------------------------------------------------------------------


def past_day(path: Path, clock: Clock, outcomes: Callable[[int], str], jobs: int = 40) -> None:
    """A whole day with two passes, archived beside the ledger; the next day begins."""
    ledger = tracker(path, clock, cap=0)
    ledger.seed(lambda _known: [job(number) for number in range(jobs)])
    for number in (1, 2):
        ledger.pass_number = number
        while isinstance(claim := ledger.claim("0"), Claim):
            clock.forward(minutes=1)
            place = int(claim.job.account[4:])
            outcome = outcomes(place) if number == 1 else "success" if place % 2 else "account"
            category = None if outcome == "success" else ErrorCategory(outcome)
            if category is None:
                ledger.succeed(claim)
            else:
                kind = TYPES[outcome]
                ledger.fail(claim, Failure(error="no", category=category, error_type=kind))
        ledger.reset_for_pass(number + 1)
    ledger.reset_day()
    clock.forward(days=1)


def half_bad(place: int) -> str:
    return "infrastructure" if place < 20 else "success"


def after_past_days(path: Path, *days: Callable[[int], str]) -> Day:
    """A day whose ledger has these days behind it."""
    clock = Clock()
    for outcomes in days:
        past_day(path, clock, outcomes)
    day = Day.__new__(Day)
    day.clock, day.config, day.fold, day.workers = clock, RetryConfig(), AttemptFold(), []
    day.ledger = tracker(path, clock, cap=0)
    day.ledger.seed(lambda _known: [job(number) for number in range(40)])
    day.plan = RetryPassManager(day.ledger, day.config, run_id=RUN, now=clock)
    return day


def test_the_projection_is_what_the_last_days_did_in_the_same_passes(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    day = after_past_days(path, half_bad, lambda _n: "success", half_bad, half_bad)
    day.plan.start_new_pass()
    day.work("success", 10)
    history = PastDays(path, settings())
    history.update(day.clock())
    found = day.report(history=history).projection
    assert found is not None
    assert (found.low, found.high, found.total) == (32, 32, 40)
    assert found.text.split("   ") == [
        "pass 1: +15 of 30",
        "pass 2: +8 of ~15",
        "end: 32 of 40 (80%)",
    ]


def test_a_projection_is_a_range_where_the_days_differed(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    day = after_past_days(path, half_bad, half_bad, lambda _n: "success", lambda _n: "success")
    day.plan.start_new_pass()
    day.work("success", 10)
    history = PastDays(path, settings())
    history.update(day.clock())
    found = day.report(history=history).projection
    assert found is not None
    assert found.low < found.high <= 40
    assert "pass 1: +15..30 of 30" in found.text


def test_nothing_is_projected_from_fewer_than_twenty_jobs_or_from_an_older_week(
    tmp_path: Path,
) -> None:
    path = tmp_path / "l.csv"
    day = after_past_days(path, half_bad)
    day.plan.start_new_pass()
    day.work("success", 10)
    history = PastDays(path, settings())
    history.update(day.clock())
    assert day.report(history=history).projection is not None
    assert day.report(history=None).projection is None
    day.clock.forward(days=8)
    assert day.report(history=history).projection is None


def test_rates_of_thirty_days_come_from_the_archives_and_from_today(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    day = after_past_days(path, *[half_bad] * 4)
    day.plan.start_new_pass()
    day.work("success", 2)
    history = PastDays(path, settings())
    history.update(day.clock())
    report = day.report(history=history)
    rates = {tally.name: tally.rate_30_days for tally in report.keys}
    assert rates == {"acct000": 20.0, "acct001": 100.0}, "even ones failed their second try"
    assert report.keys[0].name == "acct000", "worst first"
    assert "1 account is below 85% over 30 days: acct000" in report.remarks
    assert any(r.startswith("last 7 days: a 2nd try saved 50%") for r in report.remarks)
    days = history.days(day.clock(), 7)
    assert by_key(days)["acct000"].whys == {"logged_out": 4}
    assert by_type(days)["adb_timeout"].count == 80
    assert (by_type(days)["adb_timeout"].tried_again, by_type(days)["adb_timeout"].saved) == (
        80,
        40,
    )


def test_broken_and_strange_archives_tell_nothing_and_disturb_nobody(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    day = after_past_days(path, half_bad)
    (tmp_path / "l_20260302_1.csv").write_bytes(b"\xff\xfe\x00no ledger")
    (tmp_path / "l_20260302_2.csv").mkdir()
    (tmp_path / "l_20260301.csv").write_bytes(b"")
    (tmp_path / "l_20260302.quarantine.csv").write_text("job_id,status\nx,success\n")
    (tmp_path / "other_20260302.csv").write_text("job_id,status\nx,success\n")
    with (tmp_path / "l_20260228.csv").open("wb") as file:
        os.truncate(file.fileno(), 2**30)  # a hole, larger than any day
    history = PastDays(path, settings())
    assert history.update(day.clock())
    assert history.complete
    assert len(by_key(history.days(day.clock(), 30))) == 40
    assert not history.update(day.clock()), "each is read once"


def test_archives_are_read_a_few_at_a_time_and_older_ones_than_thirty_days_never(
    tmp_path: Path,
) -> None:
    path = tmp_path / "l.csv"
    day = after_past_days(path, half_bad, half_bad, half_bad)
    old = tmp_path / "l_20260302.csv"
    history = PastDays(path, settings())
    seen = []
    for _ in range(3):
        assert history.update(day.clock(), budget=0)
        seen.append((history.complete, len(history.days(day.clock(), 30))))
    assert seen == [(False, 1), (False, 2), (True, 3)]
    old.unlink()
    assert history.update(day.clock())
    assert len(history.days(day.clock(), 30)) == 2
    late = PastDays(path, settings())
    assert not late.update(day.clock() + timedelta(days=40))


# -- the same as the run itself says --------------------------------------------------------------


def same(line: PassLine, stats: PassStats) -> bool:
    """Whether a line shows what the plan counts."""
    ended = stats.succeeded + stats.failed
    return (
        (line.success, line.infrastructure, line.account, line.content, line.in_doubt)
        == (
            stats.succeeded,
            stats.failed_infrastructure,
            stats.failed_account,
            stats.failed_content,
            stats.in_doubt,
        )
        and line.unknown == stats.failed_unknown + stats.failed_internal
        and line.jobs == stats.total_jobs
        and line.started == stats.start_time
        and line.ended == stats.end_time
        and line.rate == (100.0 * stats.succeeded / ended if ended >= 5 else None)
    )


@hypothesis_settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    jobs=st.integers(0, 9),
    config=st.builds(
        RetryConfig,
        max_passes=st.integers(1, 4),
        infrastructure_retry_limit=st.integers(1, 4),
        unknown_error_is_retryable=st.booleans(),
    ),
)
def test_figures_of_passes_are_those_of_the_plan_at_every_moment(
    tmp_path_factory: pytest.TempPathFactory, seed: int, jobs: int, config: RetryConfig
) -> None:
    chance = random.Random(seed)
    day = Day(tmp_path_factory.mktemp("passes") / "l.csv", jobs, config)

    def check() -> None:
        lines = {line.number: line for line in day.report().passes if line.state != "planned"}
        stats = day.plan.stats()
        assert lines.keys() == stats.keys()
        assert all(same(lines[number], stats[number]) for number in stats)

    for _stage in day.plan:
        check()
        while isinstance(claim := day.ledger.claim(chance.choice("012")), Claim):
            day.clock.forward(seconds=chance.randint(1, 600))
            day.end(claim, chance.choice(("success", *CATEGORIES)))
            if chance.random() < 0.2:
                day.ledger.requeue(chance.sample(sorted(day.ledger.jobs()), 1))
            if chance.random() < 0.2:
                day.ledger.mark_posted(chance.sample(sorted(day.ledger.jobs()), 1))
            check()
    if day.ledger.jobs():
        over = day.report(day.status(state="ended", result=day.plan.result))
        assert over.passes[-1].result == day.plan.result
        assert sum(cluster.count for cluster in over.failed_now) == day.ledger.figures().failed
        successes = [j for j in day.ledger.jobs().values() if j.status is JobStatus.SUCCESS]
        assert sum(line.success for line in over.passes) == len(successes)
        alone = day.report(live=False)
        counts = [(line.success, line.infrastructure, line.in_doubt) for line in over.passes]
        assert counts == [(a.success, a.infrastructure, a.in_doubt) for a in alone.passes]
        bins = over.bins
        assert sum(good for _, good, _ in bins) == sum(tally.success for tally in over.workers)


def test_a_status_of_another_make_is_used_as_far_as_it_is_understood(tmp_path: Path) -> None:
    day = Day(tmp_path / "l.csv", 6)
    day.plan.start_new_pass()
    day.work("success", 5)
    strange = {
        "run_id": RUN,
        "state": "running",
        "stage": "2",
        "stages": {"passes": [{"pass_number": "1"}, 7, {"pass_number": 1, "start_time": "soon"}]},
        "workers": [{"slot": 0, "facts": None}, {}, None],
        "waiting_until": "2026-03-02T12:00:00",
    }
    (line,) = day.report(strange).passes
    assert (line.success, line.jobs, line.state) == (5, 6, "running")
    assert line.started == datetime(2026, 3, 2, 12, tzinfo=UTC)
