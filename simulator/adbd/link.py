"""One TCP connection from an adb server to a phone: greeting, authorisation, streams."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

from simulator.adbd import wire
from simulator.adbd.stream import Stream, StreamClosed
from simulator.adbd.wire import MAX_DATA, Packet, WireError, read_packet
from simulator.device_faults import DeviceFaults
from simulator.farm_file import FaultKind

FEATURES: Final = ("shell_v2", "cmd", "stat_v2", "ls_v2", "fixed_push_mkdir")
"""Only what is implemented may be named here."""
_SILENCE_SECONDS: Final = 0.02
"""How often a silent line looks whether it may speak again."""
Service = Callable[[Stream], Awaitable[None]]


class Link:
    """Serves one connection until either side ends it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        faults: DeviceFaults,
        greet_after: float,
        model: str,
        service_of: Callable[[str], Service | None],
    ) -> None:
        """``greet_after``: real seconds until the phone says that it is there."""
        self._reader = reader
        self._writer = writer
        self._faults = faults
        self._greet_after = greet_after
        self._model = model
        self._service_of = service_of
        self._streams: dict[int, Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_id = 0
        self._arrived: asyncio.Queue[tuple[float, Packet] | None] = asyncio.Queue()
        self._held: list[Packet] = []
        """What a silent line keeps back."""

    async def run(self) -> None:
        """Until the line is cut; what was open on it ends with it."""
        self._spawn(self._read())
        try:
            while arrived := await self._arrived.get():
                moment, packet = arrived
                wait = moment + self._faults.latency() - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                await self._through_silence()
                self._take(packet)
                # What the packet brought about may have silenced the line: its answer waits too.
                await self._through_silence()
                await self._writer.drain()
        except OSError:
            pass
        finally:
            self.cut()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self) -> None:
        """Take packets off the line as they come; a slow line delivers them later."""
        try:
            while True:
                packet = await read_packet(self._reader)
                self._arrived.put_nowait((time.monotonic(), packet))
        except (WireError, OSError, asyncio.IncompleteReadError):
            self._arrived.put_nowait(None)

    def cut(self) -> None:
        """Close the TCP connection; safe to repeat."""
        for stream in list(self._streams.values()):
            stream.cut()
        self._streams.clear()
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()

    async def _through_silence(self) -> None:
        """While the line is silent nothing is taken; what was to be said goes out afterwards."""
        while self._faults.on(FaultKind.LINE_SILENT):
            await asyncio.sleep(_SILENCE_SECONDS)
        held, self._held = self._held, []
        for packet in held:
            self._send(packet)

    def _send(self, packet: Packet) -> None:
        if self._faults.on(FaultKind.LINE_SILENT):
            self._held.append(packet)
        elif not self._writer.is_closing():
            self._writer.write(packet.encoded())

    def _take(self, packet: Packet) -> None:
        match packet.command:
            case wire.CNXN:
                self._spawn(self._greet())
            case wire.AUTH:
                self._authorise(packet)
            case wire.OPEN:
                self._open(packet)
            case _:
                self._hear(packet)

    def _hear(self, packet: Packet) -> None:
        """A packet of a stream that was opened."""
        stream = self._streams.get(packet.arg1)
        match packet.command:
            case wire.OKAY if stream:
                stream.okay()
            case wire.WRTE if stream:
                stream.heard(packet.data)
            case wire.WRTE:
                self._send(Packet(wire.CLSE, 0, packet.arg0))
            case wire.CLSE if stream:
                self._streams.pop(stream.id, None)
                stream.close()

    async def _greet(self) -> None:
        if self._greet_after:
            await asyncio.sleep(self._greet_after)
        if self._faults.on(FaultKind.ADB_UNAUTHORIZED):
            self._send(Packet(wire.AUTH, wire.AUTH_TOKEN, 0, secrets.token_bytes(20)))
        else:
            self._welcome()

    def _authorise(self, packet: Packet) -> None:
        """A signature is taken as good, unless nobody accepts this host; keys are not kept."""
        if packet.arg0 != wire.AUTH_SIGNATURE:
            return
        if self._faults.on(FaultKind.ADB_UNAUTHORIZED):
            self._send(Packet(wire.AUTH, wire.AUTH_TOKEN, 0, secrets.token_bytes(20)))
        else:
            self._welcome()

    def _welcome(self) -> None:
        said = {
            "ro.product.name": self._model,
            "ro.product.model": self._model,
            "ro.product.device": self._model,
            "features": ",".join(FEATURES),
        }
        banner = "device::" + ";".join(f"{key}={value}" for key, value in said.items())
        self._send(Packet(wire.CNXN, wire.VERSION, MAX_DATA, banner.encode()))

    def _open(self, packet: Packet) -> None:
        name = packet.data.rstrip(b"\0").decode("utf-8", "replace")
        service = self._service_of(name)
        if service is None:
            self._send(Packet(wire.CLSE, 0, packet.arg0))
            return
        self._last_id += 1
        stream = Stream(self._last_id, packet.arg0, self._send)
        self._streams[stream.id] = stream
        stream.accept()
        self._spawn(self._serve(stream, service))

    async def _serve(self, stream: Stream, service: Service) -> None:
        try:
            await service(stream)
            await stream.written()
        except (StreamClosed, asyncio.IncompleteReadError):
            pass
        finally:
            stream.close()
            self._streams.pop(stream.id, None)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
