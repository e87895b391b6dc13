"""Agents are really ended: at their limit, at a stop, after a crash, with all that they started."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import StopRequested
from engine.marked import end_leftovers, new_marker
from engine.roadmap.agent_errors import AgentFailedError, TaskTimeoutError
from engine.roadmap.bounded import GRACE_SECONDS
from tests.agent_rig import AgentRig

BROOD = (
    {"child": 600, "stubborn": True},
    {"child": 600, "session": True, "stubborn": True},
    {"child": 600, "orphan": True, "stubborn": True},
    {"print": "all there"},
)
"""Children that ignore a request to end: one in the group, one in its own session, and one of which
nobody knows whose child it was."""
FAMILY = 4
"""With the agent itself."""
TWICE_GRACE = 2 * GRACE_SECONDS
"""A task over its limit is gone within 10 s after it (behaviour B2.5)."""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[AgentRig]:
    yield AgentRig(tmp_path)
    end_leftovers(tmp_path)


def test_b_d6_an_agent_over_its_limit_is_ended_with_every_child_even_if_all_ignore_signals(
    rig: AgentRig,
) -> None:
    limit_came = 0.0

    def wait_for_the_brood(_seconds: float) -> None:
        nonlocal limit_came
        rig.wait_for_words("all there")
        assert len(rig.alive()) == FAMILY
        limit_came = time.monotonic()

    steps = ({"ignore_terminate": 1}, *BROOD, {"hang": 1})
    with pytest.raises(TaskTimeoutError):
        rig.run(*steps, seconds=0.1, pause=wait_for_the_brood)
    assert 0 < time.monotonic() - limit_came < TWICE_GRACE
    assert rig.alive() == []
    assert rig.registry.records() == []


def test_an_agent_that_was_ended_has_no_exit_status_of_its_own(rig: AgentRig) -> None:
    process = rig.begin({"hang": 1})
    assert process.end(0.2)
    assert not process.running()
    assert process.exit_status is None
    assert process.end(0.2), "ending it again does no harm"


def test_b_d6_the_time_out_is_told_with_task_limit_and_log(rig: AgentRig) -> None:
    def wait_for_its_words(_seconds: float) -> None:
        rig.wait_for_words("still at it")

    with pytest.raises(TaskTimeoutError) as caught:
        rig.run({"print": "still at it"}, {"hang": 1}, seconds=0.1, pause=wait_for_its_words)
    (log,) = (rig.work_dir / "logs" / "orchestrator").glob("*.log")
    assert str(caught.value) == f"Task A1 timed out after 0.1s (log: {log})"
    assert caught.value.error_type == "task_timeout"
    assert caught.value.category == "infrastructure", "the engine tries it once more"
    assert caught.value.tail == ("still at it",)
    assert rig.alive() == []


def test_b_d7_a_stop_ends_the_running_agent_and_its_children_and_is_no_failure(
    rig: AgentRig,
) -> None:
    def told_to_stop(_seconds: float) -> None:
        rig.wait_for_words("all there")
        assert len(rig.alive()) == FAMILY
        raise StopRequested("Told to stop.")

    with pytest.raises(StopRequested):
        rig.run(*BROOD, {"hang": 1}, pause=told_to_stop)
    assert rig.alive() == []
    assert rig.registry.records() == []


def test_what_an_agent_leaves_behind_when_it_ends_by_itself_is_ended(rig: AgentRig) -> None:
    result = rig.run(*BROOD)
    assert result.exit_status == 0
    assert rig.alive() == []


def test_after_a_crash_of_the_worker_its_agent_is_found_by_work_directory_and_slot(
    rig: AgentRig,
) -> None:
    process = rig.begin(*BROOD, {"hang": 1})
    rig.wait_for_words("all there")
    assert end_leftovers(rig.work_dir, [1]) == [], "another worker's slot"
    assert end_leftovers(rig.work_dir / "tree") == [], "another work directory"
    assert len(rig.alive()) == FAMILY
    assert len(end_leftovers(rig.work_dir, [0])) == FAMILY
    assert rig.alive() == []
    assert end_leftovers(rig.work_dir) == []
    process.end(0)


def test_slot_one_is_not_taken_for_slot_eleven(rig: AgentRig) -> None:
    rig.marker = new_marker(rig.work_dir, 11)
    process = rig.begin({"hang": 1})
    assert end_leftovers(rig.work_dir, [1]) == []
    assert process.running()
    assert process.end(0)


def test_an_agent_that_prints_without_end_is_ended_and_its_log_cut(rig: AgentRig) -> None:
    with pytest.raises(AgentFailedError, match="log grew beyond 2 MB") as caught:
        rig.run({"flood": 1}, log_megabytes=2)
    assert caught.value.error_type == "agent_failed"
    assert caught.value.log is not None
    assert caught.value.log.stat().st_size < 2.1 * 1024 * 1024
    assert rig.alive() == []
