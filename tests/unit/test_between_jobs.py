"""The pause between two jobs: kept whole, and never waited for twice."""

from __future__ import annotations

import pytest

from engine.between_jobs import BetweenJobs


class Clock:
    now = 500.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("pause", "lead", "before_claim"), [(10, 20, 0), (10, 10, 0), (300, 20, 280), (10, 0, 10)]
)
def test_what_the_next_job_needs_before_it_acts_counts_into_the_pause(
    pause: float, lead: float, before_claim: float
) -> None:
    clock = Clock()
    between = BetweenJobs(pause, clock)
    assert between.ended(done=True, lead=lead) == before_claim
    clock.now += before_claim + lead
    assert between.left() == 0


def test_a_next_job_that_is_ready_early_waits_for_the_rest() -> None:
    clock = Clock()
    between = BetweenJobs(10, clock)
    assert between.ended(done=True, lead=20) == 0
    clock.now += 4
    assert between.left() == 6


def test_after_a_failure_the_whole_pause_comes_before_the_next_claim() -> None:
    clock = Clock()
    between = BetweenJobs(10, clock)
    assert between.ended(done=False, lead=20) == 10
    clock.now += 10
    assert between.left() == 0


def test_the_first_job_waits_for_nothing() -> None:
    assert BetweenJobs(10, Clock()).left() == 0
