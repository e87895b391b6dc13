"""How long phones were held, for a run's last line: one line a phone that was seen off.

An estimate from our own clock, not the provider's bill: from the moment before a phone's start was
asked for until it was seen off.
"""

from __future__ import annotations

import json
from pathlib import Path

import structlog

from engine.private_files import open_append
from engine.workloads.base import Receipt

_log = structlog.get_logger(__name__)


class PhoneMinutes:
    """The file ``phone_minutes.jsonl`` of a run directory; several processes append to it."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / "phone_minutes.jsonl"

    def note(self, receipt: Receipt, run_id: str) -> None:
        """Keep a phone's minutes; a figure that cannot be kept is logged, never raised."""
        if not receipt.released or receipt.minutes <= 0:
            return
        record = {"run_id": run_id, "phone": receipt.label, "minutes": round(receipt.minutes, 3)}
        line = json.dumps(record, ensure_ascii=False) + "\n"
        try:
            with open_append(self._path) as file:
                file.write(line.encode("utf-8"))
        except OSError as exc:
            _log.warning("phone_minutes_not_kept", phone=receipt.label, error=str(exc))

    def of_run(self, run_id: str) -> float:
        """Minutes of all phones of a run."""
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return 0.0
        except OSError as exc:
            _log.warning("phone_minutes_not_read", error=str(exc))
            return 0.0
        return sum(_minutes(line, run_id) for line in lines)


def _minutes(line: str, run_id: str) -> float:
    """Of one line; 0 for another run's and for a line that a crash tore."""
    try:
        record = json.loads(line)
        return float(record["minutes"]) if record["run_id"] == run_id else 0.0
    except (ValueError, KeyError, TypeError):
        return 0.0
