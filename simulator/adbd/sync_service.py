"""The service ``sync:``: files pushed, pulled, looked at."""

from __future__ import annotations

import hashlib
import stat
import struct
from dataclasses import dataclass
from typing import Final

from simulator.adb_server import LOGIN_MARK, Login
from simulator.adbd.stream import Stream
from simulator.device_faults import DeviceFaults
from simulator.device_shell import FOLDER
from simulator.phone import Phone, PhoneFile

_HEAD: Final = struct.Struct("<4sI")
_STAT: Final = struct.Struct("<4sIII")
_STAT2: Final = struct.Struct("<4sIQQIIIIQqqq")
_DENT: Final = struct.Struct("<4sIIII")
_DONE: Final = _DENT.pack(b"DONE", 0, 0, 0, 0)
_NO_ENTRY: Final = 2
_KEPT: Final = 64 * 1024
"""Bytes of a file below /data that are kept."""
_FOLDER_MODE: Final = stat.S_IFDIR | 0o771
_FILE_MODE: Final = stat.S_IFREG | 0o660
_WRITABLE: Final = ("/sdcard/", "/storage/emulated/0/", "/data/local/tmp/")
_FOLDERS: Final = frozenset(
    {
        "/",
        "/sdcard",
        FOLDER,
        "/storage/emulated/0",
        "/storage/emulated/0/Download",
        "/data/local/tmp",
    }
)


async def serve_sync(stream: Stream, phone: Phone, login: Login, faults: DeviceFaults) -> None:
    """Serve requests until the host quits."""
    while True:
        kind, length = _HEAD.unpack(await stream.input.readexactly(_HEAD.size))
        if kind == b"QUIT":
            return
        path = (await stream.input.readexactly(length)).decode("utf-8", "replace")
        if not login.open(phone, phone.farm.clock.now()):
            if kind == b"SEND":
                await _read_file(stream)
            await _fail(stream, LOGIN_MARK.strip())
            continue
        phone.touch()
        match kind:
            case b"STAT":
                mode, size = _look(phone, path)
                await stream.write(_STAT.pack(b"STAT", mode, size & 0xFFFFFFFF, 0))
            case b"STA2" | b"LST2":
                await stream.write(_status(kind, *_look(phone, path)))
            case b"SEND":
                faults.meet("sync:push")
                await _receive(stream, phone, path)
            case b"RECV":
                faults.meet("sync:pull")
                await _deliver(stream, phone, path)
            case b"LIST":
                await _list(stream, phone, path)
            case _:
                phone.farm.unknown_call("adb", f"sync:{kind.decode('ascii', 'replace')}")
                await _fail(stream, "unknown request")
                return


def _look(phone: Phone, path: str) -> tuple[int, int]:
    """Mode and size; 0 and 0 where there is nothing."""
    if path.rstrip("/") in _FOLDERS or path == "/":
        return _FOLDER_MODE, 4096
    size = _size_of(phone, path)
    return (0, 0) if size is None else (_FILE_MODE, size)


def _size_of(phone: Phone, path: str) -> int | None:
    if path in phone.system.files:
        return len(phone.system.files[path])
    if path.rpartition("/")[0] not in _FOLDERS or path.startswith("/data/"):
        return None
    name = path.rpartition("/")[2]
    return next((file.size for file in phone.files if file.name == name), None)


def _status(kind: bytes, mode: int, size: int) -> bytes:
    error = 0 if mode else _NO_ENTRY
    return _STAT2.pack(kind, error, 0, 0, mode, 1 if mode else 0, 0, 0, size, 0, 0, 0)


async def _receive(stream: Stream, phone: Phone, spec: str) -> None:
    """SEND: ``path,mode``, then the file."""
    path = spec.rpartition(",")[0]
    file = await _read_file(stream)
    if not path.startswith(_WRITABLE):
        await _fail(stream, "couldn't create file: Permission denied")
        return
    if path.startswith("/data/"):
        phone.system.files[path] = file.beginning
    else:
        phone.add_file(
            PhoneFile(
                name=path.rpartition("/")[2],
                sha256=file.sha256,
                size=file.size,
                arrived=phone.farm.clock.now(),
            )
        )
    await stream.write(_HEAD.pack(b"OKAY", 0))


@dataclass(frozen=True, slots=True)
class _Sent:
    """A file that the host sent."""

    sha256: str
    size: int
    beginning: bytes
    """What is kept of it, which is all of a small one."""


async def _read_file(stream: Stream) -> _Sent:
    """Chunks of data, then DONE with the time; read to its end also where it is refused."""
    digest, size, beginning = hashlib.sha256(), 0, b""
    while True:
        kind, length = _HEAD.unpack(await stream.input.readexactly(_HEAD.size))
        if kind == b"DONE":
            return _Sent(digest.hexdigest(), size, beginning)
        data = await stream.input.readexactly(length)
        digest.update(data)
        size += length
        beginning = (beginning + data)[:_KEPT]


async def _deliver(stream: Stream, phone: Phone, path: str) -> None:
    """RECV: of a video only its size is kept, so it is all zeros."""
    size = _size_of(phone, path)
    if size is None:
        await _fail(stream, f"failed to open '{path}': No such file or directory")
        return
    while size > 0:
        part = min(size, 64 * 1024)
        await stream.write(_HEAD.pack(b"DATA", part) + bytes(part))
        size -= part
    await stream.write(_HEAD.pack(b"DONE", 0))


async def _list(stream: Stream, phone: Phone, path: str) -> None:
    if path.rstrip("/") in (FOLDER, "/storage/emulated/0/Download"):
        for file in phone.files:
            name = file.name.encode()
            await stream.write(_DENT.pack(b"DENT", _FILE_MODE, file.size, 0, len(name)) + name)
    await stream.write(_DONE)


async def _fail(stream: Stream, why: str) -> None:
    text = why.encode()
    await stream.write(_HEAD.pack(b"FAIL", len(text)) + text)
