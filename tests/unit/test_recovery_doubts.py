"""What the posted record knows of doubts, and what the ledger gets back from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import InfrastructureError, LedgerError, LedgerWriteError
from engine.jobs import Claim, ErrorCategory, Failure, Job, JobStatus, NewJob, Trace
from engine.progress import ProgressTracker
from engine.sources.post_history import POSTED_BEFORE, PostHistory
from engine.sources.posted import PostedRecord
from engine.sources.posted_lines import Post, lost_words, trace_of
from engine.workloads.base import WorldContext
from engine.workloads.post_reel import PostReel
from tests.media import make_video

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
SETTINGS = Settings.model_validate({"run": {"timezone": "UTC"}})
ID_A = "sha256:" + "a" * 32
ID_B = "sha256:" + "b" * 32
SHARED = Post(account="acct", name="1.mp4", when=NOW, video_id=ID_A, job_id="j1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "all_posted_videos.txt"


def record_of(path: Path) -> PostedRecord:
    return PostedRecord(path, SETTINGS)


# -- the record ------------------------------------------------------------------------------------


def test_what_is_about_to_be_shared_stands_in_the_record_before_it_is(path: Path) -> None:
    record_of(path).expect(SHARED)
    assert path.read_text(encoding="utf-8") == (
        f"#may-be-posted|acct|1.mp4|2026-03-05T12:00:00+00:00|{ID_A}|j1\n"
    )
    reader = record_of(path)
    assert reader.doubts() == {"acct": (SHARED,)}
    assert reader.posts() == {}
    assert reader.complaints() == []


def test_a_post_settles_its_doubt_and_no_other(path: Path) -> None:
    record = record_of(path)
    record.expect(SHARED)
    record.expect(Post(account="acct", name="2.mp4", when=NOW, video_id=ID_B, job_id="j2"))
    assert record.add("acct", "renamed.mp4", ID_A, NOW)
    assert [post.job_id for post in record_of(path).doubts()["acct"]] == ["j2"]
    assert [post.video_id for post in record_of(path).posts()["acct"]] == [ID_A]


def test_a_doubt_that_is_taken_back_is_settled_in_full_only(path: Path) -> None:
    record = record_of(path)
    record.expect(SHARED)
    before = path.read_bytes()
    assert record.withdraw(SHARED, NOW)
    assert not record.withdraw(SHARED, NOW), "there is nothing left to take back"
    assert record.doubts() == {}
    note = path.read_bytes()[len(before) :]
    for cut in range(1, note.rindex(b"|")):
        path.write_bytes(before + note[:cut])
        assert record_of(path).doubts() == {"acct": (SHARED,)}, f"torn after {cut} bytes"


def test_a_doubt_may_come_again_after_it_was_taken_back(path: Path) -> None:
    record = record_of(path)
    record.expect(SHARED)
    record.withdraw(SHARED, NOW)
    record.expect(SHARED)
    assert record_of(path).doubts() == {"acct": (SHARED,)}


def test_a_doubt_of_the_ledger_is_noted_once_and_not_beside_its_post(path: Path) -> None:
    record = record_of(path)
    for _ in range(2):
        record.expect_once(SHARED)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1
    record.add("acct", "1.mp4", ID_A, NOW)
    record.expect_once(SHARED)
    assert record.doubts() == {}


def test_a_torn_note_counts_for_what_it_still_says_and_is_told(path: Path) -> None:
    path.write_bytes(b"#may-be-posted|acct|1.mp4|2026-03-0")
    record = record_of(path)
    assert [post.name for post in record.doubts()["acct"]] == ["1.mp4"]
    (sentence,) = record.complaints()
    assert "Line 1" in sentence


def test_a_comment_of_a_person_is_no_note(path: Path) -> None:
    path.write_text("# may be posted|acct|1.mp4|x\n#may-be\n", encoding="utf-8")
    record = record_of(path)
    assert record.doubts() == {}
    assert record.complaints() == []


def test_a_doubt_counts_as_a_post_for_every_question(tmp_path: Path) -> None:
    history = PostHistory(SETTINGS, tmp_path, tmp_path / "ledger.csv", now=lambda: NOW)
    history.record.expect(SHARED)
    assert history.posted_before("acct", "1.mp4", ID_A)
    assert history.count_today("acct", fresh=True) == 1
    job = Job(
        job_id="j1", account="acct", video_path="v/1.mp4", caption="", status=JobStatus.PENDING
    )
    assert history.objection(job, cap=0) == POSTED_BEFORE
    history.record.withdraw(SHARED, NOW)
    assert history.objection(job, cap=0, fresh=True) is None


def test_a_record_that_cannot_be_written_stops_the_share(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LedgerError, match="all_posted_videos"):
        record_of(path).expect(SHARED)


def test_a_record_that_cannot_be_written_is_told_before_a_phone_is_started(path: Path) -> None:
    record = record_of(path)
    record.refuse_unwritable()
    assert not path.exists(), "to ask makes no file"
    path.mkdir()
    with pytest.raises(LedgerWriteError, match="so nothing is posted: make room or allow writing"):
        record.refuse_unwritable()


def test_an_attempt_that_could_not_be_recorded_fails_and_is_counted(tmp_path: Path) -> None:
    """Else the job would go round for ever, and a phone with it."""
    workload = PostReel(WorldContext(settings=SETTINGS, work_dir=tmp_path))
    video = make_video(tmp_path / "1.mp4")
    job = Job(
        job_id="j1", account="acct", video_path=str(video), caption="A.", status=JobStatus.CLAIMED
    )
    assert workload.material(job) == video
    (tmp_path / SETTINGS.paths.posted_record).mkdir()
    with pytest.raises(InfrastructureError, match="so nothing is posted") as caught:
        workload.material(job)
    assert caught.value.error_type == "record_unwritable"


@pytest.mark.parametrize("word", ["confirmed", "not_done"])
def test_the_operators_word_settles_what_was_shared_although_the_file_changed_since(
    tmp_path: Path, word: str
) -> None:
    workload = PostReel(WorldContext(settings=SETTINGS, work_dir=tmp_path))
    record = record_of(tmp_path / SETTINGS.paths.posted_record)
    record.expect(SHARED)
    job = Job(
        job_id="j1",
        account="acct",
        video_path=str(make_video(tmp_path / "1.mp4")),
        caption="A.",
        status=JobStatus.FAILED,
        error_category=ErrorCategory.IN_DOUBT,
        video_id=ID_B,
    )
    workload.may_be_done(job)
    assert record.doubts() == {"acct": (SHARED,)}
    getattr(workload, word)(job)
    assert record.doubts() == {}
    assert record.posted_before("acct", "1.mp4", ID_A) is (word == "confirmed")


def test_a_doubt_whose_job_is_in_no_ledger_any_more_is_told_with_its_remedy(
    tmp_path: Path,
) -> None:
    history = PostHistory(SETTINGS, tmp_path, tmp_path / "ledger.csv", now=lambda: NOW)
    history.record.expect(SHARED)
    (lost,) = history.doubts_without_job()
    text = lost_words(lost, history.record.path)
    assert "acct may have posted 1.mp4 (2026-03-05 12:00+00:00)" in text
    line = history.record.path.read_text(encoding="utf-8")
    assert "write #was-not-posted for #may-be-posted" in text
    history.record.path.write_text(
        line.replace("#may-be-posted", "#was-not-posted"), encoding="utf-8"
    )
    assert not history.posted_before("acct", "1.mp4", ID_A)
    assert history.record.complaints() == []


@pytest.mark.parametrize("ledger", ["ledger.csv", "campaigns/other/progress.csv"])
def test_a_doubt_whose_job_a_ledger_still_has_is_its_ledgers(tmp_path: Path, ledger: str) -> None:
    path = tmp_path / ledger
    path.parent.mkdir(parents=True, exist_ok=True)
    job = NewJob(job_id="j1", account="acct", video_path="v/1.mp4", caption="", video_id=ID_A)
    ProgressTracker(path, settings=SETTINGS, now=lambda: NOW).seed(lambda known: [job])
    history = PostHistory(SETTINGS, tmp_path, tmp_path / "ledger.csv", now=lambda: NOW)
    history.record.expect(SHARED)
    assert list(history.doubts_without_job()) == []


# -- the ledger ------------------------------------------------------------------------------------


class Ledger:
    """Three jobs of one ledger, and the signs that are kept of them elsewhere."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "ledger.csv"
        self.tracker = ProgressTracker(self.path, settings=SETTINGS, now=lambda: NOW)
        jobs = [
            NewJob(job_id=f"j{n}", account=f"acct{n}", video_path=f"v/{n}.mp4", caption="")
            for n in (1, 2, 3)
        ]
        self.tracker.seed(lambda known: jobs)
        self.signs: list[Trace] = []

    def sign(self, number: int) -> None:
        self.signs.append(
            trace_of(Post(account=f"acct{number}", name=f"{number}.mp4", when=NOW, job_id="x"))
        )

    def claimed(self) -> Claim:
        claim = self.tracker.claim("0")
        assert isinstance(claim, Claim)
        return claim

    def restore(self) -> Sequence[str]:
        return [job.job_id for job in self.tracker.restore_doubts(lambda: self.signs)]

    def statuses(self) -> dict[str, str]:
        jobs = self.tracker.jobs()
        return {name: "doubt" if job.in_doubt else str(job.status) for name, job in jobs.items()}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def test_a_waiting_job_that_may_be_done_is_in_doubt_again_and_only_once(ledger: Ledger) -> None:
    ledger.sign(2)
    assert ledger.restore() == ["j2"]
    assert ledger.restore() == []
    assert ledger.statuses() == {"j1": "pending", "j2": "doubt", "j3": "pending"}
    job = ledger.tracker.jobs()["j2"]
    assert job.submitted_at == NOW
    assert "Share may have been tapped at 2026-03-05 12:00:00+00:00" in job.error
    statuses = [str(row.status) for row in ledger.tracker.history("j2")]
    assert statuses == ["pending", "claimed", "failed"], "only what the table of statuses allows"


def test_a_failed_job_that_may_be_done_is_in_doubt_as_well(ledger: Ledger) -> None:
    failure = Failure(error="x", category=ErrorCategory.INFRASTRUCTURE, error_type="adb")
    ledger.tracker.fail(ledger.claimed(), failure)
    ledger.sign(1)
    assert ledger.restore() == ["j1"]
    assert ledger.tracker.jobs()["j1"].in_doubt


def test_what_is_done_skipped_or_at_work_stays_as_it_is(ledger: Ledger) -> None:
    ledger.tracker.succeed(ledger.claimed())
    ledger.tracker.skip(["j2"])
    assert ledger.claimed().job_id == "j3"
    for number in (1, 2, 3):
        ledger.sign(number)
    assert ledger.restore() == []
    assert ledger.statuses() == {"j1": "success", "j2": "skipped", "j3": "claimed"}


def test_a_sign_of_another_video_or_account_puts_nothing_in_doubt(ledger: Ledger) -> None:
    ledger.signs = [
        trace_of(Post(account="acct1", name="2.mp4", when=NOW)),
        trace_of(Post(account="acct9", name="1.mp4", when=NOW)),
    ]
    assert ledger.restore() == []


def test_a_sign_that_is_settled_under_the_lock_puts_nothing_in_doubt(ledger: Ledger) -> None:
    ledger.sign(1)
    answers = [ledger.signs, []]
    assert list(ledger.tracker.restore_doubts(lambda: answers.pop(0))) == []
    assert ledger.statuses()["j1"] == "pending"


def test_the_ledger_tells_its_doubts_in_file_order(ledger: Ledger) -> None:
    for number in (3, 1):
        ledger.sign(number)
    ledger.restore()
    assert [job.job_id for job in ledger.tracker.doubts()] == ["j1", "j3"]


@pytest.mark.parametrize("rows", [0, 1])
def test_a_crash_in_the_middle_of_it_leaves_a_doubt(ledger: Ledger, rows: int) -> None:
    whole = ledger.path.read_bytes()
    ledger.sign(1)
    ledger.restore()
    added = ledger.path.read_bytes()[len(whole) :].splitlines(keepends=True)
    ledger.path.write_bytes(whole + b"".join(added[:rows]))
    after = ProgressTracker(ledger.path, settings=SETTINGS, now=lambda: NOW)
    after.settle_dead(lambda job: False)
    after.restore_doubts(lambda: ledger.signs)
    assert after.jobs()["j1"].in_doubt
