"""The whole engine on a farm: a real day continued, stopped, killed at its joints, finished."""

from __future__ import annotations

import csv
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.farm_day import QUICK, FarmDay
from tests.shared_data import shared_data

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
SLOW_SHARE = "boot = [100, 100]\nadb_enable = [1, 2]\npublish = [300, 300]\nidle_shutdown = 1e7\n"
"""At a time scale of 200: half a second to boot, and a second and a half to confirm a Share."""
AT_ONCE = "boot = [0, 0]\nstop = [0, 0]\nadb_enable = [1, 2]\nidle_shutdown = 1e7\n"


PENDING = 10
"""Of the 63 jobs that the real ledger has left to do, all alike."""


def shortened(ledger: Path, target: Path) -> Path:
    """The real ledger with fewer of the jobs that nobody has begun."""
    with ledger.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    begun = {row["job_id"] for row in rows if row["status"] != "pending"}
    untouched = dict.fromkeys(row["job_id"] for row in rows if row["job_id"] not in begun)
    left_out = set(list(untouched)[PENDING:])
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(row for row in rows if row["job_id"] not in left_out)
    return target


@pytest.fixture
def day(tmp_path: Path) -> Iterator[FarmDay]:
    made = FarmDay(
        tmp_path / "W", "--accounts", 3, "--workers", 2, "--time-scale", 200, delays=SLOW_SHARE
    )
    with made.served():
        yield made


@pytest.mark.timeout(300)
def test_a_real_ledger_in_mid_run_is_continued_to_a_correct_end(tmp_path: Path) -> None:
    """The one long test: the provider's limit of 200 calls a minute is real time."""
    ledger = shortened(shared_data("ledgers") / "day_17col.csv", tmp_path / "day.csv")
    day = FarmDay(
        tmp_path / "W", "--from-ledger", ledger, "--infrastructure", 0.2, "--suspended", 3,
        "--workers", 4, "--time-scale", 300, delays=AT_ONCE,
        GEELARK_PHONES__BOOT_TIMEOUT_SECONDS="4", GEELARK_PHONES__ADB_DEVICE_TIMEOUT_SECONDS="4",
        GEELARK_PHONES__UPLOAD_WAIT_SECONDS="4", GEELARK_APPIUM__COMMAND_TIMEOUT_SECONDS="6",
    )  # fmt: skip
    before = day.statuses()
    assert before == {"pending": PENDING, "failed": 17, "claimed": 8, "success": 3}
    with day.served():
        assert day.run("--run") == 1
        assert "--continue-day" in day.output
        assert day.statuses() == before

        assert day.run("--run", "--continue-day", timeout=200) == 1
        after = day.statuses()
        assert (after["pending"], after["claimed"], after["in_doubt"]) == (0, 0, 8)
        suspended = [job for job in day.jobs().values() if job.error_type == "suspended"]
        assert len(suspended) == 3
        figures = day.compare()
        assert figures["success"] == figures["published"] == after["success"] - 3
        assert figures["in_doubt"] == 8

        doubtful = [job.job_id for job in day.jobs().values() if job.in_doubt]
        assert day.run("--mark-posted", *doubtful[:4]) == 0
        assert day.run("--requeue", *doubtful[4:]) == 0
        day.run("--run", "--continue-day")
        end = day.statuses()
        assert (end["pending"], end["claimed"], end["in_doubt"]) == (0, 0, 0)
        assert all(day.jobs()[job_id].status == "success" for job_id in doubtful[:4])
        assert sum(end.values()) == sum(before.values())
        figures = day.compare()
        assert figures["success"] == figures["published"]
        assert day.left_behind() == {}


@POSIX
def test_sigterm_in_mid_run_leaves_nothing_and_the_next_run_finishes(day: FarmDay) -> None:
    run = day.start("--run")
    day.wait_for(lambda: day.in_state("JOB_RUNNING"))
    run.send_signal(signal.SIGTERM)
    assert run.wait(60) == 130
    assert day.left_behind() == {}
    assert day.statuses()["pending"] > 0
    assert day.run("--run") == 0
    assert day.statuses() == {"success": 3}
    figures = day.compare()
    assert (figures["published"], figures["success"]) == (3, 3)
    assert day.left_behind() == {}


VICTIMS = {
    "worker": ("engine.worker", "0"),
    "appium": ("simulator.appium",),
    "supervisor": ("engine.orchestrator",),
    "everything": (),
}


@POSIX
@pytest.mark.parametrize(
    ("victim", "moment"),
    [
        ("worker", "submitted"),
        ("appium", "JOB_RUNNING"),
        ("supervisor", "JOB_RUNNING"),
        ("everything", "ADB_PENDING"),
        ("everything", "submitted"),
    ],
)
def test_after_a_kill_at_any_joint_a_plain_run_finishes_the_day(
    day: FarmDay, victim: str, moment: str
) -> None:
    run = day.start("--run")
    if moment == "submitted":
        day.wait_for(lambda: day.events("worker_submitted"))
    else:
        day.wait_for(lambda: day.in_state(moment))
    day.kill(*VICTIMS[victim])
    run.wait(90)
    day.run("--run")
    assert day.left_behind() == {}
    statuses, figures = day.statuses(), day.compare()
    assert statuses["success"] + statuses["in_doubt"] == 3, day.output
    assert figures["in_doubt"] == statuses["in_doubt"]
    assert figures["success"] == statuses["success"]
    for job_id, job in day.jobs().items():
        shared = [row for row in day.rows_of(job_id) if row.submitted_at is not None]
        assert len({row.claimed_at for row in shared}) <= 1, f"{job.account} was shared twice"


def test_a_connection_lost_right_after_share_is_never_tried_again(tmp_path: Path) -> None:
    script = "".join(
        f'[[faults.script]]\nkind = "{kind}"\naccount = "{account}"\n'
        for account, kind in (("acct001", "after_share"), ("acct002", "no_confirmation"))
    )
    day = FarmDay(
        tmp_path / "W", "--accounts", 3, "--workers", 3, "--time-scale", 300, farm=script,
        GEELARK_POSTING__CONFIRM_TIMEOUT_SECONDS="3", GEELARK_POSTING__CHECK_DOUBTS="false",
    )  # fmt: skip
    with day.served():
        assert day.run("--run") == 1
        assert day.statuses()["in_doubt"] >= 1
        day.run("--run")
        figures = day.compare()
        assert figures["published"] == 3
        assert figures["in_doubt"] + figures["success"] == 3
        assert day.left_behind() == {}


def test_phones_of_other_people_are_listed_and_left_on(tmp_path: Path) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 2, "--workers", 2, "--time-scale", 200,
        "--foreign-phones", 2, delays=SLOW_SHARE,
    )  # fmt: skip
    with day.served():
        run = day.start("--run")
        day.wait_for(lambda: day.in_state("ADB_PENDING"))
        assert day.run("--stop-all") == 0
        assert run.wait(30) == 130
        assert day.output.count(": started, not started by us") == 2
        assert list(day.strangers_stopped()) == []
        assert day.left_behind() == {}


REMOTE = '[[faults.script]]\nkind = "stop_remote"\naccount = "acct001"\n'


def test_a_phone_whose_stop_is_refused_is_an_alarm_at_once_and_seen_off_later(
    tmp_path: Path,
) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 3, "--workers", 1, "--time-scale", 200, farm=REMOTE,
        delays=f"{QUICK}busy = 900\n", GEELARK_PHONES__STOP_TRIES="3",
    )  # fmt: skip
    with day.served():
        assert day.run("--run") == 0
        alarms = [event for event in day.events("alarm") if event.get("worker") == 0]
        first = alarms[0]["text"]
        assert first.startswith("phone acct001 may still be on: it is started;")
        assert "43006" in first
        assert "min so far" in first
        ends = [event["ts"] for event in day.events("outcome")]
        # It is seen off beside the next job, and told before that one has ended.
        assert alarms[0]["ts"] <= ends[1]
        assert day.left_behind() == {}
        assert day.compare()["phones_on"] == 0


def test_a_phone_that_stays_on_is_told_until_somebody_acts(tmp_path: Path) -> None:
    day = FarmDay(
        tmp_path / "W", "--accounts", 1, "--workers", 1, "--time-scale", 200, farm=REMOTE,
        delays=f"{QUICK}busy = 1e6\n", GEELARK_PHONES__STOP_TRIES="2",
    )  # fmt: skip
    with day.served():
        assert day.run("--run") == 1
        assert day.statuses() == {"success": 1}
        assert day.phones_on() == ["acct001"]
        assert day.run("--stop-all") == 1
        assert "phone acct001: COULD NOT BE STOPPED" in day.output
        assert day.run("--status") == 0
        assert "phone acct001: stopping, ours" in day.output


def test_an_attached_device_posts_as_its_own_account_only(tmp_path: Path) -> None:
    """Attached by a person: one phone of the farm, connected and logged in by hand."""
    day = FarmDay(
        tmp_path / "W", "--accounts", 2, "--workers", 2, "--time-scale", 200,
        delays=f"{QUICK}glogin_life = 1e7\n",
    )  # fmt: skip
    flags = ("--run", "--device", "grapheneos")
    with day.served():
        assert day.run(*flags) == 2
        assert "set phones.device_serial" in day.output
        day.env["GEELARK_PHONES__DEVICE_SERIAL"] = "127.0.0.1:1"
        day.env["GEELARK_PHONES__DEVICE_ACCOUNT"] = "acct001"
        assert day.run(*flags) == 2
        assert "127.0.0.1:1 is not listed" in day.output
        day.env["GEELARK_PHONES__DEVICE_SERIAL"] = day.attach("acct001")
        assert day.run(*flags) == 1
        assert "whom the attached device posts as" in day.output
        done = {job.account: str(job.status) for job in day.jobs().values()}
        assert done == {"acct001": "success", "acct002": "pending"}
        assert day.reels() == ["acct001"]
        assert day.run("--stop-all", "--device", "grapheneos") == 0
        assert day.phones_on() == ["acct001"]
