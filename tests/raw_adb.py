"""An adb host that speaks the wire protocol by hand, for tests that need no adb program."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
import urllib.request
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from simulator.adbd import wire
from simulator.adbd.wire import Packet
from simulator.farm_file import FaultKind
from tests.light_farm import LightFarm

_FRAME = struct.Struct("<BI")
_SYNC = struct.Struct("<4sI")


class RawAdb:
    """One connection to a phone; every wait ends after ``patience`` seconds with TimeoutError."""

    def __init__(self, port: int, *, patience: float = 5.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._last_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, command: int, arg0: int, arg1: int, data: bytes = b"") -> None:
        self.socket.sendall(Packet(command, arg0, arg1, data).encoded())

    def read(self) -> Packet:
        """The next packet. Raises EOFError when the phone closed the connection."""
        command, arg0, arg1, length, _checksum, _magic = wire.HEADER.unpack(
            self._exactly(wire.HEADER.size)
        )
        return Packet(command, arg0, arg1, self._exactly(length))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                part = self.socket.recv(count - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                raise EOFError("the phone closed the connection")
            data += part
        return data

    def greet(self) -> Packet:
        """Say hello; what the phone answers."""
        self.send(wire.CNXN, wire.VERSION, wire.MAX_DATA, b"host::features=shell_v2,cmd")
        return self.read()

    def open(self, service: str) -> RawStream | None:
        """A stream to a service; None where the phone refuses it."""
        self._last_id += 1
        self.send(wire.OPEN, self._last_id, 0, service.encode() + b"\0")
        answer = self.read()
        if answer.command == wire.CLSE:
            return None
        assert answer.command == wire.OKAY
        return RawStream(self, self._last_id, answer.arg0)

    def service(self, name: str) -> RawStream:
        stream = self.open(name)
        assert stream is not None, f"the phone refused {name}"
        return stream

    def shell(self, command: str, stdin: bytes = b"") -> tuple[str, int]:
        """Output and exit status of a command, by version 2 of the shell protocol."""
        stream = self.service(f"shell,v2,raw:{command}")
        if stdin:
            stream.write(_FRAME.pack(0, len(stdin)) + stdin)
        stream.write(_FRAME.pack(4, 0))
        said, code, data = b"", -1, stream.rest()
        while data:
            kind, length = _FRAME.unpack(data[: _FRAME.size])
            part, data = data[_FRAME.size : _FRAME.size + length], data[_FRAME.size + length :]
            if kind == 3:
                code = part[0]
            else:
                said += part
        return said.decode(), code

    def log_in(self, password: str) -> None:
        said, _code = self.shell("", f"glogin {password}\nexit\n".encode())
        assert said == "login success\n", said

    def push(self, target: str, content: bytes) -> str:
        """Send a file; empty, or why the phone refused it."""
        spec = f"{target},33188".encode()
        stream = self.service("sync:")
        stream.write(_SYNC.pack(b"SEND", len(spec)) + spec)
        for at in range(0, len(content), 60_000):
            part = content[at : at + 60_000]
            stream.write(_SYNC.pack(b"DATA", len(part)) + part)
        stream.write(_SYNC.pack(b"DONE", 0))
        kind, length = _SYNC.unpack(stream.take(_SYNC.size))
        why = stream.take(length).decode() if kind == b"FAIL" else ""
        stream.write(_SYNC.pack(b"QUIT", 0))
        stream.rest()
        return why

    def ask_sync(self, kind: bytes, path: str) -> bytes:
        """All that the phone answers to one request about a path."""
        stream = self.service("sync:")
        stream.write(_SYNC.pack(kind, len(path)) + path.encode())
        stream.write(_SYNC.pack(b"QUIT", 0))
        return stream.rest()


class RawStream:
    """One open stream of a connection; packets of no other stream are expected meanwhile."""

    def __init__(self, adb: RawAdb, own_id: int, peer_id: int) -> None:
        self._adb = adb
        self._own, self._peer = own_id, peer_id
        self._data = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        """Send one packet and wait for its OKAY; what comes in before that is kept."""
        self._adb.send(wire.WRTE, self._own, self._peer, data)
        while not self.closed and self._take_packet() != wire.OKAY:
            pass

    def take(self, count: int) -> bytes:
        """So many bytes of what the service says; fewer where it ended."""
        while len(self._data) < count and not self.closed:
            self._take_packet()
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def rest(self) -> bytes:
        """All until the service ends."""
        while not self.closed:
            self._take_packet()
        taken, self._data = self._data, b""
        return taken

    def ask(self, method: str, path: str, content: object = None) -> Any:
        """The value that the phone's automation server answers. Raises EOFError at its end."""
        body = b"" if content is None else json.dumps(content).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self.write(head.encode() + body)
        seen = b""
        while not seen.endswith(b"\r\n\r\n"):
            part = self.take(1)
            if not part:
                raise EOFError("the automation server ended the connection")
            seen += part
        length = re.search(rb"Content-Length: (\d+)", seen)
        assert length is not None
        return json.loads(self.take(int(length[1])))["value"]

    def close(self) -> None:
        self._adb.send(wire.CLSE, self._own, self._peer)

    def _take_packet(self) -> int:
        packet = self._adb.read()
        assert packet.arg1 == self._own
        if packet.command == wire.WRTE:
            self._data += packet.data
            self._adb.send(wire.OKAY, self._own, self._peer)
        elif packet.command == wire.CLSE:
            self.closed = True
        return packet.command


def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true; fails when it does not become so."""
    give_up = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < give_up, "it never came to that"
        time.sleep(0.005)


def arm(farm: LightFarm, kind: FaultKind, during: str = "", **more: float) -> None:
    """A fault of the farm's first phone, through the operator's door."""
    account = farm.phone().account.name
    content = {"account": account, "kind": kind.value, "during": during, **more}
    request = urllib.request.Request(f"{farm.url}/farm/fault", json.dumps(content).encode())
    urllib.request.urlopen(request, timeout=5).close()


def disarm(farm: LightFarm) -> None:
    """Nothing that was armed for the first phone is on any more."""
    account = farm.phone().account.name
    request = urllib.request.Request(f"{farm.url}/farm/fault/{account}", method="DELETE")
    urllib.request.urlopen(request, timeout=5).close()


def unknown_commands(farm: LightFarm) -> list[str]:
    """What phones were asked that they do not know."""
    lines = farm.farm.journal.path.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [f"{r['method']} {r['path']}" for r in records if r["event"] == "unknown_call"]
