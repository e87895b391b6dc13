"""The day's beginning and end: seeding, reset, archive, export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.errors import LedgerError
from engine.jobs import JobStatus, NewJob
from engine.progress import ProgressTracker
from tests.ledger_days import (
    CAPTION,
    COLUMNS,
    LEGACY_13,
    LEGACY_17,
    V0,
    Clock,
    claimed,
    csv_text,
    failed_once,
    failure,
    job,
    quarantine,
    read_rows,
    row,
    seeded,
    tracker,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.csv"


# -- seeding --------------------------------------------------------------------------------------


def test_seeding_makes_the_file_private_with_all_columns(path: Path) -> None:
    seeded(path, 2)

    assert path.stat().st_mode & 0o777 == 0o600
    rows = read_rows(path)
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["caption"] == CAPTION
    assert [entry["status"] for entry in rows] == ["pending"] * 2


def test_seeding_adds_what_is_new_and_keeps_what_is_there(path: Path) -> None:
    ledger = seeded(path, 2)
    ledger.succeed(claimed(ledger))

    def plan(known: object) -> list[NewJob]:
        assert V0 in known  # type: ignore[operator]  # a mapping, given as object to the test
        return [job(0), job(1), job(2), job(2, "other")]

    added = ledger.seed(plan)

    assert [new.job_id for new in added] == ["v2.mp4_camp"]
    assert ledger.jobs()[V0].status is JobStatus.SUCCESS
    assert len(ledger.jobs()) == 3


@pytest.mark.parametrize("name", ["", "two\nlines", "nul\0", "x" * 1001])
def test_a_name_that_no_ledger_can_hold_is_refused(path: Path, name: str) -> None:
    with pytest.raises(LedgerError, match="Rename it at its source"):
        seeded(path, [job(0), job(1, job_id=name)])

    assert not path.exists()


@pytest.mark.parametrize("name", ['6" phone.mp4"', " padded ", "=sum", 'a"b,c', "é🎬"])
def test_any_other_name_comes_back_as_it_was(path: Path, name: str) -> None:
    seeded(path, [job(0, f" {name}", job_id=name)])

    (found,) = tracker(path).jobs().values()

    assert (found.job_id, found.account) == (name, f" {name}")
    assert tracker(path).quarantined() == 0


# -- the end of the day ---------------------------------------------------------------------------


def test_reset_archives_beside_and_starts_empty(path: Path) -> None:
    clock = Clock(datetime(2026, 3, 2, 23, 30, tzinfo=UTC))  # already the 3rd in Berlin
    ledger = seeded(path, 2, clock)
    ledger.succeed(claimed(ledger))
    before = path.read_bytes()

    report = ledger.reset_day()

    assert report.archive == path.with_name("day_20260303.csv")
    assert report.archive.read_bytes() == before
    assert (report.figures.success, report.figures.pending) == (1, 1)
    assert path.read_bytes() == (",".join(COLUMNS) + "\n").encode()
    assert ledger.exists()
    assert len(ledger.jobs()) == 0
    seeded(path, 1, clock)
    assert len(ledger.jobs()) == 1


def test_no_archive_is_ever_overwritten(path: Path) -> None:
    archives = []
    for number in range(3):
        ledger = seeded(path, [job(number)])
        archives.append(ledger.reset_day().archive)

    assert [archive.name for archive in archives] == [
        "day_20260302.csv",
        "day_20260302_1.csv",
        "day_20260302_2.csv",
    ]
    assert [read_rows(archive)[0]["job_id"] for archive in archives] == [
        f"v{number}.mp4_camp" for number in range(3)
    ]


def test_reset_of_nothing_says_so(path: Path) -> None:
    with pytest.raises(LedgerError, match="nothing to reset"):
        tracker(path).reset_day()

    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("status", ["claimed", "failed"])
def test_reset_waits_for_jobs_in_doubt_unless_told(path: Path, status: str) -> None:
    rows = [row(status=status, error_category="in_doubt" if status == "failed" else "")]
    path.write_bytes(csv_text(LEGACY_17, rows))
    ledger = tracker(path)

    with pytest.raises(LedgerError, match="in doubt"):
        ledger.reset_day()
    assert len(ledger.jobs()) == 1

    assert ledger.reset_day(allow_in_doubt=True).figures.unsettled == 1
    assert len(ledger.jobs()) == 0


def test_the_quarantine_goes_with_its_day(path: Path) -> None:
    path.write_bytes(csv_text(LEGACY_13, [row(), row(status="odd")]))
    ledger = tracker(path)

    archive = ledger.reset_day().archive

    assert ledger.quarantined() == 0
    assert quarantine(path) == []
    assert len(quarantine(archive)) == tracker(archive).quarantined() == 1


def test_the_lock_file_stays(path: Path) -> None:
    ledger = seeded(path, 1)
    lock = path.with_name("day.csv.lock")
    before = lock.stat().st_ino

    ledger.reset_day()

    assert lock.stat().st_ino == before


def test_another_tracker_follows_a_reset(path: Path) -> None:
    ledger, other = seeded(path, 2), tracker(path)
    claim = claimed(other)

    ledger.reset_day()

    assert len(other.jobs()) == 0
    assert other.verify(claim) == "not found"


def test_export_has_one_whole_row_a_job(path: Path) -> None:
    ledger = seeded(path, 3)
    ledger.succeed(claimed(ledger))
    failed_once(ledger, failure(error="=HYPERLINK(1)"))
    target = path.with_name("old tools.csv")

    assert ledger.export(target) == 3

    rows = read_rows(target)
    assert tuple(rows[0]) == COLUMNS
    assert [entry["status"] for entry in rows] == ["success", "failed", "pending"]
    assert [entry["caption"] for entry in rows] == [CAPTION] * 3
    assert rows[1]["error"] == "'=HYPERLINK(1)"
    assert {found.status for found in tracker(target).jobs().values()} == {
        JobStatus.SUCCESS,
        JobStatus.FAILED,
        JobStatus.PENDING,
    }


@pytest.mark.parametrize(
    "use",
    [
        lambda ledger: ledger.claim("0"),
        lambda ledger: ledger.requeue(["x"]),
        lambda ledger: ledger.reset_for_pass(2),
        lambda ledger: ledger.settle_dead(lambda _job: False),
    ],
)
def test_a_change_on_a_missing_ledger_is_a_loud_error(
    path: Path, use: Callable[[ProgressTracker], object]
) -> None:
    with pytest.raises(LedgerError, match="is missing or empty"):
        use(tracker(path))

    assert list(path.parent.iterdir()) == []
