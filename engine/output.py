"""The only module of the engine that prints: data to stdout, talk to stderr.

A terminal that went away is no reason to stop a run: writing to it fails in silence.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_CONTROL = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)
}


def open_streams() -> None:
    """Streams that were closed before we started take what is written, and forget it."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def close_streams() -> None:
    """Write what is left; a reader that has gone does not change the exit status."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def plain(text: str) -> str:
    """Outside text made safe to print: control characters are shown, not obeyed."""
    return text.translate(_CONTROL)


def say(text: str, *, to: TextIO | None = None) -> None:
    """Print one line of data; control characters in it are made visible."""
    stream = to or sys.stdout
    try:
        stream.write(plain(text) + "\n")
        stream.flush()
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(plain(text).encode(encoding, "backslashreplace").decode(encoding) + "\n")
    except (OSError, ValueError):
        return


def complain(text: str) -> None:
    """Print one sentence for the operator to stderr."""
    say(text, to=sys.stderr)


def say_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object a line."""
    say(json.dumps(value, ensure_ascii=False, default=str))


def table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: drawn on a terminal, aligned text elsewhere."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Elsewhere than on a terminal a line is as long as it must be: it goes into files and pipes.
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    drawn = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for header in headers:
        drawn.add_column(header, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(plain(str(cell))) for cell in row))
    try:
        console.print(drawn)
    except (OSError, ValueError):
        return


class Display(Protocol):
    """Where a run's news goes."""

    def event(self, event: Mapping[str, Any]) -> None: ...

    def line(self, text: str) -> None: ...

    def status(self, text: str, totals: Mapping[str, Any]) -> None: ...

    def close(self) -> None: ...


_SHOWN = {
    "run_started": "Run {run_id} started.",
    "stage_started": "{text} ({jobs} jobs).",
    "stage_ended": "{text}.",
    "waiting": "{text}",
    "paused": "{text}",
    "alarm": "ALARM: {text}",
    "worker_started": "Worker {worker} started.",
    "worker_backoff": "Worker {worker} died; it is started again in {seconds:g} s.",
    "worker_killed": "Worker {worker} killed: {text}",
    "claim_settled": "{job} of {key}, left claimed by a dead worker: now {status}.",
    "claim_taken_back": "{job} of {key}: its claim ran out; now {status}.",
    "released": "{label} released ({why}).",
    "process_ended": "Ended {role} {slot} (process {pid}), left by an earlier run.",
    "command_answered": "Command {name} {id}: {detail}",
}


def sentence(event: Mapping[str, Any]) -> str | None:
    """An event in words, or None for what is only of interest to programs."""
    kind = str(event.get("event"))
    if kind == "outcome":
        text = f"Worker {event['worker']}: {event['job']} of {event['key']}: {event['status']}"
        if event.get("category"):
            text += f" ({event['category']}/{event.get('error_type') or '-'}): {event['error']}"
        return text.replace("\n", " ")
    if kind == "worker_ended" and not event.get("clean"):
        return f"Worker {event['worker']} ended: {event['reason']}."
    template = _SHOWN.get(kind)
    return template.format_map(dict(event)) if template else None


class PlainDisplay:
    """A line a piece of news; for pipes, files and dumb terminals."""

    def event(self, event: Mapping[str, Any]) -> None:
        text = sentence(event)
        if text:
            say(text)

    def line(self, text: str) -> None:
        say(text)

    def status(self, text: str, totals: Mapping[str, Any]) -> None:
        say(text)

    def close(self) -> None:
        return


class JsonDisplay:
    """Every event as one JSON object a line; talk goes to stderr."""

    def event(self, event: Mapping[str, Any]) -> None:
        say_json(event)

    def line(self, text: str) -> None:
        complain(text)

    def status(self, text: str, totals: Mapping[str, Any]) -> None:
        say_json({"event": "progress", "text": text, "totals": dict(totals)})

    def close(self) -> None:
        return


class TerminalDisplay:
    """News scrolls by above one progress bar that stays at the bottom."""

    def __init__(self, console: Console, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            refresh_per_second=4,
        )
        self._task: TaskID = self._progress.add_task("jobs", total=total or None, note="")
        self._progress.start()

    def event(self, event: Mapping[str, Any]) -> None:
        text = sentence(event)
        if text:
            self.line(text)

    def line(self, text: str) -> None:
        try:
            self._progress.console.print(plain(text), markup=False, highlight=False)
        except (OSError, ValueError):
            return

    def status(self, text: str, totals: Mapping[str, Any]) -> None:
        done = totals["success"] + totals["failed"] + totals["skipped"]
        self._progress.update(self._task, total=totals["total"], completed=done)
        self.line(text)

    def close(self) -> None:
        try:
            self._progress.stop()
        except (OSError, ValueError):
            return


def display_for(*, as_json: bool) -> Display:
    """The display that fits the terminal."""
    if as_json:
        return JsonDisplay()
    if sys.stdout.isatty():
        from rich.console import Console

        console = Console(highlight=False)
        if not console.is_dumb_terminal:
            return TerminalDisplay(console, 0)
    return PlainDisplay()
