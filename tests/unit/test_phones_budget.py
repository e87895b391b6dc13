"""The provider's limits, kept together by all processes of a work directory."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import PhoneError, StopRequested
from engine.phones.budget import BUDGET_FILE, CallBudget

BEGIN = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.waited = 0.0

    def __call__(self) -> datetime:
        return self.now

    def pause(self, seconds: float) -> None:
        self.waited += seconds
        self.now += timedelta(seconds=seconds)


def budget(tmp_path: Path, clock: Clock, *, minute: int = 5, hour: int = 1000) -> CallBudget:
    return CallBudget(tmp_path, per_minute=minute, per_hour=hour, now=clock)


def test_calls_up_to_the_limit_do_not_wait_and_the_next_waits_for_the_minute(
    tmp_path: Path,
) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock)
    for _ in range(5):
        calls.wait("phone/list", clock.pause)
    assert clock.waited == 0
    calls.wait("phone/list", clock.pause)
    assert 55 <= clock.waited <= 65


def test_a_clock_that_is_set_forward_leaves_nobody_waiting_for_nothing(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock)
    calls.complain("phone/list", 40007)

    def pause(seconds: float) -> None:
        clock.waited += seconds
        clock.now += timedelta(hours=1)

    calls.wait("phone/list", pause)
    assert clock.waited <= 5


def test_no_minute_ever_sees_more_calls_than_allowed(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock, minute=7)
    times = []
    for number in range(60):
        calls.wait("phone/list", clock.pause)
        times.append(clock.now)
        clock.pause(number % 4)
    for start in times:
        inside = [moment for moment in times if start <= moment < start + timedelta(seconds=60)]
        assert len(inside) <= 7


def test_paths_have_their_own_budgets_and_the_wallet_a_small_one(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock, minute=100)
    for _ in range(10):
        calls.wait("pay/wallet", clock.pause)
    calls.wait("pay/plan/info", clock.pause)
    calls.wait("phone/list", clock.pause)
    assert clock.waited == 0
    calls.wait("pay/wallet", clock.pause)
    assert clock.waited >= 55
    before = clock.waited
    calls.wait("pay/plan/info", clock.pause)
    calls.wait("pay/plan/info", clock.pause)
    assert clock.waited - before >= 55


def test_hourly_limit_is_told_instead_of_waited_for(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock, minute=100, hour=3)
    for _ in range(3):
        calls.wait("phone/list", clock.pause)
    with pytest.raises(PhoneError, match=r"phone/list is used up until 2026-03-04T13:0") as raised:
        calls.wait("phone/list", clock.pause)
    assert raised.value.retry_soon
    assert clock.waited == 0


def test_complaint_about_the_minute_pauses_that_path_until_the_next_minute(tmp_path: Path) -> None:
    clock = Clock()
    mine, others = budget(tmp_path, clock), budget(tmp_path, clock)
    mine.complain("phone/start", 40007)
    others.wait("phone/list", clock.pause)
    assert clock.waited == 0
    others.wait("phone/start", clock.pause)
    assert 30 <= clock.waited <= 32
    assert mine.paused_until("phone/start") is None


def test_complaint_about_the_hour_locks_the_path_for_two_hours(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock)
    calls.complain("phone/start", 40014)
    assert calls.paused_until("phone/start") == BEGIN + timedelta(hours=2)
    with pytest.raises(PhoneError, match="14:00:30") as raised:
        calls.wait("phone/start", clock.pause)
    assert raised.value.retry_soon
    clock.pause(7200)
    calls.wait("phone/start", clock.pause)


def test_unnamed_complaints_pause_longer_each_time_and_are_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock)
    pauses = []
    for _ in range(4):
        calls.complain("phone/stop", 40017)
        until = calls.paused_until("phone/stop")
        assert until is not None
        pauses.append((until - clock.now).total_seconds())
        clock.now = until
    assert pauses == [5, 10, 20, 40]
    clock.pause(3600)
    calls.complain("phone/stop", 40017)
    until = calls.paused_until("phone/stop")
    assert until is not None
    assert (until - clock.now).total_seconds() == 5


def test_complaints_of_several_workers_at_one_moment_count_once(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock)
    for _ in range(5):
        calls.complain("phone/stop", 40017)
    until = calls.paused_until("phone/stop")
    assert until is not None
    assert (until - clock.now).total_seconds() == 5


def test_stop_ends_a_wait_and_takes_no_call(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock, minute=1)
    calls.wait("phone/list", clock.pause)

    def stop(_seconds: float) -> None:
        raise StopRequested("stop")

    with pytest.raises(StopRequested):
        calls.wait("phone/list", stop)
    clock.pause(66)
    before = clock.waited
    calls.wait("phone/list", clock.pause)
    assert clock.waited == before


def test_processes_share_one_budget(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from engine.errors import PhoneError\nfrom engine.phones.budget import CallBudget\n"
        "calls = CallBudget(Path(sys.argv[1]), per_minute=40, per_hour=1000, longest_wait=0)\n"
        "taken = 0\n"
        "for _ in range(30):\n"
        "    try:\n        calls.wait('phone/list', lambda seconds: None)\n        taken += 1\n"
        "    except PhoneError:\n        pass\n"
        "print(taken)\n"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    taken = [int(worker.communicate(timeout=60)[0]) for worker in workers]
    assert sum(taken) == 40


@pytest.mark.parametrize("content", ["", "{", "[]", '{"phone/list": 7}', '{"phone/list": {}}'])
def test_damaged_file_counts_as_empty_and_is_written_anew(tmp_path: Path, content: str) -> None:
    clock = Clock()
    (tmp_path / BUDGET_FILE).write_text(content, encoding="utf-8")
    calls = budget(tmp_path, clock, minute=1)
    calls.wait("phone/list", clock.pause)
    assert clock.waited == 0
    calls.wait("phone/list", clock.pause)
    assert clock.waited > 0


def test_budget_that_cannot_be_written_does_not_keep_anybody_from_calling(tmp_path: Path) -> None:
    clock = Clock()
    blocked = tmp_path / "run"
    blocked.write_text("a file where a folder should be", encoding="utf-8")
    calls = CallBudget(blocked, per_minute=1, per_hour=1, now=clock)
    calls.wait("phone/stop", clock.pause)
    calls.wait("phone/stop", clock.pause)
    assert clock.waited == 0


def test_clock_that_was_set_back_does_not_lock_a_path(tmp_path: Path) -> None:
    clock = Clock()
    calls = budget(tmp_path, clock, minute=1)
    calls.wait("phone/list", clock.pause)
    calls.complain("phone/list", 40007)
    clock.now -= timedelta(days=2)
    with pytest.raises(PhoneError):
        calls.wait("phone/list", clock.pause)
    clock.now += timedelta(hours=2, seconds=1)
    calls.wait("phone/list", clock.pause)
