from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import InputError
from engine.jobs import Claim
from engine.progress import ProgressTracker
from engine.sources.post_history import PostHistory
from engine.sources.seeding import Skip, seed_from
from engine.sources.state_source import StateFileSource
from engine.sources.video import video_id
from engine.workloads.base import SeedReport
from tests.media import make_video
from tests.shared_data import shared_data

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


class Day:
    """A work directory with a state file."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self.now = NOW
        self.configure()
        self.accounts("ann", "bob")

    def configure(self, **values: object) -> None:
        self.settings = Settings.model_validate({"run": {"timezone": "UTC"}} | values)

    def accounts(self, *lines: str) -> None:
        (self.work_dir / "accounts.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def jobs(self, *jobs: Mapping[str, object]) -> None:
        """Write the state file; a job needs only an id, and its video is made."""
        full = []
        for job in jobs:
            number = job.get("id", "x")
            item = {"video_path": f"clips\\{number}.mp4", "caption": "c", "account": None}
            full.append({**item, "status": "pending", **job})
            make_video(self.work_dir / "clips" / f"{number}.mp4")
        state = {"jobs": full, "accounts": [], "settings": {"humanize": True}, "saved_at": "x"}
        self.write(json.dumps(state))

    def write(self, text: str) -> None:
        (self.work_dir / "scheduler_state.json").write_text(text, encoding="utf-8")

    @property
    def ledger_path(self) -> Path:
        return self.work_dir / "parallel_progress.csv"

    @property
    def history(self) -> PostHistory:
        return PostHistory(self.settings, self.work_dir, self.ledger_path, now=lambda: self.now)

    @property
    def ledger(self) -> ProgressTracker:
        return ProgressTracker(
            self.ledger_path, settings=self.settings, now=lambda: self.now, cap=0
        )

    def source(self) -> StateFileSource:
        return StateFileSource(self.settings, self.work_dir, self.history)

    def seed(self) -> SeedReport:
        return seed_from(self.source(), self.ledger)

    def assigned(self) -> dict[str, str]:
        return {job.job_id: job.account for job in self.ledger.jobs().values()}


@pytest.fixture
def day(tmp_path: Path) -> Day:
    return Day(tmp_path)


def test_pending_and_retrying_jobs_are_seeded_in_file_order(day: Day) -> None:
    day.jobs(
        {"id": "z"},
        {"id": "done", "status": "success"},
        {"id": "a", "status": "retrying"},
        {"id": "lost", "status": "failed"},
        {"id": "stuck", "status": "in_progress"},
    )
    report = day.seed()
    assert day.assigned() == {"z": "ann", "a": "bob"}
    assert report.skipped == {Skip.NOT_PENDING: 2, Skip.IN_PROGRESS: 1}
    assert any("stuck" in message and "may have posted" in message for message in report.messages)
    job = day.ledger.jobs()["z"]
    assert job.video_path == "clips\\z.mp4"
    assert job.video_id == video_id(day.work_dir / "clips" / "z.mp4")


def test_a_jobs_own_account_is_kept_and_nobody_takes_it_before(day: Day) -> None:
    day.jobs({"id": "1"}, {"id": "2"}, {"id": "3", "account": "ann"})
    day.seed()
    assert day.assigned() == {"1": "bob", "2": "", "3": "ann"}


def test_jobs_left_over_wait_without_an_account(day: Day) -> None:
    day.jobs(*({"id": str(number)} for number in range(5)))
    report = day.seed()
    assert Counter(day.assigned().values()) == {"ann": 1, "bob": 1, "": 3}
    assert (report.seeded, report.keys_used) == (5, 2)
    assert any("3 jobs have no account" in message for message in report.messages)
    assert day.seed().skipped == {Skip.IN_LEDGER: 5}


def test_accounts_get_jobs_up_to_the_cap(day: Day) -> None:
    day.configure(posting={"max_posts_per_account_per_day": 2})
    day.jobs(*({"id": str(number)} for number in range(5)))
    day.seed()
    assert Counter(day.assigned().values()) == {"ann": 2, "bob": 2, "": 1}


def test_a_full_or_unknown_account_leaves_its_job_out(day: Day) -> None:
    day.jobs(
        {"id": "1", "account": "ann"},
        {"id": "2", "account": "ann"},
        {"id": "3", "account": "stranger"},
    )
    report = day.seed()
    assert day.assigned() == {"1": "ann"}
    assert report.skipped == {Skip.ACCOUNT_FULL: 1, Skip.UNKNOWN_ACCOUNT: 1}
    assert any("3 (stranger)" in message for message in report.messages)


def test_a_day_is_never_posted_twice_from_the_same_state_file(day: Day) -> None:
    day.jobs({"id": "1", "account": "ann"}, {"id": "2"})
    day.seed()
    ledger = day.ledger
    while isinstance(claim := ledger.claim("0"), Claim):
        day.history.record.add(
            claim.job.account, f"{claim.job_id}.mp4", claim.job.video_id, day.now
        )
        ledger.succeed(claim)
    ledger.reset_day()
    day.now += timedelta(days=1)
    report = day.seed()
    assert day.assigned() == {}
    assert report.skipped == {Skip.DONE_EARLIER: 2}
    for archive in day.work_dir.glob("parallel_progress_*.csv"):
        archive.unlink()
    report = day.seed()
    assert day.assigned() == {"2": "ann"}, "without archives the record still bars the pairs"
    assert report.skipped == {Skip.POSTED: 1}


def test_a_video_that_every_account_had_is_left_out(day: Day) -> None:
    day.jobs({"id": "1"}, {"id": "2"})
    for account in ("ann", "bob"):
        day.history.record.add(account, "1.mp4", "", NOW - timedelta(days=3))
    report = day.seed()
    assert day.assigned() == {"2": "ann"}
    assert report.skipped == {Skip.ALL_POSTED: 1}


def test_only_accounts_of_the_file_are_used_and_the_flag_narrows_them(day: Day) -> None:
    day.jobs({"id": "1"}, {"id": "2"})
    day.configure(accounts=["bob"])
    day.seed()
    assert day.assigned() == {"1": "bob", "2": ""}


def test_an_unknown_name_of_the_flag_is_an_error(day: Day) -> None:
    day.jobs({"id": "1"})
    day.configure(accounts=["bob", "zoe"])
    with pytest.raises(InputError, match="--accounts names zoe"):
        day.source().check()
    assert not day.ledger.exists()


def test_missing_videos_and_bad_captions_are_refused_with_their_reason(day: Day) -> None:
    day.jobs(
        {"id": "gone", "video_path": "C:\\nowhere\\gone2.mp4"},
        {"id": "none", "video_path": None},
        {"id": "empty", "caption": None},
        {"id": "long", "caption": "x" * 2201},
        {"id": "good"},
    )
    report = day.seed()
    assert day.assigned() == {"good": "ann"}
    assert report.skipped == {
        Skip.VIDEO_MISSING: 2,
        Skip.EMPTY_CAPTION: 1,
        Skip.LONG_CAPTION: 1,
    }
    assert any("gone2.mp4" in message for message in report.messages)


def test_videos_of_another_host_are_found_below_the_video_root(day: Day) -> None:
    day.jobs({"id": "1", "video_path": "C:\\Users\\op\\far\\away\\clip.mp4"})
    make_video(day.work_dir / "media" / "away" / "clip.mp4")
    day.configure(paths={"video_root": "media"})
    assert day.seed().seeded == 1


def test_entries_that_are_no_jobs_are_told(day: Day) -> None:
    day.jobs({"id": "1"}, {"id": "1"}, {"id": ""}, {"id": 7}, {"id": "bell\x07"}, {"caption": [1]})
    report = day.seed()
    assert day.assigned() == {"1": "ann", "7": "bob"}
    assert report.skipped == {Skip.UNUSABLE: 4}
    assert any("job 3 of scheduler_state.json" in message for message in report.messages)


def test_a_mark_of_byte_order_is_no_obstacle(day: Day) -> None:
    day.jobs({"id": "1"})
    path = day.work_dir / "scheduler_state.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert day.seed().seeded == 1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"jobs": [', "not whole JSON .line 1, column"),
        ("", "not whole JSON"),
        ("[]", 'no list "jobs"'),
        ('{"jobs": {}}', 'no list "jobs"'),
        ('{"accounts": []}', 'no list "jobs"'),
    ],
)
def test_a_broken_state_file_is_an_error_and_never_empty(day: Day, text: str, word: str) -> None:
    day.write(text)
    with pytest.raises(InputError, match=word):
        day.seed()
    assert not day.ledger.exists()
    assert (day.work_dir / "scheduler_state.json").read_text(encoding="utf-8") == text


def test_a_missing_state_file_and_one_of_another_encoding_are_errors(day: Day) -> None:
    with pytest.raises(InputError, match="no state file"):
        day.seed()
    (day.work_dir / "scheduler_state.json").write_bytes('{"jobs": ["é"]}'.encode("cp1252"))
    with pytest.raises(InputError, match="not UTF-8"):
        day.seed()


def test_a_missing_accounts_file_is_an_error(day: Day) -> None:
    day.jobs({"id": "1"})
    (day.work_dir / "accounts.txt").unlink()
    with pytest.raises(InputError, match="no accounts file"):
        day.seed()


def test_a_real_ledger_counts_its_jobs_against_the_cap(day: Day) -> None:
    """What is open, done or in doubt in a real mid-run ledger takes its account's place."""
    source = shared_data("ledgers") / "day_17col.csv"
    day.ledger_path.write_bytes(source.read_bytes())
    existing = day.ledger.jobs()
    busy = {job.account for job in existing.values() if job.status != "failed"}
    assert len(busy) > 50
    day.accounts(*sorted(busy), "newcomer")
    day.now = datetime(2025, 12, 22, 20, 0, tzinfo=UTC)
    day.jobs({"id": "1"}, {"id": "2"})
    day.seed()
    added = {
        job_id: account for job_id, account in day.assigned().items() if job_id not in existing
    }
    assert added == {"1": "newcomer", "2": ""}


def test_a_job_of_an_archived_day_does_not_come_again_for_another_account(day: Day) -> None:
    """The scheduler never writes back what was posted; what was left over comes next (A-D3)."""
    day.jobs({"id": "a"}, {"id": "b"}, {"id": "c"})
    day.seed()
    assert day.assigned() == {"a": "ann", "b": "bob", "c": ""}
    ledger = day.ledger
    for _ in range(2):
        claim = ledger.claim("0")
        assert isinstance(claim, Claim)
        ledger.mark_submitted(claim)
        ledger.succeed(claim)
    ledger.reset_day()
    day.now += timedelta(days=1)
    report = day.seed()
    assert report.skipped == {Skip.DONE_EARLIER: 2}
    assert day.assigned() == {"c": "ann"}


def test_an_id_that_is_given_to_another_video_is_another_job(day: Day) -> None:
    day.jobs({"id": "1"})
    day.seed()
    claim = day.ledger.claim("0")
    assert isinstance(claim, Claim)
    day.ledger.succeed(claim)
    day.ledger.reset_day()
    day.now += timedelta(days=1)
    make_video(day.work_dir / "clips" / "new.mp4")
    day.jobs({"id": "1", "video_path": "clips/new.mp4"})
    assert day.seed().seeded == 1
