"""The services ``shell:`` and ``exec:``: a command, its outputs, its exit status.

Version 2 of the protocol frames everything (an id of one byte, a length of four); version 1 and
``exec`` are raw bytes.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from simulator.adbd.stream import Stream

STDIN: Final = 0
STDOUT: Final = 1
STDERR: Final = 2
EXIT: Final = 3
CLOSE_STDIN: Final = 4
_FRAME: Final = struct.Struct("<BI")


class Terminal(Protocol):
    """What a command on the phone has: input, output, and whether anybody still listens."""

    closed: asyncio.Event
    input: asyncio.StreamReader

    async def say(self, text: bytes) -> None:
        """Write to stdout. Raises StreamClosed."""
        ...

    async def complain(self, text: bytes) -> None:
        """Write to stderr. Raises StreamClosed."""
        ...


Run = Callable[[str, Terminal], Awaitable[int]]
"""Carries out a command line; empty: lines are read from the input. Returns the exit status."""


async def serve_shell(stream: Stream, service: str, run: Run) -> None:
    """Serve ``shell[,options]:COMMAND`` or ``exec:COMMAND``."""
    head, _, command = service.partition(":")
    if "v2" in head.split(",")[1:]:
        await _Framed(stream).run(command, run)
    else:
        await run(command, _Raw(stream))


class _Raw:
    def __init__(self, stream: Stream) -> None:
        self.closed = stream.closed
        self.input = stream.input
        self._stream = stream

    async def say(self, text: bytes) -> None:
        await self._stream.write(text)

    async def complain(self, text: bytes) -> None:
        await self._stream.write(text)


class _Framed:
    def __init__(self, stream: Stream) -> None:
        self.closed = stream.closed
        self.input = asyncio.StreamReader()
        self._stream = stream

    async def run(self, command: str, run: Run) -> None:
        listening = asyncio.create_task(self._listen())
        try:
            code = await run(command, self)
            await self._frame(EXIT, bytes([code & 0xFF]))
        finally:
            listening.cancel()

    async def _listen(self) -> None:
        try:
            while True:
                kind, length = _FRAME.unpack(await self._stream.input.readexactly(_FRAME.size))
                data = await self._stream.input.readexactly(length)
                if kind == STDIN:
                    self.input.feed_data(data)
                elif kind == CLOSE_STDIN:
                    break
        except asyncio.IncompleteReadError:
            pass
        self.input.feed_eof()

    async def say(self, text: bytes) -> None:
        await self._frame(STDOUT, text)

    async def complain(self, text: bytes) -> None:
        await self._frame(STDERR, text)

    async def _frame(self, kind: int, data: bytes) -> None:
        await self._stream.write(_FRAME.pack(kind, len(data)) + data)
