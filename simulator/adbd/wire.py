"""Packets of the adb protocol between a host and a phone.

A packet is a header of six little-endian words (command, two arguments, length of the data, a
checksum that this version ignores, the command's complement) and its data.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct("<6I")
VERSION: Final = 0x01000001
"""From here on checksums are not looked at."""
MAX_DATA: Final = 256 * 1024
"""Longest data of one packet that we take, as announced in our greeting."""
_FULL: Final = 0xFFFFFFFF

AUTH_TOKEN: Final = 1
AUTH_SIGNATURE: Final = 2


def _word(name: str) -> int:
    return int.from_bytes(name.encode("ascii"), "little")


CNXN: Final = _word("CNXN")
AUTH: Final = _word("AUTH")
OPEN: Final = _word("OPEN")
OKAY: Final = _word("OKAY")
WRTE: Final = _word("WRTE")
CLSE: Final = _word("CLSE")


class WireError(Exception):
    """The peer does not speak adb."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet."""

    command: int
    arg0: int
    arg1: int
    data: bytes = b""

    def encoded(self) -> bytes:
        """As it goes over the line."""
        header = HEADER.pack(
            self.command, self.arg0, self.arg1, len(self.data), 0, self.command ^ _FULL
        )
        return header + self.data


async def read_packet(reader: asyncio.StreamReader) -> Packet:
    """The next packet. Raises WireError, asyncio.IncompleteReadError at the end of the line."""
    header = await reader.readexactly(HEADER.size)
    command, arg0, arg1, length, _checksum, magic = HEADER.unpack(header)
    if magic != command ^ _FULL:
        raise WireError("the header's last word is not the complement of its command")
    if length > MAX_DATA:
        raise WireError(f"a packet of {length} bytes is longer than was agreed")
    return Packet(command, arg0, arg1, await reader.readexactly(length) if length else b"")
