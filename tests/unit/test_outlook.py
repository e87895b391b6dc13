from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commandline.cli import main
from engine.config import Settings
from engine.insight.outlook import Policy, choose, outlook, remedy
from engine.insight.values import Actor
from engine.insight.what_next import what_next
from engine.jobs import Claim, ErrorCategory, Failure, Job, JobStatus, NewJob
from engine.progress import ProgressTracker
from engine.retry import RetryConfig
from engine.run_state import Control, RunDirectory
from engine.workloads.base import ResourceState
from engine.workloads.labels import Labels
from engine.workloads.post_reel import PostReel

NOW = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
CATEGORIES = st.sampled_from([*ErrorCategory, None])


def job(status: JobStatus = JobStatus.FAILED, **more: object) -> Job:
    values: dict[str, object] = {"job_id": "j", "account": "a", "video_path": "", "caption": ""}
    return Job(status=status, **(values | more))  # type: ignore[arg-type]


def failed(category: ErrorCategory | None, attempts: int = 1, error_type: str = "") -> Job:
    return job(error="e", error_category=category, attempts=attempts, error_type=error_type)


def policy(**more: object) -> Policy:
    values: dict[str, object] = {
        "retry": RetryConfig(), "current_pass": 2, "live": True, "held_keys": frozenset(),
        "zone": BERLIN,
    }  # fmt: skip
    return Policy(**(values | more))  # type: ignore[arg-type]


INFRA, UNKNOWN = ErrorCategory.INFRASTRUCTURE, ErrorCategory.UNKNOWN


@pytest.mark.parametrize(
    ("found", "glyph", "actor", "following", "limit"),
    [
        (job(JobStatus.SUCCESS), "+", Actor.NOBODY, "", 3),
        (job(JobStatus.CLAIMED, attempts=1), ">", Actor.WORKER, "", 3),
        (job(JobStatus.SKIPPED), "-", Actor.NOBODY, "", 3),
        (job(JobStatus.PENDING), ".", Actor.WORKER, "now", 3),
        (job(JobStatus.PENDING, pass_number=3), ".", Actor.WORKER, "pass 3", 3),
        (job(JobStatus.PENDING, account=""), ".", Actor.PERSON, "person", 3),
        (job(JobStatus.RETRYING), "~", Actor.ENGINE, "now", 3),
        (
            job(JobStatus.RETRYING, retry_at=NOW + timedelta(minutes=40)),
            "~", Actor.ENGINE, "12:40", 3,
        ),
        (job(JobStatus.RETRYING, retry_at=NOW), "~", Actor.ENGINE, "now", 3),
        (failed(INFRA, 2), "~", Actor.ENGINE, "pass 3", 3),
        (failed(INFRA, 3), "x", Actor.NOBODY, "", 3),
        (failed(UNKNOWN), "~", Actor.ENGINE, "pass 3", 2),
        (failed(None), "~", Actor.ENGINE, "pass 3", 2),
        (failed(UNKNOWN, 2), "x", Actor.NOBODY, "", 2),
        (failed(ErrorCategory.ACCOUNT), "x", Actor.PERSON, "person", 1),
        (failed(ErrorCategory.ACCOUNT, 2), "x", Actor.PERSON, "person", 2),
        (failed(ErrorCategory.CONTENT), "x", Actor.PERSON, "new file", 1),
        (failed(ErrorCategory.IN_DOUBT), "?", Actor.OPERATOR, "operator", 1),
        (failed(ErrorCategory.INTERNAL), "x", Actor.OPERATOR, "operator", 1),
        (job(JobStatus.PENDING, error_category=UNKNOWN, attempts=1), ".", Actor.WORKER, "now", 2),
        (job(JobStatus.PENDING, attempts=3), ".", Actor.WORKER, "now", 4),
    ],
)  # fmt: skip
def test_a_line_says_what_follows_who_acts_and_how_many_tries_there_are(
    found: Job, glyph: str, actor: Actor, following: str, limit: int
) -> None:
    line = outlook(found, policy(), now=NOW)
    assert (line.glyph, line.actor, line.next, line.limit) == (glyph, actor, following, limit)
    assert line.job is found
    assert not line.held


@pytest.mark.parametrize(
    "rules",
    [policy(live=False), policy(current_pass=3), policy(retry=RetryConfig(max_passes=1))],
)
def test_a_failure_waits_for_the_next_run_when_no_pass_is_left_or_no_run_is_live(
    rules: Policy,
) -> None:
    line = outlook(failed(INFRA), rules, now=NOW)
    assert (line.glyph, line.next) == ("~", "next run")


def test_nothing_is_claimable_now_while_no_run_is_live() -> None:
    waiting = (job(JobStatus.PENDING), job(JobStatus.RETRYING, retry_at=NOW + timedelta(hours=1)))
    assert [outlook(each, policy(live=False), now=NOW).next for each in waiting] == ["next run"] * 2


def test_switched_off_retries_of_the_unknown_make_it_final() -> None:
    rules = policy(retry=RetryConfig(unknown_error_is_retryable=False))
    line = outlook(failed(UNKNOWN), rules, now=NOW)
    assert (line.glyph, line.limit, line.next) == ("x", 1, "")


def test_a_held_key_keeps_what_would_be_tried_and_nothing_else() -> None:
    rules = policy(held_keys=frozenset({"a"}))
    tried = [job(JobStatus.PENDING), job(JobStatus.RETRYING), failed(INFRA)]
    assert {outlook(each, rules, now=NOW).next for each in tried} == {"held"}
    final = outlook(failed(ErrorCategory.ACCOUNT), rules, now=NOW)
    assert (final.next, final.held) == ("person", True)
    assert not outlook(job(JobStatus.PENDING, account="b"), rules, now=NOW).held


def test_the_last_ended_attempt_tells_how_long_it_took() -> None:
    begin, end = NOW, NOW + timedelta(seconds=90)
    done = job(JobStatus.SUCCESS, claimed_at=begin, completed_at=end)
    assert outlook(done, policy(), now=NOW).took == 90
    rules = policy()
    unsaid = replace(done, completed_at=None, updated_at=end)
    assert outlook(unsaid, rules, now=NOW).took == 90
    again = job(JobStatus.CLAIMED, claimed_at=end, completed_at=begin)
    assert outlook(again, rules, now=NOW).took is None, "it has not ended"
    older = job(JobStatus.SUCCESS, claimed_at=end, completed_at=begin)
    assert outlook(older, rules, now=NOW).took is None, "a clock was set back"
    assert outlook(job(JobStatus.PENDING), rules, now=NOW).took is None


@given(
    status=st.sampled_from(list(JobStatus)),
    category=CATEGORIES,
    attempts=st.integers(0, 6),
    limit=st.integers(1, 5),
    unknown=st.booleans(),
    live=st.booleans(),
    current=st.integers(0, 5),
)
def test_what_will_be_tried_again_is_what_the_ledger_calls_retryable(
    *,
    status: JobStatus,
    category: ErrorCategory | None,
    attempts: int,
    limit: int,
    unknown: bool,
    live: bool,
    current: int,
) -> None:
    settings = Settings.model_validate(
        {"retry": {"infrastructure_limit": limit, "retry_unknown": unknown}}
    )
    ledger = ProgressTracker(Path("nowhere.csv"), settings=settings)
    rules = policy(retry=RetryConfig.from_settings(settings), live=live, current_pass=current)
    found = job(status, error_category=category, attempts=attempts)
    line = outlook(found, rules, now=NOW)
    if status is JobStatus.FAILED:
        assert (line.glyph == "~") == ledger.retryable(found)
        assert attempts < line.limit or not ledger.retryable(found)
    assert (line.glyph == "?") == found.in_doubt
    assert line.limit >= attempts


# -- the policy ------------------------------------------------------------------------------------


def test_a_live_runs_own_words_win_over_the_settings() -> None:
    status: Mapping[str, object] = {
        "stage": {"number": 4, "label": "pass 4/4"},
        "stages": {"config": RetryConfig(infrastructure_retry_limit=5).model_dump()},
    }
    rules = Policy.of(Settings(), live=True, status=status)
    assert (rules.current_pass, rules.retry.infrastructure_limit) == (4, 5)
    assert rules.retry.max_passes == 4, "one was added"
    ended = Policy.of(Settings(), live=False, status=status)
    assert (ended.current_pass, ended.retry.infrastructure_limit) == (0, 3)


@pytest.mark.parametrize("status", [None, {}, {"stage": None, "stages": {"groups": 3}}])
def test_the_settings_stand_where_a_run_says_nothing_of_passes(
    status: Mapping[str, object] | None,
) -> None:
    rules = Policy.of(Settings(), live=True, status=status)
    assert (rules.current_pass, rules.retry) == (0, RetryConfig())


# -- sentences -------------------------------------------------------------------------------------


def test_the_remedy_of_a_doubt_is_in_the_words_of_the_trade() -> None:
    labels = Labels(key="bench", done="lit", doubtful="alight")
    for error_type in ("", "unconfirmed"):
        said = remedy(failed(ErrorCategory.IN_DOUBT, error_type=error_type), labels)
        assert said == "Look at the bench: mark the job as lit if it is alight, else requeue it."


def test_the_remedy_is_the_taxonomys_sentence() -> None:
    assert "appeal" in remedy(failed(ErrorCategory.ACCOUNT, error_type="suspended"))
    assert "mark the job as posted" in remedy(failed(ErrorCategory.IN_DOUBT))
    assert "account's profile" in remedy(failed(ErrorCategory.IN_DOUBT), PostReel.labels)
    assert "evidence" in remedy(failed(UNKNOWN))
    assert remedy(job(JobStatus.PENDING)) == ""
    assert remedy(job(JobStatus.SUCCESS, error_type="adb_timeout")) == ""


def sentences(found: Job, rules: Policy, **more: object) -> list[str]:
    values = {"labels": PostReel.labels} | more
    return list(what_next(outlook(found, rules, now=NOW), rules, **values))  # type: ignore[arg-type]


def test_a_retryable_failure_is_told_as_the_job_screen_wants_it() -> None:
    starts = NOW + timedelta(minutes=23)
    told = sentences(failed(INFRA, 2), policy(), starts=starts, delay=30, claimed=4, waiting=13)
    assert told == [
        "~12:23 pass 3 starts and attempt 3 becomes claimable by any free worker.",
        "Pass 2 ends first: 4 claimed, 13 pending; then a pause of 0:30.",
        "If it fails as infrastructure: its tries are used up, it stays failed.",
        "If it fails as account: it waits for a person, never tried again by itself.",
        "r  requeue: claimable now, attempts start again at 0",
        "-  skip: left out until it is taken back",
        "h  hold the account: no new claims until it is released",
    ]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (job(JobStatus.PENDING), ["attempt 1 now", "in pass 3 at the latest", "skip", "hold"]),
        (job(JobStatus.CLAIMED, worker_id="3"), ["Worker 3 is at attempt 1", "in pass 3"]),
        (
            job(JobStatus.RETRYING, retry_at=NOW + timedelta(hours=1), attempts=1),
            ["13:00 attempt 2 becomes claimable"],
        ),
        (job(JobStatus.PENDING, account=""), ["no account"]),
        (job(JobStatus.SUCCESS), ["it is done"]),
        (job(JobStatus.SKIPPED), ["taken back"]),
        (failed(INFRA, 3), ["3 of 3 tries are used up", "r  requeue"]),
        (failed(ErrorCategory.IN_DOUBT), ["only if it was not published", "P  mark as posted"]),
        (
            failed(ErrorCategory.CONTENT, error_type="corrupted_video"),
            ["by itself. The video cannot be used"],
        ),
    ],
)
def test_every_kind_of_job_is_told_what_happens_next(found: Job, words: list[str]) -> None:
    text = "\n".join(sentences(found, policy()))
    for word in words:
        assert word in text


def test_a_failure_that_comes_after_the_last_pass_waits_for_a_later_run() -> None:
    text = "\n".join(sentences(failed(INFRA, 1), policy()))
    assert "pass 3 starts" in text
    assert "If it fails as infrastructure: tried again by a later run." in text


def test_what_is_held_waits_for_its_release_and_a_job_in_doubt_is_not_skipped() -> None:
    rules = policy(held_keys=frozenset({"a"}))
    text = "\n".join(sentences(job(JobStatus.PENDING), rules, labels=Labels(key="channel")))
    assert "until channel a is released" in text
    assert "h  release the channel" in text
    assert "skip" not in "\n".join(sentences(failed(ErrorCategory.IN_DOUBT), policy()))


# -- --where ---------------------------------------------------------------------------------------


def test_resources_and_what_comes_next_choose_jobs() -> None:
    found = [replace(failed(INFRA), job_id="i"), replace(failed(UNKNOWN, 2), job_id="u")]
    phone = ResourceState(kind="phone", id="p1", label="a", state="started", ours=True)

    def ids(expression: str) -> list[str]:
        return choose(found, expression, policy(), now=NOW, resources=[phone])

    assert ids("state:started next:3") == ["i"]
    assert ids("is:final") == ["u"]


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """A day of three jobs: a0 failed twice as infrastructure, a1 as account, a2 is pending."""
    ledger = ProgressTracker(tmp_path / "parallel_progress.csv", settings=Settings())
    names = ("a0", "a1", "a2")
    ledger.seed(
        lambda _: [NewJob(job_id=n, account=n, video_path=f"{n}.mp4", caption="") for n in names]
    )
    for category in (INFRA, ErrorCategory.ACCOUNT):
        claim = ledger.claim("0")
        assert isinstance(claim, Claim)
        ledger.fail(claim, Failure(error="it broke", category=category, error_type=""))
    RunDirectory(tmp_path / "run").write_control(Control(held_keys=frozenset({"a2"})))
    return tmp_path


@pytest.mark.parametrize(
    ("expression", "changed"),
    [
        ("is:retry", ["a0"]),
        ("is:final next:person", ["a1"]),
        ("is:held", ["a2"]),
        ("try>0 when<1h -error:/nothing|else/", ["a0", "a1"]),
        ("phone:a2 took<1", []),
    ],
)
def test_the_command_line_takes_the_whole_grammar(
    work_dir: Path, capsys: pytest.CaptureFixture[str], expression: str, changed: list[str]
) -> None:
    status = main(["-C", str(work_dir), "--skip", "--where", expression, "--json"])
    captured = capsys.readouterr()
    if changed:
        answer = json.loads(captured.out.splitlines()[-1])
        assert (status, answer["results"]) == (0, dict.fromkeys(changed, "skipped"))
    else:
        assert status == 1
        assert "No job matches" in captured.err


@pytest.mark.parametrize(
    ("expression", "words"), [("is:marked", "in the cockpit"), ("stats:failed", "status?")]
)
def test_the_command_line_refuses_a_filter_in_one_sentence(
    work_dir: Path, capsys: pytest.CaptureFixture[str], expression: str, words: str
) -> None:
    assert main(["-C", str(work_dir), "--skip", "--where", expression]) == 1
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.splitlines()) == 1
