"""A terminal without a person: runs a program on a real pseudo-terminal and keeps what it drew.

It stands in for the window, or the SSH line, in front of which an operator sits: keys go in, bytes
come out and are counted with their times, and it can be closed under a program as a window can.
POSIX only; elsewhere ``Terminal`` raises FarmError.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import struct
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import psutil

from simulator.errors import FarmError
from simulator.screen_model import ScreenModel

KEYS: Mapping[str, bytes] = {
    "enter": b"\r",
    "escape": b"\x1b",
    "tab": b"\t",
    "shift+tab": b"\x1b[Z",
    "space": b" ",
    "backspace": b"\x7f",
    "up": b"\x1b[A",
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "left": b"\x1b[D",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "pageup": b"\x1b[5~",
    "pagedown": b"\x1b[6~",
    "delete": b"\x1b[3~",
    "f1": b"\x1bOP",
    "ctrl+c": b"\x03",
    "ctrl+l": b"\x0c",
    "ctrl+p": b"\x10",
    "ctrl+r": b"\x12",
}
"""Keys with a name, as an xterm sends them; any other text is sent as it is."""

ENVIRONMENT: Mapping[str, str] = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
NOT_INHERITED = frozenset({"COLUMNS", "LINES", "NO_COLOR", "TERM_PROGRAM", "TMUX", "FORCE_COLOR"})
"""What the terminal around us says of itself."""

POLL_SECONDS = 0.02


class Terminal:
    """One program on one terminal, from its start to its end. Use it in a ``with`` statement."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        """Start ``command``; ``size`` is columns and rows, ``env`` comes over our environment.

        Raises FarmError where there are no pseudo-terminals.
        """
        if sys.platform == "win32":
            raise FarmError(
                "A simulated terminal needs POSIX pseudo-terminals: use Linux or macOS."
            )
        inherited = {name: val for name, val in os.environ.items() if name not in NOT_INHERITED}
        self.started = time.monotonic()
        self.model = ScreenModel(*size)
        self._arrivals: list[tuple[float, bytes]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._status: int | None = None
        self._on_paint: Callable[[float, list[str]], None] | None = None
        self.pid, self._master = _fork(
            list(command), size, {**inherited, **ENVIRONMENT, **(env or {})}, cwd
        )
        self._process = psutil.Process(self.pid)
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    # -- what is on it -----------------------------------------------------------------------------

    def screen(self) -> list[str]:
        """The rows as a person sees them now."""
        with self._changed:
            return self.model.lines()

    def wait_for(self, needle: str | re.Pattern[str], timeout: float = 40.0) -> float:
        """Wait until the needle is on the screen; the time (monotonic) when it was drawn.

        Raises TimeoutError showing the screen if it does not come, or the program ends first.
        """
        return self.wait_until(lambda rows: _seen(needle, rows), timeout, what=repr(needle))

    def wait_gone(self, needle: str | re.Pattern[str], timeout: float = 40.0) -> float:
        """Wait until the needle is no longer on the screen."""
        return self.wait_until(lambda rows: not _seen(needle, rows), timeout, what=f"no {needle!r}")

    def wait_until(
        self,
        there: Callable[[list[str]], bool],
        timeout: float = 40.0,
        *,
        what: str = "what was expected",
    ) -> float:
        """Wait for rows that please; the time when they were drawn. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not there(rows := self.model.lines()):
                left = deadline - time.monotonic()
                if left <= 0 or (self._closed and self._status is not None):
                    shown = "\n".join(f"|{row}" for row in rows)
                    raise TimeoutError(f"The screen does not show {what}:\n{shown}")
                self._changed.wait(min(left, 0.1))
            return self._arrivals[-1][0] if self._arrivals else self.started

    def on_paint(self, hear: Callable[[float, list[str]], None] | None) -> None:
        """Call ``hear(time, rows)`` after every piece of output, in the reader's thread."""
        with self._changed:
            self._on_paint = hear

    # -- what came over the wire -------------------------------------------------------------------

    def output(self) -> bytes:
        """Everything that the program has written."""
        with self._changed:
            return b"".join(data for _, data in self._arrivals)

    def bytes_between(self, begin: float, end: float | None = None) -> int:
        """Bytes that came between two times (monotonic); the end is now."""
        with self._changed:
            return sum(
                len(data)
                for at, data in self._arrivals
                if at >= begin and (end is None or at < end)
            )

    def quiet(self, seconds: float, timeout: float = 40.0) -> float:
        """Wait until nothing comes for so long from now on; the time of the last byte.

        Raises TimeoutError if the program goes on drawing.
        """
        begun = time.monotonic()
        with self._changed:
            while True:
                last = self._arrivals[-1][0] if self._arrivals else self.started
                now = time.monotonic()
                if now - max(last, begun) >= seconds:
                    return last
                if now >= begun + timeout:
                    raise TimeoutError(f"The program did not stop drawing within {timeout:g} s.")
                self._changed.wait(max(last, begun) + seconds - now)

    # -- what a person does ------------------------------------------------------------------------

    def send(self, *keys: str) -> float:
        """Press keys (names of KEYS, or text as it is); the time of the press (monotonic).

        A surrogate such as ``\\udcff`` is sent as the byte that it escapes.
        """
        at = time.monotonic()
        for key in keys:
            os.write(self._master, KEYS.get(key, key.encode(errors="surrogateescape")))
        return at

    def resize(self, columns: int, rows: int) -> None:
        """Another window size; the program hears of it."""
        with self._changed:
            self.model.resize(columns, rows)
        _set_size(self._master, columns, rows)

    def close_terminal(self) -> None:
        """The window is closed, the line is cut: the program's session is hung up."""
        with self._changed:
            self._closed = True
        self._reader.join(5)
        with contextlib.suppress(OSError):
            os.close(self._master)

    # -- the program itself ------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """Whether the program runs."""
        return self.exit_status() is None

    def exit_status(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        if self._status is None:
            with contextlib.suppress(ChildProcessError):
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def wait_exit(self, timeout: float = 40.0) -> int:
        """The exit status, once everything that it wrote is read. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while (status := self.exit_status()) is None:
            if time.monotonic() >= deadline:
                raise TimeoutError(f"The program still runs after {timeout:g} s.")
            time.sleep(POLL_SECONDS)
        self._reader.join(1)
        return status

    def kill(self, number: int = signal.SIGTERM) -> None:
        """Send the program a signal."""
        os.kill(self.pid, number)

    def cpu_seconds(self) -> float:
        """Processor time that the program has used."""
        times = self._process.cpu_times()
        return times.user + times.system

    def rss_mb(self) -> float:
        """Resident memory of the program, in millions of bytes."""
        return self._process.memory_info().rss / 1e6

    def end(self) -> None:
        """Close the terminal and see the program gone."""
        if not self._closed:
            self.close_terminal()
        try:
            self.wait_exit(3)
        except TimeoutError:
            self.kill(signal.SIGKILL)
            self.wait_exit(3)

    # -- reading -----------------------------------------------------------------------------------

    def _read(self) -> None:
        import select

        while not self._closed:
            if not select.select([self._master], [], [], POLL_SECONDS)[0]:
                continue
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # the last program on it has ended
                data = b""
            at = time.monotonic()
            with self._changed:
                if data:
                    self._arrivals.append((at, data))
                    self.model.feed(data)
                    answers = self.model.answers()
                    hear, rows = self._on_paint, self.model.lines() if self._on_paint else []
                self._changed.notify_all()
            if not data:
                return
            if answers:
                with contextlib.suppress(OSError):
                    os.write(self._master, answers)
            if hear is not None:
                hear(at, rows)


def _seen(needle: str | re.Pattern[str], rows: Sequence[str]) -> bool:
    if isinstance(needle, str):
        return any(needle in row for row in rows)
    return any(needle.search(row) for row in rows)


def _fork(
    command: list[str],
    size: tuple[int, int],
    env: dict[str, str],
    cwd: str | os.PathLike[str] | None,
) -> tuple[int, int]:
    """The program as leader of a session whose terminal we hold."""
    import pty

    with warnings.catch_warnings():
        # Between fork and exec nothing of ours runs that another thread could have locked.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid, master = pty.fork()
    if pid == 0:
        try:
            _set_size(0, *size)
            if cwd is not None:
                os.chdir(cwd)
            os.execvpe(command[0], command, env)
        finally:
            os._exit(127)
    return pid, master


def _set_size(fd: int, columns: int, rows: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
