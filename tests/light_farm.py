"""A farm in a thread of the test, its phones ready at once, and the light programs as processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from simulator.farm_file import FarmFile
from simulator.phone import Phone
from simulator.server import FarmServer
from simulator.world import Farm

T = TypeVar("T")
AT_ONCE = {
    "boot": [0, 0],
    "adb_enable": [0, 0],
    "adb_offline": [0, 0],
    "app_start": [0, 0],
    "app_step": [0, 0],
    "publish": [0, 0],
    "glogin_life": 1e9,
}
"""Delays of a farm whose phones wait for nothing."""


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LightFarm:
    """One running farm."""

    def __init__(self, farm: Farm, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.farm = farm
        self.url = url
        self.adb_port = free_port()
        """Names this test's own adb server; nobody listens there."""
        self._loop = loop
        self._processes: list[subprocess.Popen[bytes]] = []

    def do(self, action: Callable[[], T]) -> T:
        """Run something on the farm's own thread."""

        async def run() -> T:
            return action()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def phone(self, number: int = 0) -> Phone:
        return list(self.farm)[number]

    def adb(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "simulator.adb", "--farm", self.url)
        return subprocess.run(
            (*command, *arguments),
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=30,
            check=False,
            env={**os.environ, "ANDROID_ADB_SERVER_PORT": str(self.adb_port)},
        )

    def switch_on(self, number: int = 0) -> str:
        """Boot a phone and open its adb; the serial."""
        phone = self.phone(number)
        self.do(lambda: phone.start(energy_saving=False))
        self.do(lambda: phone.set_adb(open_=True))
        return phone.serial

    def connect(self, number: int = 0) -> str:
        """Boot a phone, connect and log in; the serial."""
        serial = self.switch_on(number)
        self.adb("connect", serial)
        self.adb("-s", serial, "shell", stdin=f"glogin {self.phone(number).password}\n")
        return serial

    def appium(self, port: int, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a light Appium, ready to be asked."""
        command = (sys.executable, "-m", "simulator.appium", "--farm", self.url)
        process = subprocess.Popen(
            (*command, "--port", str(port), "--address", "127.0.0.1", *arguments),
            stdout=subprocess.DEVNULL,
        )
        self._processes.append(process)
        give_up = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5).close()
                return process
            assert process.poll() is None, "the light Appium ended instead of serving"
            assert time.monotonic() < give_up, "the light Appium does not answer"
            time.sleep(0.01)

    def end(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)


@contextlib.contextmanager
def running_farm(folder: Path, **content: Any) -> Iterator[LightFarm]:
    """A farm with this farm file; two accounts and no delays unless it says otherwise."""
    file = FarmFile.model_validate(
        {"time_scale": 1000, "accounts": {"count": 2}, "delays": AT_ONCE, **content}
    )
    farm = Farm(file, folder)
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(FarmServer(farm).app)

    async def serve() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    port = asyncio.run_coroutine_threadsafe(serve(), loop).result(10)
    light = LightFarm(farm, f"http://127.0.0.1:{port}", loop)
    try:
        yield light
    finally:
        light.end()
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
