"""When a day will be done and what it takes: days small enough to be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.insight.forecast import Ahead, Day, Hand, forecast, passes_ahead, with_workers
from engine.insight.forecast_values import MIDNIGHT, MONEY, PAST_DAYS, Basis, Forecast
from engine.insight.measured import AttemptCost
from engine.insight.turns import done_by, done_in
from engine.workloads.paid_calls import PaidCalls

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
IDLE = Hand()


def a_cost(**other: Any) -> AttemptCost:
    """A minute each, all alike, none tried again."""
    values: dict[str, Any] = {
        "seconds": 60.0, "minutes": 1.0, "trials": 10,
        "basis": Basis(source=PAST_DAYS, attempts=10),
    }  # fmt: skip
    return AttemptCost(**(values | other))


def a_day(**other: Any) -> Ahead:
    """One worker, one pass."""
    values: dict[str, Any] = {
        "waiting": 4, "hands": (IDLE,), "to_retry": 0, "stage": 1, "stages": 1,
        "delay_seconds": 30.0, "most_workers": 10, "start_seconds": 0.0,
    }  # fmt: skip
    return Ahead(**(values | other))


def seconds(found: Forecast) -> float:
    assert found.done_at is not None
    return (found.done_at - NOON).total_seconds()


# -- time -----------------------------------------------------------------------------------------


def test_six_jobs_of_two_workers_are_three_turns_and_cost_the_same_with_one_more() -> None:
    cost = a_cost(seconds=100.0, minutes=2.0)
    found = forecast(a_day(waiting=6, hands=(IDLE, IDLE)), cost, NOON)
    assert seconds(found) == 300
    assert (found.earliest, found.latest) == (found.done_at, found.done_at), "all are alike"
    assert found.minutes_to_come == 12
    fewer, more = found.others
    assert [fewer.workers, more.workers] == [1, 3]
    assert [fewer.sooner_seconds, more.sooner_seconds] == [-300, 100]
    assert more.done_at == NOON + timedelta(seconds=200)


def test_the_pause_between_two_jobs_comes_after_each_but_the_last() -> None:
    assert seconds(forecast(a_day(waiting=3), a_cost(pause=10.0), NOON)) == 60 + 10 + 60 + 10 + 60


def test_what_fails_is_tried_again_in_a_pass_of_its_own_after_the_delay() -> None:
    found = forecast(a_day(stages=2), a_cost(again=0.5), NOON)
    assert seconds(found) == 4 * 60 + 30 + 2 * 60
    assert (found.attempts, found.minutes_to_come) == (6, 6)
    assert found.next_pass_jobs == 2
    assert found.next_pass_at == NOON + timedelta(seconds=4 * 60 + 30)


def test_no_job_has_more_tries_than_its_failures_allow() -> None:
    three = forecast(a_day(stages=9, tries=3), a_cost(again=0.5), NOON)
    assert three.attempts == 4 + 2 + 1
    assert forecast(a_day(stages=9, tries=2), a_cost(again=0.5), NOON).attempts == 4 + 2


def test_another_try_in_the_same_pass_waits_for_its_own_delay() -> None:
    soon = a_day(tries_in_pass=2, in_pass_delay_seconds=300.0)
    found = forecast(soon, a_cost(again=0.5), NOON)
    assert seconds(found) == 4 * 60 + 300 + 2 * 60
    assert found.next_pass_jobs == 0, "it is the same pass"


def test_between_two_passes_the_wait_comes_first() -> None:
    until = NOON + timedelta(seconds=20)
    found = forecast(a_day(stages=3, stage=1, waiting_until=until, waiting=2), a_cost(), NOON)
    assert seconds(found) == 20 + 2 * 60
    assert (found.next_pass_jobs, found.next_pass_at) == (2, until)


def test_a_job_under_way_needs_only_what_is_left_of_it() -> None:
    busy = a_day(waiting=1, under_way=(40.0,), hands=(Hand(job_for=40.0),))
    found = forecast(busy, a_cost(pause=5.0), NOON)
    assert seconds(found) == 20 + 5 + 60
    assert found.minutes_to_come == pytest.approx(1 + 20 / 60, abs=0.06)


def test_a_worker_that_is_taken_away_ends_its_job_and_takes_no_other() -> None:
    hands = (Hand(job_for=50.0), Hand(job_for=0.0))
    busy = a_day(waiting=0, under_way=(50.0, 0.0), hands=hands)
    assert with_workers(busy, a_cost(), NOON, 1).done_at == NOON + timedelta(seconds=60)


def test_one_worker_more_takes_its_first_job_when_it_has_started() -> None:
    (more,) = forecast(a_day(waiting=2, start_seconds=10.0), a_cost(), NOON).others
    assert (more.done_at, more.sooner_seconds) == (NOON + timedelta(seconds=70), 50)


def test_there_are_no_more_workers_than_the_settings_allow_and_one_at_least() -> None:
    (more,) = forecast(a_day(most_workers=1), a_cost(), NOON).others
    assert (more.why_not, more.done_at) == ("run.max_workers allows 1 at most", None)
    none = with_workers(a_day(), a_cost(), NOON, 0)
    assert (none.why_not, none.done_at) == ("a run has one worker at least", None)


def test_more_workers_than_accounts_are_no_help() -> None:
    _, more = forecast(a_day(hands=(IDLE, IDLE), keys=2), a_cost(), NOON).others
    assert more.sooner_seconds == 0


def test_jobs_of_one_account_wait_for_each_other() -> None:
    hands = (IDLE,) * 4
    assert seconds(forecast(a_day(hands=hands, keys=2, longest=3), a_cost(), NOON)) == 180


def test_the_range_is_wider_with_fewer_measurements_and_where_attempts_differ() -> None:
    def width(**cost: Any) -> timedelta:
        found = forecast(a_day(waiting=40, stages=3), a_cost(again=0.2, **cost), NOON)
        assert found.earliest is not None
        assert found.latest is not None
        assert found.done_at is not None
        assert found.earliest <= found.done_at <= found.latest
        return found.latest - found.earliest

    few = Basis(source=PAST_DAYS, attempts=5)
    many = Basis(source=PAST_DAYS, attempts=500)
    assert width(trials=500, basis=many) < width(trials=5, basis=few)
    assert width(spread=5.0) < width(spread=30.0)


def test_a_worker_that_waits_for_its_restart_may_not_come_back() -> None:
    hands = (IDLE, Hand(ready_in=5.0, shaky=True))
    found = forecast(a_day(hands=hands), a_cost(), NOON)
    assert found.done_at == NOON + timedelta(seconds=125)
    assert found.latest == NOON + timedelta(seconds=4 * 60)


def test_the_passes_to_come_are_those_of_the_forecast() -> None:
    ahead = a_day(stages=3, waiting=4)
    second, third = passes_ahead(ahead, a_cost(again=0.5), NOON)
    assert (second.number, second.jobs, second.minutes) == (2, 2, 2)
    assert second.starts == NOON + timedelta(seconds=4 * 60 + 30)
    assert (third.number, third.starts) == (3, second.ends + timedelta(seconds=30))
    found = forecast(ahead, a_cost(again=0.5), NOON)
    assert third.ends == found.done_at
    assert second.starts == found.next_pass_at


# -- money ----------------------------------------------------------------------------------------


def test_the_money_limit_leaves_the_jobs_that_it_does_not_reach() -> None:
    day = Day(price=1.0, minutes=3.0, spent=3.0, limit=5.0)
    found = forecast(a_day(waiting=10, day=day), a_cost(), NOON)
    assert (found.cut, found.cut_jobs) == (MONEY, 8)
    assert found.cut_at == NOON + timedelta(seconds=2 * 60)
    assert (found.minutes_to_come, found.cost_to_come) == (2, 2)
    assert (found.minutes_in_all, found.cost_in_all) == (5, 5)
    assert forecast(a_day(waiting=2, day=day), a_cost(), NOON).cut == "", "it is just enough"


def test_midnight_leaves_what_is_not_done_by_then() -> None:
    found = forecast(a_day(waiting=5, day=Day(midnight_in=150.0)), a_cost(), NOON)
    assert (found.cut, found.cut_jobs) == (MIDNIGHT, 3)
    assert found.cut_at == NOON + timedelta(seconds=150)
    assert seconds(found) == 300
    assert found.others[-1].cut_jobs == 1, "two workers do two each before it"


def test_the_sooner_of_the_two_counts() -> None:
    day = Day(price=1.0, spent=0.0, limit=1.0, midnight_in=150.0)
    assert forecast(a_day(waiting=5, day=day), a_cost(), NOON).cut == MONEY


def test_model_calls_come_as_they_came_and_end_at_their_own_limit() -> None:
    calls = PaidCalls(made=20, usd=0.4, limit=25)
    day = Day(price=0.0, spent=0.4, calls=calls, calls_per_attempt=2.0)
    found = forecast(a_day(waiting=2, day=day), a_cost(), NOON)
    assert (found.calls_to_come, found.calls_in_all, found.cost_to_come) == (4, 24, 0.08)
    found = forecast(a_day(waiting=10, day=day), a_cost(), NOON)
    assert (found.calls_to_come, found.calls_in_all, found.cut) == (5, 25, "")
    unknown = replace(day, calls_per_attempt=None)
    assert forecast(a_day(day=unknown), a_cost(), NOON).calls_in_all is None


# -- nobody can tell -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "cost"),
    [
        (a_day(), None),
        (a_day(moving=False), a_cost()),
        (a_day(hands=()), a_cost()),
        (a_day(waiting=0), a_cost()),
    ],
    ids=["nothing measured", "nothing moves", "no worker", "nothing to do"],
)
def test_what_nobody_can_tell_is_not_made_up(ahead: Ahead, cost: AttemptCost | None) -> None:
    found = forecast(ahead, cost, NOON)
    assert found.jobs_left == ahead.waiting
    assert (found.done_at, found.earliest, found.latest) == (None, None, None)
    assert (found.minutes_to_come, found.cost_in_all, found.calls_to_come) == (None, None, None)
    assert found.others == ()


# -- whatever the day ------------------------------------------------------------------------------

spans = st.floats(0, 4000, allow_nan=False).map(lambda number: round(number, 2))
hands = st.one_of(
    st.builds(Hand, job_for=spans), st.builds(Hand, ready_in=spans.map(lambda s: s / 10))
)
days = st.builds(
    lambda hands, waiting, more, **other: a_day(
        hands=tuple(hands),
        waiting=waiting,
        under_way=[*(one.job_for for one in hands if one.job_for is not None), *more],
        **other,
    ),
    st.lists(hands, min_size=1, max_size=8),
    st.integers(0, 60),
    st.lists(spans, max_size=2),
    to_retry=st.integers(0, 12),
    stages=st.integers(1, 4),
    tries_in_pass=st.integers(1, 2),
    in_pass_delay_seconds=spans,
    keys=st.integers(0, 9),
    longest=st.integers(1, 4),
    start_seconds=st.sampled_from((0.0, 10.0)),
    day=st.builds(
        Day,
        price=st.sampled_from((0.0, 0.007)),
        spent=st.floats(0, 5),
        limit=st.sampled_from((0.0, 4.0)),
        midnight_in=st.none() | spans,
    ),
)
costs = st.builds(
    a_cost,
    seconds=st.floats(1, 900),
    pause=st.floats(0, 60),
    spread=st.floats(0, 300),
    minutes=st.floats(1, 15),
    again=st.floats(0, 0.9),
    trials=st.integers(5, 200),
)


@settings(max_examples=60, deadline=None)
@given(days, costs)
def test_more_workers_are_never_later_and_more_jobs_never_sooner(
    ahead: Ahead, cost: AttemptCost
) -> None:
    ends = [with_workers(ahead, cost, NOON, count).done_at for count in range(1, 10)]
    known = [end for end in ends if end is not None]
    assert known == sorted(known, reverse=True)
    found = forecast(ahead, cost, NOON)
    more = forecast(replace(ahead, waiting=ahead.waiting + 1), cost, NOON)
    assert more.done_at is not None
    assert found.done_at is None or found.done_at <= more.done_at


@settings(max_examples=60, deadline=None)
@given(days, costs)
def test_figures_are_never_negative_and_the_range_holds_the_end(
    ahead: Ahead, cost: AttemptCost
) -> None:
    found = forecast(ahead, cost, NOON)
    if found.done_at is None:
        return
    assert found.earliest is not None
    assert found.latest is not None
    assert NOON <= found.earliest <= found.done_at <= found.latest
    assert found.minutes_to_come is not None
    assert found.minutes_to_come >= 0
    assert found.cost_to_come is not None
    assert found.cost_to_come >= 0
    assert found.cut_jobs >= 0
    assert (found.cut_at is None) == (found.cut == "")


@settings(max_examples=80, deadline=None)
@given(st.lists(spans, min_size=1, max_size=6), st.integers(1, 40), st.floats(0.5, 500).map(round))
def test_turns_are_those_of_workers_who_take_one_job_after_the_other(
    free: list[float], jobs: int, turn: int
) -> None:
    turn = max(1, turn)
    times = list(free)
    last = 0.0
    for _ in range(jobs):
        first = min(times)
        times[times.index(first)] = last_end = first + turn
        last = max(last, last_end)
    assert done_in(free, jobs, turn) == pytest.approx(last, abs=1e-3)
    assert done_by(free, last + 1e-3, turn) >= jobs
