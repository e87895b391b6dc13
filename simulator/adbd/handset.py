"""A phone as its adb daemon shows it: connections, services, the automation server behind them."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from functools import partial

from simulator.adb_server import Login
from simulator.adbd.link import Link, Service
from simulator.adbd.phone_shell import PhoneShell
from simulator.adbd.shell_service import serve_shell
from simulator.adbd.stream import Stream
from simulator.adbd.sync_service import serve_sync
from simulator.device_faults import DeviceFaults
from simulator.errors import Refused
from simulator.farm_file import FaultKind
from simulator.mid_flow import MidFlow
from simulator.phone import Phone
from simulator.u2.automation import Automation

MODEL = "Light Phone"


class Handset:
    """One phone; it outlives its boots."""

    def __init__(self, phone: Phone, login: Login, mid_flow: MidFlow) -> None:
        self.phone = phone
        self.login = login
        self.faults = DeviceFaults(phone, self._happen)
        self.automation = Automation(phone, self.faults, mid_flow)
        self._shell = PhoneShell(phone, login, self.faults, self.automation)
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None

    # -- the port --------------------------------------------------------------------------------

    def open(self, listener: socket.socket, *, after: float) -> None:
        """Listen ``after`` real seconds on a bound socket: until then it refuses connections."""
        self.close(off=False)
        self._listener = listener
        if after <= 0:
            self.listen()
        self._accepting = asyncio.get_running_loop().create_task(self._accept(listener, after))

    def listen(self) -> None:
        """Take connections from now on; safe to repeat."""
        if self._listener is not None:
            self._listener.listen()

    def close(self, *, off: bool) -> None:
        """Cut every connection and free the port; ``off``: the phone itself is off."""
        if self._accepting is not None:
            self._accepting.cancel()
            self._accepting = None
        if self._listener is not None:
            # Not left to the cancelled task: by then another socket may have this number.
            with suppress(NotImplementedError):
                asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self.cut_links()
        self.automation.stop()
        if off:
            self.faults.power_off()

    def cut_links(self) -> None:
        """Close the TCP connections; the phone can be connected anew."""
        for link in list(self._links):
            link.cut()

    async def end(self) -> None:
        """Close all, and wait for what served it."""
        tasks = [*self._links.values(), *([self._accepting] if self._accepting else [])]
        self.close(off=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, listener: socket.socket, after: float) -> None:
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        if after > 0:
            await asyncio.sleep(after)
            self.listen()
        while True:
            connection, _address = await loop.sock_accept(listener)
            with suppress(OSError):  # a caller that has gone already
                await self._greet(connection)

    async def _greet(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader, writer = await asyncio.open_connection(sock=connection)
        wait = self.phone.delay("adb_offline", self.phone.farm.file.delays.adb_offline)
        self.phone.touch()
        link = Link(
            reader,
            writer,
            faults=self.faults,
            greet_after=self.phone.farm.clock.real_seconds(wait),
            model=MODEL,
            service_of=self._service,
        )
        task = asyncio.create_task(link.run())
        self._links[link] = task
        task.add_done_callback(partial(self._ended, link))
        self.faults.meet("connect")

    def _ended(self, link: Link, _task: asyncio.Task[None]) -> None:
        self._links.pop(link, None)

    def _happen(self, kind: FaultKind) -> None:
        match kind:
            case FaultKind.SESSION_LOST:
                self.automation.stop()
            case FaultKind.CONNECTION_DROPPED:
                self.phone.lose_adb()
            case FaultKind.LINE_DROPPED:
                self.automation.stop()
                self.cut_links()
            case _:
                raise AssertionError(f"{kind} is no event")

    # -- services --------------------------------------------------------------------------------

    def _service(self, name: str) -> Service | None:
        """What serves the stream of this name; None where the phone has no such service."""
        head = name.partition(":")[0].partition(",")[0]
        match head:
            case "shell" | "exec":
                return lambda stream: serve_shell(stream, name, self._shell.run)
            case "sync":
                return lambda stream: serve_sync(stream, self.phone, self.login, self.faults)
            case "tcp":
                return self._automation_stream(name)
            case "reboot":
                return self._reboot
        self.phone.farm.unknown_call("adb", name)
        return None

    def _automation_stream(self, name: str) -> Service | None:
        if name != f"tcp:{self.automation.port}" or not self.automation.listening:
            return None
        return self.automation.serve

    async def _reboot(self, _stream: Stream) -> None:
        """Off and on again; adb has to be opened anew by the provider."""
        with suppress(Refused):  # as a stop that the provider would refuse
            self.phone.restart()
