"""The shell of a phone over adb: the login gate, commands that take a while, all others at once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from simulator.adb_server import LOGIN_MARK, Login
from simulator.adbd.apk import read_package
from simulator.adbd.shell_service import Terminal
from simulator.android_system import AUTOMATION_TESTS, INSTRUMENTATION
from simulator.device_faults import DeviceFaults
from simulator.device_shell import run_script
from simulator.farm_file import FaultKind
from simulator.phone import Phone
from simulator.u2.automation import Automation

_INSTALL: Final = re.compile(r"^(?:cmd package|pm) '?install'?\b.*?-S '?(\d+)'?")
_INSTRUMENT: Final = re.compile(r"^am '?instrument'?\b.*?(\S+/\S+)$")
_SCREENCAP: Final = re.compile(r"^(?:exec\s+)?screencap -p$")
_LOGCAT: Final = re.compile(r"(?:^|;\s*)(?:exec\s+)?logcat\b")
_SMALL_APP: Final = 8_000_000
"""Bytes of an app that even a slow line takes in time; the automation server is larger."""
_LOG_LINE: Final = b"--------- beginning of main\n"


class PhoneShell:
    """Runs command lines for the hosts that are connected to one phone."""

    def __init__(
        self, phone: Phone, login: Login, faults: DeviceFaults, automation: Automation
    ) -> None:
        self._phone = phone
        self._login = login
        self._faults = faults
        self._automation = automation

    async def run(self, command: str, terminal: Terminal) -> int:
        """Carry out a command line, or lines from the input where it is empty; the exit status."""
        if command:
            return await self._line(command, terminal)
        code = 0
        while line := (await terminal.input.readline()).decode("utf-8", "replace").strip():
            if line.split()[0] == "exit":
                break
            code = await self._line(line, terminal)
        return code

    async def _line(self, line: str, terminal: Terminal) -> int:
        words = line.split()
        if words[:1] == ["glogin"]:
            await terminal.say(self._glogin(words[1:]).encode())
            return 0
        if not self._login.open(self._phone, self._phone.farm.clock.now()):
            await terminal.say(LOGIN_MARK.encode())
            return 0
        self._phone.touch()
        self._faults.meet(f"shell:{line}")
        if long := self._long(line):
            return await long(terminal)
        if self._faults.on(FaultKind.SETTINGS_DENIED) and "settings " in line:
            await terminal.complain(_denied(line).encode())
            return 255
        text, code = run_script(self._phone, line)
        if text:
            await terminal.say(text.encode())
        return code

    def _glogin(self, words: list[str]) -> str:
        refused = self._faults.on(FaultKind.GLOGIN_REFUSED)
        if refused or words != [self._phone.password]:
            return "glogin: login failed\n"
        self._phone.touch()
        self._login.grant(self._phone, self._phone.farm.clock.now())
        return "login success\n"

    def _long(self, line: str) -> Callable[[Terminal], Awaitable[int]] | None:
        """What reads its input, says bytes, or goes on until somebody ends it."""
        if found := _INSTALL.match(line):
            size = int(found[1])
            return lambda terminal: self._install(size, terminal)
        if found := _INSTRUMENT.match(line):
            target = found[1].strip("'")
            return lambda terminal: self._instrument(target, terminal)
        if _SCREENCAP.search(line):
            return self._screencap
        return _logcat if _LOGCAT.search(line) else None

    async def _screencap(self, terminal: Terminal) -> int:
        await terminal.say(self._phone.app.screenshot())
        return 0

    async def _install(self, size: int, terminal: Terminal) -> int:
        apk = await terminal.input.readexactly(size)
        if size > _SMALL_APP and self._faults.on(FaultKind.INSTALL_SLOW):
            await terminal.closed.wait()
            return 1
        package = read_package(apk)
        if package is None:
            await terminal.say(b"Failure [INSTALL_PARSE_FAILED_NOT_APK]\n")
            return 1
        missing = self._faults.on(FaultKind.AUTOMATION_MISSING)
        if not (missing and package.name == AUTOMATION_TESTS):
            self._phone.system.install(package)
        await terminal.say(b"Success\n")
        return 0

    async def _instrument(self, target: str, terminal: Terminal) -> int:
        missing = self._faults.on(FaultKind.AUTOMATION_MISSING)
        there = AUTOMATION_TESTS in self._phone.system.packages and target == INSTRUMENTATION
        if missing or not there:
            text = f"INSTRUMENTATION_FAILED: {target}\n"
            await terminal.say(
                f"INSTRUMENTATION_STATUS: id=ActivityManagerService\n{text}".encode()
            )
            return 1
        return await self._automation.run(terminal)


async def _logcat(terminal: Terminal) -> int:
    await terminal.say(_LOG_LINE)
    await terminal.closed.wait()
    return 0


def _denied(line: str) -> str:
    verb = "deleting" if "settings delete" in line else "writing to"
    return (
        "\nException occurred while executing 'put':\njava.lang.SecurityException: Permission"
        f" denial: {verb} settings requires:android.permission.WRITE_SECURE_SETTINGS\n"
    )
