"""The end of a log that a foreign program wrote, made fit to be shown (behaviour B7.2)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from engine.logs import redact
from engine.output import plain

SHOWN_LINES: Final = 20
"""The most that is ever shown of a log."""
_LONGEST_LINE: Final = 400
READ_BYTES: Final = 64 * 1024
"""The most that is ever read of one."""

_CODES: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, movements
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # titles, links
    r"|\x1b[ -/]*[0-~]",
    re.DOTALL,
)


def read_end(log: Path, most_bytes: int = READ_BYTES) -> str:
    """The last part of a log without escape codes; empty where it cannot be read.

    Our own secrets are not in it either. Where a program went back to the beginning of a line,
    another line begins; any other control character is shown, not obeyed.
    """
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most_bytes))
            raw = file.read(most_bytes)
    except OSError:
        return ""
    text = _CODES.sub("", raw.decode("utf-8", "replace"))
    return plain(redact(text).replace("\r\n", "\n").replace("\r", "\n"))


def last_lines(text: str, count: int = SHOWN_LINES) -> tuple[str, ...]:
    """The last lines that say something, each of a bounded length."""
    lines = [line.rstrip()[:_LONGEST_LINE] for line in text.split("\n") if line.strip()]
    return tuple(lines[-count:])
