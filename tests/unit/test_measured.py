"""What attempts take, as measured one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.insight.measured import RunMeasured, ended_told, measured_of
from engine.insight.values import Attempt
from engine.jobs import ErrorCategory, JobStatus

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)
INFRA = ErrorCategory.INFRASTRUCTURE


def attempt(start: float, seconds: float | None, **other: Any) -> Attempt:
    """One that began so many seconds after noon and took so long; None: it is under way."""
    claimed = NOON + timedelta(seconds=start)
    values: dict[str, Any] = {
        "job_id": f"j{start}", "key": "k", "worker": "0", "run_id": "r", "pass_number": 1,
        "number": 1, "claimed_at": claimed,
        "ended_at": None if seconds is None else claimed + timedelta(seconds=seconds),
        "status": JobStatus.CLAIMED if seconds is None else JobStatus.SUCCESS,
    }  # fmt: skip
    return Attempt(**(values | other))


def failed(start: float, seconds: float, category: ErrorCategory = INFRA, **other: Any) -> Attempt:
    return attempt(start, seconds, status=JobStatus.FAILED, category=category, **other)


def test_fewer_than_five_attempts_tell_nothing() -> None:
    four = [attempt(100 * number, 60) for number in range(4)]
    assert measured_of(four).cost("run") is None
    five = measured_of([*four, attempt(400, 60)]).cost("run")
    assert five is not None
    assert (five.seconds, five.basis.attempts, five.basis.source) == (60, 5, "run")


def test_each_kind_of_end_has_its_own_seconds_and_a_begun_minute_counts_whole() -> None:
    found = measured_of(
        [
            *(attempt(0, 100), attempt(200, 140), failed(400, 10), failed(500, 30)),
            failed(600, 61, ErrorCategory.ACCOUNT),
        ]
    ).cost("run")
    assert found is not None
    assert found.again == 2 / 5
    assert found.seconds == pytest.approx((100 + 140 + 10 + 30 + 61) / 5)
    assert found.minutes == pytest.approx((2 + 3 + 1 + 1 + 2) / 5)


def test_how_often_another_try_follows_is_that_of_the_present_pass() -> None:
    first = [failed(100 * n, 10) for n in range(5)]
    second = [attempt(1000 + 100 * n, 60, pass_number=2) for n in range(5)]
    both = measured_of(first + second)
    present, whole = both.cost("run", 2), both.cost("run", 3)
    assert present is not None
    assert whole is not None
    assert (present.again, present.seconds) == (0.0, 60.0)
    assert (whole.again, whole.seconds) == (0.5, 35.0)


def test_the_pause_is_what_workers_waited_and_not_what_the_settings_say() -> None:
    """The boot of the next phone lies in it: ten seconds that are wanted may cost none."""
    steady = measured_of([attempt(62 * n, 60) for n in range(6)]).cost("run", pause=10.0)
    assert steady is not None
    assert steady.pause == 2
    alone = measured_of([attempt(n, 60, worker=str(n)) for n in range(5)]).cost("run", pause=10.0)
    assert alone is not None
    assert alone.pause == 10, "no worker has begun a second job yet"


def test_a_worker_that_waited_for_a_person_or_for_the_next_pass_is_no_rule() -> None:
    tries = [attempt(60 * n, 60) for n in range(5)]
    tries += [attempt(9000, 60), attempt(20_000, 60, pass_number=2)]
    found = measured_of(tries).cost("run")
    assert found is not None
    assert found.pause == 0


def test_what_was_given_back_or_is_of_no_known_length_is_not_measured() -> None:
    back = attempt(0, 60, status=JobStatus.PENDING)
    assert measured_of([back, attempt(0, 0), attempt(0, None)]).attempts == 0


def test_following_a_run_is_the_same_as_looking_at_it_whole() -> None:
    fold: list[Attempt] = []
    run = RunMeasured()
    for number in range(8):
        fold.append(attempt(100 * number, None))
        run.follow(fold, "r", MIDNIGHT)
        fold[-1] = attempt(100 * number, 50 + number)
        run.follow(fold, "r", MIDNIGHT)
    fold.append(attempt(900, 60, run_id="another"))
    assert run.follow(fold, "r", MIDNIGHT) == measured_of(fold[:-1])
    assert run.ended_today == 9, "of whatever run"
    assert run.follow(fold, "another", MIDNIGHT).attempts == 1
    tomorrow = MIDNIGHT + timedelta(days=1)
    assert (run.follow(fold, "r", tomorrow).attempts, run.ended_today) == (8, 0)


def test_a_message_of_a_worker_is_measured_as_its_row_will_be() -> None:
    told = {"status": "failed", "category": "infrastructure", "claimed_at": NOON.isoformat()}
    at = NOON + timedelta(seconds=75)
    found = ended_told(told, "0", 1, at)
    assert found is not None
    assert (found.seconds, str(found.kind)) == (75, "again")
    assert ended_told(told | {"status": "pending"}, "0", 1, at) is None
    assert ended_told({"status": "success"}, "0", 1, at) is None
