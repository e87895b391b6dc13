"""Bytes in any portions to whole lines, none longer than a bound.

A line without its end waits. Of one that is too long only the beginning is kept while the rest is
counted, so that a line of a megabyte is never in memory.
"""

from __future__ import annotations

from typing import Final

LINE_BYTES: Final = 16 * 1024
"""A longer line is cut there; a person sees how much more there was."""

_SPARE: Final = 4
"""Bytes kept beyond the bound, to see whether it would cut a character in two."""
_FOLLOWING: Final = bytes(range(0x80, 0xC0))
"""Bytes of UTF-8 that do not begin a character."""


class LineSplitter:
    """The whole lines of one file, with their offsets in it."""

    def __init__(self, offset: int, *, skip_first: bool = False) -> None:
        self.offset = offset
        """Of the next byte to feed."""
        self._start = offset
        self._torn = b""
        self._dropped = 0
        self._skip_first = skip_first

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """(offset, line without its end) of every line that ends in this portion."""
        first, *others = data.split(b"\n")
        self._keep(first)
        offset = self.offset + len(first) + 1
        self.offset += len(data)
        if not others:
            return []
        torn = self._whole()
        lines = [(self._start, torn)]
        for line in others[:-1]:
            lines.append((offset, line if len(line) < LINE_BYTES else _cut(line, 0)))
            offset += len(line) + 1
        self._start, self._torn, self._dropped = offset, b"", 0
        self._keep(others[-1])
        if self._skip_first:
            self._skip_first = False
            del lines[0]
        if b"\r" in data or b"\0" in data or torn.endswith(b"\r"):
            lines = [(at, line.removesuffix(b"\r").lstrip(b"\0")) for at, line in lines]
        return lines

    def finish(self) -> list[tuple[int, bytes]]:
        """The line that will not get its end any more: its file was replaced."""
        if not self._torn or self._skip_first:
            return []
        line = (self._start, self._whole().removesuffix(b"\r"))
        self._torn, self._dropped, self._start = b"", 0, self.offset
        return [line]

    def _keep(self, part: bytes) -> None:
        if not self._torn and part[:1] == b"\0":
            # A file cut short under a writer that keeps its place begins with a hole of any size.
            part = part.lstrip(b"\0")
        room = max(0, LINE_BYTES + _SPARE - len(self._torn))
        self._torn += part[:room]
        if len(part) > room:
            self._dropped += _characters(part[room:])

    def _whole(self) -> bytes:
        return _cut(self._torn, self._dropped)


def _cut(line: bytes, dropped: int) -> bytes:
    """The line up to the bound and whole characters, with a mark for what is not there."""
    if len(line) <= LINE_BYTES:
        return line
    end = LINE_BYTES
    while end > LINE_BYTES - _SPARE and 0x80 <= line[end] < 0xC0:
        end -= 1
    dropped += _characters(line[end:])
    return line[:end] + f" … {dropped:,} characters more".encode()


def _characters(data: bytes) -> int:
    return len(data.translate(None, _FOLLOWING))
