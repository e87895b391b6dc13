"""App files as small as the farm's phones take them."""

from __future__ import annotations

import struct

_NONE = 0xFFFFFFFF


def compiled_manifest(package: str, version_code: int) -> bytes:
    """Android's binary XML of ``<manifest package=… versionCode=…/>``, strings in UTF-16."""
    strings = ("package", "versionCode", "manifest", package)
    data = b"".join(
        struct.pack("<H", len(text)) + text.encode("utf-16-le") + b"\0\0" for text in strings
    )
    offsets, at = [], 0
    for text in strings:
        offsets.append(at)
        at += 2 * len(text) + 4
    head = 28 + 4 * len(strings)
    pool = struct.pack("<HHIIIIII", 1, 28, head + len(data), len(strings), 0, 0, head, 0)
    pool += struct.pack(f"<{len(strings)}I", *offsets) + data
    attributes = struct.pack("<IIIHBBI", _NONE, 0, 3, 8, 0, 3, 3)
    attributes += struct.pack("<IIIHBBI", _NONE, 1, _NONE, 8, 0, 16, version_code)
    start = struct.pack("<IIIIHHHHHH", 1, _NONE, _NONE, 2, 20, 20, 2, 0, 0, 0) + attributes
    element = struct.pack("<HHI", 0x0102, 16, 8 + len(start)) + start
    body = pool + element
    return struct.pack("<HHI", 3, 8, 8 + len(body)) + body
