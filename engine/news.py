"""What happened in a run, told once: to ``events.jsonl``, the log and the display."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from engine.display import Display
from engine.logger import get_logger
from engine.run_state import RunDirectory
from engine.workloads.base import Receipt

log = get_logger(__name__)

ALARM_AGAIN_SECONDS = 300.0
"""The same alarm is repeated after this long; a full disk would raise it at every look."""


class News:
    """The one voice of a supervisor."""

    def __init__(
        self, run_dir: RunDirectory, display: Display, run_id: str, now: Callable[[], datetime]
    ) -> None:
        self._run_dir = run_dir
        self._display = display
        self._run_id = run_id
        self._now = now
        self._alarms: dict[str, float] = {}
        """When each was last said."""
        self._gathered: list[dict[str, Any]] | None = None
        self._writing = threading.Lock()
        """What is slow has news too, from a thread of its own."""

    def emit(self, event: str, **fields: Any) -> None:
        """One event."""
        entry = {"ts": self._now().isoformat(), "run_id": self._run_id, "event": event} | fields
        with self._writing:
            if self._gathered is None:
                self._write([entry])
            else:
                self._gathered.append(entry)
        log.info(event, **fields)
        self._display.event(entry)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is told meanwhile is written in one piece at the end: many workers say much."""
        gathered: list[dict[str, Any]] = []
        with self._writing:
            self._gathered = gathered
        try:
            yield
        finally:
            with self._writing:
                self._gathered = None
                self._write(gathered)

    def _write(self, entries: Sequence[dict[str, Any]]) -> None:
        try:
            self._run_dir.append_events(entries)
        except OSError as exc:
            # A full disk must not end the run that may be the only one to stop the phones.
            log.error("event_not_written", error=str(exc))

    def alarm(self, text: str, **fields: Any) -> None:
        """Something that a person should look at; what lasts is said again now and then."""
        now = time.monotonic()
        if now - self._alarms.get(text, float("-inf")) < ALARM_AGAIN_SECONDS:
            return
        self._alarms[text] = now
        log.error("alarm", text=text, **fields)
        self.emit("alarm", text=text, **fields)

    def line(self, text: str) -> None:
        """Talk: shown and logged, no event."""
        log.info("said", text=text.strip())
        self._display.line(text)

    def receipts(self, receipts: Sequence[Receipt], *, label: str, why: str) -> None:
        """What became of resources that had to be released; one that may be on is an alarm."""
        for receipt in receipts:
            if receipt.released:
                self.emit("released", id=receipt.id, label=receipt.label, why=why)
            else:
                self.alarm(
                    f"{label} {receipt.label} may still be on: {receipt.detail}", id=receipt.id
                )
