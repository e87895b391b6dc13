from __future__ import annotations

import pytest

from engine.lifecycle import (
    ERROR_RECOVERY,
    JOB_RUNNING,
    SHUTDOWN,
    STARTING,
    IllegalStateError,
    Lifecycle,
)

READY = ("ADB_PENDING", "ADB_READY", "APPIUM_READY")


def make(clock: list[float] | None = None) -> tuple[Lifecycle, list[tuple[str, str, float]]]:
    seen: list[tuple[str, str, float]] = []
    times = clock or [0.0]
    lifecycle = Lifecycle(
        READY,
        lambda before, state, spent: seen.append((before, state, spent)),
        clock=lambda: times[0],
    )
    return lifecycle, seen


def test_a_job_walks_through_the_states_of_its_session_in_order() -> None:
    lifecycle, seen = make()
    for state in (*READY, JOB_RUNNING, STARTING):
        lifecycle.go(state)
    assert [state for _, state, _ in seen] == [*READY, JOB_RUNNING, STARTING]


def test_a_readiness_state_cannot_be_jumped_over() -> None:
    lifecycle, _ = make()
    with pytest.raises(IllegalStateError, match="STARTING to ADB_READY"):
        lifecycle.go("ADB_READY")


@pytest.mark.parametrize("steps", [(), READY[:1], READY, (*READY, JOB_RUNNING)])
def test_recovery_and_shutdown_are_reached_from_any_working_state(steps: tuple[str, ...]) -> None:
    for target in (ERROR_RECOVERY, SHUTDOWN):
        lifecycle, _ = make()
        for state in steps:
            lifecycle.go(state)
        lifecycle.go(target)
        assert lifecycle.state == target


def test_nothing_follows_shutdown() -> None:
    lifecycle, _ = make()
    lifecycle.go(SHUTDOWN)
    with pytest.raises(IllegalStateError, match="SHUTDOWN to STARTING"):
        lifecycle.go(STARTING)


def test_a_kept_device_lets_the_next_job_begin_at_the_last_readiness_state() -> None:
    lifecycle, _ = make()
    for state in (*READY, JOB_RUNNING):
        lifecycle.go(state)
    lifecycle.go("APPIUM_READY")
    assert lifecycle.state == "APPIUM_READY"


def test_each_transition_tells_how_long_the_state_before_lasted() -> None:
    clock = [10.0]
    lifecycle, seen = make(clock)
    clock[0] = 17.5
    lifecycle.go("ADB_PENDING")
    assert seen == [(STARTING, "ADB_PENDING", 7.5)]


def test_entering_the_present_state_again_is_no_transition() -> None:
    lifecycle, seen = make()
    lifecycle.go(STARTING)
    assert seen == []
