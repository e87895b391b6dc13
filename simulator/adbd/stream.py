"""One stream of an adb connection: a service on the phone and somebody on the host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulator.adbd.wire import CLSE, MAX_DATA, OKAY, WRTE, Packet

CHUNK = 64 * 1024


class StreamClosed(Exception):
    """The host closed the stream, or the connection is gone."""


class Stream:
    """What a service reads from and writes to."""

    def __init__(self, own_id: int, peer_id: int, send: Callable[[Packet], None]) -> None:
        self.id = own_id
        self.peer_id = peer_id
        self.input = asyncio.StreamReader(limit=2 * MAX_DATA)
        """What the host wrote; ends when the host closed the stream."""
        self.closed = asyncio.Event()
        self._send = send
        self._may_write = asyncio.Event()
        self._may_write.set()

    async def write(self, data: bytes) -> None:
        """Send all of it, a packet at a time: the next one follows the host's OKAY.

        Raises StreamClosed.
        """
        for at in range(0, len(data), CHUNK):
            await self._may_write.wait()
            if self.closed.is_set():
                raise StreamClosed
            self._may_write.clear()
            self._send(Packet(WRTE, self.id, self.peer_id, data[at : at + CHUNK]))

    async def written(self) -> None:
        """Wait until the host has taken what was written."""
        await self._may_write.wait()

    def close(self) -> None:
        """End the stream from the phone's side; safe to repeat."""
        if not self.closed.is_set():
            self._send(Packet(CLSE, self.id, self.peer_id))
            self.cut()

    # -- what the connection hears ---------------------------------------------------------------

    def accept(self) -> None:
        """Say that the service runs."""
        self._send(Packet(OKAY, self.id, self.peer_id))

    def heard(self, data: bytes) -> None:
        """The host wrote."""
        self.input.feed_data(data)
        self._send(Packet(OKAY, self.id, self.peer_id))

    def okay(self) -> None:
        """The host took our last packet."""
        self._may_write.set()

    def cut(self) -> None:
        """The host closed the stream, or the line is gone."""
        if not self.closed.is_set():
            self.closed.set()
            self.input.feed_eof()
            self._may_write.set()
