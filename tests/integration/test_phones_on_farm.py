"""The phone layer on a real farm process: provider over HTTP, adb and Appium as processes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.config import Settings
from engine.errors import (
    ConnectionDroppedError,
    InfrastructureError,
    JobError,
    NavigationError,
    NotInGeelarkError,
    PhoneError,
    ServiceUnreachableError,
)
from engine.phones.appium_device import open_device
from engine.phones.appium_server import AppiumServer
from engine.phones.device import Device
from engine.phones.phone import Phone, PhoneStatus
from engine.phones.station import PhoneStation
from engine.processes import ProcessRegistry
from engine.slot_processes import SlotProcesses
from engine.workloads.base import WorkerSlot
from simulator.truth import read_truth
from tests.family import command_line, running_below
from tests.farm import new_farm, served
from tests.scripted_provider import LogBook

SCALE = 200
CAPTION_FIELD = "com.instagram.android:id/caption_input_text_view"


@dataclass
class Desk:
    """A work directory with its running farm, and a station that asks it."""

    work_dir: Path
    settings: Settings
    book: LogBook
    station: PhoneStation

    def another_station(self, run_id: str = "other") -> PhoneStation:
        return PhoneStation(self.settings, self.work_dir, run_id=run_id, log=self.book.log)

    def start(self, account: str, *, slot: int = 0) -> Phone:
        phone = self.station.find(account)
        self.station.start(phone, job_id=f"job-{account}", slot=slot, pause=time.sleep)
        return phone

    def boot(self, account: str) -> Phone:
        phone = self.start(account)
        self.station.wait_started(phone, time.sleep)
        return phone

    @property
    def on(self) -> set[str]:
        """Names of all phones that cost, whoever started them, as the provider says."""
        states = self.station.inventory()
        return {state.label for state in states if state.state in ("started", "starting")}

    @property
    def phones_on(self) -> set[str]:
        """Accounts whose phones are on, as the farm's own book says."""
        return {phone.account for phone in read_truth(self.work_dir).phones_on}

    @property
    def registered(self) -> list[str]:
        return [state.label for state in self.station.registered()]

    @contextmanager
    def server(self) -> Iterator[AppiumServer]:
        slot = WorkerSlot(
            index=0,
            settings=self.settings,
            work_dir=self.work_dir,
            run_id="run-1",
            log=self.book.log,
            processes=SlotProcesses(ProcessRegistry(self.work_dir / "run" / "processes"), 0),
        )
        server = AppiumServer(slot)
        server.start(time.sleep)
        try:
            yield server
        finally:
            server.stop()

    def device(self, server: AppiumServer, serial: str) -> Device:
        return open_device(
            server.url,
            serial,
            system_ports=self.settings.get_system_port_range(0),
            settings=self.settings,
            log=self.book.log,
            pause=time.sleep,
        )


@contextmanager
def desk(work_dir: Path, *options: object, farm: str = "", accounts: int = 3) -> Iterator[Desk]:
    new_farm(work_dir, "--accounts", accounts, "--time-scale", SCALE, *options, farm=farm)
    with served(work_dir):
        settings = Settings.load(work_dir)
        book = LogBook()
        station = PhoneStation(settings, work_dir, run_id="run-1", log=book.log)
        try:
            yield Desk(work_dir, settings, book, station)
        finally:
            station.close()


def test_phone_goes_its_whole_way_and_is_off_at_the_end(tmp_path: Path) -> None:
    with desk(tmp_path / "w") as work:
        work.station.check()
        phone = work.boot("acct002")
        assert work.phones_on == {"acct002"}
        serial = work.station.connect(phone, time.sleep)
        video = next((work.work_dir / "videos").glob("*.mp4"))
        work.station.deliver(phone, work.station.send(video, time.sleep), time.sleep)
        with work.server() as server:
            device = work.device(server, serial)
            device.open_app(work.settings.posting.app_package)
            wait_for(device, work.settings.posting.app_package)
            assert device.screenshot().startswith(b"\x89PNG")
            device.tap(1, 1)
            device.press_back()
            with pytest.raises(NavigationError):
                device.set_text(CAPTION_FIELD, "marked caption")
            device.close_app(work.settings.posting.app_package)
            device.close()
            device.close()
            assert [line for line in programs_left() if "simulator.appium" in line]
            assert "marked caption" not in server.log_path.read_text(encoding="utf-8")
        receipt = work.station.stop(phone)
        assert receipt.released
        assert work.phones_on == set()
        assert work.registered == []
    assert programs_left() == []


def wait_for(device: Device, package: str) -> None:
    """Look until the app is in front; the test's own time limit ends it."""
    while f'package="{package}"' not in device.source():
        time.sleep(0.02)


def programs_left() -> list[str]:
    """Command lines of the light programs that still run below this process."""
    lines = [command_line(child) for child in running_below()]
    return [line for line in lines if "simulator." in line]


def test_secrets_of_a_visit_are_in_no_file_that_we_wrote(tmp_path: Path) -> None:
    with desk(tmp_path / "w") as work:
        phone = work.boot("acct001")
        work.station.connect(phone, time.sleep)
        video = next((work.work_dir / "videos").glob("*.mp4"))
        work.station.deliver(phone, work.station.send(video, time.sleep), time.sleep)
        work.station.stop(phone)
        token = work.settings.secrets.api_token
        assert token is not None
        written = work.book.text
        for folder in ("run", "logs", "evidence"):
            for path in (work.work_dir / folder).rglob("*"):
                written += path.read_text(encoding="utf-8") if path.is_file() else ""
        assert token.get_secret_value() not in written
        assert "glogin" not in written
        assert "http://" not in written.replace(work.settings.phones.api_url, "")


def test_second_start_of_a_running_phone_of_ours_is_refused(tmp_path: Path) -> None:
    with desk(tmp_path / "w") as work:
        phone = work.start("acct001")
        with pytest.raises(PhoneError) as raised:
            work.another_station().start(phone, job_id="j2", slot=1, pause=time.sleep)
        assert raised.value.retry_soon
        assert work.station.stop(phone).released
        assert work.phones_on == set()


def test_phones_of_other_people_are_listed_and_left_alone(tmp_path: Path) -> None:
    with desk(tmp_path / "w", "--foreign-phones", 2) as work:
        phone = work.boot("acct001")
        states = {state.label: state for state in work.station.inventory()}
        foreign = {label for label in states if not label.startswith("acct")}
        assert len(foreign) == 2
        assert {states[label].state for label in foreign} == {"started"}
        assert not any(states[label].ours for label in foreign)
        assert states["acct001"].ours
        assert states["acct002"].state == "off"
        receipts = work.another_station().stop_ours(None)
        assert [(one.label, one.released) for one in receipts] == [("acct001", True)]
        assert work.on == foreign
        assert work.station.stop(phone).released
        named = work.station.stop_named([states[label].id for label in foreign])
        assert [one.released for one in named] == [True, True]
        assert work.on == set()


def test_phones_of_a_killed_worker_are_found_and_stopped_by_the_next(tmp_path: Path) -> None:
    with desk(tmp_path / "w") as work:
        killed = start_and_be_killed(work.work_dir)
        assert killed != 0
        assert work.phones_on == {"acct001"}
        assert work.registered == ["acct001"]
        phone = work.start("acct001")
        entry = next(state for state in work.station.registered() if state.ours)
        assert entry.job_id == "job-acct001"
        assert work.station.stop(phone).released
        assert work.phones_on == set()


def start_and_be_killed(work_dir: Path) -> int:
    """A process that starts a phone and dies without a word; its exit status."""
    script = (
        "import os, signal, sys, time\nfrom pathlib import Path\nimport structlog\n"
        "from engine.config import Settings\nfrom engine.phones.station import PhoneStation\n"
        "work_dir = Path(sys.argv[1])\n"
        "station = PhoneStation(Settings.load(work_dir), work_dir, run_id='run-0',\n"
        "                       log=structlog.get_logger())\n"
        "phone = station.find('acct001')\n"
        "station.start(phone, job_id='j-old', slot=3, pause=time.sleep)\n"
        "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(work_dir)], capture_output=True, timeout=60, check=False
    )
    return ended.returncode


def test_missing_and_expired_phones_are_told_apart_from_refusals(tmp_path: Path) -> None:
    farm = '[phones]\nexpired = ["acct002"]\nmissing = ["acct003"]\n'
    with desk(tmp_path / "w", farm=farm) as work:
        with pytest.raises(NotInGeelarkError, match="No phone is named acct003"):
            work.station.find("acct003")
        with pytest.raises(NotInGeelarkError, match="acct002 has expired"):
            work.start("acct002")
        assert work.registered == []


def test_every_lost_answer_of_start_and_stop_leaves_no_phone_on(tmp_path: Path) -> None:
    script = "".join(
        f'[[faults.script]]\nkind = "{kind}"\npath = "{path}"\noccurrence = {occurrence}\n'
        for path in ("phone/start", "phone/stop", "phone/status")
        for occurrence, kind in enumerate(
            ("answer_lost", "dropped", "http_500", "server_error"), start=1
        )
    )
    with desk(tmp_path / "w", farm=script) as work:
        for account in ("acct001", "acct002", "acct003"):
            phone = work.station.find(account)
            with contextlib.suppress(InfrastructureError):
                work.station.start(phone, job_id="j", slot=0, pause=time.sleep)
            assert work.station.stop(phone).released
        assert work.phones_on == set()
        assert work.registered == []


@pytest.mark.parametrize("kind", ["stop_busy", "stop_remote"])
def test_refused_stop_is_outlived(tmp_path: Path, kind: str) -> None:
    farm = f'[[faults.script]]\nkind = "{kind}"\naccount = "acct001"\n'
    with desk(tmp_path / "w", farm=farm) as work:
        phone = work.boot("acct001")
        assert work.station.stop(phone).released
        assert work.phones_on == set()


@pytest.mark.parametrize("kind", ["start_no_capacity", "start_in_use", "start_unavailable"])
def test_lack_of_capacity_is_worth_another_try_soon(tmp_path: Path, kind: str) -> None:
    farm = f'[[faults.script]]\nkind = "{kind}"\naccount = "acct001"\n'
    with desk(tmp_path / "w", farm=farm) as work:
        with pytest.raises(PhoneError) as raised:
            work.start("acct001")
        assert raised.value.retry_soon
        assert work.registered == []
        phone = work.start("acct001")
        assert work.station.stop(phone).released


def test_contradicting_dialect_of_the_provider_is_understood(tmp_path: Path) -> None:
    farm = "[dialect]\ntext_codes = true\nstrict_repeats = true\nstop_lists_successes = false\n"
    with desk(tmp_path / "w", farm=farm) as work:
        phone = work.boot("acct001")
        assert work.station.stop(phone).released
        assert [one.released for one in work.station.stop_named([phone.id, "99"])] == [True, True]
        assert work.phones_on == set()


def test_login_that_is_refused_is_a_login_error_and_the_phone_is_stopped(tmp_path: Path) -> None:
    farm = '[[faults.script]]\nkind = "glogin_refused"\naccount = "acct001"\n'
    with desk(tmp_path / "w", farm=farm) as work:
        phone = work.boot("acct001")
        with pytest.raises(JobError) as raised:
            work.station.connect(phone, time.sleep)
        assert raised.value.error_type == "glogin_expired"
        assert work.station.stop(phone).released


def test_session_that_dies_is_a_typed_infrastructure_error(tmp_path: Path) -> None:
    with desk(tmp_path / "w") as work, work.server() as server:
        phone = work.boot("acct001")
        serial = work.station.connect(phone, time.sleep)
        device = work.device(server, serial)
        assert "<" in device.source()
        assert work.station.stop(phone).released
        with pytest.raises(JobError) as raised:
            device.source()
        assert raised.value.category.value == "infrastructure"
        device.close()


def test_restarted_server_has_lost_the_session_and_says_so(tmp_path: Path) -> None:
    with desk(tmp_path / "w") as work, work.server() as server:
        phone = work.boot("acct001")
        device = work.device(server, work.station.connect(phone, time.sleep))
        first = server.pid
        server.restart(time.sleep)
        assert server.healthy()
        assert server.pid != first
        with pytest.raises(ConnectionDroppedError, match="session was gone"):
            device.source()
        device.close()
        assert work.station.stop(phone).released


def test_wrong_token_is_refused_with_its_remedy_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path / "w") as work:
        monkeypatch.setenv("GEELARK_API_TOKEN", "wrong-token")
        settings = Settings.load(work.work_dir)
        station = PhoneStation(settings, work.work_dir, run_id="x", log=work.book.log)
        with pytest.raises(ServiceUnreachableError, match="GEELARK_API_TOKEN"):
            station.check()


def test_key_signature_is_accepted_by_the_farm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk(tmp_path / "w") as work:
        farm = tomllib.loads((work.work_dir / "farm.toml").read_text(encoding="utf-8"))
        environ = {"GEELARK_APP_ID": farm["app_id"], "GEELARK_API_KEY": farm["api_key"]}
        settings = Settings.load(work.work_dir, environ=environ)
        station = PhoneStation(settings, work.work_dir, run_id="x", log=work.book.log)
        station.check()
        assert station.find("acct001").status is PhoneStatus.SHUT_DOWN


def test_stopping_goes_on_while_the_provider_limits_us(tmp_path: Path) -> None:
    farm = '[[faults.script]]\nkind = "limit_unnamed"\npath = "phone/stop"\n'
    with desk(tmp_path / "w", farm=farm) as work:
        phone = work.boot("acct001")
        began = time.monotonic()
        assert work.station.stop(phone).released
        assert time.monotonic() - began > 4
        assert work.phones_on == set()


def test_farm_is_not_asked_for_what_the_registry_knows(tmp_path: Path) -> None:
    with desk(tmp_path / "w") as work:
        work.start("acct001")
        url = work.settings.phones.api_url
    with pytest.raises(OSError, match=r"refused|10061"):
        urllib.request.urlopen(f"{url}/farm/status", timeout=5)
    assert work.registered == ["acct001"]
    (receipt,) = work.another_station().stop_ours(None)
    assert not receipt.released
    assert work.registered == ["acct001"]
