"""The farm's world: time, chance, phones, money, and a truth that outlives its process."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.clock import FarmClock
from simulator.draws import FaultDraws
from simulator.errors import FarmError, Refused
from simulator.farm_file import INFRASTRUCTURE_KINDS, FarmFile, FaultKind, Faults, Money
from simulator.journal import Journal, read_journal
from simulator.meter import Meter
from simulator.phone import Phone, PhoneFile
from simulator.world import Farm


class Time:
    """Monotonic time that a test moves by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def a_farm(folder: Path, time: Time, **content: Any) -> Farm:
    """A farm in real time whose clock only the test moves."""
    farm = Farm(FarmFile.model_validate({"accounts": {"count": 3}} | content), folder)
    origin = farm.clock.origin
    farm.clock = FarmClock(scale=1, origin=origin, monotonic=time, wall=lambda: origin)
    return farm


def a_phone(farm: Farm, account: str = "acct001") -> Phone:
    return next(phone for phone in farm if phone.account.name == account)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def farm_of(tmp_path: Path, time: Time) -> Callable[..., Farm]:
    return lambda **content: a_farm(tmp_path, time, **content)


def shown(phone: Phone) -> str:
    """The status as the cloud would tell it now."""
    return phone.status.name


def has_adb(phone: Phone) -> bool:
    return phone.adb_open


def started(phone: Phone, time: Time, *, energy_saving: bool = False) -> Phone:
    phone.start(energy_saving=energy_saving)
    time.seconds += 90
    assert shown(phone) == "STARTED"
    return phone


def test_the_clock_runs_faster_by_its_scale_and_ignores_jumps_of_the_host() -> None:
    origin = datetime(2026, 1, 1, tzinfo=UTC)
    wall = [datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)]
    time = Time()
    clock = FarmClock(scale=20, origin=origin, monotonic=time, wall=lambda: wall[0])
    assert clock.now() == 200
    time.seconds = 3
    wall[0] = datetime(2031, 1, 1, tzinfo=UTC)
    assert clock.now() == 260
    assert clock.real_seconds(260) == 13


def test_draws_of_a_boot_do_not_depend_on_who_asked_before() -> None:
    faults = Faults(infrastructure=0.5, rates={FaultKind.AFTER_SHARE: 0.5})
    keys = [(f"phone{n}", boot) for n in range(20) for boot in (1, 2)]

    def drawn(order: list[tuple[str, int]]) -> dict[tuple[str, int], tuple[FaultKind | None, bool]]:
        draws = FaultDraws(7, faults)
        return {
            (key, boot): (
                draws.of_boot(key, key, boot),
                draws.at_boot(FaultKind.AFTER_SHARE, key, key, boot),
            )
            for key, boot in order
        }

    forward = drawn(keys)
    assert forward == drawn(keys[::-1])
    assert {boot_fault is None for boot_fault, _ in forward.values()} == {True, False}


def test_infrastructure_faults_come_at_their_rate_and_in_all_kinds() -> None:
    draws = FaultDraws(1, Faults(infrastructure=0.2))
    drawn = [draws.of_boot(f"p{n}", "a", 1) for n in range(3000)]
    struck = [kind for kind in drawn if kind]
    assert 0.17 < len(struck) / len(drawn) < 0.23
    assert set(struck) == set(INFRASTRUCTURE_KINDS)


def test_a_scripted_fault_strikes_its_account_at_its_occurrence_only() -> None:
    script = [{"kind": "boot_stall", "account": "acct002", "occurrence": 2}]
    draws = FaultDraws(1, Faults.model_validate({"script": script}))
    struck = [
        (account, boot)
        for account in ("acct001", "acct002")
        for boot in (1, 2, 3)
        if draws.of_boot("id", account, boot)
    ]
    assert struck == [("acct002", 2)]


def test_a_phone_walks_through_its_states_and_is_billed_from_started_to_off(
    farm_of: Callable[..., Farm], time: Time
) -> None:
    farm = farm_of(delays={"boot": (30, 30), "stop": (5, 5)})
    phone = a_phone(farm)
    assert shown(phone) == "SHUT_DOWN"
    phone.start(energy_saving=True)
    assert shown(phone) == "STARTING"
    time.seconds = 30
    assert shown(phone) == "STARTED"
    time.seconds = 30 + 130
    phone.stop()
    assert shown(phone) == "STARTED"
    with pytest.raises(Refused):
        phone.start(energy_saving=True)
    time.seconds += 5
    assert shown(phone) == "SHUT_DOWN"
    assert farm.billed_minutes() == 3
    assert farm.phones_on() == []


def test_serial_and_password_change_with_every_boot(
    farm_of: Callable[..., Farm], time: Time
) -> None:
    farm = farm_of()
    phone = started(a_phone(farm), time)
    first = (phone.serial, phone.password)
    assert farm.phone_by_serial(first[0]) is phone
    phone.stop()
    time.seconds += 10
    assert farm.phone_by_serial(first[0]) is None
    started(phone, time)
    assert phone.serial != first[0]
    assert phone.password != first[1]


def test_adb_opens_some_time_after_it_is_switched_on_and_closes_with_the_phone(
    farm_of: Callable[..., Farm], time: Time
) -> None:
    phone = a_phone(farm_of())
    phone.set_adb(open_=True)
    started(phone, time)
    assert not has_adb(phone)
    phone.set_adb(open_=True)
    time.seconds += 8
    assert has_adb(phone)
    phone.set_adb(open_=False)
    assert not has_adb(phone)


@pytest.mark.parametrize(
    ("kind", "symptom"),
    [
        (FaultKind.BOOT_STALL, "starting"),
        (FaultKind.ADB_NEVER, "no adb"),
        (FaultKind.UPLOAD_STUCK, "no file"),
        (FaultKind.BOOT_FAILED, "off"),
    ],
)
def test_each_fault_of_a_boot_has_its_symptom_and_the_next_boot_is_well(
    farm_of: Callable[..., Farm], time: Time, kind: FaultKind, symptom: str
) -> None:
    script = [{"kind": kind.value, "account": "acct001"}]
    phone = a_phone(farm_of(faults={"script": script}))

    def look() -> str:
        phone.start(energy_saving=False)
        time.seconds += 3600
        if shown(phone) != "STARTED":
            return "starting" if shown(phone) == "STARTING" else "off"
        phone.set_adb(open_=True)
        phone.begin_transfer("1", PhoneFile("a.mp4", "0" * 64, 10, 0.0))
        time.seconds += 3000
        if not has_adb(phone):
            return "no adb"
        return "well" if phone.transfer_status("1") == 2 else "no file"

    assert look() == symptom
    phone.stop()
    time.seconds += 10
    assert look() == "well"


def test_a_file_under_way_is_lost_with_the_phone_and_arrived_ones_stay(
    farm_of: Callable[..., Farm], time: Time
) -> None:
    phone = started(a_phone(farm_of()), time)
    phone.begin_transfer("1", PhoneFile("first.mp4", "0" * 64, 10, 0.0))
    time.seconds += 10
    phone.stop()
    time.seconds += 9
    big = PhoneFile("second.mp4", "1" * 64, 10**9, 0.0)
    if phone.running:
        phone.begin_transfer("2", big)
    time.seconds += 10
    started(phone, time)
    assert [file.name for file in phone.files] == ["first.mp4"]
    phone.begin_transfer("3", big)
    phone.stop()
    time.seconds += 20
    assert phone.transfer_status("3") == 3


def test_energy_saving_counts_from_the_last_activity(
    farm_of: Callable[..., Farm], time: Time
) -> None:
    phone = started(a_phone(farm_of()), time, energy_saving=True)
    time.seconds += 1700
    phone.touch()
    time.seconds += 1700
    assert shown(phone) == "STARTED"
    time.seconds += 200
    assert shown(phone) == "SHUT_DOWN"


def test_money_is_counted_in_begun_minutes_up_to_the_cap_of_a_day() -> None:
    meter = Meter(Money(price_per_minute=0.01, daily_cap=1.0, balance=5.0))
    assert meter.charge("a", 0, 61).minutes == 2
    long = meter.charge("a", 100, 100 + 3600 * 10)
    assert (long.minutes, round(long.amount, 2), long.capped) == (600, 0.98, True)
    assert meter.charge("b", float("inf"), 500).minutes == 0
    assert meter.charge("stranger", 0, 600, own=False).amount == 0
    assert meter.total_minutes == 602
    assert round(meter.balance, 2) == 4.0


def test_a_new_process_finds_the_world_as_the_last_one_left_it(
    farm_of: Callable[..., Farm], time: Time
) -> None:
    first = farm_of()
    on, off = a_phone(first, "acct001"), a_phone(first, "acct002")
    on.start(energy_saving=False)
    started(off, time)
    off.stop()
    time.seconds += 10
    first.settle()
    on.add_file(PhoneFile("v.mp4", "ab" * 32, 5, time.seconds))
    on.publish("v.mp4", "caption\nwith “lines” 🚲")
    first.journal.close()

    again = farm_of()
    assert [phone.account.name for phone in again.phones_on()] == ["acct001"]
    recalled = a_phone(again, "acct001")
    assert (recalled.id, recalled.boots, recalled.port) == (on.id, 1, on.port)
    assert [(reel.account, reel.caption) for reel in again.publications] == [
        ("acct001", "caption\nwith “lines” 🚲")
    ]
    recalled.stop()
    time.seconds += 10
    assert again.phones_on() == []
    assert again.next_port() > recalled.farm.clock.scale + 20_001


def test_publish_tells_the_truth_whatever_the_screen_will_say(
    farm_of: Callable[..., Farm], tmp_path: Path, time: Time
) -> None:
    script = [
        {"kind": "no_confirmation", "account": "acct001"},
        {"kind": "publish_failed", "account": "acct002"},
    ]
    farm = farm_of(faults={"script": script})
    outcomes = {}
    for name in ("acct001", "acct002", "acct003"):
        phone = started(a_phone(farm, name), time)
        phone.add_file(PhoneFile("v.mp4", hashlib.sha256(name.encode()).hexdigest(), 5, 0.0))
        outcomes[name] = phone.publish("v.mp4", "hello").outcome.value
    assert outcomes == {"acct001": "silent", "acct002": "failed", "acct003": "posted"}
    truth = read_journal(tmp_path / "farm" / "truth.jsonl")
    published = [record["account"] for record in truth if record["event"] == "published"]
    assert published == ["acct001", "acct003"]


def test_other_peoples_phones_run_from_the_start_and_are_on_nobodys_bill(
    farm_of: Callable[..., Farm], time: Time
) -> None:
    farm = farm_of(phones={"foreign": 2})
    time.seconds += 600
    assert len(farm.phones_on()) == 2
    assert farm.billed_minutes() == 0


def test_a_torn_last_line_of_the_truth_is_dropped_and_a_broken_middle_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "farm" / "truth.jsonl"
    clock = FarmClock(scale=1, origin=datetime.now(UTC))
    journal = Journal(path)
    journal.write("one", clock)
    journal.close()
    with path.open("ab") as file:
        file.write(b'{"event": "tw')
    assert [record["event"] for record in read_journal(path)] == ["one"]
    journal = Journal(path)
    journal.write("two", clock)
    journal.close()
    assert [record["event"] for record in read_journal(path)] == ["one", "two"]
    path.write_bytes(b"garbage\n" + path.read_bytes())
    with pytest.raises(FarmError, match="line 1"):
        list(read_journal(path))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sed = 4", "sed"),
        ("[faults]\ninfrastructure = 1.5", "faults.infrastructure"),
        ("[faults.rates]\nboot_stall = 0.1", "infrastructure"),
        ('[accounts]\ncount = 2\nstates = { acct009 = "suspended" }', "acct009"),
        ("[delays]\nboot = 5", "delays.boot"),
        ("= 4", "cannot be read"),
    ],
    ids=["unknown key", "rate", "wrong table", "unknown account", "no span", "no TOML"],
)
def test_a_wrong_farm_file_is_refused_with_the_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "farm.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FarmError, match=says):
        FarmFile.load(path)


def test_a_thousand_idle_phones_cost_nothing_to_keep(
    farm_of: Callable[..., Farm], tmp_path: Path, time: Time
) -> None:
    farm = farm_of(accounts={"count": 1000})
    assert len(farm.phones) == 1000
    assert len({phone.id for phone in farm}) == 1000
    farm.settle()
    lines = (tmp_path / "farm" / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["farm"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
def test_a_farm_that_cannot_write_its_truth_says_so_and_publishes_nothing(
    farm_of: Callable[..., Farm], tmp_path: Path, time: Time
) -> None:
    import resource

    farm = farm_of()
    phone = started(a_phone(farm), time)
    phone.add_file(PhoneFile("v.mp4", "0" * 64, 5, 0.0))
    before = (tmp_path / "farm" / "truth.jsonl").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before), hard))
    try:
        with pytest.raises(FarmError, match="cannot be written"):
            phone.publish("v.mp4", "hello")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert farm.publications == []
    with pytest.raises(FarmError, match="cannot be written"):
        phone.publish("v.mp4", "hello")
    assert (tmp_path / "farm" / "truth.jsonl").read_bytes() == before
