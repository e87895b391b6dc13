"""Lines of Appium's JSON log: ``{"context":{…},"level":"info","message":"…","timestamp":"…"}``.

Time and level are read without decoding the line: they stand at its end and before its message.
"""

from __future__ import annotations

import json
import re
from typing import Final

JSON_START: Final = b'{"'
_LEVEL: Final = re.compile(rb'"level":"(\w+)","message":')
_TIME: Final = re.compile(
    rb'"timestamp":"(\d{4}-\d\d-\d\d \d\d:\d\d):(\d\d)[:.](\d{1,6})\d*"\}\s*$'
)
_TIME_BYTES: Final = 80
"""From the end of a line, that hold its time."""


def read_json_stamp(raw: bytes) -> tuple[bytes, bytes, bytes, bytes] | None:
    """(minute, seconds, fraction, level's name) of such a line; None for any other."""
    time = _TIME.search(raw, max(0, len(raw) - _TIME_BYTES))
    if time is None:
        return None
    level = _LEVEL.search(raw)
    minute, seconds, fraction = time.groups()
    return minute, seconds, fraction, level[1] if level else b""


def json_words(raw: bytes) -> tuple[str, tuple[str, ...]] | None:
    """The message's first line and the others; None for what is no such line."""
    try:
        content = json.loads(raw)
    except ValueError:
        return None
    message = content.get("message") if isinstance(content, dict) else None
    if not isinstance(message, str):
        return None
    first, *others = message.splitlines() or [""]
    return first, tuple(others)
