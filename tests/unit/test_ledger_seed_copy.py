"""A ledger that is cut off while nobody lives who had read it: the day's jobs come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.jobs import JobStatus
from tests.ledger_days import Clock, claimed, job, seeded, tracker


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


JOBS = [job(number, caption="one line") for number in range(4)]
IDS = {one.job_id for one in JOBS}


def test_a_cut_anywhere_in_a_seeded_row_loses_no_job(path: Path) -> None:
    seeded(path, JOBS, Clock()).close()
    whole = path.read_bytes()
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(ends[0] + 2, len(whole) - 2, 5):
        if cut in {place for end in ends for place in (end - 1, end, end + 1)}:
            continue
        path.write_bytes(whole[:cut])
        newcomer = tracker(path)
        newcomer.mend()
        assert newcomer.jobs().keys() == IDS, cut
        newcomer.close()


def test_whoever_writes_first_brings_them_back(path: Path) -> None:
    seeded(path, JOBS, Clock()).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    newcomer = tracker(path)
    assert claimed(newcomer, "1").job.status is JobStatus.CLAIMED
    assert newcomer.jobs().keys() == IDS
    assert newcomer.mend() == newcomer.mend(), "nothing is written back twice"


def test_jobs_that_were_added_later_come_back_too(path: Path) -> None:
    ledger = seeded(path, JOBS[:2], Clock())
    claimed(ledger)
    ledger.seed(lambda _known: JOBS)
    ledger.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    newcomer = tracker(path)
    assert newcomer.mend() == 1
    assert newcomer.jobs().keys() == IDS


def test_what_a_person_took_away_stays_away_also_without_a_last_line_end(path: Path) -> None:
    seeded(path, JOBS, Clock()).close()
    lines = path.read_bytes().split(b"\n")
    for content in (b"\n".join(lines[:3]) + b"\n", b"\n".join(lines[:3]).rstrip(b"\r")):
        path.write_bytes(content)
        assert tracker(path).mend() == 0
        assert path.read_bytes() == content


def test_the_next_day_has_no_job_of_the_day_before(path: Path) -> None:
    ledger = seeded(path, JOBS, Clock())
    ledger.reset_day()
    later = [job(number) for number in range(7, 9)]
    ledger.seed(lambda _known: later)
    ledger.close()
    path.write_bytes(path.read_bytes()[:-9])
    newcomer = tracker(path)
    newcomer.mend()
    assert newcomer.jobs().keys() == {one.job_id for one in later}
