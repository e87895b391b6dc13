"""Real ports for the phones of a farm: one that listens while a phone has adb open."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from typing import Final

from simulator.adb_server import Login
from simulator.adbd.handset import Handset
from simulator.android_system import AUTOMATION, AUTOMATION_TESTS
from simulator.errors import FarmError
from simulator.mid_flow import MidFlow
from simulator.phone import Phone
from simulator.world import Doors, Farm

LOWEST: Final = 30_001
HIGHEST: Final = 32_700
"""Above what work directories take for their servers, below what systems give out by themselves."""
HOST: Final = "127.0.0.1"


class AdbDoors(Doors):
    """Opens and closes the ports; used within the farm's event loop only."""

    def __init__(self, farm: Farm, login: Login, mid_flow: MidFlow) -> None:
        self._farm = farm
        self._login = login
        self._mid_flow = mid_flow
        self._handsets: dict[str, Handset] = {}
        self._last = random.SystemRandom().randrange(LOWEST, HIGHEST)

    def handset(self, phone: Phone) -> Handset:
        """The phone as adb sees it."""
        if phone.id not in self._handsets:
            self._handsets[phone.id] = Handset(phone, self._login, self._mid_flow)
        return self._handsets[phone.id]

    def adb_opened(self, phone: Phone) -> None:
        """Take a port at once, listen on it from when adb is ready. Raises FarmError."""
        if phone.power is None:
            return
        listener = self._bind()
        self._farm.move_port(phone, int(listener.getsockname()[1]))
        wait = phone.power.adb_ready - self._farm.clock.now()
        self.handset(phone).open(listener, after=max(0.0, self._farm.clock.real_seconds(wait)))

    def adb_ready(self, phone: Phone) -> None:
        """Listen at once, though the loop may be late."""
        if phone.id in self._handsets:
            self._handsets[phone.id].listen()

    def adb_closed(self, phone: Phone) -> None:
        """Cut what is connected, and listen no more."""
        if phone.id in self._handsets:
            self._handsets[phone.id].close(off=phone.power is None)

    def app_stopped(self, phone: Phone, package: str) -> None:
        """The automation server may be what was ended."""
        if package in (AUTOMATION, AUTOMATION_TESTS) and phone.id in self._handsets:
            self._handsets[phone.id].automation.stop()

    async def close(self) -> None:
        """All ports, at the end of the farm."""
        await asyncio.gather(*(handset.end() for handset in self._handsets.values()))

    def _bind(self) -> socket.socket:
        for _ in range(HIGHEST - LOWEST + 1):
            self._last = self._last + 1 if self._last < HIGHEST else LOWEST
            listener = socket.socket()
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                listener.bind((HOST, self._last))
                return listener
            listener.close()
        raise FarmError(f"No port between {LOWEST} and {HIGHEST} is free for a phone's adb.")
