"""A pool's handle on the run that does its work: a supervisor process below this one."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import psutil

from engine import processes
from engine.config import Settings
from engine.launch import OUTPUT_NAME, START_SECONDS, last_sentence
from engine.output import one_line
from engine.parallel.errors import WorkerError
from engine.parallel.place import WorkPlace, end_everything, run_directory, run_lock, write_settings
from engine.private_files import explain, open_append
from engine.run_state import Command

_LOOK_SECONDS: Final = 0.02
_KILL_SECONDS: Final = 5.0
_STOP: Final = b"stop\n"


class EngineRun:
    """One run, from its process to the last of what it left."""

    def __init__(self, place: WorkPlace, settings: Settings) -> None:
        """Start it; returns at once. Raises WorkerError where no process can be started."""
        self._place = place
        self._settings = settings
        self.directory = run_directory(place.path, settings)
        self._output = place.path / settings.paths.logs / OUTPUT_NAME
        self._telling = threading.Lock()
        try:
            path = write_settings(place.path, settings)
            self.directory.status_path.unlink(missing_ok=True)  # of a run before this one
            with open_append(self._output) as file:
                self._begin = file.tell()
                self._popen = processes.start(
                    self._command(path), stdin=subprocess.PIPE, stdout=file, stderr=file
                )
        except OSError as exc:
            raise WorkerError(f"The workers could not be started: {explain(exc)}") from exc

    def _command(self, settings: Path) -> list[str]:
        command = [sys.executable, "-m", "engine.parallel.pool_process"]
        private = ["--private"] if self._place.private else []
        return [*command, str(self._place.path), str(settings), *private]

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def said(self) -> str:
        """Why it ended, in its own words; for one that ended."""
        return last_sentence(self._output, self._begin, self._popen.returncode or 0)

    def await_begun(self, seconds: float = START_SECONDS) -> None:
        """Wait until it holds its work directory. Raises WorkerError where it does not."""
        lock = run_lock(self._place.path, self._settings)
        deadline = time.monotonic() + seconds
        while lock.holder() is None:
            if not self.alive:
                if self._popen.returncode == 0:
                    return  # all was done before anybody looked
                raise WorkerError(f"The workers could not be started: {one_line(self.said)}")
            if time.monotonic() >= deadline:
                self.stop(_KILL_SECONDS)
                raise WorkerError(f"The workers were not there within {seconds:g} s.")
            time.sleep(_LOOK_SECONDS)

    def status(self) -> dict[str, Any] | None:
        """Its latest snapshot; None before the first one, and while none can be read."""
        return self.directory.read_status()

    def send(self, command: Command, seconds: float) -> dict[str, Any] | None:
        """Give an order; the answer, or None where none came in time. Raises WorkerError."""
        deadline = time.monotonic() + seconds
        while self.status() is None and self.alive and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)  # until it has begun it takes orders for those of another run
        tail = self.directory.tail()
        try:
            self.directory.send(command)
        except OSError as exc:
            raise WorkerError(f"The order could not be given: {explain(exc)}") from exc
        return self.directory.wait_answer(command.id, seconds, tail=tail, alive=lambda: self.alive)

    def stop(self, seconds: float) -> bool:
        """End it with all that is below it, within about so many seconds; whether all is gone.

        Asked first, then asked to hurry, then killed and swept after.
        """
        deadline = time.monotonic() + seconds
        for share in (0.6, 0.85):
            self._ask()
            if self._wait(deadline - seconds * (1 - share)):
                break
        else:
            with contextlib.suppress(psutil.Error):
                processes.end_tree(psutil.Process(self.pid), timeout=0)
            self._wait(time.monotonic() + _KILL_SECONDS)
        with contextlib.suppress(OSError, ValueError):
            assert self._popen.stdin is not None
            self._popen.stdin.close()
        return not self.sweep() and not self.alive

    def sweep(self) -> list[str]:
        """End what it left; names of what could not be ended. For one that ended."""
        return end_everything(self._place.path, self._settings)

    def _ask(self) -> None:
        with self._telling, contextlib.suppress(OSError, ValueError):
            assert self._popen.stdin is not None
            self._popen.stdin.write(_STOP)
            self._popen.stdin.flush()

    def _wait(self, deadline: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(max(0.0, deadline - time.monotonic()))
        return not self.alive
