"""What an attempt tells of itself: its phases, and where it failed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from engine.errors import AppiumError, StopRequested
from engine.evidence import EvidenceBundle
from engine.jobs import Claim, ErrorCategory, Failure, Job, JobStatus, Success
from engine.lifecycle import Lifecycle
from engine.report import JobReport

JOB = Job(job_id="j", account="a", video_path="", caption="", status=JobStatus.CLAIMED, attempts=1)
CLAIM = Claim(job=JOB, worker_id="3", claimed_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
DONE = replace(JOB, status=JobStatus.SUCCESS)
FAILED = replace(JOB, status=JobStatus.FAILED, error_type="adb_timeout")


class Held:
    """A claim that nobody contests."""

    def verify(self, claim: Claim) -> None:
        return

    def mark_submitted(self, claim: Claim) -> None:
        return


class Attempt:
    """A report with a clock that only this moves, and what was published of it."""

    def __init__(self, folder: Path) -> None:
        self.time = 100.0
        self.stop = False
        self.too_early = 0.0
        self.meanwhile = 0
        self.told: list[dict[str, Any]] = []
        self.report = JobReport(
            claim=CLAIM,
            keeper=Held(),
            lifecycle=Lifecycle((), lambda _before, _state, _spent: None),
            bundle=EvidenceBundle(folder, "j", 2),
            log=structlog.get_logger("test"),
            time_limit=60,
            wake=threading.Event(),
            must_stop=lambda: self.stop,
            publish=lambda event, **fields: self.told.append({"event": event, **fields}),
            too_early=lambda: self.too_early,
            meanwhile=self._look_ahead,
            clock=lambda: self.time,
        )

    def _look_ahead(self) -> None:
        self.meanwhile += 1

    def go(self, *phases: tuple[str, float]) -> None:
        """Through these phases, so many seconds in each."""
        for name, seconds in phases:
            self.report.phase(name)
            self.time += seconds


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    return Attempt(tmp_path)


def test_phases_are_told_in_their_order_and_one_entered_twice_adds_up(attempt: Attempt) -> None:
    attempt.time += 2
    attempt.go(("boot", 40), ("caption", 3), ("share", 1), ("caption", 4), ("stop", 10))
    attempt.report.end()
    attempt.time += 99  # writing the outcome is no part of the attempt
    message = attempt.report.message(DONE)
    assert list(message["phases"].items()) == [
        ("start", 2.0),
        ("boot", 40.0),
        ("caption", 7.0),
        ("share", 1.0),
        ("stop", 10.0),
    ]
    assert (message["attempt"], message["claimed_at"]) == (2, "2026-03-02T12:00:00+00:00")
    assert message["failed_in"] == ""


@pytest.mark.parametrize(
    ("phases", "failed_in"),
    [
        ([], "start"),
        (["boot"], "boot"),
        (["boot", "connect", "stop"], "connect"),
        (["stop"], "start"),
    ],
)
def test_an_attempt_failed_in_its_last_phase_before_what_it_held_was_released(
    attempt: Attempt, phases: Sequence[str], failed_in: str
) -> None:
    attempt.go(*((name, 1) for name in phases))
    attempt.report.end()
    failure = Failure(error="x", category=ErrorCategory.INFRASTRUCTURE, error_type="adb_timeout")
    assert attempt.report.message(FAILED)["failed_in"] == failed_in
    assert attempt.report.record(failure)["phase"] == failed_in


def test_a_phase_in_which_the_attempt_is_stopped_is_counted_all_the_same(
    attempt: Attempt,
) -> None:
    attempt.go(("boot", 5))
    attempt.stop = True
    with pytest.raises(StopRequested):
        attempt.report.phase("stop")
    attempt.time += 7
    attempt.report.end()
    message = attempt.report.message(replace(JOB, status=JobStatus.PENDING))
    assert message["phases"] == {"start": 0.0, "boot": 5.0, "stop": 7.0}
    assert message["failed_in"] == "boot"
    assert attempt.told[-1] == {"event": "phase", "phase": "stop", "before": "boot", "seconds": 5.0}


def test_the_last_record_of_an_attempt_says_how_it_ended(attempt: Attempt) -> None:
    assert attempt.report.record(None)["outcome"] == "given_back"
    success = attempt.report.record(Success(evidence="seen"))
    assert (success["outcome"], success["evidence"]) == ("success", "seen")
    attempt.report.submit()
    doubt = Failure(error="x", category=ErrorCategory.IN_DOUBT, error_type="unconfirmed")
    assert attempt.report.record(doubt)["outcome"] == "in_doubt"


def test_the_last_record_tells_the_time_in_each_phase_and_what_was_raised(
    attempt: Attempt,
) -> None:
    attempt.go(("boot", 5), ("connect", 2))
    try:
        try:
            raise OSError("line cut")
        except OSError as cut:
            raise AppiumError("the session died") from cut
    except AppiumError as exc:
        attempt.report.failed(exc)
    attempt.report.end()
    record = attempt.report.record(
        Failure(error="x", category=ErrorCategory.INFRASTRUCTURE, error_type="appium_crash")
    )
    assert record["phases"] == {"start": 0.0, "boot": 5.0, "connect": 2.0}
    assert record["exceptions"] == ["AppiumError: the session died", "OSError: line cut"]


def test_a_job_that_is_ready_before_the_pause_is_over_waits_in_a_phase_of_its_own(
    attempt: Attempt,
) -> None:
    attempt.too_early = 0.01
    attempt.report.begin()
    assert [told["phase"] for told in attempt.told if told["event"] == "phase"] == ["delay"]


def test_a_job_that_is_ready_after_the_pause_begins_at_once(attempt: Attempt) -> None:
    attempt.report.begin()
    assert [told for told in attempt.told if told["event"] == "phase"] == []


def test_a_stop_ends_the_pause_before_a_job(attempt: Attempt) -> None:
    attempt.too_early, attempt.stop = 60.0, True
    with pytest.raises(StopRequested):
        attempt.report.begin()


def test_a_look_ahead_comes_once_and_only_past_the_point_of_no_return(attempt: Attempt) -> None:
    attempt.report.pause(0)
    assert attempt.meanwhile == 0
    attempt.report.submit()
    assert attempt.meanwhile == 0, "nothing comes between the mark and the irreversible step"
    attempt.report.pause(0)
    attempt.report.pause(0)
    assert attempt.meanwhile == 1
