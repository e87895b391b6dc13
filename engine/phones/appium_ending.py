"""Why an Appium server ended, as the last lines of its log tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from engine.logs import redact

_TAIL_BYTES: Final = 4096
_LONGEST: Final = 200
_TELLING: Final = ("Fatal Error", "Could not", "Cannot find", "Unknown", "Error:")


def why_it_ended(log_path: Path) -> str:
    """The last line that names a failure, as `` (…)`` for a sentence; empty where none does."""
    for line in reversed(_tail(log_path).splitlines()):
        words = " ".join(redact(_message(line)).split())
        if any(telling in words for telling in _TELLING):
            return f" ({words[:_LONGEST].rstrip('.')})"
    return ""


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _message(line: str) -> str:
    """A line's words: of a JSON line its message, else all of it."""
    try:
        content = json.loads(line)
    except ValueError:
        return line
    return str(content.get("message", "")) if isinstance(content, dict) else line
