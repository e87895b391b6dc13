"""Each rule of what a person should look at: when it speaks, what it names, when it is silent."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.insight.values import Level
from engine.jobs import ErrorCategory
from engine.phones.budget import BUDGET_FILE, CallBudget
from engine.phones.codes import RATE_HOUR
from engine.workloads.post_reel import PostReel
from tests.watched_place import NOON, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_quiet_place_needs_nobody(place: Place) -> None:
    place.seed("a")
    place.post()
    with place.live(workers=[place.worker()]):
        assert place.attention() == {}


# -- what costs ------------------------------------------------------------------------------------


def test_a_phone_without_a_job_is_an_orphan_in_a_live_run(place: Place) -> None:
    place.phone("acc1", job="j1", slot=0)
    place.phone("acc2", job="j2", slot=1)
    place.forward(minutes=1)
    workers = [place.worker(0, job="j1"), place.worker(1, job="another")]
    with place.live(workers=workers):
        (line,) = place.attention().values()
    assert (line.id, line.level, line.since) == ("orphan:P-acc2", Level.ALARM, NOON)
    assert line.text == "phone acc2 is on with no job and no worker"
    assert (line.resource, dict(line.keys)["S"]) == ("P-acc2", "stop")


def test_a_phone_that_boots_for_a_workers_next_job_is_no_orphan(place: Place) -> None:
    place.phone("acc1", job="j1", slot=0)
    place.phone("acc2", job="j2", slot=0)
    place.forward(minutes=1)
    with place.live(workers=[place.worker(0, job="j1", next_job="j2")]):
        assert place.attention() == {}


def test_a_phone_whose_worker_died_with_its_job_is_an_orphan(place: Place) -> None:
    place.phone("acc1", job="j1")
    place.forward(minutes=1)
    with place.live(workers=[place.worker(0, job="j1", process="backoff")]):
        assert "orphan:P-acc1" in place.attention()


def test_a_phone_that_was_started_a_moment_ago_is_no_orphan_yet(place: Place) -> None:
    place.phone("acc1", job="j1")
    place.forward(seconds=14)
    with place.live(workers=[place.worker()]):
        assert place.attention() == {}


def test_what_workers_keep_over_all_their_jobs_is_no_orphan_while_they_live(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostReel, "keeps_resource", True)
    place.phone("idle", slot=0)
    place.phone("left", slot=1)
    place.forward(minutes=1)
    with place.live(workers=[place.worker(0), place.worker(1, process="backoff")]):
        assert list(place.attention()) == ["orphan:P-left"]


def test_without_a_run_a_phone_is_an_orphan_unless_its_keeper_lives(place: Place) -> None:
    place.phone("left")
    place.phone("kept", alive=True)
    place.forward(minutes=1)
    assert list(place.attention()) == ["orphan:P-left"]


def test_a_stop_that_is_not_verified_after_a_minute_is_an_alarm(place: Place) -> None:
    place.phone("acc1", job="j1")
    (entry,) = place.registry().entries()
    place.forward(minutes=1)
    place.registry().adopt(entry, stopping=True)  # type: ignore[arg-type]  # it is readable
    with place.live(workers=[]):
        place.forward(seconds=60)
        assert "stopping:P-acc1" not in place.attention()
        place.forward(seconds=1)
        found = place.attention()
    assert "orphan:P-acc1" not in found, "one line a phone"
    assert "asked for at 12:01:00 and is not verified" in found["stopping:P-acc1"].text


# -- who works -------------------------------------------------------------------------------------


def test_a_silent_supervisor_is_an_alarm(place: Place) -> None:
    with place.live(workers=[]):
        place.forward(seconds=11)
        line = place.attention()["silent"]
    assert (line.level, line.since) == (Level.ALARM, NOON)


def test_a_worker_without_a_beat_is_an_alarm_by_the_supervisors_clock(place: Place) -> None:
    old = (place.time - timedelta(seconds=11)).isoformat()
    new = (place.time - timedelta(seconds=9)).isoformat()
    down = place.worker(2, process="backoff", beat=old)
    with place.live(workers=[place.worker(0, beat=old), place.worker(1, beat=new), down]):
        place.forward(seconds=8)  # the supervisor's own silence is none of worker 1's
        (line,) = place.attention().values()
    assert (line.id, line.slot, line.since) == ("beat:0", 0, NOON - timedelta(seconds=11))


def test_three_restarts_in_ten_minutes_are_flapping_with_their_common_reason(place: Place) -> None:
    place.event("run_started")
    for _ in range(3):
        place.event("worker_ended", worker=3, clean=False, reason="appium_crash")
        place.forward(minutes=4)
    with place.live(workers=[place.worker(3)]):
        assert place.attention() == {}, "the first is twelve minutes old"
        place.event("worker_ended", worker=3, clean=False, reason="appium_crash")
        (line,) = place.attention().values()
    assert (line.id, line.slot) == ("flapping:3", 3)
    assert line.text == "worker 3 restarted 3 times in 10 min: appium_crash"


# -- what waits for a person -----------------------------------------------------------------------


def test_accounts_that_need_a_person_are_one_queue(place: Place) -> None:
    place.seed("ana", "ben", "cat")
    place.fail(ErrorCategory.ACCOUNT, "logged_out")
    first = place.time
    place.fail(ErrorCategory.ACCOUNT, "logged_out")
    place.fail(ErrorCategory.ACCOUNT, "verification")
    (line,) = place.attention().values()
    assert line.text == "3 accounts need a person: ana, ben logged_out; cat verification"
    assert (line.id, line.level, line.since) == ("people", Level.WARNING, first)
    assert line.jobs == ("j-ana", "j-ben", "j-cat")
    place.ledger.requeue(["j-ana", "j-ben"])
    assert place.attention()["people"].text == "1 account needs a person: cat verification"


def test_a_long_queue_names_some_and_counts_the_rest(place: Place) -> None:
    place.seed(*(f"k{number}" for number in range(10)))
    for _ in range(10):
        place.fail(ErrorCategory.ACCOUNT, "logged_out")
    line = place.attention()["people"]
    assert line.text.endswith("k6, k7 logged_out; 2 more")
    assert len(line.jobs) == 10


def test_jobs_in_doubt_and_files_to_replace_have_lines_of_their_own(place: Place) -> None:
    place.seed("a", "b")
    place.ledger.mark_submitted(place.claim())
    place.ledger.settle_dead(lambda _job: False)
    place.fail(ErrorCategory.CONTENT, "corrupted_video")
    found = place.attention()
    assert found["doubt"].text.startswith("1 job is in doubt: published or not: a")
    assert dict(found["doubt"].keys)["P"] == "posted"
    assert found["files"].text == "1 job needs a new file: j-b corrupted_video"
    place.ledger.mark_posted(["j-a"])
    assert "doubt" not in place.attention()


def test_rows_that_nobody_understands_are_told_with_their_place(place: Place) -> None:
    place.seed("a")
    with place.ledger.path.open("a", encoding="utf-8") as file:
        file.write("not,a,row\n")
    line = place.attention()["quarantine"]
    assert "1 row " in line.text
    assert "parallel_progress.quarantine.csv" in line.text


# -- the run and its host --------------------------------------------------------------------------


def test_the_providers_limit_is_told_until_it_ends(place: Place) -> None:
    place.time = place.time.replace(year=2199)
    budget = CallBudget(place.books, per_minute=1, per_hour=1, now=place.now)
    budget.complain("phone/start", RATE_HOUR)
    assert "before 14:00: its limit" in place.attention()["limit"].text
    (place.books / BUDGET_FILE).unlink()
    assert place.attention() == {}


def test_a_disk_that_is_nearly_full_is_an_alarm(place: Place) -> None:
    place.room = 499 * 1024 * 1024
    assert place.attention()["disk"].level is Level.ALARM
    place.room = 501 * 1024 * 1024
    assert place.attention() == {}


def test_a_run_that_failed_says_why_until_the_next_begins(place: Place) -> None:
    place.event("run_started")
    place.event("run_failed", text="The ledger is gone.")
    line = place.attention()["run_failed"]
    assert (line.text, line.since) == ("the run failed: The ledger is gone.", NOON)
    place.event("run_started")
    assert place.attention() == {}


def test_alarms_of_the_run_are_kept_until_they_are_solved(place: Place) -> None:
    place.event("run_started")
    place.event("alarm", text="Worker 1: no Appium", worker=1)
    place.event("alarm", text="phone x may still be on", id="P-x")
    place.forward(minutes=5)
    place.event("alarm", text="Worker 1: no Appium", worker=1)
    found = list(place.attention().values())
    assert [line.text for line in found] == ["phone x may still be on", "Worker 1: no Appium"]
    assert [line.since for line in found] == [NOON, place.time]
    place.event("released", id="P-x", label="x")
    (left,) = place.attention().values()
    assert (left.slot, left.level) == (1, Level.ALARM)


def test_only_the_last_twenty_alarms_are_kept(place: Place) -> None:
    place.event("run_started")
    for number in range(25):
        place.event("alarm", text=f"alarm {number}")
    texts = [line.text for line in place.attention().values()]
    assert texts == [f"alarm {number}" for number in range(5, 25)]


def test_a_line_keeps_its_id_while_its_time_goes_on(place: Place) -> None:
    place.event("run_started")
    place.event("alarm", text="Something")
    before = set(place.attention())
    place.forward(hours=1)
    assert set(place.attention()) == before
