"""Phones of a farm behind the real adb and the real Appium, for one module of tests.

Where adb, Node, Appium or its driver is not there, what needs them is skipped with the reason;
with GEELARK_REQUIRE_APPIUM=1 it fails instead.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from engine.config import Appium, Logs, Phones, Settings
from engine.errors import SettingsError
from engine.phones.adb import Adb
from engine.phones.adb_server import AdbServer
from engine.phones.android_sdk import android_sdk
from engine.phones.appium_device import open_device
from engine.phones.appium_install import appium_program
from engine.phones.appium_server import AppiumServer
from engine.phones.appium_versions import packages
from engine.phones.device import Device
from engine.processes import ProcessRegistry
from engine.slot_processes import SlotProcesses
from engine.workloads.base import WorkerSlot
from simulator.farm_file import FaultKind
from simulator.journal import read_journal
from simulator.phone import Phone
from simulator.ports import free_block
from tests.family import command_line, running_below
from tests.light_farm import LightFarm, running_farm
from tests.scripted_provider import LogBook

REQUIRED = "GEELARK_REQUIRE_APPIUM"
BRIEF: dict[str, Any] = {
    "start_timeout_seconds": 20,
    "health_poll_seconds": 0.1,
    "stop_timeout_seconds": 3,
    "session_timeout_seconds": 20,
    "session_tries": 1,
    "command_timeout_seconds": 8,
    "close_timeout_seconds": 8,
    "adb_exec_timeout_ms": 3000,
    "server_read_timeout_ms": 1500,
    "server_launch_timeout_ms": 4000,
    "server_install_timeout_ms": 2000,
    "device_ready_timeout_seconds": 2,
    "log_level": "debug",
}
"""Bounds in which a fault shows soon."""


def need_appium() -> None:
    """Skip, or fail where it is required, without real adb and Appium; says what is missing."""
    try:
        settings = Settings()
        sdk = android_sdk(settings)
        sdk.check()
        program = appium_program(settings, Path.cwd())
        program.check()
        found = packages(program)
        if found is not None:
            found.check(program)
    except SettingsError as exc:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but {exc}", pytrace=False)
        pytest.skip(f"real adb and Appium are not there: {exc}")


@dataclass
class AppiumFarm:
    """A farm whose phones real adb reaches, with one Appium and its own adb server."""

    farm: LightFarm
    settings: Settings
    slot: WorkerSlot
    adb: Adb
    adb_server: AdbServer
    server: AppiumServer
    registry: ProcessRegistry
    book: LogBook

    # -- phones ----------------------------------------------------------------------------------

    def phone(self, number: int = 0) -> Phone:
        return self.farm.phone(number)

    def connect(self, number: int = 0) -> str:
        """Switch a phone on where it is off, connect and log in; its adb serial."""
        phone = self.phone(number)
        if not self.farm.do(lambda: phone.running):
            self.farm.switch_on(number)
        serial = self.farm.do(lambda: phone.serial)
        self.adb.connect(serial)
        self.adb.wait_device(serial, timeout=5, polls=repeat(0.02), pause=time.sleep)
        self.adb.login(serial, SecretStr(phone.password))
        return serial

    def arm(self, kind: FaultKind, during: str = "", number: int = 0, **more: float) -> None:
        """A fault of one phone, at once or during the next event of this name."""
        account = self.phone(number).account.name
        self._tell("POST", "fault", {"account": account, "kind": kind, "during": during, **more})

    def disarm(self, number: int = 0) -> None:
        self._tell("DELETE", f"fault/{self.phone(number).account.name}", None)

    def _tell(self, method: str, path: str, content: object) -> None:
        body = json.dumps(content).encode() if content is not None else None
        request = urllib.request.Request(f"{self.farm.url}/farm/{path}", body, method=method)
        urllib.request.urlopen(request, timeout=5).close()

    # -- sessions --------------------------------------------------------------------------------

    def open(
        self,
        serial: str,
        *,
        revive: bool = False,
        renew: Callable[[], None] = lambda: None,
        url: str = "",
        **limits: Any,
    ) -> Device:
        """A session with these bounds instead of the usual ones. Raises as ``open_device``."""
        appium = self.settings.appium.model_copy(update=limits)
        return open_device(
            url or self.server.url,
            serial,
            system_ports=self.settings.get_system_port_range(0),
            settings=self.settings.model_copy(update={"appium": appium}),
            log=self.book.log,
            pause=time.sleep,
            adb_port=self.adb_port,
            revive=self.server.revive if revive else lambda _pause: False,
            renew=renew,
            unclosed=self.server.distrust,
        )

    @contextlib.contextmanager
    def other_appium(self, **limits: Any) -> Iterator[AppiumServer]:
        """A second server, of the next slot, with other settings."""
        appium = self.settings.appium.model_copy(update=limits)
        settings = self.settings.model_copy(
            update={"appium": appium, "phones": self.settings.phones.model_copy(
                update={"adb_server_port": self.settings.phones.adb_server_port - 1})}
        )  # fmt: skip
        processes = SlotProcesses(self.registry, 1)
        server = AppiumServer(replace(self.slot, index=1, settings=settings, processes=processes))
        try:
            server.start(time.sleep)
            yield server
        finally:
            server.stop()

    def run_adb(self, *arguments: str) -> str:
        """What adb says to a command that the engine never gives."""
        command = (*self.settings.phones.adb_command, *arguments)
        environment = {**os.environ, "ANDROID_ADB_SERVER_PORT": str(self.adb_port)}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=10, check=True
        )
        return done.stdout

    @property
    def adb_port(self) -> int:
        return self.settings.get_adb_server_port(0)

    @property
    def log_text(self) -> str:
        """All that Appium wrote so far."""
        return self.server.log_path.read_text(encoding="utf-8", errors="replace")

    # -- what is left ----------------------------------------------------------------------------

    def leftovers(self) -> dict[str, object]:
        """What a test must not leave beside the two servers; empty when it left nothing."""
        found: dict[str, object] = {
            "processes": [" ".join(one.cmdline()) for one in self._children()],
            "forwards": self.adb.forwards(),
            "connections": self.adb.devices(),
            "unknown commands": [
                record
                for record in read_journal(self.farm.farm.journal.path)
                if record["event"] == "unknown_call"
            ],
        }
        return {what: which for what, which in found.items() if which}

    def _children(self) -> list[psutil.Process]:
        """Below Appium, with those that are ending just now given the time to."""
        if self.server.pid is None:
            return []
        family = psutil.Process(self.server.pid).children(recursive=True)
        return psutil.wait_procs(family, timeout=3)[1]


@contextlib.contextmanager
def appium_farm(folder: Path, **content: Any) -> Iterator[AppiumFarm]:
    """A farm of two phones with both servers running; they leave nothing, which is checked."""
    ports = free_block(16)
    book = LogBook()
    settings = Settings(
        phones=Phones(adb_server_port=ports, adb_command_timeout_seconds=5),
        appium=Appium.model_validate(
            {**BRIEF, "base_port": ports + 1, "system_port_base": ports + 5}
        ),
        logs=Logs(level="debug"),
    )
    registry = ProcessRegistry(folder / "run" / "processes")
    slot = WorkerSlot(
        index=0,
        settings=settings,
        work_dir=folder,
        run_id="test",
        log=book.log,
        processes=SlotProcesses(registry, 0),
    )
    before = running_below()
    with running_farm(folder, **content) as farm:
        made = AppiumFarm(
            farm,
            settings,
            slot,
            Adb(settings.phones, book.log, server_port=ports),
            AdbServer(slot),
            AppiumServer(slot),
            registry,
            book,
        )
        try:
            made.adb_server.start(time.sleep)
            made.server.start(time.sleep)
            yield made
        finally:
            made.server.stop()
            made.adb_server.stop()
    # Tests of other folders may have run meanwhile: theirs are neither our programs nor our farm's.
    left = [command_line(process) for process in running_below() - before]
    assert [line for line in left if "adb" in line or "appium" in line or str(folder) in line] == []
    assert registry.records() == []


@contextlib.contextmanager
def meanwhile(action: Callable[[], None]) -> Iterator[None]:
    """Something that happens beside the test; its own failure fails the test."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as exc:  # noqa: BLE001 - told in the test's own thread
            problems.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(30)
    assert not problems, problems


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait until something is true; fails when it does not become so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.02)
