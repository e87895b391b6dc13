"""What was observed of one gate (behaviour B3.3, B4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class GateResult:
    """What one gate was seen to do."""

    name: str
    command: str
    passed: bool
    seconds: float
    exit_status: int | None
    """None: it did not end by itself, or never began."""
    log: Path
    text: str
    """The end of what it printed; where it did not pass, its first line says why."""
    at: datetime
    """When it ended; with its zone."""
