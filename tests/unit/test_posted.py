from __future__ import annotations

import multiprocessing
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import LedgerUnreadableError, LedgerWriteError
from engine.jobs import Claim, ErrorCategory, Failure, NewJob
from engine.progress import ProgressTracker
from engine.sources.post_history import CAP_REACHED, POSTED_BEFORE, PostHistory
from engine.sources.posted import PostedRecord

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
SETTINGS = Settings.model_validate(
    {"run": {"timezone": "UTC"}, "posting": {"max_posts_per_account_per_day": 1}}
)
ID_A = "sha256:" + "a" * 32
ID_B = "sha256:" + "b" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "all_posted_videos.txt"


def record_of(path: Path) -> PostedRecord:
    return PostedRecord(path, SETTINGS)


# -- the file --------------------------------------------------------------------------------------


def test_what_was_added_is_seen_by_another_reader_at_once(path: Path) -> None:
    reader = record_of(path)
    assert not reader.posted_before("acct", "1.mp4", ID_A)
    assert record_of(path).add("acct", "1.mp4", ID_A, NOW)
    assert reader.posted_before("acct", "1.mp4", ID_A)
    assert path.read_text(encoding="utf-8") == f"acct|1.mp4|2026-03-05T12:00:00+00:00|{ID_A}\n"


def test_identity_is_the_content_and_old_lines_count_by_name(path: Path) -> None:
    path.write_text("# posts\n\nacct|old.mp4|2025-12-13T12:06:31.084726\n", encoding="utf-8")
    record = record_of(path)
    record.add("acct", "1.mp4", ID_A, NOW)
    assert record.posted_before("acct", "renamed.mp4", ID_A)
    assert not record.posted_before("acct", "1.mp4", ID_B), "another video of the same name"
    assert record.posted_before("acct", "1.mp4"), "unknown content: the name decides"
    assert record.posted_before("acct", "OLD.mp4", ID_B)
    assert not record.posted_before("other", "old.mp4")
    assert record.complaints() == []


def test_a_post_is_recorded_once(path: Path) -> None:
    assert record_of(path).add("acct", "1.mp4", ID_A, NOW)
    assert not record_of(path).add("acct", "renamed.mp4", ID_A, NOW)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1


def test_an_old_line_of_the_same_name_does_not_hide_a_new_post(path: Path) -> None:
    path.write_text("acct|1.mp4|2025-12-13T12:06:31\n", encoding="utf-8")
    assert not record_of(path).add("acct", "1.mp4", "", NOW)
    assert record_of(path).add("acct", "1.mp4", ID_A, NOW)
    assert len(record_of(path).posts()["acct"]) == 2


@pytest.mark.parametrize(
    "name", ["a|b.mp4", "100%.mp4", "%7C.mp4", "line\nbreak.mp4", "émoji 🔥.mp4"]
)
def test_odd_names_come_back_as_they_were(path: Path, name: str) -> None:
    record_of(path).add("ac|ct", name, ID_A, NOW)
    (post,) = record_of(path).posts()["ac|ct"]
    assert (post.name, post.video_id, post.when) == (name, ID_A, NOW)
    assert len(path.read_bytes().splitlines()) == 1


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "acct|only-two",
        "acct|a.mp4|yesterday",
        "|a.mp4|2025-01-01T00:00:00",
        "acct|a.mp4|2025-01-01T00:00:00|sha256:12",
        "a|b|2025-01-01|" + ID_A + "|more",
    ],
)
def test_a_malformed_line_is_told_and_not_skipped_in_silence(path: Path, line: str) -> None:
    path.write_text(f"x|1.mp4|2025-01-01T00:00:00\n{line}\n", encoding="utf-8")
    (sentence,) = record_of(path).complaints()
    assert "Line 2" in sentence
    assert str(path) in sentence


def test_what_a_torn_line_still_says_counts_as_a_post(path: Path) -> None:
    path.write_bytes(b"acct|a.mp4|2026-03-05T11:00:00+00:00|sha256:aaaa")
    record = record_of(path)
    assert record.posted_before("acct", "a.mp4", ID_B)
    assert len(record.bad_lines()) == 1


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_ended_before_the_next_post(path: Path, cut: int) -> None:
    record_of(path).add("first", "1.mp4", ID_A, NOW)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:cut])
    record_of(path).add("second", "2.mp4", ID_B, NOW)
    after = record_of(path)
    assert after.posted_before("first", "1.mp4", ID_A)
    assert after.posted_before("second", "2.mp4", ID_B)
    assert (
        path.read_bytes()
        == whole + whole[:cut] + b"\n" + path.read_bytes().splitlines()[-1] + b"\n"
    )


def test_a_hand_edit_is_noticed(path: Path) -> None:
    record = record_of(path)
    record.add("acct", "1.mp4", ID_A, NOW)
    record.add("acct", "2.mp4", ID_B, NOW)
    path.write_text("new|3.mp4|2025-01-01T00:00:00\n" * 9, encoding="utf-8")
    assert not record.posted_before("acct", "1.mp4", ID_A)
    assert record.posted_before("new", "3.mp4")
    path.unlink()
    assert not record.posted_before("new", "3.mp4")


def test_growth_is_read_from_where_it_was_left(path: Path) -> None:
    record = record_of(path)
    for number in range(50):
        record.add("acct", f"{number}.mp4", f"sha256:{number:032x}", NOW)
        assert len(record.posts()["acct"]) == number + 1
    assert record.posts() == record_of(path).posts()
    path.write_text(path.read_text(encoding="utf-8") + "bad\n", encoding="utf-8")
    assert [bad.number for bad in record.bad_lines()] == [51]


@pytest.mark.parametrize("content", [b"\xff\xfea\x00c\x00", b"acct|a.mp4\x00|x\n"])
def test_an_unreadable_record_is_an_error_and_never_empty(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LedgerUnreadableError, match="restore it from a backup"):
        record_of(path).posted_before("acct", "a.mp4")
    with pytest.raises(LedgerUnreadableError):
        record_of(path).add("acct", "a.mp4", ID_A, NOW)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_an_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises((LedgerUnreadableError, LedgerWriteError)):
        record_of(path).posts()


def test_names_in_another_encoding_stay_as_they_are(path: Path) -> None:
    path.write_bytes(b"acct|caf\xe9.mp4|2025-01-01T00:00:00\n")
    record = record_of(path)
    record.add("acct", "1.mp4", ID_A, NOW)
    assert path.read_bytes().startswith(b"acct|caf\xe9.mp4|")
    assert len(record.posts()["acct"]) == 2


@pytest.mark.skipif(os.name == "nt", reason="file modes are POSIX")
def test_the_record_is_private(path: Path) -> None:
    record_of(path).add("acct", "1.mp4", ID_A, NOW)
    assert path.stat().st_mode & 0o777 == 0o600


def _add_many(path: Path, worker: int) -> None:
    record = record_of(path)
    for number in range(40):
        record.add(f"acct{worker}", f"{number}.mp4", f"sha256:{worker:08x}{number:024x}", NOW)


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_many, args=(path, index)) for index in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    posts = record_of(path).posts()
    assert {account: len(found) for account, found in posts.items()} == {
        "acct0": 40,
        "acct1": 40,
        "acct2": 40,
    }
    assert record_of(path).complaints() == []


# -- wherever recorded -----------------------------------------------------------------------------


class Place:
    """A work directory with this ledger, another campaign's, and their trackers."""

    def __init__(self, work_dir: Path, now: datetime = NOW) -> None:
        self.now = now
        self.ledger_path = work_dir / "parallel_progress.csv"
        self.other_path = work_dir / "campaigns" / "show" / "progress.csv"
        self.other_path.parent.mkdir(parents=True)
        self.history = PostHistory(SETTINGS, work_dir, self.ledger_path, now=lambda: self.now)

    def tracker(self, path: Path) -> ProgressTracker:
        return ProgressTracker(path, settings=SETTINGS, now=lambda: self.now, cap=0)

    def claim(self, path: Path, account: str, name: str, video_id: str = "") -> Claim:
        job = NewJob(
            job_id=f"{name}_{account}",
            account=account,
            video_path=f"videos\\{name}",
            caption="c",
            video_id=video_id,
        )
        tracker = self.tracker(path)
        tracker.seed(lambda _: [job])
        claim = tracker.claim("0")
        assert isinstance(claim, Claim)
        assert claim.job_id == job.job_id
        return claim

    def count(self, account: str) -> int:
        return self.history.count_today(account, fresh=True)


@pytest.fixture(params=["alone", "attached"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The history reads this ledger by itself, or asks who reads it anyway."""
    found = Place(tmp_path)
    if request.param == "attached":
        found.history.attach(found.tracker(found.ledger_path))
    return found


def test_one_post_written_in_three_places_counts_once(place: Place) -> None:
    claim = place.claim(place.ledger_path, "acct", "1.mp4")
    place.history.record.add("acct", "1.mp4", ID_A, NOW)
    place.tracker(place.ledger_path).succeed(claim)
    archive = place.ledger_path.with_name("parallel_progress_20260305.csv")
    archive.write_bytes(place.ledger_path.read_bytes())
    assert place.count("acct") == 1
    assert place.count("other") == 0


def test_two_videos_of_one_name_are_two_posts(place: Place) -> None:
    place.history.record.add("acct", "1.mp4", ID_A, NOW)
    place.history.record.add("acct", "1.mp4", ID_B, NOW)
    assert place.count("acct") == 2


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("parallel_progress_20260305.csv", 1),
        ("parallel_progress_20260305_2.csv", 1),
        ("parallel_progress_20260304.csv", 0),
        ("parallel_progress_20260305_copy.csv", 0),
    ],
)
def test_archives_of_today_count(place: Place, name: str, counted: int) -> None:
    claim = place.claim(place.ledger_path, "acct", "1.mp4")
    place.tracker(place.ledger_path).succeed(claim)
    place.ledger_path.rename(place.ledger_path.with_name(name))
    assert place.count("acct") == counted


def test_another_campaigns_success_doubt_and_claim_count(place: Place) -> None:
    done = place.claim(place.other_path, "done", "1.mp4", ID_A)
    place.tracker(place.other_path).succeed(done)
    doubt = place.claim(place.other_path, "doubt", "2.mp4", ID_B)
    place.tracker(place.other_path).mark_submitted(doubt)
    place.tracker(place.other_path).fail(
        doubt, Failure(error="?", category=ErrorCategory.IN_DOUBT, error_type="unconfirmed")
    )
    place.claim(place.other_path, "busy", "3.mp4")
    failed = place.claim(place.other_path, "failed", "4.mp4")
    place.tracker(place.other_path).fail(
        failed, Failure(error="?", category=ErrorCategory.ACCOUNT, error_type="suspended")
    )
    counts = {name: place.count(name) for name in ("done", "doubt", "busy", "failed")}
    assert counts == {"done": 1, "doubt": 1, "busy": 1, "failed": 0}
    assert place.history.posted_before("doubt", "renamed.mp4", ID_B)


def test_a_ledger_behind_a_link_is_not_taken_for_another_campaigns(tmp_path: Path) -> None:
    place = Place(tmp_path)
    real = tmp_path / "elsewhere" / "linked"
    real.mkdir(parents=True)
    try:
        (tmp_path / "campaigns" / "linked").symlink_to(real, target_is_directory=True)
    except OSError as exc:
        pytest.skip(f"this system makes no links: {exc}")
    ledger = tmp_path / "campaigns" / "linked" / "progress.csv"
    claim = place.claim(ledger, "mine", "1.mp4", ID_A)
    history = PostHistory(SETTINGS, tmp_path, ledger, now=lambda: place.now)
    assert history.objection(claim.job, cap=1, fresh=True) is None


def test_own_claims_do_not_count_and_own_doubts_do(place: Place) -> None:
    claim = place.claim(place.ledger_path, "acct", "1.mp4")
    assert place.count("acct") == 0
    place.tracker(place.ledger_path).mark_submitted(claim)
    place.tracker(place.ledger_path).release(claim)
    assert place.count("acct") == 1
    assert place.history.count_today("acct", excluding=[claim.job_id], fresh=True) == 0


def test_yesterdays_post_does_not_count_but_its_video_stays_posted(place: Place) -> None:
    place.history.record.add("acct", "1.mp4", ID_A, NOW - timedelta(days=1))
    assert place.count("acct") == 0
    assert place.history.posted_before("acct", "1.mp4", ID_A)
    place.now = NOW - timedelta(days=1)
    assert place.count("acct") == 1


def test_a_post_of_another_process_is_seen_in_time(place: Place) -> None:
    assert place.count("acct") == 0
    claim = place.claim(place.other_path, "acct", "1.mp4")
    place.tracker(place.other_path).succeed(claim)
    assert place.history.count_today("acct", fresh=True) == 1


def test_an_objection_names_why_a_job_must_wait(place: Place, tmp_path: Path) -> None:
    tracker = place.tracker(place.ledger_path)
    tracker.seed(
        lambda _: [
            NewJob(job_id=name, account="acct", video_path=name, caption="c", video_id=video_id)
            for name, video_id in (("1.mp4", ID_A), ("2.mp4", ID_B))
        ]
    )
    first, second = tracker.jobs().values()
    assert place.history.objection(first, cap=1, fresh=True) is None
    place.history.record.add("acct", "1.mp4", ID_A, NOW)
    assert place.history.objection(first, cap=1, fresh=True) == POSTED_BEFORE
    assert place.history.objection(second, cap=1, fresh=True) == CAP_REACHED
    assert place.history.objection(second, cap=2, fresh=True) is None
    assert place.history.objection(second, cap=0, fresh=True) is None


def test_a_ledger_that_cannot_be_read_is_never_taken_for_empty(place: Place) -> None:
    place.other_path.write_text("what,is,this\n1,2,3\n", encoding="utf-8")
    with pytest.raises(LedgerUnreadableError):
        place.history.count_today("acct", fresh=True)


def test_asking_changes_no_file(place: Place, tmp_path: Path) -> None:
    claim = place.claim(place.other_path, "acct", "1.mp4")
    place.tracker(place.other_path).succeed(claim)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert place.count("acct") == 1
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
