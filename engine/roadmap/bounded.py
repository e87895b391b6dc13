"""A program that is watched: its time and its log have bounds, and nothing of it outlives its end.

Agents and gates are both such programs. Their output goes straight to a private file, so that
nobody has to read along and no pipe can fill.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Final, Self

from engine.marked import end_marked, marking
from engine.private_files import make_private_dir
from engine.workloads.base import ChildProcess, ProcessKeeper

Pause = Callable[[float], None]
"""Waits so many seconds; raises where whoever waits is to stop."""

GRACE_SECONDS: Final = 5.0
"""From the request to end until the kill; all is gone within twice of it (behaviour B2.5)."""
_LOOK_SHARE: Final = 0.005
"""Pause between two looks, as a share of the time so far: what an end is seen too late by."""
_FIRST_LOOK: Final = 0.01
_LONGEST_LOOK: Final = 0.1
_CUT_NOTE: Final = b"\n[The log was cut here: it had grown beyond roadmap.log_megabytes.]\n"


class Ending(Enum):
    """Why a program is no more."""

    EXITED = "exited"
    """By itself."""
    TIMED_OUT = "timed out"
    LOG_FULL = "log full"


class BoundedProcess:
    """A recorded child in its own group with a marker in its environment."""

    def __init__(
        self, child: ChildProcess, marker: str, log: Path, source: Path | None = None
    ) -> None:
        """``source``: the file that it was given to read, to be removed."""
        self._child = child
        self._marker = marker
        self._source = source
        self.log = log
        self._began = time.monotonic()
        self._seconds: float | None = None
        self._status: int | None = None
        self._ended = False

    @classmethod
    def start(
        cls,
        keeper: ProcessKeeper,
        role: str,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log: Path,
        marker: str,
        text: str = "",
        scratch: Path | None = None,
    ) -> Self:
        """Start a program that reads ``text`` from its standard input.

        The text lies in a private file that is removed once the program has it: in ``scratch``,
        without one beside the log. Raises ProgramError where the program cannot be run, OSError
        where the host cannot start it.
        """
        source = _written(text, make_private_dir(scratch or log.parent)) if text else None
        try:
            child = keeper.spawn(
                role,
                command,
                log_path=log,
                env={**env, **marking(marker)},
                cwd=cwd,
                stdin=source,
            )
        finally:
            if source is not None:
                _remove(source)
        return cls(child, marker, log, source)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended by itself (below 0: by that signal); None while it runs, or if we did."""
        return self._status

    @property
    def seconds(self) -> float:
        """What it took, or has taken so far."""
        return time.monotonic() - self._began if self._seconds is None else self._seconds

    def running(self) -> bool:
        """Whether the program itself has not ended; what it started may outlive it."""
        if self._seconds is not None:
            return False
        if self._child.alive():
            return True
        self._status = self._child.exit_status
        self._seconds = time.monotonic() - self._began
        return False

    def log_bytes(self) -> int:
        try:
            return self.log.stat().st_size
        except OSError:
            return 0

    def end(self, seconds: float = GRACE_SECONDS) -> bool:
        """End it with all that it started; whether all of that is seen gone. Safe to repeat.

        It is asked to end and after ``seconds`` killed; so is what is left of its group, and what
        carries its marker.
        """
        self.running()
        try:
            if not self._ended:
                self._child.stop(seconds)
        finally:
            gone = end_marked(self._marker)
            if self._seconds is None:
                self._seconds = time.monotonic() - self._began
        if self._source is not None:
            _remove(self._source)  # a file that is read could not be removed before (Windows)
        self._ended = gone
        return gone

    def wait(
        self,
        *,
        limit_seconds: float,
        most_log_bytes: int,
        pause: Pause,
        grace_seconds: float = GRACE_SECONDS,
    ) -> Ending:
        """Wait for its end, and make it where a limit is reached; nothing of it is left then.

        Raises what ``pause`` raises, with the program ended all the same.
        """
        try:
            ending = self._watch(limit_seconds, most_log_bytes, pause)
        finally:
            self.end(grace_seconds)
        if self.log_bytes() > most_log_bytes:
            self._cut_log(most_log_bytes)
        return ending

    def _watch(self, limit_seconds: float, most_log_bytes: int, pause: Pause) -> Ending:
        while self.running():
            left = limit_seconds - self.seconds
            if left <= 0:
                return Ending.TIMED_OUT
            if self.log_bytes() > most_log_bytes:
                return Ending.LOG_FULL
            look = min(max(_FIRST_LOOK, self.seconds * _LOOK_SHARE), _LONGEST_LOOK)
            pause(min(look, left))
        return Ending.EXITED

    def _cut_log(self, most_log_bytes: int) -> None:
        """Give the disk back what was written while nobody looked."""
        with contextlib.suppress(OSError):
            os.truncate(self.log, most_log_bytes)
            with self.log.open("ab") as log:
                log.write(_CUT_NOTE)


def _written(text: str, folder: Path) -> Path:
    """A private file with the text, whose name says who writes it, as of all our half files."""
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".prompt.{os.getpid()}-", suffix=".new")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
    except BaseException:
        _remove(Path(name))
        raise
    return Path(name)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
