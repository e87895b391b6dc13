"""What archived days say of a job is found with notes on them as it is without."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.config import Settings
from engine.sources.post_history import PostHistory
from tests.year_of_days import lay_days

TODAY = date(2026, 6, 30)
DONE = "20260628-1.mp4"
"""Id of a job that the archive of the 28th has as posted, and its video's name."""
ARCHIVE = "parallel_progress_20260628.csv"
INDEX = ".parallel_progress.csv.archives.json"


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    lay_days(tmp_path, TODAY, days=3, accounts=2, swept=True)
    history(tmp_path).done_on_earlier_day("none", "none.mp4", "")
    return tmp_path


def history(work_dir: Path) -> PostHistory:
    return PostHistory(Settings(), work_dir, work_dir / "parallel_progress.csv")


def noted(work_dir: Path) -> Path:
    """Notes on all archives, as a seeding leaves them."""
    found = history(work_dir)
    assert not found.done_on_earlier_day("none", "none.mp4", "")
    found.keep_index()
    return work_dir / INDEX


def done(work_dir: Path) -> bool:
    return history(work_dir).done_on_earlier_day(DONE, DONE, "")


def test_looking_alone_writes_nothing_and_seeding_keeps_private_notes(work_dir: Path) -> None:
    assert not (work_dir / INDEX).exists()
    assert noted(work_dir).stat().st_mode & 0o777 in (0o600, 0o666)  # Windows knows no modes
    assert DONE not in (work_dir / INDEX).read_text()


def test_a_job_of_an_earlier_day_is_known_with_and_without_notes(work_dir: Path) -> None:
    assert done(work_dir)
    noted(work_dir)
    assert done(work_dir)
    assert not history(work_dir).done_on_earlier_day(DONE, "another.mp4", "")


def test_an_archive_that_is_not_as_it_was_noted_is_read_anew(work_dir: Path) -> None:
    archive = work_dir / ARCHIVE
    whole = archive.read_text()
    archive.write_text(whole.replace(DONE, "20260628-x.mp4"))
    noted(work_dir)
    archive.write_text(whole)
    assert done(work_dir)


def test_an_archive_that_came_later_is_read(work_dir: Path) -> None:
    archive = work_dir / ARCHIVE
    whole = archive.read_text()
    archive.unlink()
    noted(work_dir)
    assert not done(work_dir)
    archive.write_text(whole)
    assert done(work_dir)


@pytest.mark.parametrize("spoilt", [b"", b"{", b"[]", b'{"days": {"x": 1}}', b"\xff", b"[" * 9999])
def test_notes_that_cannot_be_understood_hide_nothing(work_dir: Path, spoilt: bytes) -> None:
    noted(work_dir).write_bytes(spoilt)
    assert done(work_dir)
    noted(work_dir)
    assert done(work_dir)


def test_days_that_are_gone_leave_the_notes(work_dir: Path) -> None:
    noted(work_dir)
    (work_dir / ARCHIVE).unlink()
    (work_dir / "parallel_progress_20260101.csv").write_bytes(
        (work_dir / "parallel_progress_20260627.csv").read_bytes()
    )
    assert ARCHIVE not in noted(work_dir).read_text()
