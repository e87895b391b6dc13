"""Rows are made durable without the ledger's lock; a disk that refuses them changes no job."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import LedgerWriteError
from engine.jobs import Claim, JobStatus
from tests.ledger_days import Clock, claimed, read_rows, seeded, tracker

SYNC = "fdatasync" if hasattr(os, "fdatasync") else "fsync"
V0, V1 = "v0.mp4_camp", "v1.mp4_camp"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Does something instead of the next flush, once."""
    real: Callable[[int], None] = getattr(os, SYNC)

    def instead(work: Callable[[], None]) -> None:
        def flush(_fd: int) -> None:
            monkeypatch.setattr(os, SYNC, real)
            work()

        monkeypatch.setattr(os, SYNC, flush)

    return instead


def refuse() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


Disk = Callable[[Callable[[], None]], None]


def test_a_claim_that_the_disk_refused_is_none(path: Path, disk: Disk) -> None:
    ledger = seeded(path, 2)
    before = path.read_bytes()
    disk(refuse)
    with pytest.raises(LedgerWriteError):
        ledger.claim("0")
    assert path.read_bytes() == before
    assert claimed(ledger).job_id == V0


def test_an_outcome_that_the_disk_refused_can_be_written_again(path: Path, disk: Disk) -> None:
    ledger = seeded(path, 1)
    claim = claimed(ledger)
    disk(refuse)
    with pytest.raises(LedgerWriteError):
        ledger.succeed(claim)
    assert tracker(path).jobs()[V0].status is JobStatus.CLAIMED
    assert ledger.succeed(claim).status is JobStatus.SUCCESS


def test_others_write_while_a_row_is_made_durable(path: Path, disk: Disk) -> None:
    ledger, other = seeded(path, 2), tracker(path)
    others: list[Claim] = []
    disk(lambda: others.append(claimed(other, "1")))
    assert claimed(ledger, "0").job_id == V0
    assert [claim.job_id for claim in others] == [V1]


def test_a_claim_that_the_disk_refused_is_given_back_behind_what_others_wrote(
    path: Path, disk: Disk
) -> None:
    ledger, other = seeded(path, 2, Clock()), tracker(path)
    others: list[Claim] = []

    def write_behind_it_and_refuse() -> None:
        others.append(claimed(other, "1"))
        refuse()

    disk(write_behind_it_and_refuse)
    with pytest.raises(LedgerWriteError):
        ledger.claim("0")
    assert [row["status"] for row in read_rows(path)[2:]] == ["claimed", "claimed", "pending"]
    assert other.succeed(others[0]).status is JobStatus.SUCCESS
    again = claimed(tracker(path), "2")
    assert (again.job_id, again.job.caption) == (V0, tracker(path).history(V0)[0].caption)


def test_what_somebody_else_did_to_the_job_meanwhile_stays(path: Path, disk: Disk) -> None:
    ledger, other = seeded(path, 1), tracker(path)
    claim = claimed(ledger)

    def settle_and_refuse() -> None:
        other.settle_dead(lambda _job: False)
        refuse()

    disk(settle_and_refuse)
    with pytest.raises(LedgerWriteError):
        ledger.renew(claim)
    assert tracker(path).jobs()[V0].status is JobStatus.PENDING
