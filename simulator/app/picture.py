"""A screenshot: the screen's nodes as blocks of colour in a small, valid PNG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from simulator.app.nodes import Node, walk

_PALETTE = bytes(
    (250, 250, 250, 190, 205, 230, 90, 90, 100, 60, 130, 240, 225, 225, 225, 30, 30, 35)
)
"""Background, picture, words, something to tap, container that takes touches, dimmed."""


def png(roots: Sequence[Node], width: int, height: int, scale: float) -> bytes:
    """The screen as a PNG of ``width`` by ``height`` pixels."""
    rows = [bytearray(width) for _ in range(height)]
    for node in walk(roots):
        colour = _colour(node)
        if not colour:
            continue
        left, top, right, bottom = (round(value * scale) for value in node.bounds)
        left, right = max(left, 0), min(right, width)
        if right <= left:
            continue
        stripe = bytes((colour,)) * (right - left)
        for y in range(max(top, 0), min(bottom, height)):
            rows[y][left:right] = stripe
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 1)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", _PALETTE)
        + _chunk(b"IDAT", data)
        + _chunk(b"IEND", b"")
    )


def _colour(node: Node) -> int:
    if node.id == "background_dimmer":
        return 5
    if node.action:
        return 3
    if node.text:
        return 2
    if node.cls == "ImageView":
        return 1
    return 4 if "C" in node.flags and not node.children else 0


def _chunk(kind: bytes, data: bytes) -> bytes:
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)
