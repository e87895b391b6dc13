"""What is done to a running cockpit, and what is measured meanwhile."""

from __future__ import annotations

import contextlib
import json
import math
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.console_day import Day
from simulator.terminal import Terminal

ROOT = Path(__file__).resolve().parents[1]
SMALL, LARGE = (80, 24), (160, 48)
COCKPIT, LEDGER, LOGS, PASSES, PHONES = "1", "2", "3", "4", "5"
"""Keys of the screens (console-features 6.3)."""
SETTLE_SECONDS = 1.5
ANSWER_SECONDS = 2.0
"""How long an answer to a key is waited for."""
_ROWS = re.compile(r"\d-\d+ of \d+")
"""A table says which of its rows are in sight."""
_GO_TO = re.compile(r"\x1b\[(\d+);\d+H")
HEAD_ROWS = 2
_STAMP = re.compile(r"\bat (\d+\.\d{3}) ")


class Run:
    """The run that only looks alive, in a process of its own."""

    def __init__(self, day: Day) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.console_run", str(day.work_dir)],
            stdin=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        status = day.work_dir / "run" / "status.json"
        begun = time.time()
        while not (status.exists() and status.stat().st_mtime >= begun - 0.1):
            if self._process.poll() is not None or time.time() > begun + 30:
                raise RuntimeError("The run that is to be looked at did not start.")
            time.sleep(0.02)

    def order(self, **orders: float) -> None:
        """Fields of ``console_run.Orders``."""
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(orders) + "\n")
            self._process.stdin.flush()

    def end(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.wait(10)


@contextlib.contextmanager
def running(day: Day) -> Iterator[Run]:
    """A live run of the day."""
    run = Run(day)
    try:
        yield run
    finally:
        run.end()


@contextlib.contextmanager
def cockpit(day: Day, size: tuple[int, int]) -> Iterator[tuple[Terminal, float]]:
    """The cockpit on a terminal, and the seconds to its first useful paint: the jobs done."""
    command = [sys.executable, "-m", "console", str(day.work_dir)]
    count = day.done
    done = re.compile(rf"(?<![\d,])({count}|{count:,})(?![\d,])")
    with Terminal(command, size=size, cwd=ROOT) as terminal:
        first = terminal.wait_for(done, 30.0) - terminal.started
        yield terminal, first


def first_paint(day: Day, times: int = 3) -> float:
    """Median seconds from the command to the first useful paint."""
    seconds = []
    for _ in range(times):
        with cockpit(day, LARGE) as (_, first):
            seconds.append(first)
    return statistics.median(seconds)


def go_to(terminal: Terminal, screen: str) -> None:
    """Switch the screen and let it settle."""
    terminal.send(screen)
    time.sleep(SETTLE_SECONDS)


def within_a_minute(seconds: float) -> None:
    """Wait until no minute begins in the coming ``seconds``."""
    left = 60 - time.time() % 60
    if left < seconds + 1:
        time.sleep(left + 1)


def sent(terminal: Terminal, seconds: float) -> float:
    """Bytes a second over the coming seconds."""
    begin = time.monotonic()
    time.sleep(seconds)
    return terminal.bytes_between(begin) / seconds


def sent_below_head(terminal: Terminal, seconds: float) -> float:
    """Bytes a second for what is below row 2: the two rows tell of a live run (its clock, its sign
    of life) whatever the screen shows."""
    known = len(terminal.output())
    time.sleep(seconds)
    places = _GO_TO.split(terminal.output()[known:].decode(errors="replace"))
    pieces = zip(places[1::2], places[2::2], strict=True)
    return sum(len(text.encode()) for row, text in pieces if int(row) > HEAD_ROWS) / seconds


@dataclass
class Latencies:
    """Seconds from a key to its paint."""

    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    """Keys that showed nothing; those that must show something count with ANSWER_SECONDS."""

    def press(self, terminal: Terminal, key: str, *, must: bool = True) -> None:
        """Press a key, and wait until the screen shows another picture."""
        before = terminal.screen()
        self._measure(terminal, key, lambda rows: rows != before, must=must)

    def press_cursor(self, terminal: Terminal, key: str) -> None:
        """The same for a key that moves the cursor's sign, whatever else is painted meanwhile."""
        before = _signs(terminal.screen())
        self._measure(terminal, key, lambda rows: _signs(rows) != before, must=True)

    def _measure(
        self, terminal: Terminal, key: str, answered: Callable[[list[str]], bool], *, must: bool
    ) -> None:
        pressed = terminal.send(key)
        try:
            seen = terminal.wait_until(answered, ANSWER_SECONDS)
        except TimeoutError:
            self.unanswered += 1
            if must:
                self.seconds.append(ANSWER_SECONDS)
            return
        self.seconds.append(max(0.0, seen - pressed))

    def add(self, others: Latencies) -> None:
        self.seconds += others.seconds
        self.unanswered += others.unanswered


def _signs(rows: Sequence[str]) -> list[int]:
    return [y for y, row in enumerate(rows) if row.startswith(">")]


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank; NaN without values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def walk_ledger(terminal: Terminal) -> Latencies:
    """Scroll and filter the whole ledger: each answer's time is a stall that an operator feels.

    How long the jobs themselves take to come is a figure of its own (``ledger_seconds``).
    """
    answers = Latencies()
    for key in ["down"] * 15 + ["pagedown"] * 10 + ["end", "pageup", "home"]:
        answers.press(terminal, key)
        time.sleep(0.05)
    for key in ["/", *"status:failed", "enter", "down", "down"]:
        answers.press(terminal, key, must=False)  # a filter may show its result while it is typed
        time.sleep(0.15)
    return answers


def escape(terminal: Terminal) -> float:
    """Seconds until an escape alone has cleared a filter; it is no stall: Textual looks only every
    0.1 s whether a sequence of keys goes on behind it."""
    answers = Latencies()
    answers.press(terminal, "escape")
    return answers.seconds[0]


def ledger_seconds(terminal: Terminal) -> float:
    """Go to the Ledger; seconds from the start of the cockpit until jobs are shown."""
    terminal.send(LEDGER)
    shown = terminal.wait_for(_ROWS, 30.0) - terminal.started
    go_to(terminal, "")
    return shown


def move_cursor(terminal: Terminal, presses: int) -> Latencies:
    """Keys under load: the cursor down and up."""
    answers = Latencies()
    for _ in range(3):  # away from the edge, where the view would move instead of the sign
        terminal.send("down")
        time.sleep(0.2)
    for number in range(presses):
        answers.press_cursor(terminal, "down" if number % 4 < 2 else "up")
        time.sleep(0.07)
    return answers


def log_lags(terminal: Terminal, seconds: float) -> list[float]:
    """Seconds from the writing of a line to its first being seen, for every line that was."""
    first_seen: dict[str, float] = {}
    known = {stamp for row in terminal.screen() for stamp in _STAMP.findall(row)}

    def look(at: float, rows: list[str]) -> None:
        for row in rows:
            for stamp in _STAMP.findall(row):
                first_seen.setdefault(stamp, at)

    terminal.on_paint(look)
    time.sleep(seconds)
    terminal.on_paint(None)
    return [at - float(stamp) for stamp, at in first_seen.items() if stamp not in known]


def cpu_share(terminal: Terminal, seconds: float) -> float:
    """Share of one core that the cockpit uses, in percent."""
    used, begin = terminal.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return 100 * (terminal.cpu_seconds() - used) / (time.monotonic() - begin)


def visit_all(terminal: Terminal) -> float:
    """Resident megabytes after every screen has been looked at."""
    for screen in (LEDGER, LOGS, PASSES, PHONES, COCKPIT):
        go_to(terminal, screen)
    return terminal.rss_mb()


Figures = dict[str, float]


def limits(figures: Mapping[str, float], allowed: Mapping[str, float]) -> list[str]:
    """Names of the figures that are above what is allowed, or were not to be had."""
    return [name for name, most in allowed.items() if not figures.get(name, math.nan) <= most]
