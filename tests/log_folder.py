"""A folder of logs that a test writes, and the clock of whoever follows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.log_stream import Batch, LogStream

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


class LogDay:
    """Logs at work: time goes on only when the test says so."""

    def __init__(self, folder: Path, *, ring: int = 20_000) -> None:
        self.folder = folder
        self.now = NOON
        self.stream = LogStream(folder, ring=ring, now=lambda: self.now)

    def path(self, name: str) -> Path:
        return self.folder / name

    def append(self, name: str, *lines: str, end: str = "\n") -> None:
        """Append lines, each with its end."""
        with self.path(name).open("ab") as file:
            file.write("".join(line + end for line in lines).encode())

    def says(
        self, name: str, event: str, *, at: float = 0.0, level: str = "info", rest: str = ""
    ) -> None:
        """Append a line of ours, stamped so many seconds after noon."""
        self.append(name, line(event, at=at, level=level, rest=rest))

    def look(self, after: float = 0.1) -> Batch:
        """Let time go on, and look."""
        self.now += timedelta(seconds=after)
        return self.stream.poll()


def line(event: str, *, at: float = 0.0, level: str = "info", rest: str = "") -> str:
    """A line as engine.logs writes them."""
    stamp = (NOON + timedelta(seconds=at)).isoformat(timespec="milliseconds")
    told = f'"{event}"' if " " in event else event
    return f"ts={stamp} level={level} event={told}{' ' if rest else ''}{rest}"


def texts(batch: Batch) -> list[str]:
    """What a person reads of a batch."""
    return [record.text for record in batch.records]
