"""The six questions of the Cockpit, answered from files."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.jobs import ErrorCategory, JobStatus, NewJob
from tests.watched_place import NOON, Place

INFRA = ErrorCategory.INFRASTRUCTURE


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# -- is it alive ---------------------------------------------------------------------------------


def test_an_empty_directory_has_no_run_and_no_job(tmp_path: Path) -> None:
    place = Place(tmp_path)
    seen = place.overview()
    assert (seen.word, seen.live, seen.total, seen.problem) == ("NO RUN", False, 0, "")
    assert seen.why_idle == "No run is live."
    assert set(seen.by_status) == {status.value for status in JobStatus}


@pytest.mark.parametrize(
    ("result", "words"),
    [("all_complete", "ended all_complete at 11:59:00"), ("", "did not end by itself")],
)
def test_without_a_run_it_tells_how_the_last_one_ended(
    place: Place, result: str, words: str
) -> None:
    place.ended(result)
    seen = place.overview()
    assert seen.word == "NO RUN"
    assert words in seen.last_result
    assert seen.last_result in seen.why_idle


LATER = (NOON + timedelta(seconds=42)).isoformat()
SINCE = (NOON - timedelta(minutes=2)).isoformat()


@pytest.mark.parametrize(
    ("status", "word", "detail"),
    [
        ({"state": "running"}, "RUNNING", ""),
        ({"state": "waiting", "waiting_until": LATER}, "WAITING", "0:42"),
        (
            {"state": "running", "paused": True, "paused_by": "ana", "paused_at": SINCE},
            "PAUSED",
            "by ana 11:58",
        ),
        ({"state": "paused", "paused": True}, "PAUSED", ""),
        ({"state": "starting"}, "STARTING", ""),
        ({"state": "seeding"}, "STARTING", "seeding"),
        ({"state": "failed"}, "FAILED", ""),
        ({"state": "ended", "result": "stopped"}, "ENDED", "stopped"),
    ],
)
def test_the_word_of_state_is_the_runs_own(
    place: Place, status: dict[str, Any], word: str, detail: str
) -> None:
    with place.live(**status):
        seen = place.overview()
    assert (seen.word, seen.detail, seen.live) == (word, detail, True)


def test_a_run_that_ends_tells_how_many_workers_are_left(place: Place) -> None:
    workers = [place.worker(0), place.worker(1), place.worker(2, process="stopped")]
    with place.live(state="stopping", workers=workers):
        seen = place.overview()
        assert (seen.word, seen.detail) == ("DRAINING", "2 left")


def test_a_run_is_silent_when_its_status_is_older_than_ten_seconds(place: Place) -> None:
    with place.live(state="running"):
        place.forward(seconds=9)
        assert place.overview().word == "RUNNING"
        place.forward(seconds=2)
        seen = place.overview()
    assert (seen.word, seen.detail) == ("SILENT", "since 12:00:00")
    assert "said nothing since 12:00:00" in seen.why_idle


def test_the_status_of_the_run_before_is_not_that_of_one_that_just_began(place: Place) -> None:
    place.status(state="running", run_id="the one before", pid=1)
    place.forward(minutes=5)
    with place.live():
        seen = place.overview()
    assert (seen.word, seen.run_id) == ("STARTING", "")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ('{"schema": 2}', "upgrade this program"),
        ('{"schema": 0}', "start it again with this version"),
        ("[]", "remove it if it stays so"),
        ("{torn", "remove it if it stays so"),
        ('{"schema": 1, "run_id": "x", "updated_at": "soon"}', "at updated_at"),
    ],
)
def test_a_status_that_is_not_ours_to_read_is_a_sentence(
    place: Place, text: str, remedy: str
) -> None:
    place.seed("a")
    with place.live():
        place.run_dir.status_path.write_text(text, encoding="utf-8")
        seen = place.overview()
    assert remedy in seen.problem
    assert (seen.live, seen.word) == (True, "RUNNING")


def test_a_run_on_another_ledger_is_told_and_its_jobs_are_not_ours(place: Place) -> None:
    place.seed("a")
    other = str(place.work_dir / "campaigns" / "spring" / "progress.csv")
    worker = place.worker(job="j", key="k")
    with place.live(ledger=other, campaign="spring", workers=[worker]):
        seen = place.overview()
    assert (seen.word, seen.detail, seen.workers) == ("RUNNING", "on spring", ())
    assert "campaign spring" in seen.why_idle


# -- how far, what fails -------------------------------------------------------------------------


def test_failures_are_told_apart_by_what_follows(place: Place) -> None:
    place.seed(*"abcdefg")
    place.post()
    place.fail(INFRA, "adb_timeout")
    place.fail(INFRA, "adb_timeout")
    place.fail(ErrorCategory.UNKNOWN, "")
    place.fail(ErrorCategory.ACCOUNT, "logged_out")
    place.fail(ErrorCategory.CONTENT, "corrupted_video")
    claim = place.claim()
    place.ledger.mark_submitted(claim)
    place.ledger.settle_dead(lambda _job: False)
    with place.live(state="running"):
        seen = place.overview()
    assert (seen.to_retry, seen.final, seen.in_doubt) == (3, 3, 1)
    assert seen.to_retry + seen.final == seen.by_status["failed"]
    assert seen.retry_why == (("adb_timeout", 2), ("unclassified", 1))
    assert sorted(seen.final_why) == [
        ("corrupted_video", "content", 1),
        ("logged_out", "person", 1),
        ("unconfirmed", "operator", 1),
    ]
    assert seen.percent == round(100 * 4 / 7, 1)


def test_keys_are_capped_held_or_free_today(place: Place) -> None:
    place.time -= timedelta(days=1)
    place.seed(*"abcd")
    place.post()
    place.time = NOON
    place.post()
    place.fail(ErrorCategory.ACCOUNT, "logged_out")
    seen = place.overview()
    # a posted yesterday, b today, c waits for a person, d has not begun.
    assert (seen.keys_capped, seen.keys_held, seen.keys_free) == (1, 1, 2)


def test_a_held_key_is_held_whether_or_not_a_run_is_live(place: Place) -> None:
    place.seed("a", "b")
    place.run_dir.control_path.write_text('{"held_keys": ["a"]}', encoding="utf-8")
    seen = place.overview()
    assert (seen.held_keys, seen.keys_held, seen.keys_free) == (frozenset("a"), 1, 1)
    assert seen.blocked == {"held by the operator": 1}


def test_figures_of_duration_need_five_attempts(place: Place) -> None:
    place.seed(*"abcde")
    for seconds in (60, 70, 80, 90):
        place.post(seconds=seconds)
    four = place.overview()
    assert (four.median_seconds, four.p90_seconds) == (None, None)
    place.post(seconds=100)
    five = place.overview()
    assert five.median_seconds == 80
    assert five.p90_seconds == 96
    assert [(good, bad) for _, good, bad in five.bins] == [(5, 0)]
    assert five.bins[0][0] == NOON


def test_the_forecast_goes_on_as_the_run_has_and_counts_the_next_pass(place: Place) -> None:
    place.seed(*"abcdefghijkl")
    for _ in range(4):
        place.post(seconds=60)
    for _ in range(4):
        place.fail(INFRA, "adb_timeout", seconds=60)
    assert place.overview().forecast.done_at is None, "nobody is at work"
    with place.live(state="running", workers=[place.worker()]):
        seen = place.overview().forecast
        # One a minute; four are left, and half of them will have to be tried again with four more.
        assert (seen.jobs_left, seen.per_minute, seen.next_pass_jobs) == (4, 1.0, 6)
        assert seen.next_pass_at == place.time + timedelta(minutes=4, seconds=30)
        # The pass after that has three of these six, and the failed have no try left then.
        assert seen.done_at == place.time + timedelta(minutes=4 + 6 + 3, seconds=60)
        assert (seen.basis.source, seen.basis.attempts) == ("run", 8)
        place.status(state="running", paused=True)
        assert place.overview().forecast.done_at is None, "nothing goes on while it is paused"


def test_the_forecast_knows_whose_jobs_cannot_be_claimed_today(place: Place) -> None:
    place.seed(*"abcdefg", "x")
    place.ledger.seed(
        lambda _known: [
            NewJob(job_id=f"j-x{n}", account="x", video_path="x.mp4", caption="") for n in range(3)
        ]
    )
    for _ in range(6):
        place.post(seconds=60)
    with place.live(state="running", workers=[place.worker()]):
        seen = place.overview()
    # Of x, who may post once a day, three of four; of a to f one each is done.
    assert seen.by_status["pending"] == 5
    assert seen.forecast.jobs_left == 2


def test_jobs_of_one_account_are_forecast_one_after_the_other(tmp_path: Path) -> None:
    place = Place(tmp_path, {"posting": {"max_posts_per_account_per_day": 3}})
    place.ledger.seed(
        lambda _known: [
            NewJob(job_id=f"j{n}", account=key, video_path="x.mp4", caption="")
            for n, key in enumerate("abcdexxxx")
        ]
    )
    for _ in range(5):
        place.post(seconds=60)
    with place.live(state="running", workers=[place.worker(slot) for slot in range(3)]):
        seen = place.overview().forecast
    assert seen.jobs_left == 3, "the fourth is beyond the cap"
    assert seen.done_at == place.time + timedelta(seconds=3 * 60)
    assert [one.sooner_seconds for one in seen.others] == [0, 0], "one account, one phone"


@pytest.mark.parametrize(
    ("workers", "held", "number"),
    [
        ({0: {}, 1: {"process": "backoff"}, 2: {"process": "waiting"}}, [], 3),
        ({0: {}, 1: {"process": "fatal"}, 2: {"process": "stopping"}}, [], 1),
        ({0: {}, 1: {}}, [1], 1),
        ({}, [], 3),
    ],
    ids=["coming back", "given up", "held", "not begun: as the settings want"],
)
def test_the_forecast_counts_workers_that_take_jobs(
    place: Place, workers: dict[int, dict[str, Any]], held: list[int], number: int
) -> None:
    told = [place.worker(slot, **what) for slot, what in workers.items()]
    with place.live(state="running", workers=told, held={"workers": held}):
        assert place.overview().forecast.workers == number


def test_the_forecast_goes_by_past_days_where_the_run_tells_too_little(place: Place) -> None:
    place.seed("a", "b")
    workers = [place.worker()]
    with place.live(state="running", workers=workers):
        unknown = place.overview().forecast
        assert place.watch().with_workers(99).why_not == "run.max_workers allows 10 at most"
    assert (unknown.done_at, unknown.basis.attempts) == (None, 0)
    for number in range(5):
        place.forward(seconds=90)
        claimed = (place.time - timedelta(seconds=90)).isoformat()
        place.event(
            "outcome",
            job=f"o{number}",
            worker=0,
            status="success",
            claimed_at=claimed,
            phases={"post": 90.0},
        )
    with place.live(state="running", workers=workers):
        found = place.overview().forecast
        assert found.done_at == place.time + timedelta(seconds=180)
        assert (found.basis.source, found.basis.attempts) == ("days", 5)
        assert place.watch().with_workers(2).sooner_seconds == 80, "ten seconds to start"


# -- what each worker does -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("worker", "word"),
    [
        ({"state": "JOB_RUNNING", "job": "j"}, "job"),
        ({"state": "ADB_PENDING", "job": "j"}, "adb pending"),
        ({"state": "ERROR_RECOVERY"}, "recovery"),
        ({"state": "SHUTDOWN"}, "leaving"),
        ({"state": "STARTING", "job": "j"}, "starting"),
        ({"state": "", "succeeded": 0}, "starting"),
        ({"state": "STARTING"}, "idle"),
        ({"process": "backoff", "state": "JOB_RUNNING"}, "backoff"),
        ({"process": "fatal"}, "fatal"),
        ({"process": "stopping", "job": "j"}, "leaving"),
    ],
)
def test_a_workers_state_is_one_word(place: Place, worker: dict[str, Any], word: str) -> None:
    with place.live(workers=[place.worker(**worker)]):
        (line,) = place.overview().workers
    assert line.state == word


def test_a_held_worker_without_a_job_is_held(place: Place) -> None:
    busy = place.worker(1, state="JOB_RUNNING", job="j")
    with place.live(workers=[place.worker(0), busy], held={"workers": [0, 1]}):
        seen = place.overview()
    assert [line.state for line in seen.workers] == ["held", "job"]
    assert seen.held_workers == frozenset({0, 1})


def test_processor_share_comes_from_two_snapshots_of_the_same_process(place: Place) -> None:
    with place.live(workers=[place.worker(0, cpu_seconds=10.0), place.worker(1, cpu_seconds=5.0)]):
        watch = place.watch()
        assert [one.cpu_percent for one in watch.refresh().overview.workers] == [None, None]
        place.forward(seconds=2)
        again = place.worker(1, cpu_seconds=0.5, pid=999)
        place.status(workers=[place.worker(0, cpu_seconds=10.5), again])
        assert [one.cpu_percent for one in watch.refresh().overview.workers] == [25.0, None]


def test_a_phase_is_slow_after_twice_its_usual_time(place: Place) -> None:
    for number in range(5):
        place.event("outcome", job=f"o{number}", status="success", phases={"upload": 30.0})
    began = (place.time - timedelta(seconds=59)).isoformat()
    worker = place.worker(state="JOB_RUNNING", job="j", phase="upload", phase_since=began)
    with place.live(workers=[worker]):
        assert not place.overview().workers[0].slow
        place.forward(seconds=2)
        assert place.overview().workers[0].slow


def test_a_worker_that_died_tells_its_last_exits_and_its_next_restart(place: Place) -> None:
    place.event("run_started")
    for _ in range(2):
        place.event("worker_ended", worker=3, clean=False, reason="appium_crash")
        place.forward(minutes=3)
    place.event("worker_ended", worker=3, clean=True, reason="shutdown_requested")
    due = (place.time + timedelta(seconds=24)).isoformat()
    worker = place.worker(3, process="backoff", restarts=2, restart_at=due)
    with place.live(workers=[worker]):
        (line,) = place.overview().workers
    assert line.note == "exited 12:00, 12:03: appium_crash; restart 2 at 12:06:24"


# -- what costs ----------------------------------------------------------------------------------


def test_money_is_what_is_on_now_and_what_was_on_today(tmp_path: Path) -> None:
    place = Place(tmp_path, {"phones": {"price_per_minute": 0.5}})
    place.time = NOON.replace(hour=0, minute=10)
    (place.books / "phone_minutes.jsonl").write_text(
        json.dumps({"run_id": "r", "minutes": 4.0, "ended": place.time.isoformat()}) + "\n",
        encoding="utf-8",
    )
    place.time -= timedelta(minutes=30)  # before midnight: only today's minutes count
    place.phone("acc1", job="j")
    place.time += timedelta(minutes=30)
    seen = place.overview().money
    assert (seen.on_now, seen.per_minute_now) == (1, 0.5)
    assert (seen.minutes_today, seen.today) == (14.0, 7.0)
    assert seen.at_finish is None


def test_the_cost_at_the_finish_is_that_of_the_attempts_to_come(tmp_path: Path) -> None:
    place = Place(tmp_path, {"phones": {"price_per_minute": 0.5}})
    place.seed(*"abcdefgh")
    for _ in range(6):
        place.post(seconds=120)
    with place.live(state="running"):
        assert place.overview().money.at_finish == 2 * 2 * 0.5


def test_a_phone_that_was_seen_off_is_not_on(place: Place) -> None:
    place.phone("acc1")
    assert place.overview().money.on_now == 1
    (entry,) = place.registry().entries()
    place.registry().clear(entry)
    assert place.overview().money.on_now == 0


# -- why nothing runs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"state": "seeding"}, "bringing in the day's jobs"),
        ({"state": "stopping"}, "The run is ending."),
        (
            {"paused": True, "paused_by": "ana", "paused_at": SINCE},
            "Claims are paused by ana since 11:58.",
        ),
        ({"state": "waiting", "waiting_until": LATER}, "Waiting for pass 2 in 0:42."),
    ],
)
def test_one_sentence_says_what_the_run_is_at(
    place: Place, status: dict[str, Any], words: str
) -> None:
    place.seed("a")
    with place.live(**status):
        assert words in place.overview().why_idle


def test_one_sentence_says_why_no_job_is_claimed(place: Place) -> None:
    place.seed("a")
    with place.live(workers=[place.worker()]):
        assert place.overview().why_idle == "Every worker is between two jobs."
        place.post()
        place.status(workers=[place.worker()])
        assert place.overview().why_idle == "No job is left for this pass."


def test_accounts_at_their_cap_are_the_reason(place: Place) -> None:
    place.seed("a")
    place.post()
    place.ledger.seed(lambda _known: [_second("a")])
    with place.live(workers=[place.worker()]):
        seen = place.overview()
    assert seen.why_idle == "All accounts with a job left are at today's cap."


def test_a_job_in_hand_leaves_nothing_to_explain(place: Place) -> None:
    with place.live(workers=[place.worker(state="JOB_RUNNING", job="j", key="a")]):
        assert place.overview().why_idle == ""


def test_workers_that_are_all_down_are_the_reason(place: Place) -> None:
    place.seed("a")
    due = (place.time + timedelta(seconds=24)).isoformat()
    down = place.worker(process="backoff", restart_at=due)
    with place.live(workers=[down]):
        assert "next restart is due in 0:24" in place.overview().why_idle
        place.status(workers=[place.worker(process="fatal")])
        assert "given up" in place.overview().why_idle


def _second(key: str) -> NewJob:
    return NewJob(job_id=f"k-{key}", account=key, video_path="other.mp4", caption="")
