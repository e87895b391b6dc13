"""The host's clock is set while jobs are at work: leases, dues and caps stay right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import ClaimLostError
from engine.jobs import Claim, ErrorCategory, Failure, NewJob, Nothing
from engine.progress import ProgressTracker

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
SETTINGS = Settings.model_validate({"run": {"timezone": "UTC"}})
HOURS = [timedelta(hours=2), timedelta(hours=-2)]


class Place:
    """A ledger of one job and a clock that can be set."""

    def __init__(self, tmp_path: Path) -> None:
        self.now = NOON
        self.ledger = ProgressTracker(
            tmp_path / "ledger.csv", settings=SETTINGS, now=lambda: self.now
        )
        job = NewJob(job_id="j", account="acct", video_path="v/1.mp4", caption="")
        self.ledger.seed(lambda known: [job])

    def claim(self) -> Claim:
        found = self.ledger.claim("0")
        assert isinstance(found, Claim)
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("jump", HOURS, ids=["forward", "back"])
def test_a_living_workers_job_goes_on_over_a_jump_of_the_clock(
    place: Place, jump: timedelta
) -> None:
    claim = place.claim()
    place.ledger.renew(claim)
    place.now += jump
    assert place.ledger.release_stale_claims(lambda job: True) == []
    place.ledger.mark_submitted(claim)
    assert str(place.ledger.succeed(claim).status) == "success"


@pytest.mark.parametrize("jump", HOURS, ids=["forward", "back"])
def test_nobody_can_end_a_claim_that_was_taken_back_whatever_the_clock_says(
    place: Place, jump: timedelta
) -> None:
    first = place.claim()
    place.ledger.settle_dead(lambda job: False)
    place.now += jump
    second = place.claim()
    assert second.claimed_at > first.claimed_at
    with pytest.raises(ClaimLostError):
        place.ledger.mark_submitted(first)
    place.ledger.mark_submitted(second)


def test_a_clock_that_was_set_back_makes_a_job_in_doubt_claimable_for_nobody(place: Place) -> None:
    claim = place.claim()
    place.ledger.mark_submitted(claim)
    place.now -= timedelta(hours=2)
    (job,) = place.ledger.settle_dead(lambda job: False)
    assert job.in_doubt
    assert isinstance(place.ledger.claim("0"), Nothing)


def test_a_postponed_job_waits_no_longer_than_its_delay_after_a_jump_forward(place: Place) -> None:
    failure = Failure(
        error="Busy.",
        category=ErrorCategory.INFRASTRUCTURE,
        error_type="no_capacity",
        retry_soon=True,
    )
    place.ledger.fail(place.claim(), failure)
    assert isinstance(place.ledger.claim("0"), Nothing)
    place.now += timedelta(hours=2)
    assert place.claim().job_id == "j"
