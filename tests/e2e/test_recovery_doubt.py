"""A doubt outlives its ledger row: what the posted record knows is never shared again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.farm_day import QUICK, FarmDay

SCRIPT = "".join(
    f'[[faults.script]]\nkind = "after_share"\naccount = "{account}"\n'
    for account in ("acct001", "acct002")
)
"""Published, and the connection is gone at once."""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarmDay]:
    """Two jobs that were published and are in doubt, their ledger truncated to its first rows."""
    made = FarmDay(
        tmp_path_factory.mktemp("farm") / "W", "--accounts", 2, "--workers", 2,
        "--time-scale", 300, farm=SCRIPT, delays=QUICK,
        GEELARK_POSTING__CONFIRM_TIMEOUT_SECONDS="3", GEELARK_POSTING__CHECK_DOUBTS="false",
    )  # fmt: skip
    with made.served():
        assert made.run("--seed-only") == 0
        seeded = ledger_of(made).read_bytes()
        assert made.run("--run") == 1
        assert made.statuses() == {"in_doubt": 2}
        ledger_of(made).write_bytes(seeded)
        assert made.statuses() == {"pending": 2}
        made.run("--run")
        yield made


def ledger_of(day: FarmDay) -> Path:
    return day.work_dir / day.settings.paths.ledger


def test_what_was_in_doubt_is_not_shared_again_when_the_ledger_forgot_it(day: FarmDay) -> None:
    assert sorted(day.reels()) == ["acct001", "acct002"]
    assert day.statuses() == {"in_doubt": 2}


def test_each_doubt_that_came_back_is_told_in_one_line_with_what_is_known(day: FarmDay) -> None:
    for job_id, job in day.jobs().items():
        lines = [line for line in day.output.splitlines() if line.startswith(f"{job_id} of ")]
        (told,) = [line for line in lines if "is in doubt again" in line]
        assert job.account in told
        assert "record of posted videos" in told
        assert job.submitted_at is not None
        assert "record of posted videos" in job.error


def test_the_operators_word_settles_it_for_good(day: FarmDay) -> None:
    posted, missing = day.jobs()
    assert day.run("--mark-posted", posted) == 0
    assert day.run("--requeue", missing) == 0
    day.run("--run")
    assert day.jobs()[posted].status == "success"
    assert day.reels().count(day.jobs()[posted].account) == 1
    assert day.reels().count(day.jobs()[missing].account) == 2, "the operator said: try again"
