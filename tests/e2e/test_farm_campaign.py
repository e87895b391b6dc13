"""A campaign on a farm: its own cap reaches the workers, and content decides what was posted."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.progress import ProgressTracker
from engine.sources.posted import PostedRecord
from tests.e2e.farm_day import FarmDay


def test_two_posts_an_account_and_a_renamed_video_is_refused_before_its_phone_starts(
    tmp_path: Path,
) -> None:
    options = ("--campaign", "one", "--accounts", 2, "--videos", 4, "--posts-per-account", 2)
    day = FarmDay(
        tmp_path / "W", *options, "--workers", 2, "--time-scale", 300,
        GEELARK_RUN__STAGGER_SECONDS="0.05",
        GEELARK_POSTING__MAX_POSTS_PER_ACCOUNT_PER_DAY="1",
    )  # fmt: skip
    assert day.run("--campaign", "one", "--seed-only") == 0
    path = day.work_dir / "campaigns" / "one" / "progress.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = rows[-1]
    record = PostedRecord(day.work_dir / "all_posted_videos.txt", day.settings)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    record.add(known["account"], "under-another-name.mp4", known["video_id"], yesterday)
    # As an older system leaves it: without the identity of its content.
    path.write_text(path.read_text(encoding="utf-8").replace(known["video_id"], ""))

    with day.served():
        assert day.run("--campaign", "one", "--run") == 1
        figures = day.compare()
    jobs = dict(ProgressTracker(path, settings=day.settings).jobs())
    refused = jobs.pop(known["job_id"])
    assert (refused.error_category, refused.error_type) == ("content", "duplicate_video")
    assert {str(job.status) for job in jobs.values()} == {"success"}
    assert (
        max([job.account for job in jobs.values()].count(name) for name in ("acct001", "acct002"))
        == 2
    )
    assert (figures["published"], figures["success"]) == (3, 3)
    assert "only_non_retryable" in day.output.splitlines()[-1]
