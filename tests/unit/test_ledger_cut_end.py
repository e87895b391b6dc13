"""A ledger that loses its end while a run has read it: what was known is written back."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LedgerWriteError
from engine.jobs import JobStatus
from tests.ledger_days import V0, Clock, claimed, job, seeded, tracker


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


JOBS = [job(number, caption="one line") for number in range(3)]


def row_ends(whole: bytes) -> list[int]:
    """Behind the header and each row."""
    return [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]


def test_a_ledger_cut_anywhere_in_a_row_is_as_it_was_once_a_live_run_looks(path: Path) -> None:
    clock = Clock()
    ledger = seeded(path, JOBS, clock)
    ledger.succeed(claimed(ledger))
    claim = claimed(ledger, "1")
    whole = path.read_bytes()
    known = dict(ledger.jobs())
    ends = row_ends(whole)
    for cut in range(ends[0] + 1, len(whole) - 1, 3):
        if cut in ends or cut + 1 in ends:
            continue
        path.write_bytes(whole[:cut])
        written = ledger.mend()
        assert dict(tracker(path).jobs()) == known, cut
        assert ledger.mend() == written, "nothing is written back twice"
        path.write_bytes(whole)
        assert dict(ledger.jobs()) == known
    assert ledger.succeed(claim).status is JobStatus.SUCCESS


def test_the_first_of_two_that_write_brings_the_end_back_and_the_other_adds_nothing(
    path: Path,
) -> None:
    ledger = seeded(path, JOBS, Clock())
    other = tracker(path)
    claim = claimed(ledger)
    assert len(other.jobs()) == 3
    whole = path.read_bytes()
    path.write_bytes(whole[: row_ends(whole)[1] + 5])
    ledger.succeed(claim)
    assert other.mend() == 0
    assert [job.status for job in other.jobs().values()] == [
        JobStatus.SUCCESS,
        JobStatus.PENDING,
        JobStatus.PENDING,
    ]
    assert path.read_bytes().startswith(whole)


def test_jobs_are_brought_back_also_when_somebody_else_went_on_without_them(path: Path) -> None:
    ledger = seeded(path, JOBS, Clock())
    assert len(ledger.jobs()) == 3
    path.with_name(f"{path.name}.seeded").unlink()  # as beside a ledger of an older system
    whole = path.read_bytes()
    path.write_bytes(whole[: row_ends(whole)[1] + 5])
    assert ledger.jobs().keys() == {V0}, "a look sees the cut and writes nothing"
    newcomer = tracker(path)
    assert claimed(newcomer, "9").job.job_id == V0
    assert ledger.mend() == 2
    assert {job.status for job in tracker(path).jobs().values()} == {
        JobStatus.CLAIMED,
        JobStatus.PENDING,
    }
    assert len(tracker(path).jobs()) == 3


def test_rows_that_a_person_took_away_stay_away(path: Path) -> None:
    ledger = seeded(path, JOBS, Clock())
    assert len(ledger.jobs()) == 3
    whole = path.read_bytes()
    shorter = whole[: row_ends(whole)[2]]
    for content in (shorter, shorter[: row_ends(whole)[0]] + shorter[row_ends(whole)[1] :]):
        path.write_bytes(content)
        assert ledger.mend() == 0
        assert path.read_bytes() == content


def test_an_end_that_cannot_be_written_back_yet_is_written_back_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = seeded(path, JOBS, Clock())
    assert len(ledger.jobs()) == 3
    whole = path.read_bytes()
    path.write_bytes(whole[: row_ends(whole)[1] + 5])

    def full(_fd: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.write", full)
        with pytest.raises(LedgerWriteError, match="No space"):
            ledger.mend()
    assert ledger.mend() == 2
    assert path.read_bytes() == whole
