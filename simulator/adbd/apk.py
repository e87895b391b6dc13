"""What an app file says of itself: name and version, out of its compiled manifest.

The manifest is Android's binary XML: a pool of strings, then elements whose names and values are
indexes into it. Only the root element is read.
"""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Final

from simulator.android_system import Package

_STRINGS: Final = 0x0001
_ELEMENT: Final = 0x0102
_UTF8: Final = 0x100
_TEXT: Final = 0x03
_NONE: Final = 0xFFFFFFFF
_CHUNK: Final = struct.Struct("<HHI")
_POOL: Final = struct.Struct("<IIIII")
_START: Final = struct.Struct("<IIIIHHH")
_ATTRIBUTE: Final = struct.Struct("<IIIHBBI")


def read_package(apk: bytes) -> Package | None:
    """The package in an app file; None where it is no app."""
    try:
        with zipfile.ZipFile(io.BytesIO(apk)) as archive:
            told = _root_attributes(archive.read("AndroidManifest.xml"))
        # An app that only tests another one has no version.
        code, name = int(told.get("versionCode", 0)), str(told.get("versionName", ""))
        return Package(str(told["package"]), code, name)
    except (zipfile.BadZipFile, struct.error, UnicodeDecodeError, LookupError, ValueError):
        return None


def _root_attributes(manifest: bytes) -> dict[str, str | int]:
    """Attributes of the first element. Raises LookupError, struct.error where there is none."""
    strings: list[str] = []
    at = _CHUNK.size
    while True:
        kind, head, size = _CHUNK.unpack_from(manifest, at)
        if kind == _STRINGS:
            strings = _strings(manifest, at, head)
        elif kind == _ELEMENT:
            return _attributes(manifest, at + _CHUNK.size, strings)
        if size < _CHUNK.size:
            raise LookupError("a chunk without end")
        at += size


def _strings(data: bytes, at: int, head: int) -> list[str]:
    count, _styles, flags, begin, _styles_begin = _POOL.unpack_from(data, at + _CHUNK.size)
    offsets = struct.unpack_from(f"<{count}I", data, at + head)
    read = _utf8 if flags & _UTF8 else _utf16
    return [read(data, at + begin + offset) for offset in offsets]


def _utf16(data: bytes, at: int) -> str:
    length = int.from_bytes(data[at : at + 2], "little")
    return data[at + 2 : at + 2 + 2 * length].decode("utf-16-le")


def _utf8(data: bytes, at: int) -> str:
    """Two lengths, in characters and in bytes; each of one byte, or of two where it is long."""
    at += 2 if data[at] & 0x80 else 1
    length = data[at]
    at += 1
    if length & 0x80:
        length = (length & 0x7F) << 8 | data[at]
        at += 1
    return data[at : at + length].decode("utf-8")


def _attributes(data: bytes, at: int, strings: list[str]) -> dict[str, str | int]:
    _line, _comment, _space, _name, start, size, count = _START.unpack_from(data, at)
    told: dict[str, str | int] = {}
    first = at + 8 + start
    for number in range(count):
        _space, name, raw, _size, _zero, kind, value = _ATTRIBUTE.unpack_from(
            data, first + number * size
        )
        text = raw if raw != _NONE else value
        told[strings[name]] = strings[text] if kind == _TEXT else value
    return told
