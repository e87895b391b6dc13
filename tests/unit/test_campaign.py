from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.campaign import Campaign, CampaignSource, list_campaigns
from engine.config import Settings
from engine.errors import InputError, LedgerUnreadableError
from engine.jobs import Claim, JobStatus, NewJob
from engine.progress import ProgressTracker
from engine.sources.post_history import PostHistory
from engine.sources.seeding import Skip, seed_from
from engine.sources.video import video_id
from engine.workloads.base import SeedReport
from tests.media import make_video

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


class Show:
    """A campaign folder ``campaigns/show`` with its ledger and history."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self.folder = work_dir / "campaigns" / "show"
        self.videos = self.folder / "videos"
        self.videos.mkdir(parents=True)
        self.now = NOW
        self.settings = Settings.model_validate({"run": {"timezone": "UTC"}})
        self.accounts("ann", "bob", "cyd")

    def accounts(self, *lines: str) -> None:
        (self.folder / "accounts.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def captions(
        self,
        *rows: tuple[str, str],
        header: tuple[str, str] = ("filename", "caption"),
        to: str = "c.csv",
    ) -> None:
        with (self.folder / to).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])

    def fill(self, *names: str) -> None:
        """Videos with a caption each."""
        for name in names:
            make_video(self.videos / name)
        self.captions(*((name, f"about {name}") for name in names))

    def file(self, **content: object) -> None:
        (self.folder / "campaign.json").write_text(json.dumps(content), encoding="utf-8")

    @property
    def history(self) -> PostHistory:
        return PostHistory(
            self.settings, self.work_dir, self.folder / "progress.csv", now=lambda: self.now
        )

    @property
    def ledger(self) -> ProgressTracker:
        return ProgressTracker(
            self.folder / "progress.csv", settings=self.settings, now=lambda: self.now, cap=0
        )

    def campaign(self) -> Campaign:
        return Campaign.load("show", self.settings, self.work_dir)

    def source(self) -> CampaignSource:
        return CampaignSource(self.campaign(), self.settings, self.work_dir, self.history)

    def seed(self) -> SeedReport:
        return seed_from(self.source(), self.ledger)

    def assigned(self, report: SeedReport) -> dict[str, str]:
        return {Path(video).name: account for _, account, video in report.plan}


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return Show(tmp_path)


# -- the plan --------------------------------------------------------------------------------------


def test_videos_go_to_accounts_in_turn_in_the_order_of_the_captions_file(show: Show) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        make_video(show.videos / name)
    show.captions(("c.mp4", "third"), ("a.mp4", "first"), ("b.mp4", "second"))
    report = show.seed()
    assert report.plan == [
        ("c.mp4_show", "ann", "campaigns/show/videos/c.mp4"),
        ("a.mp4_show", "bob", "campaigns/show/videos/a.mp4"),
        ("b.mp4_show", "cyd", "campaigns/show/videos/b.mp4"),
    ]
    jobs = show.ledger.jobs()
    assert list(jobs) == ["c.mp4_show", "a.mp4_show", "b.mp4_show"]
    job = jobs["a.mp4_show"]
    assert (job.caption, job.status, job.max_attempts) == ("first", JobStatus.PENDING, 3)
    assert job.video_id == video_id(show.videos / "a.mp4")
    assert (report.seeded, report.keys_used, list(report.keys_idle)) == (3, 3, [])


def test_the_same_files_give_the_same_plan(show: Show) -> None:
    show.fill(*(f"{n}.mp4" for n in range(9)))
    assert show.source().plan({}) == show.source().plan({})


def test_a_dry_run_changes_nothing(show: Show) -> None:
    show.fill("a.mp4")
    report = seed_from(show.source(), show.ledger, dry_run=True)
    assert report.seeded == 1
    assert not show.ledger.exists()


def test_ids_in_the_ledger_are_skipped(show: Show) -> None:
    show.fill("a.mp4", "b.mp4")
    assert show.seed().seeded == 2
    again = show.seed()
    assert again.seeded == 0
    assert again.skipped == {Skip.IN_LEDGER: 2}
    assert len(show.ledger.jobs()) == 2


def test_the_cap_holds_at_seeding(show: Show) -> None:
    show.fill("a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4")
    report = show.seed()
    assert report.seeded == 3
    assert report.skipped == {Skip.NO_ACCOUNT_FREE: 2}
    assert show.seed().seeded == 0, "open jobs count as well"


def test_a_campaigns_own_cap_replaces_the_default(show: Show) -> None:
    show.file(max_posts_per_account_per_day=2)
    show.fill("a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4", "f.mp4", "g.mp4")
    report = show.seed()
    assert report.seeded == 6
    assert sorted(show.assigned(report).values()) == ["ann", "ann", "bob", "bob", "cyd", "cyd"]
    assert show.campaign().cap == 2


def test_posts_of_today_count_wherever_they_are_written(show: Show) -> None:
    show.fill("a.mp4", "b.mp4", "c.mp4")
    show.history.record.add("ann", "elsewhere.mp4", "", NOW)
    other = ProgressTracker(
        show.work_dir / "parallel_progress.csv",
        settings=show.settings,
        now=lambda: NOW,
    )
    other.seed(lambda _: [NewJob(job_id="x", account="bob", video_path="x.mp4", caption="c")])
    claim = other.claim("0")
    assert isinstance(claim, Claim)
    other.succeed(claim)
    report = show.seed()
    assert show.assigned(report) == {"a.mp4": "cyd"}
    assert list(report.keys_idle) == ["ann", "bob"]


def test_a_reset_gives_no_account_a_second_post(show: Show) -> None:
    show.fill("a.mp4", "b.mp4", "c.mp4", "d.mp4")
    show.seed()
    ledger = show.ledger
    while isinstance(claim := ledger.claim("0"), Claim):
        ledger.succeed(claim)
    ledger.reset_day()
    assert show.seed().seeded == 0
    show.now = NOW + timedelta(days=1)
    assert show.seed().seeded == 3


def test_one_exhausted_video_never_stops_the_rest(show: Show) -> None:
    show.fill("a.mp4", "b.mp4", "c.mp4")
    yesterday = NOW - timedelta(days=1)
    for account in ("ann", "bob", "cyd"):
        show.history.record.add(account, "a.mp4", video_id(show.videos / "a.mp4"), yesterday)
    show.history.record.add("ann", "old-name.mp4", video_id(show.videos / "b.mp4"), yesterday)
    report = show.seed()
    assert show.assigned(report) == {"b.mp4": "bob", "c.mp4": "cyd"}
    assert report.skipped == {Skip.ALL_POSTED: 1}


def test_two_files_of_one_content_do_not_go_to_one_account(show: Show) -> None:
    show.file(max_posts_per_account_per_day=4)
    show.accounts("ann")
    make_video(show.videos / "a.mp4", "same")
    make_video(show.videos / "b.mp4", "same")
    show.captions(("a.mp4", "x"), ("b.mp4", "y"))
    assert show.assigned(show.seed()) == {"a.mp4": "ann"}


def test_captions_that_no_phone_could_enter_are_refused(show: Show) -> None:
    for name in ("empty.mp4", "blank.mp4", "long.mp4", "edge.mp4"):
        make_video(show.videos / name)
    show.captions(
        ("empty.mp4", ""),
        ("blank.mp4", " \n "),
        ("long.mp4", "🔥" * 2201),
        ("edge.mp4", "🔥" * 2200),
    )
    report = show.seed()
    assert list(show.assigned(report)) == ["edge.mp4"]
    assert report.skipped == {Skip.EMPTY_CAPTION: 2, Skip.LONG_CAPTION: 1}
    assert any("long.mp4" in message and "shorten" in message for message in report.messages)


def test_broken_videos_are_refused(show: Show) -> None:
    show.fill("whole.mp4", "broken.mp4")
    (show.videos / "broken.mp4").write_bytes(b"")
    report = show.seed()
    assert list(show.assigned(report)) == ["whole.mp4"]
    assert report.skipped == {Skip.VIDEO_BROKEN: 1}


def test_what_has_no_partner_is_told_by_name(show: Show) -> None:
    show.fill("a.mp4")
    make_video(show.videos / "alone.mp4")
    show.captions(("a.mp4", "x"), ("gone.mp4", "y"))
    report = show.seed()
    assert report.skipped == {Skip.NO_CAPTION: 1, Skip.NO_VIDEO_FOR_CAPTION: 1}
    assert any("alone.mp4" in message for message in report.messages)
    assert any("gone.mp4" in message for message in report.messages)


def test_many_names_are_told_in_several_sentences(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    show.captions(("a.mp4", "x"), *((f"gone{number}.mp4", "y") for number in range(120)))
    messages = show.seed().messages
    assert len(messages) == 3
    assert all(any(f"gone{number}.mp4" in text for text in messages) for number in range(120))


def test_a_torn_line_of_the_record_is_told_at_seeding(show: Show) -> None:
    show.fill("a.mp4")
    (show.work_dir / "all_posted_videos.txt").write_text("torn", encoding="utf-8")
    assert any("Line 1" in message for message in show.seed().messages)


def test_an_unreadable_record_stops_the_seeding(show: Show) -> None:
    show.fill("a.mp4")
    (show.work_dir / "all_posted_videos.txt").write_bytes(b"\x00")
    with pytest.raises(LedgerUnreadableError):
        show.seed()
    assert not show.ledger.exists()


# -- captions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (("Text", "Image/Video link 1 (shortcode)"), "AB_c-D"),
        (("Text", "Shortcode"), "AB_c-D"),
        (("post_caption", "filename"), "AB_c-D-1.mp4"),
        (("caption", "filename"), "AB_c-D-1"),
        (("\ufeff TEXT ", " ShortCode"), "AB_c-D"),
        (("Caption", "FILENAME"), "videos\\AB_c-D-1.mp4"),
    ],
)
def test_every_format_is_read(show: Show, header: tuple[str, str], key: str) -> None:
    make_video(show.videos / "AB_c-D-1.mp4")
    show.captions(('Line one\nline 🔥 two, and "more"', key), header=header)
    report = show.seed()
    assert report.seeded == 1
    assert show.ledger.jobs()["AB_c-D-1.mp4_show"].caption == 'Line one\nline 🔥 two, and "more"'


def test_the_onscreen_text_is_not_the_caption(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    (show.folder / "reels.csv").write_text(
        "filename,onscreen_text,post_caption\na.mp4,on screen,below\n", encoding="utf-8"
    )
    show.seed()
    assert show.ledger.jobs()["a.mp4_show"].caption == "below"


def test_a_shortcode_ends_at_the_hyphen_and_the_longest_wins(show: Show) -> None:
    for name in ("ABC-1.mp4", "ABCD-1.mp4", "ABC-2-1.mp4", "ABC-xyz-1.mp4", "abc-1.mp4"):
        make_video(show.videos / name)
    show.captions(("short", "ABC"), ("longer", "ABC-2"), header=("Text", "Shortcode"))
    plan = show.source().plan({})
    assert {job.job_id: job.caption for job in plan.jobs} == {
        "ABC-1.mp4_show": "short",
        "ABC-2-1.mp4_show": "longer",
    }
    assert plan.report.skipped == {Skip.NO_CAPTION: 3}


def test_an_exact_file_name_wins_over_a_stem_and_equal_lines_are_one(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    make_video(show.videos / "b.mp4")
    show.captions(("a", "by stem"), ("a.mp4", "by name"), ("b", "same"), ("b", "same"))
    show.seed()
    assert [job.caption for job in show.ledger.jobs().values()] == ["by name", "same"]


def test_two_different_lines_for_one_video_are_told_and_not_guessed(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    show.captions(("a.mp4", "one"), ("a.mp4", "two"))
    report = show.seed()
    assert report.skipped == {Skip.AMBIGUOUS_CAPTION: 1}


def test_file_names_match_in_another_case(show: Show) -> None:
    make_video(show.videos / "Clip.MP4")
    show.captions(("clip.mp4", "x"))
    assert list(show.assigned(show.seed())) == ["Clip.MP4"]


def test_short_rows_and_blank_lines_are_read(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    make_video(show.videos / "b.mp4")
    (show.folder / "c.csv").write_bytes(
        b'\xef\xbb\xbf\r\nfilename,caption,extra\r\na.mp4\r\n\r\nb.mp4,"x\r\ny"\r\n,,\r\n'
    )
    report = show.seed()
    assert report.skipped == {Skip.EMPTY_CAPTION: 1}
    assert show.ledger.jobs()["b.mp4_show"].caption == "x\ny"


def test_ledgers_and_archives_are_never_taken_for_captions(show: Show) -> None:
    show.fill("a.mp4")
    show.seed()
    show.ledger.reset_day()
    (show.folder / "notes.csv").write_text("who,what\nx,y\n", encoding="utf-8")
    assert show.campaign().captions().path.name == "c.csv"


def test_an_unknown_header_names_the_columns_found_and_those_accepted(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    show.captions(("a.mp4", "x"), header=("video", "words"))
    with pytest.raises(InputError, match=r"video, words.*accepted are .*filename \+ caption"):
        show.seed()


def test_semicolons_are_told(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    (show.folder / "c.csv").write_text("filename;caption\na.mp4;x\n", encoding="utf-8")
    with pytest.raises(InputError, match="separated by commas"):
        show.seed()


def test_two_captions_files_are_an_error_until_one_is_named(show: Show) -> None:
    show.fill("a.mp4")
    show.captions(("a.mp4", "other"), to="d.csv")
    with pytest.raises(InputError, match=r"c\.csv, d\.csv"):
        show.seed()
    show.file(captions_file="d.csv")
    assert show.seed().seeded == 1
    assert show.ledger.jobs()["a.mp4_show"].caption == "other"
    show.file(captions_file="e.csv")
    with pytest.raises(InputError, match=r"e\.csv"):
        show.seed()


def test_no_captions_file_is_an_error(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    with pytest.raises(InputError, match="no captions file"):
        show.seed()


def test_another_encoding_is_told_with_its_remedy(show: Show) -> None:
    make_video(show.videos / "a.mp4")
    (show.folder / "c.csv").write_bytes("filename,caption\na.mp4,café\n".encode("cp1252"))
    with pytest.raises(InputError, match="CSV UTF-8"):
        show.seed()


# -- the folder ------------------------------------------------------------------------------------


def test_videos_are_found_at_any_depth_and_in_any_case(show: Show) -> None:
    make_video(show.videos / "deep" / "down" / "a.MP4")
    make_video(show.videos / "._a.mp4")
    make_video(show.videos / "b.mov")
    assert [path.name for path in show.campaign().videos()] == ["a.MP4"]


def test_two_videos_of_one_name_are_told(show: Show) -> None:
    make_video(show.videos / "x" / "a.mp4")
    make_video(show.videos / "y" / "a.mp4")
    show.captions(("a.mp4", "x"))
    report = show.seed()
    assert (report.seeded, report.skipped) == (1, {Skip.SAME_NAME: 1})
    assert any("y/a.mp4" in message for message in report.messages)


def test_video_folders_may_be_named(show: Show) -> None:
    make_video(show.folder / "clips" / "a.mp4")
    show.captions(("a.mp4", "x"))
    show.file(video_folders=["clips"])
    assert show.seed().seeded == 1
    show.file(video_folders=["absent"])
    with pytest.raises(InputError, match="absent"):
        show.seed()


def test_no_video_at_all_is_an_error(show: Show) -> None:
    show.captions(("a.mp4", "x"))
    with pytest.raises(InputError, match=r"no \.mp4 file"):
        show.seed()


def test_accounts_skip_comments_and_tell_duplicates(show: Show) -> None:
    show.fill("a.mp4", "b.mp4", "c.mp4")
    show.accounts("\ufeff# ours", "", " ann ", "bob", "ann")
    report = show.seed()
    assert sorted(show.assigned(report).values()) == ["ann", "bob"]
    assert any("ann 2 times" in message for message in report.messages)


@pytest.mark.parametrize("content", ["", "# nobody\n\n"])
def test_an_accounts_file_without_accounts_is_an_error(show: Show, content: str) -> None:
    show.fill("a.mp4")
    (show.folder / "accounts.txt").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="names no account"):
        show.seed()


def test_a_missing_accounts_file_is_an_error(show: Show) -> None:
    show.fill("a.mp4")
    (show.folder / "accounts.txt").unlink()
    with pytest.raises(InputError, match=r"no accounts file .*accounts\.txt"):
        show.campaign().check()


def test_a_name_that_no_ledger_can_hold_is_refused(show: Show) -> None:
    show.fill("a.mp4")
    show.accounts("ann\x07")
    with pytest.raises(InputError, match="cannot be used"):
        show.seed()


@pytest.mark.parametrize("name", ["nope", "", "..", "./nope", "show/videos/none"])
def test_an_unknown_campaign_lists_the_available_ones(show: Show, name: str) -> None:
    with pytest.raises(InputError, match=r"available in .* are show"):
        Campaign.load(name, show.settings, show.work_dir)


def test_without_any_campaign_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nor any other"):
        Campaign.load("nope", Settings(), tmp_path)


def test_a_campaign_is_found_by_path(show: Show, tmp_path: Path) -> None:
    for name in ("campaigns/show", str(show.folder)):
        assert Campaign.load(name, show.settings, show.work_dir).ledger_path == (
            show.folder / "progress.csv"
        )


def test_a_disabled_campaign_says_so(show: Show) -> None:
    show.file(enabled=False)
    with pytest.raises(InputError, match="disabled"):
        show.campaign()


def test_the_campaigns_own_name_goes_into_the_job_ids(show: Show) -> None:
    show.file(name="Night Show", unknown_key=1)
    show.fill("a.mp4")
    show.seed()
    assert list(show.ledger.jobs()) == ["a.mp4_Night Show"]


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"enabled": "yes"}',
        '{"max_posts_per_account_per_day": 5}',
        '{"video_folders": 1}',
    ],
)
def test_a_wrong_campaign_file_is_told(show: Show, content: str) -> None:
    (show.folder / "campaign.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"campaign\.json is wrong"):
        show.campaign()


# -- the list --------------------------------------------------------------------------------------


def test_the_list_shows_every_campaign_with_its_ledger(show: Show) -> None:
    show.fill("a.mp4", "b.mp4")
    show.seed()
    broken = show.work_dir / "campaigns" / "broken"
    (broken / "videos").mkdir(parents=True)
    (broken / "campaign.json").write_text('{"enabled": false}', encoding="utf-8")
    (show.work_dir / "campaigns" / "unrelated").mkdir()
    first, second = list_campaigns(show.settings, show.work_dir)
    assert (first.name, first.enabled, first.ledger) == ("broken", False, "none")
    assert "accounts" in first.problem
    assert second.to_dict() == {
        "name": "show",
        "enabled": True,
        "accounts": 3,
        "videos": 2,
        "ledger": "2 jobs: 2 pending",
        "problem": "",
    }


def test_no_campaigns_give_an_empty_list(tmp_path: Path) -> None:
    assert list_campaigns(Settings(), tmp_path) == []


def test_nothing_is_changed_by_a_refusal(show: Show) -> None:
    spoil: list[Callable[[], None]] = [
        show.accounts,
        lambda: show.captions(header=("a", "b")),
        lambda: show.file(enabled=False),
    ]
    for act in spoil:
        show.fill("a.mp4")
        act()
        before = {p: p.read_bytes() for p in show.work_dir.rglob("*") if p.is_file()}
        with pytest.raises(InputError):
            show.seed()
        assert {p: p.read_bytes() for p in show.work_dir.rglob("*") if p.is_file()} == before
        (show.folder / "campaign.json").unlink(missing_ok=True)
