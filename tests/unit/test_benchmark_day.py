"""What the benchmark of a day makes of a farm's truth and of a run's events."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.day import causes
from benchmarks.day.__main__ import orders, report
from benchmarks.day.causes import Lost, Waits, beginnings, lost_time
from benchmarks.day.measured import Measured, Order, prepare
from benchmarks.day.packing import lower_bound, packed
from benchmarks.day.plans import ENGINE, FIXED, Plan
from benchmarks.day.usage import SUPERVISOR, WORKER, Usage
from benchmarks.day.visits import Visit, read_visits
from benchmarks.last_line import figures_in
from engine.config import Settings, public_keys
from simulator.clock import FarmClock
from simulator.compare import Comparison
from simulator.farm_file import FarmFile
from simulator.farm_link import FarmLink
from simulator.phone import PhoneFile
from simulator.world import Farm
from tests.light_farm import running_farm


def a_visit(account: str = "acct001", **given: Any) -> Visit:
    """A published visit of 100 s: a phone that booted for 60 s and was on for 45."""
    values: dict[str, Any] = {
        "account": account,
        "started": 0.0,
        "ready": 60.0,
        "off": 105.0,
        "billed_minutes": 1,
        "published": True,
        "spent": {
            "boot": 60.0,
            "adb_enable": 5.0,
            "adb_offline": 1.0,
            "session": 2.0,
            "app_start": 2.0,
            "upload": 4.0,
            "transfer": 2.0,
            "app_step": 8.0,
            "publish": 12.0,
            "stop": 5.0,
        },
        "paces": {"app_step": 8},
    }
    return Visit(**values | given)


# -- the farm's truth ------------------------------------------------------------------------------


def test_a_visit_is_what_the_farm_says_a_boot_took(tmp_path: Path) -> None:
    moment = [0.0]
    delays = {
        "boot": [40, 40],
        "adb_enable": [5, 5],
        "upload": [3, 3],
        "upload_megabytes_per_second": 0.5,
        "publish": [20, 20],
        "stop": [10, 10],
    }
    farm = Farm(FarmFile.model_validate({"accounts": {"count": 1}, "delays": delays}), tmp_path)
    origin = farm.clock.origin
    farm.clock = FarmClock(scale=1, origin=origin, monotonic=lambda: moment[0], wall=lambda: origin)
    phone = next(iter(farm))
    phone.start(energy_saving=False)
    moment[0] = 40
    phone.set_adb(open_=True)
    phone.begin_transfer("task", PhoneFile("v.mp4", "ab" * 32, 1_000_000, 40.0))
    moment[0] = 60
    phone.publish("v.mp4", "hello")
    moment[0] = 90
    phone.stop()
    moment[0] = 101
    farm.settle()
    farm.close()

    (visit,) = read_visits(tmp_path)
    assert visit.published
    assert (visit.ready, visit.off, visit.billed_minutes) == (40, 100, 1)
    assert visit.spent == {
        "boot": 40, "adb_enable": 5, "upload": 3, "transfer": 2, "publish": 20, "stop": 10,
    }  # fmt: skip
    # adb and the video's way go on side by side: five seconds, not ten.
    assert (visit.preparing, visit.overlap) == (5, 5)
    assert (visit.least, visit.least_on, visit.on) == (65, 35, 60)


def test_begun_minutes_count_whole_in_the_least_too() -> None:
    assert a_visit().least_on == 35
    assert a_visit().least_minutes == 1
    slow = a_visit(spent={"publish": 58.0, "stop": 3.0})
    assert slow.least_minutes == 2


def test_one_look_for_each_touch_cannot_be_saved_and_more_can() -> None:
    spent = dict(a_visit().spent) | {"look": 12.0}
    visit = a_visit(spent=spent, paces={"app_step": 8, "look": 30})
    assert visit.looking == pytest.approx(12 * 10 / 30)
    assert visit.least == pytest.approx(a_visit().least + 4)
    assert visit.least_on == pytest.approx(a_visit().least_on + 4)


def test_a_phone_that_never_started_was_on_for_nothing() -> None:
    assert a_visit(ready=None, published=False).on == 0


# -- the limit -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "workers", "ends"),
    [
        ([100.0], 5, 100.0),
        ([60.0, 60.0, 60.0, 60.0], 2, 120.0),
        ([50.0, 40.0, 30.0, 30.0, 30.0], 2, 90.0),
    ],
)
def test_jobs_are_packed_as_well_as_they_can_be(
    seconds: Sequence[float], workers: int, ends: float
) -> None:
    assert packed(seconds, workers) == pytest.approx(ends)


def test_no_packing_goes_below_the_bound() -> None:
    lengths = [60.0 + 7 * (number * 5 % 11) for number in range(30)]
    for workers in (1, 2, 5, 10):
        bound = lower_bound(lengths, workers)
        assert bound <= packed(lengths, workers) <= 1.1 * bound


# -- the plans -------------------------------------------------------------------------------------


def test_every_wait_of_a_plan_shrinks_with_the_phones() -> None:
    plan = Plan("slow stagger", {"run.stagger_seconds": 90})
    environment = plan.environment(10)
    assert environment["GEELARK_RUN__STAGGER_SECONDS"] == "9.0000"
    default = Settings().phones.boot_poll_seconds
    assert float(environment["GEELARK_PHONES__BOOT_POLL_SECONDS"]) == pytest.approx(default / 10)


def test_a_wait_that_the_engine_has_no_more_is_named_instead_of_passed_over() -> None:
    plan = Plan("old", {"run.stagger_seconds": 60, "phones.nap_seconds": 5})
    assert plan.gone() == ["phones.nap_seconds"]
    assert plan.seconds("phones.nap_seconds") == 0
    assert not [name for name in plan.environment(1) if "NAP" in name]


def test_the_fixed_waits_are_those_of_earlier_systems() -> None:
    assert FIXED.seconds("run.stagger_seconds") == 60
    assert FIXED.seconds("run.delay_between_jobs_seconds") == 10
    assert set(FIXED.changes) - set(FIXED.gone()) <= set(public_keys())
    assert FIXED.environment(1)["GEELARK_RUN__STAGGER"] == "clock"


# -- the time that was lost ------------------------------------------------------------------------


def said(seconds: float, name: str, slot: int | None = 0, **fields: Any) -> Mapping[str, Any]:
    """One event of a run that began at the epoch."""
    moment = datetime.fromtimestamp(seconds, UTC).isoformat()
    return {"ts": moment, "event": name, **({} if slot is None else {"worker": slot}), **fields}


PHASES = {
    "check": 1.0,
    "boot": 68.0,
    "connect": 7.0,
    "session": 3.0,
    "send": 3.0,
    "upload": 7.0,
    "navigate": 9.0,
    "caption": 3.0,
    "share": 1.0,
    "confirm": 14.0,
    "stop": 8.0,
}
"""124 s of the visit above."""
DAY = [
    said(2, "stage_started", None),
    said(5, "worker_started"),
    said(6, "worker_hello", pid=77),
    said(7, "worker_job", job="a", key="acct001"),
    said(8, "worker_state", state="ADB_PENDING", before="STARTING"),
    said(132, "outcome", key="acct001", status="success", phases=PHASES),
    said(132, "worker_state", state="STARTING", before="JOB_RUNNING"),
    said(143, "worker_job", job="b", key="acct002"),
    said(153, "outcome", key="acct002", status="failed", phases={"boot": 10.0}),
    said(153, "worker_state", state="ERROR_RECOVERY", before="ADB_PENDING"),
    said(158, "worker_state", state="STARTING", before="ERROR_RECOVERY"),
    said(159, "worker_exit", reason="all_jobs_complete"),
]


def lost(events: Sequence[Mapping[str, Any]] = DAY, *, workers: int = 1, scale: float = 1) -> Lost:
    waits = Waits(settle=5, enable=3, between=10)
    return lost_time(
        events, [a_visit()], waits, workers=workers, scale=scale, span=(0, 160), uplink=3
    )


def test_each_second_of_a_worker_has_one_cause() -> None:
    found = lost()
    assert found.whole == pytest.approx(160)
    assert found.seconds[causes.STAGGER] == 3
    assert found.seconds[causes.START] == 2 + 2
    assert found.seconds[causes.CHOSEN] == pytest.approx(5 + 10)
    assert found.seconds[causes.RECOVERY] == 10 + 5
    assert found.seconds[causes.OFF] == 5
    assert found.seconds[causes.SESSION] == 1
    assert found.seconds[causes.END] == 2
    # Of the video's way six seconds could have been beside adb, three while the phone booted.
    assert found.seconds[causes.APART] == 9
    assert found.seconds[causes.PHONE] == 60 + 6 + 2 + 10 + 12
    assert dict(found.slack) == pytest.approx(
        {"boot": 3, "connect": 1, "send": 0, "upload": 1, "screens": 3, "confirm": 2, "stop": 3}
    )
    assert found.seconds[causes.POLLING] == pytest.approx(13)


def test_all_workers_count_and_the_scale_makes_simulated_seconds() -> None:
    found = lost(workers=2, scale=10)
    assert found.whole == pytest.approx(2 * 160 * 10)
    assert found.seconds[causes.STAGGER] == pytest.approx(30 + 1580)


def test_a_worker_begins_with_its_first_claim_and_the_supervisor_with_the_stage() -> None:
    assert beginnings(DAY, supervisor=70) == {70: 2, 77: 7}
    with pytest.raises(RuntimeError, match="before it started workers"):
        beginnings([said(1, "run_failed", None)], supervisor=70)


# -- what is told ----------------------------------------------------------------------------------


def a_day(plan: Plan, workers: int, wall: float, *, faults: float = 0.0) -> Measured:
    """Two jobs a worker, each as ``a_visit``; a phone was billed two minutes for each."""
    visits = [a_visit(f"acct{number}") for number in range(2 * workers)]
    usage = Usage()
    usage.cpu[SUPERVISOR], usage.cpu[WORKER] = 0.2 * workers, 0.8 * workers
    comparison = Comparison(
        published=len(visits),
        success=len(visits),
        in_doubt=0,
        phones_on=0,
        billed_minutes=2 * len(visits),
    )
    return Measured(
        order=Order(plan=plan, workers=workers, jobs=len(visits), scale=10, faults=faults),
        wall=wall,
        visits=visits,
        comparison=comparison,
        usage=usage,
        lost=lost(workers=workers),
        calls={"phone/status": 170},
    )


def test_the_last_line_has_every_figure_and_the_smallest_gain() -> None:
    days = [
        a_day(ENGINE, 1, 240),
        a_day(ENGINE, 5, 360),
        a_day(FIXED, 1, 300),
        a_day(FIXED, 5, 720),
        a_day(ENGINE, 5, 900, faults=0.1),
    ]
    figures = dict(word.split("=") for word in report(days).splitlines()[-1].split())
    # Least of a visit: 60 of booting, 10 of preparing, 20 of screens and publishing.
    assert float(figures["efficiency_1"]) == pytest.approx(180 / 240)
    assert float(figures["efficiency_5"]) == pytest.approx(180 / 360)
    assert float(figures["billed_ratio"]) == 2
    assert float(figures["billed_ratio_faults"]) == 2
    assert float(figures["cpu_s_per_job"]) == 0.5
    assert float(figures["gain_over_fixed_waits"]) == 1.25


def test_the_estimate_takes_off_no_more_than_the_workers_own_way() -> None:
    day = a_day(ENGINE, 1, 240)
    # 0.4 CPU s a job count once instead of ten times, for two jobs.
    assert day.distortion == pytest.approx(9 * 0.4 * 2)
    day.usage.start_cpu[SUPERVISOR] = 0.1
    day.usage.waited = 0.5
    assert day.distortion == pytest.approx((9 + 5) * (0.4 * 2 + 0.1))
    assert day.efficiency_at_one == pytest.approx(180 / (240 - 12.6))


def test_what_jobs_asked_for_is_told_by_the_job() -> None:
    one, five = a_day(ENGINE, 1, 240), a_day(ENGINE, 5, 360)
    looked = [a_visit(paces={"app_step": 8, "look": 24}) for _ in five.visits]
    days = [
        replace(one, asked=100, syncs=24, paused=90.0),
        replace(five, asked=500, syncs=96, paused=450.0, visits=looked),
    ]
    last = report(days).splitlines()[-1]
    figures = {name: float(text) for name, text in figures_in(last).items()}
    assert figures["calls_per_job"] == 600 / 12
    assert figures["syncs_per_job"] == 120 / 12
    # Each visit needs its phone for 90 s.
    assert figures["pauses_over_phone"] == pytest.approx(540 / (12 * 90))
    assert figures["looks_per_touch"] == pytest.approx(3 * 10 / 12, abs=0.001)
    assert figures["billed_in_seconds"] == pytest.approx(45 / 35, abs=0.001)


def test_more_calls_than_the_budget_allows_are_marked() -> None:
    assert "170 phone/status!" in report([a_day(ENGINE, 1, 240)])


def test_a_day_with_fixed_waits_runs_beside_the_engines_own() -> None:
    groups = orders([10, 1, 2, 5], 3, 10, engine_only=False)
    plans = [[(order.plan.name, order.workers) for order in group] for group in groups]
    small = [("engine", 1), ("fixed waits", 1), ("engine", 2), ("fixed waits", 2), ("engine", 5)]
    assert plans == [small, [("engine", 5), ("fixed waits", 5)], [("engine", 10)]]
    assert [order.faults for order in groups[0]] == [0, 0, 0, 0, 0.1]
    assert [order.jobs for order in groups[0]] == [3, 3, 6, 6, 20]
    (alone,) = orders([5], 2, 10, engine_only=True)
    assert [(order.plan.name, order.workers) for order in alone] == [("engine", 5)]


# -- what the simulator adds for it ----------------------------------------------------------------


def test_a_prepared_day_has_slow_lines_and_counts_no_calls_against_a_real_minute(
    tmp_path: Path,
) -> None:
    prepare(tmp_path / "W", Order(plan=ENGINE, workers=2, jobs=2, scale=10, faults=0.1))
    farm = FarmFile.load(tmp_path / "W" / "farm.toml")
    assert list(farm.delays.boot) == [30, 90]
    assert farm.time_scale == 10
    assert farm.faults.infrastructure == 0.1
    assert (tmp_path / "W" / "books" / "api_budget.json").is_dir()


def test_the_light_session_and_the_line_to_the_storage_take_their_time(tmp_path: Path) -> None:
    delays = {"session": [60, 60], "look": [50, 50], "uplink_megabytes_per_second": 0.001}
    instant = {"boot": [0, 0], "adb_enable": [0, 0], "adb_offline": [0, 0], "glogin_life": 1e9}
    with running_farm(tmp_path, delays=instant | delays) as light:
        link, phone = FarmLink(light.url), light.phone()
        light.do(lambda: phone.start(energy_saving=False))
        light.do(lambda: phone.set_adb(open_=True))
        adb = {"port": 5037, "serial": phone.serial}
        link.ask(
            "POST", "/device/adb", {**adb, "arguments": ["connect", phone.serial], "stdin": ""}
        )
        login = f"glogin {phone.password}\n"
        link.ask("POST", "/device/adb", {**adb, "arguments": ["shell"], "stdin": login})

        began = time.monotonic()
        opened = link.ask("POST", "/device/session", {**adb, "read_timeout_ms": 1000})
        assert time.monotonic() - began >= 0.06
        began = time.monotonic()
        link.ask("POST", f"/device/session/{opened['value']['id']}/source")
        assert time.monotonic() - began >= 0.05
        spent = light.do(lambda: dict(phone.spent))
        assert (spent["session"], spent["look"]) == (60, 50)

        took = _upload(light.url, light.farm.file.token, bytes(60_000))
        assert took >= 0.06


def _upload(url: str, token: str, content: bytes) -> float:
    """Seconds that a file takes to the farm's storage."""
    host = url.removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(host, timeout=10)) as link:
        headers = {"Authorization": f"Bearer {token}", "traceId": "0f1e2d3c"}
        link.request("POST", "/open/v1/upload/getUrl", b'{"fileType": "mp4"}', headers)
        address = json.loads(link.getresponse().read())["data"]["uploadUrl"]
        began = time.monotonic()
        link.request("PUT", address.partition(host)[2], content)
        assert link.getresponse().status == 200
        return time.monotonic() - began
