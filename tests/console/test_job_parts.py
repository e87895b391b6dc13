"""What the Job screen says, made from values alone (console-features 6.10)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.text import Text

from console.screens import job_error, job_report
from console.screens.job_attempts import attempt_lines
from console.screens.job_facts import JobFacts, VideoFile, log_lines
from console.screens.job_history import history, history_rows
from console.screens.job_sheet import sheet_lines
from console.screens.job_texts import (
    alike_parts,
    flowing,
    next_lines,
    what_box,
    what_lines,
    wrapped,
)
from console.screens.job_view import JobView
from console.screens.ledger_columns import Look
from console.screens.ledger_facts import Detail
from console.times import TimeStyle
from console.widgets.tones import Drawn
from engine.insight.outlook import Policy, outlook
from engine.insight.values import (
    Attempt,
    Cluster,
    EvidenceFile,
    PhaseTimes,
    ResourceLine,
    Tally,
    UsualTimes,
)
from engine.jobs import ErrorCategory, Job, JobStatus
from engine.log_stream import LogStream
from engine.retry import RetryConfig
from engine.workloads.post_reel import PostReel

NOW = datetime(2025, 12, 26, 12, 4, 31, tzinfo=UTC)
LOOK = Look(TimeStyle.CLOCK, NOW, NOW - timedelta(hours=2), labels=PostReel.labels)
POLICY = Policy(
    RetryConfig(max_passes=3), current_pass=2, live=True, held_keys=frozenset(), zone=UTC
)
HOSTILE = "[/b] //*[@text='Next'] \x1b]52;c;ZXZpbA==\x07 界界 \u202e\r\nmore"


def at(clock: str) -> datetime:
    hours, minutes, seconds = map(int, clock.split(":"))
    return NOW.replace(hour=hours, minute=minutes, second=seconds)


JOB = Job(
    job_id="DK9p0aaLm2q",
    account="acct_025",
    video_path=r"D:\videos\DK9p0aaLm2q.mp4",
    caption="Morning light over the harbour, three takes and one that worked.\nFull story.",
    status=JobStatus.FAILED,
    worker_id="1",
    claimed_at=at("11:55:02"),
    completed_at=at("11:58:11"),
    error="session not created: instrumentation process died before the first command",
    attempts=2,
    error_type="appium_crash",
    error_category=ErrorCategory.INFRASTRUCTURE,
    pass_number=2,
    run_id="20251226T102710-5c0de1",
    video_id="sha256:9f3c0000000000000000000000000071",
    updated_at=at("11:58:11"),
)


def attempt(number: int, claimed: str, ended: str | None, **more: Any) -> Attempt:
    values: dict[str, Any] = {
        "job_id": JOB.job_id,
        "key": JOB.account,
        "worker": "1",
        "run_id": JOB.run_id,
        "pass_number": number,
        "number": number,
        "claimed_at": at(claimed),
        "ended_at": None if ended is None else at(ended),
        "status": JobStatus.FAILED,
        "category": ErrorCategory.INFRASTRUCTURE,
        "error_type": "appium_crash",
        "error": JOB.error,
    }
    return Attempt(**values | more)


FIRST = attempt(1, "11:20:14", "11:25:32", worker="3", error_type="adb_timeout", error="offline")
SECOND = attempt(2, "11:55:02", "11:58:11")
FAILED_PHASES = {"find": 1.0, "boot": 40.0, "connect": 19.0, "appium": 2.0, "session": 90.0}
TIMES = PhaseTimes(
    job_id=JOB.job_id,
    attempt=2,
    claimed_at=SECOND.claimed_at,
    outcome="appium_crash",
    phases=FAILED_PHASES,
    failed_in="session",
)
USUAL = UsualTimes(
    median={"find": 2.0, "boot": 40.0, "connect": 20.0, "session": 16.0, "share": 24.0},
    p90={"boot": 50.0, "connect": 18.0, "session": 30.0, "share": 60.0},
    total_median=292.0,
    attempts=40,
)


def view(job: Job = JOB, **more: Any) -> JobView:
    """A look at a job; ``attempts``, ``times`` and the like go into its facts."""
    inner = {"attempts": (FIRST, SECOND), "times": (TIMES,), "cap": 1}
    detail = {name: more.pop(name, value) for name, value in inner.items()}
    detail |= {name: more.pop(name) for name in ("evidence", "log") if name in more}
    facts = {"usual": USUAL}
    facts |= {
        name: more.pop(name)
        for name in ("history", "following", "guard", "guarded_at", "same", "tally", "last_post")
        if name in more
    }
    line = outlook(job, POLICY)
    found: Any = JobFacts(detail=Detail(line=line, **detail), **facts)  # type: ignore[arg-type]
    return JobView(facts=found, look=LOOK, **more)


def texts(lines: Sequence[Drawn]) -> list[str]:
    return [line[0] if isinstance(line, tuple) else str(line) for line in lines]


# -- attempts -------------------------------------------------------------------------------------


def test_the_narrow_table_is_that_of_the_mock_up() -> None:
    assert texts(attempt_lines(view(), 80, 9)) == [
        " TRY PASS  W  CLAIMED   PHONE   ADB  APPIUM  UPLOAD  POST  VERIFY  RESULT",
        "   1    1  3  11:20:14      -     -       -       -     -       -  adb_timeout",
        ">  2    2  1  11:55:02   0:41 0:19^   1:32x       -     -       -  appium_crash",
        "   3    3  -  -             -     -       -       -     -       -  . planned",
    ]


def test_the_wide_table_has_every_phase_total_and_usual_times() -> None:
    lines = texts(attempt_lines(view(), 156, 9))
    assert " ".join(lines[0].split()) == (
        "TRY PASS W CLAIMED PHONE ON ADB APPIUM UPLOAD CAPTION POST VERIFY STOP TOTAL RESULT"
    )
    assert lines[2].split()[:9] == [">", "2", "2", "1", "11:55:02", "0:41", "0:19^", "1:32x", "-"]
    assert lines[2].endswith(f"3:09   x infrastructure/appium_crash   {JOB.error}")
    assert lines[3].endswith(". planned, when pass 3 starts")
    assert " ".join(lines[5].split()) == "usual (30 days) 0:42 0:20 0:16 - - 0:24 - - 4:52"


def test_a_slow_phase_is_bold_and_carries_a_sign() -> None:
    line = attempt_lines(view(), 156, 9)[2]
    assert isinstance(line, Text)
    bold = [
        line.plain[span.start : span.end].strip() for span in line.spans if span.style == "bold"
    ]
    assert bold == ["0:19^", "1:32x"]


def test_phases_of_another_trade_have_columns_of_their_own() -> None:
    times = replace(TIMES, phases={"warm up": 3.0, "glow": 5.0}, failed_in="glow")
    lines = texts(attempt_lines(view(times=(times,)), 156, 9))
    assert lines[0].split()[4:7] == ["WARM", "UP", "GLOW"]
    assert "0:05x" in lines[2]


def test_a_given_back_attempt_and_one_in_doubt_say_so() -> None:
    back = attempt(1, "11:20:14", "11:21:00", status=JobStatus.PENDING, category=None)
    doubt = attempt(2, "11:55:02", "11:58:11", category=ErrorCategory.IN_DOUBT)
    lines = texts(attempt_lines(view(attempts=(back, doubt)), 156, 9))
    assert lines[1].endswith(". given back")
    assert "? in_doubt/appium_crash" in lines[2]


def test_the_oldest_of_many_attempts_are_counted() -> None:
    many = [attempt(number, "11:20:14", "11:25:32") for number in range(1, 9)]
    lines = texts(attempt_lines(view(attempts=many, times=()), 80, 5))
    assert lines[1] == "    ... 3 earlier attempts (y copies all)"
    assert [line.split()[0] for line in lines[2:7]] == ["4", "5", "6", "7", ">"]


def test_a_job_that_nobody_tried_has_no_table() -> None:
    done = replace(JOB, status=JobStatus.SKIPPED, attempts=0)
    assert texts(attempt_lines(view(done, attempts=(), times=()), 80, 5)) == ["No attempt yet."]


# -- the error ------------------------------------------------------------------------------------


def files(*names: str, folder: str = "2") -> list[EvidenceFile]:
    root = Path("evidence", JOB.job_id, folder)
    return [EvidenceFile(path=root / name, attempt=folder, name=name, size=9) for name in names]


def test_the_narrow_error_is_that_of_the_mock_up() -> None:
    found = view(evidence=files("screen.png", "source.xml"), log=("worker_1.log", 20418))
    assert texts(job_error.narrow(found, 78)) == [
        "ATTEMPT 2  infrastructure/appium_crash: retryable, 1 try left, pass 3",
        JOB.error,
        "in session for 1:30, after appium     worker 1     log worker_1.log:20418",
        "evidence/DK9p0aaLm2q/2/   screen.png   source.xml",
    ]


def test_an_error_for_a_person_comes_with_its_remedy_also_where_it_is_narrow() -> None:
    account = {"category": ErrorCategory.ACCOUNT, "error_type": "logged_out"}
    job = replace(JOB, error_category=ErrorCategory.ACCOUNT, error_type="logged_out", attempts=1)
    found = view(job, attempts=(attempt(1, "11:55:02", "11:58:11", **account),))
    shown = " ".join(texts(job_error.narrow(found, 78)))
    assert "ATTEMPT 1  account/logged_out: not retried, waits for a person" in shown
    assert "by hand" in shown


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": JobStatus.SUCCESS}, "a later attempt ended well"),
        ({"status": JobStatus.CLAIMED}, "the next attempt is under way"),
        ({"attempts": 3}, "not retried, its tries are used up"),
        ({"error_category": ErrorCategory.CONTENT}, "not retried, waits for a new file"),
        ({"error_category": ErrorCategory.IN_DOUBT}, "it may be posted; settle it with P or r"),
        ({"error_category": ErrorCategory.INTERNAL}, "not retried, waits for you"),
        ({"attempts": 1}, "retryable, 2 tries left, pass 3"),
    ],
)
def test_the_verdict_is_that_of_the_engine(changes: dict[str, Any], said: str) -> None:
    assert job_error.verdict(view(replace(JOB, **changes))) == said


def test_evidence_is_that_of_the_failed_attempt_and_its_latest_folder() -> None:
    kept = [
        *files("old.xml", folder="1"),
        *files("first.xml", folder="2"),
        *files("screen.png", "source.xml", folder="2-2"),
        *files("under-way.jsonl", folder="3"),
    ]
    facts = view(evidence=kept).facts
    assert [file.name for file in facts.evidence] == ["screen.png", "source.xml"]
    assert facts.screenshot is not None
    assert facts.screenshot.name == "screen.png"


def test_no_evidence_and_no_failure_are_sentences() -> None:
    assert "no evidence was kept" in texts(job_error.narrow(view(), 78))
    done = replace(JOB, status=JobStatus.SUCCESS, error="", error_type="", error_category=None)
    nothing = view(done, attempts=(attempt(1, "11:55:02", "11:58:11", status=JobStatus.SUCCESS),))
    assert texts(job_error.box(nothing, 78)) == ["No attempt of this job has failed."]


def test_an_error_of_a_ledger_without_attempts_is_shown() -> None:
    found = view(attempts=(), times=())
    assert texts(job_error.narrow(found, 78))[:2] == [
        "infrastructure/appium_crash: retryable, 1 try left, pass 3",
        JOB.error,
    ]


def test_the_filter_for_the_same_error_can_be_read_back() -> None:
    assert job_error.same_error(JOB) == "why:=appium_crash"
    assert job_error.same_error(replace(JOB, error_type='odd "one" \\')) == r'why:="odd \"one\" \\"'


# -- what it is, what happens, what happened ------------------------------------------------------


def test_the_narrow_facts_are_those_of_the_mock_up() -> None:
    video = VideoFile(path=Path("x.mp4"), size=14_200_000)
    assert texts(what_lines(view(video=video), 78)) == [
        "account  acct_025            status   ~ failed, 2 of 3 tries, again in pass 3",
        "video    DK9p0aaLm2q.mp4     14.2 MB  sha256 9f3c..71",
        "caption  Morning light over the harbour, three takes and one that ..   (c all)",
        "cap      0 of 1 today        run 1226-1027",
    ]


def test_the_whole_caption_is_shown_on_demand() -> None:
    lines = texts(what_lines(view(whole_caption=True), 60))
    shown = [line[9:] for line in lines[2:-1]]
    assert " ".join(shown) == JOB.caption.replace("\n", " ")


def test_the_box_tells_of_guard_phone_and_last_post() -> None:
    phone = ResourceLine(
        id="P025", label="acct_025", state="off", ours=False, in_campaign=True, orphan=False,
        since=None, job_id="", slot=None, phase="", minutes=0.0, cost=0.0, posts_today=0, cap=1,
        last_result="", rate_30_days=None, note="",
    )  # fmt: skip
    found = view(
        resource=phone,
        asked_at=at("11:58:48"),
        guarded_at=NOW,
        last_post=at("11:31:00") - timedelta(days=1),
    )
    lines = texts(what_box(found, 77))
    assert lines[0] == "account    acct_025            phone acct_025, off, asked 11:58:48"
    assert "last post 25 Dec 11:31" in lines[-2]
    assert lines[-1] == "duplicate  not posted before (checked 12:04:31)"
    refused = view(guarded_at=NOW, guard="the account already posted this video")
    assert texts(what_box(refused, 77))[-1] == "duplicate  the account already posted this video"


def test_sentences_about_keys_stand_apart() -> None:
    found = view(following=("Pass 2 ends first.", "r  requeue: claimable now", "-  skip"))
    assert next_lines(found, 60) == [
        "Pass 2 ends first.",
        "",
        "r  requeue: claimable now",
        "-  skip",
    ]


def row(status: JobStatus, clock: str, **more: Any) -> Job:
    return replace(JOB, status=status, updated_at=at(clock), **more)


def test_the_history_is_told_from_the_rows() -> None:
    claimed = {"claimed_at": at("11:20:14"), "worker_id": "3", "pass_number": 1, "attempts": 0}
    rows = [
        row(JobStatus.PENDING, "10:27:12", attempts=0, pass_number=1),
        row(JobStatus.CLAIMED, "11:20:14", **claimed),
        row(JobStatus.CLAIMED, "11:21:00", **claimed),
        row(JobStatus.CLAIMED, "11:24:00", submitted_at=at("11:24:00"), **claimed),
        row(JobStatus.FAILED, "11:25:32", attempts=1, pass_number=1),
        row(JobStatus.PENDING, "11:46:10", attempts=1, pass_number=2),
        row(JobStatus.SKIPPED, "11:47:00", attempts=1),
        row(JobStatus.PENDING, "11:48:00", attempts=1),
        row(JobStatus.CLAIMED, "11:49:00", attempts=1, worker_id="old name"),
        row(JobStatus.PENDING, "11:50:00", attempts=1),
        row(JobStatus.CLAIMED, "11:55:02", attempts=1, claimed_at=at("11:55:02")),
        row(JobStatus.FAILED, "11:58:11"),
    ]
    found = view(history=rows)
    assert history(found, wide=True) == [
        "10:27:12  seeded",
        "11:20:14  claimed by W3, pass 1",
        "11:24:00  Share pressed",
        "11:25:32  failed 1/3 infrastructure",
        "11:46:10  reset for pass 2",
        "11:47:00  skipped",
        "11:48:00  taken back in",
        "11:49:00  claimed by old name, pass 2",
        "11:50:00  given back",
        "11:55:02  claimed by W1, pass 2",
        "11:58:11  failed 2/3 infrastructure",
        "11:58:11  again in pass 3",
    ]
    assert history_rows(found, 78)[0] == (
        "HISTORY  11:20 claimed W3   11:24 Share pressed   11:25 failed"
    )


def test_what_is_alike_is_counted() -> None:
    same = Cluster(
        why="appium_crash", category=ErrorCategory.INFRASTRUCTURE, count=3, retry="yes",
        tried_again=2, saved=1, keys=2, workers=("1", "3"), last=NOW, sample="", job_ids=("a", "b"),
    )  # fmt: skip
    tally = Tally(
        name="acct_025", attempts=2, success=0, infrastructure=2, failed=2, rate_30_days=93.4
    )
    assert alike_parts(view(same=same, tally=tally)) == [
        "same in this run: 2 jobs on 2 phones, workers 1 3 (=)",
        "1 of 2 tried again ended well",
        "this phone, 30 days: 93% of its jobs ended well",
    ]


# -- outside text, copies -------------------------------------------------------------------------


def hostile() -> JobView:
    job = replace(
        JOB, job_id=HOSTILE, account=HOSTILE, caption=HOSTILE, error=HOSTILE, error_type=HOSTILE,
        video_path=HOSTILE, run_id=HOSTILE, worker_id=HOSTILE, video_id=HOSTILE,
    )  # fmt: skip
    tried = attempt(2, "11:55:02", "11:58:11", error=HOSTILE, error_type=HOSTILE, worker=HOSTILE)
    times = replace(TIMES, phases={HOSTILE: 3.0}, failed_in=HOSTILE)
    return view(
        job,
        attempts=(tried,),
        times=(times,),
        evidence=files("a\x1b.png"),
        history=(job,),
        guard=HOSTILE,
        guarded_at=NOW,
        following=(HOSTILE,),
        whole_caption=True,
        log=("\x1b.log", 3),
    )


@pytest.mark.parametrize("width", [80, 119, 160])
def test_outside_text_neither_reaches_the_terminal_nor_breaks_a_line(width: int) -> None:
    found = hostile()
    for lines in (sheet_lines(found, width), what_box(found, width), job_error.box(found, width)):
        for line in texts(lines):
            assert "\n" not in line
            assert not {"\x1b", "\x07", "\u202e", "\r"} & set(line)


def test_texts_are_wrapped_by_cells() -> None:
    lines = wrapped("界" * 30 + " and more", 20)
    assert all(cell_len(line) <= 20 for line in lines)
    assert "".join(lines).count("界") == 30
    assert wrapped("one two three four", 9, most=1) == ["one two.."]
    assert flowing(["aa", "bb", "cc"], 7, "   ") == ["aa   bb", "cc"]


def test_a_report_can_be_read_by_a_colleague() -> None:
    found = view(
        evidence=files("screen.png"),
        following=("Pass 3 tries it.",),
        history=(JOB,),
        guarded_at=NOW,
    )
    report = job_report.text(found)
    for part in (
        "Job DK9p0aaLm2q: ~ failed, 2 of 3 tries used, again in pass 3",
        "account: acct_025; 0 of 1 today",
        "  Full story.",
        "  2: pass 2, worker 1, 11:55:02, failed after 3:09 infrastructure/appium_crash (find",
        f"  {JOB.error}",
        "remedy: ",
        f"  {Path('evidence', JOB.job_id, '2', 'screen.png')}",
    ):
        assert part in report
    assert "\x1b" not in job_report.text(hostile())


def test_the_report_for_programs_is_json() -> None:
    found = json.loads(job_report.as_json_text(hostile()))
    assert found["job"] == HOSTILE
    assert found["attempts_made"][0]["phases"] == {HOSTILE: 3.0}
    exported = job_report.exported(view())
    assert [line[0] for line in exported.rows] == ["1", "2"]
    assert json.loads(exported.written("json"))[0]["job"] == JOB.job_id
    assert job_report.exported(view(attempts=(), times=())).formats == ("txt",)


# -- the log around it ----------------------------------------------------------------------------


def stream(folder: Path, *lines: tuple[str, str, str]) -> LogStream:
    text = "".join(
        f'ts={at(clock).isoformat(timespec="milliseconds")} level={level} event="{words}"\n'
        for clock, level, words in lines
    )
    (folder / "worker_1.log").write_text(text, encoding="utf-8")
    found = LogStream(folder)
    found.poll()
    return found


def test_log_lines_are_those_around_the_failure(tmp_path: Path) -> None:
    logs = stream(
        tmp_path,
        ("11:00:00", "error", "another job"),
        *((f"11:57:{second:02}", "info", f"step {second}") for second in range(20)),
        ("11:58:10", "error", "died"),
        ("11:58:11", "info", "outcome"),
        ("11:58:40", "info", "phone off"),
        ("12:03:00", "error", "later job"),
    )
    found = [record.text for record in log_lines(logs, view().facts, 8)]
    assert found == [
        *(f"step {number}" for number in range(15, 20)),
        "died",
        "outcome",
        "phone off",
    ]


def test_of_an_attempt_under_way_the_newest_lines_are_shown(tmp_path: Path) -> None:
    logs = stream(
        tmp_path, *((f"11:57:{second:02}", "info", f"step {second}") for second in range(20))
    )
    facts = view(attempts=(attempt(1, "11:56:00", None, status=JobStatus.CLAIMED),)).facts
    assert [record.text for record in log_lines(logs, facts, 3)] == [
        "step 17",
        "step 18",
        "step 19",
    ]


def test_a_log_that_begins_later_has_no_lines(tmp_path: Path) -> None:
    logs = stream(tmp_path, ("12:30:00", "info", "later"))
    assert list(log_lines(logs, view().facts, 8)) == []
