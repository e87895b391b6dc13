"""Where a run's news goes: lines, JSON objects, or a progress bar, whichever fits.

A display is never waited for: a terminal that is held (Ctrl-S, a selection in a console window, a
pipe that nobody reads) must not hold the supervisor, which has phones to stop.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from engine.jobs import JobStatus
from engine.logger import get_logger
from engine.output import complain, plain, rich_console, say, say_json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

log = get_logger(__name__)

BACKLOG = 10_000
"""News that a held terminal may be behind; what is more is left out (the log has it)."""

CLOSE_SECONDS = 5.0
"""Longest wait for a terminal to take what is left at the end."""


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
    "money_warning": "Money: {text}",
    "limit_changed": "{text}",
    "limit_lifted": "{text}",
    "alarm": "ALARM: {text}",
    "scaled": "Workers {before} -> {after}: {text}",
    "worker_started": "Worker {worker} started.",
    "worker_backoff": "Worker {worker} died; it is started again in {seconds:g} s.",
    "worker_killed": "Worker {worker} killed: {text}",
    "claim_settled": "{job} of {key}, left claimed by a dead worker: now {status}.",
    "claim_taken_back": "{job} of {key}: its claim ran out; now {status}.",
    "doubt_restored": "{job} of {key} is in doubt again, which the ledger had lost. {text}",
    "released": "{label} released ({why}).",
    "process_ended": "Ended {role} {slot} (process {pid}), {why}.",
    "half_written_removed": "{text}",
    "command_answered": "Command {name} {id}: {detail}",
}


def sentence(event: Mapping[str, Any]) -> str | None:
    """An event in words, or None for what is only of interest to programs."""
    kind = str(event.get("event"))
    if kind == "outcome":
        job, key = str(event["job"]), str(event["key"])
        whose = "" if job.endswith(key) else f" of {key}"  # an id may name its key already
        text = f"Worker {event['worker']}: {job}{whose}: {event['status']}"
        if event.get("category") and event["status"] != JobStatus.PENDING:  # given back untried
            text += f" ({event['category']}/{event.get('error_type') or '-'}): {event['error']}"
        return text.replace("\n", " ")
    if kind == "run_started" and event.get("continued"):
        return f"Run {event['run_id']} goes on: it had not come to its end."
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
    """News scrolls by above one progress bar, which is there from the first figures to the end."""

    def __init__(self, console: Console, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._progress: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=console,
            refresh_per_second=4,
            transient=True,
        )
        self._task: TaskID = self._progress.add_task(
            "jobs", total=total or None, note="", visible=False
        )
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
        self._progress.update(self._task, total=totals["total"], completed=done, visible=True)
        self.line(text)

    def close(self) -> None:
        try:
            self._progress.stop()
        except (OSError, ValueError):
            return


class PatientDisplay:
    """Shows on a thread of its own, so that whoever has news never waits for the terminal."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._news: queue.Queue[Callable[[], None] | None] = queue.Queue(BACKLOG)
        self._thread = threading.Thread(target=self._show, name="display", daemon=True)
        self._thread.start()

    def event(self, event: Mapping[str, Any]) -> None:
        self._put(lambda: self._display.event(event))

    def line(self, text: str) -> None:
        self._put(lambda: self._display.line(text))

    def status(self, text: str, totals: Mapping[str, Any]) -> None:
        self._put(lambda: self._display.status(text, totals))

    def close(self) -> None:
        """Show what is left, for as long as that is worth waiting for."""
        self._put(None)
        self._thread.join(CLOSE_SECONDS)
        if not self._thread.is_alive():
            self._display.close()

    def _put(self, news: Callable[[], None] | None) -> None:
        with contextlib.suppress(queue.Full):
            self._news.put_nowait(news)

    def _show(self) -> None:
        while (show := self._news.get()) is not None:
            try:
                show()
            except Exception:
                log.exception("news_not_shown")


def display_for(*, as_json: bool) -> Display:
    """The display that fits the terminal."""
    if as_json:
        return PatientDisplay(JsonDisplay())
    if sys.stdout.isatty():
        console = rich_console()
        if not console.is_dumb_terminal:
            return PatientDisplay(TerminalDisplay(console, 0))
    return PatientDisplay(PlainDisplay())
