"""Seeding, reset and lists as an operator types them; nothing is started, no farm is needed."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.config import Settings
from engine.jobs import Claim, ErrorCategory, Failure, Job
from engine.progress import ProgressTracker
from tests import prepared
from tests.media import make_video

ROOT = Path(__file__).resolve().parents[2]
ZONE = f"Etc/GMT{datetime.now(UTC).hour - 12:+}"
"""Where it is noon: no day ends while the tests run."""
NOW = datetime.now(ZoneInfo(ZONE))
DOUBT = Failure(error="Nobody saw it.", category=ErrorCategory.IN_DOUBT, error_type="unconfirmed")


class Office:
    """A work directory and its command line."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        (work_dir / "accounts.txt").write_text("ann\nbob\n", encoding="utf-8")
        self.state("a", "b", "c")

    def state(self, *ids: str, **more: object) -> None:
        jobs = []
        for name in ids:
            make_video(self.work_dir / "clips" / f"{name}.mp4", f"video {name}")
            job = {"id": name, "video_path": f"clips/{name}.mp4", "caption": "c", "account": None}
            jobs.append({**job, "status": "pending", **more})
        text = json.dumps({"jobs": jobs, "accounts": [], "settings": {}, "saved_at": "x"})
        (self.work_dir / "scheduler_state.json").write_text(text, encoding="utf-8")

    def campaign(
        self, name: str, videos: Sequence[str], accounts: str = "ann\n", **about: object
    ) -> Path:
        folder = self.work_dir / "campaigns" / name
        folder.mkdir(parents=True)
        (folder / "accounts.txt").write_text(accounts, encoding="utf-8")
        (folder / "campaign.json").write_text(json.dumps(about), encoding="utf-8")
        lines = ["filename,caption"]
        for video in videos:
            file, _, content = video.partition("=")
            make_video(folder / "videos" / file, content or f"video {file}")
            lines.append(f"{file},words")
        (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return folder

    def type(self, *flags: str, code: int = 0) -> str:
        """Everything that the command says; it must end with this exit status."""
        env = {name: value for name, value in os.environ.items() if "GEELARK" not in name}
        env["GEELARK_RUN__TIMEZONE"] = ZONE
        done = prepared.run("engine.orchestrator", "-C", self.work_dir, *flags, env=env)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said

    def ledger(self, campaign: str = "", days_ago: float = 0) -> ProgressTracker:
        """As a worker sees it, at another time."""
        path = self.work_dir / "parallel_progress.csv"
        if campaign:
            path = self.work_dir / "campaigns" / campaign / "progress.csv"
        when = NOW - timedelta(days=days_ago)
        settings = Settings.load(self.work_dir, overrides={"run.timezone": ZONE})
        return ProgressTracker(path, settings=settings, now=lambda: when, cap=0)

    def post(self, campaign: str = "", days_ago: float = 0, *, proof: bool = True) -> Job:
        """The next job is submitted, with or without proof."""
        ledger = self.ledger(campaign, days_ago)
        claim = ledger.claim("0")
        assert isinstance(claim, Claim)
        ledger.mark_submitted(claim)
        return ledger.succeed(claim) if proof else ledger.fail(claim, DOUBT)

    def plan(self, campaign: str = "") -> dict[str, str]:
        return {job.job_id: job.account for job in self.ledger(campaign).jobs().values()}

    def files(self) -> dict[str, bytes]:
        """The operator's files; logs, locks and the run directory are the engine's."""
        return {
            str(path): path.read_bytes()
            for path in self.work_dir.rglob("*")
            if path.suffix in {".csv", ".txt", ".json"} and "run" not in path.parts
        }


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


# -- seeding ---------------------------------------------------------------------------------------


def test_seed_only_prints_the_plan_and_a_second_one_changes_nothing(office: Office) -> None:
    said = office.type("--seed-only")
    assert "Seeded 3 jobs for 2 accounts." in said
    assert "1 jobs have no account today" in said
    assert office.plan() == {"a": "ann", "b": "bob", "c": ""}
    before = office.files()
    said = office.type("--seed-only", code=1)
    assert "3 jobs open" in said
    assert "--reset-day" in said
    assert office.files() == before


def test_a_seeding_that_finds_nothing_says_why_and_what_it_left_out(office: Office) -> None:
    office.state("a", "b", account="stranger")
    said = office.type("--seed-only", code=1)
    assert "Left out, their account is not in the accounts file: 2." in said
    assert "Idle accounts: ann, bob." in said
    assert "no job was seeded (their account is not in the accounts file: 2)" in said


def test_accounts_restrict_a_seeding_and_an_unknown_one_is_an_error(office: Office) -> None:
    before = office.files()
    for command in ("--seed-only", "--run"):
        assert "--accounts names zoe" in office.type("--accounts", "ann,zoe", command, code=1)
    assert office.files() == before
    office.type("--accounts", "bob", "--seed-only")
    assert office.plan() == {"a": "bob", "b": "", "c": ""}


def test_accounts_never_seem_to_restrict_a_ledger_that_has_others(office: Office) -> None:
    office.type("--seed-only")
    said = office.type("--accounts", "ann", "--run", code=1)
    assert "--accounts restricts seeding" in said
    assert "(bob)" in said


def test_a_named_account_that_was_not_chosen_is_left_out_without_blame(office: Office) -> None:
    office.state("a", account="ann")
    said = office.type("--accounts", "bob", "--seed-only", code=1)
    assert "Left out, their account is not among --accounts: 1." in said


def test_force_reseed_archives_first_and_beside_run_it_is_refused(office: Office) -> None:
    office.type("--seed-only")
    office.state("d")
    assert "--reset-day" in office.type("--run", "--force-reseed", code=1)
    said = office.type("--force-reseed")
    assert "Archived as" in said
    assert office.plan() == {"d": "ann"}


# -- the day ---------------------------------------------------------------------------------------


def test_yesterdays_ledger_is_told_and_both_ways_on_are_named(office: Office) -> None:
    office.type("--seed-only")
    path = office.work_dir / "parallel_progress.csv"
    yesterday = (NOW - timedelta(days=1)).date().isoformat()
    text = re.sub(r"\d{4}-\d\d-\d\d(?=T)", yesterday, path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    before = office.files()
    said = office.type("--run", code=1)
    assert f"is of {yesterday}" in said
    assert "--reset-day" in said
    assert "--continue-day" in said
    assert office.files() == before


def test_a_job_in_doubt_keeps_the_day_until_it_is_settled_or_confirmed(office: Office) -> None:
    office.type("--seed-only")
    doubtful = office.post(proof=False)
    before = office.files()
    said = office.type("--reset-day", code=1)
    assert f"1 jobs in doubt ({doubtful.job_id})" in said
    assert "--yes" in said
    assert office.files() == before

    assert "recorded as done" in office.type("--reset-day", "--yes")
    record = (office.work_dir / "all_posted_videos.txt").read_text(encoding="utf-8")
    assert record.startswith("ann|a.mp4|")
    said = office.type("--seed-only")
    assert "Left out, already posted on an earlier day: 1." in said
    assert office.plan() == {"b": "bob", "c": ""}, "ann has had her post of today"


def test_what_was_left_claimed_by_an_older_system_keeps_the_day_too(office: Office) -> None:
    path = office.work_dir / "parallel_progress.csv"
    path.write_text(
        "job_id,account,video_path,caption,status,worker_id,claimed_at\n"
        "a,ann,clips/a.mp4,c,claimed,1,2025-12-01T10:00:00\n",
        encoding="utf-8",
    )
    before = office.files()
    assert "1 jobs in doubt (a)" in office.type("--reset-day", code=1)
    assert office.files() == before


def test_yesterdays_doubt_confirmed_today_does_not_use_up_today(office: Office) -> None:
    office.type("--seed-only")
    office.post(proof=False, days_ago=2)
    office.type("--reset-day", "--yes")
    office.state("a", "b", "c", "d")
    office.type("--seed-only")
    assert office.plan()["b"] == "ann"


def test_a_reset_does_not_give_an_account_a_second_post_on_the_same_day(office: Office) -> None:
    office.type("--seed-only")
    done = office.post()
    office.type("--reset-day")
    office.type("--seed-only")
    assert done.account not in office.plan().values()
    assert done.job_id not in office.plan()


def test_a_reset_records_what_a_full_disk_kept_out_of_the_record(office: Office) -> None:
    office.type("--seed-only")
    done = office.post(days_ago=1)
    office.type("--reset-day")
    path = office.work_dir / "all_posted_videos.txt"
    [line] = path.read_text(encoding="utf-8").splitlines()
    account, name, when, video = line.split("|")
    assert (account, name, video) == (done.account, "a.mp4", done.video_id)
    assert datetime.fromisoformat(when) == done.submitted_at
    office.campaign("one", ["renamed.mp4=video a"], accounts="ann\n")
    said = office.type("--campaign", "one", "--seed-only", code=1)
    assert "already posted by every account: 1." in said


def test_nothing_to_reset_is_said(office: Office) -> None:
    assert "nothing to reset" in office.type("--reset-day", code=1)


# -- campaigns -------------------------------------------------------------------------------------


def test_two_campaigns_share_the_cap_of_their_accounts(office: Office) -> None:
    office.campaign("one", ["1.mp4", "2.mp4", "3.mp4"], max_posts_per_account_per_day=2)
    office.campaign("two", ["7.mp4", "8.mp4", "9.mp4"], max_posts_per_account_per_day=3)
    office.type("--campaign", "one", "--seed-only")
    assert list(office.plan("one").values()) == ["ann", "ann"]
    office.post("one")
    office.type("--campaign", "one", "--reset-day")
    office.type("--campaign", "two", "--seed-only")
    assert len(office.plan("two")) == 2, "three a day, one of which stands in an archive of one"


def test_content_decides_what_was_posted_not_the_file_name(office: Office) -> None:
    office.campaign("one", ["1.mp4=first"], max_posts_per_account_per_day=4)
    office.type("--campaign", "one", "--seed-only")
    office.post("one", days_ago=1)
    office.campaign("two", ["renamed.mp4=first", "1.mp4=second"], max_posts_per_account_per_day=4)
    said = office.type("--campaign", "two", "--seed-only")
    assert list(office.plan("two")) == ["1.mp4_two"], "another video, though of the same name"
    assert "already posted by every account: 1." in said


def test_the_list_of_campaigns_says_why_one_cannot_be_seeded(office: Office) -> None:
    office.campaign("good", ["1.mp4"])
    (office.campaign("no-captions", ["1.mp4"]) / "captions.csv").unlink()
    office.campaign("bad-cap", ["1.mp4"], max_posts_per_account_per_day=9)
    shutil.rmtree(office.campaign("no-videos", ["1.mp4"]) / "videos")
    said = office.type("--list-campaigns")
    assert "good cannot" not in said
    assert "no-captions cannot be seeded" in said
    assert "has no captions file" in said
    assert "less than or equal to 4" in said
    assert "has no video folder" in said
    assert office.type("--list-campaigns", "--json").count('"problem": ""') == 1


def test_an_unknown_and_a_disabled_campaign_are_refused_by_name(office: Office) -> None:
    office.campaign("off", ["1.mp4"], enabled=False)
    assert "available" in office.type("--campaign", "nowhere", "--run", code=1)
    assert "disabled" in office.type("--campaign", "off", "--run", code=1)


# -- what cannot be read ---------------------------------------------------------------------------


def broken_record(office: Office) -> None:
    (office.work_dir / "all_posted_videos.txt").write_bytes(b"\xff\xfea\x00")


def broken_campaign(office: Office) -> None:
    (office.campaign("two", ["1.mp4"]) / "progress.csv").write_text("x,y\n1,2\n")


@pytest.mark.parametrize("break_it", [broken_record, broken_campaign])
def test_a_history_that_cannot_be_read_stops_everything_but_looking(
    office: Office, break_it: Callable[[Office], None]
) -> None:
    office.type("--seed-only")
    break_it(office)
    name = "all_posted_videos.txt" if break_it is broken_record else "progress.csv"
    assert name in office.type("--run", code=1)
    said = office.type("--status")
    assert "total 3, pending 3" in said
    assert name in said, "and says why they are blocked"
    office.type("--reset-day")
    assert name in office.type("--seed-only", code=1)


def test_a_reseeding_that_cannot_read_its_source_leaves_the_ledger(office: Office) -> None:
    office.type("--seed-only")
    (office.work_dir / "scheduler_state.json").write_text('{"jobs": [', encoding="utf-8")
    before = office.files()
    assert "not whole JSON" in office.type("--force-reseed", code=1)
    assert office.files() == before
