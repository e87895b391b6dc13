"""The children of a worker's place: announced, started in a group of their own, recorded, ended."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

from engine.marked import marking
from engine.private_files import open_append
from engine.processes import (
    KILL_SECONDS,
    ProcessRecord,
    ProcessRegistry,
    end_orphans,
    end_tree,
    end_unrecorded,
    identity,
    start,
)


class Child:
    """A recorded child process in its own group."""

    def __init__(
        self, popen: subprocess.Popen[bytes], record: ProcessRecord, registry: ProcessRegistry
    ) -> None:
        self._popen = popen
        self.record = record
        self._registry = registry

    @property
    def pid(self) -> int:
        return self._popen.pid

    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def exit_status(self) -> int | None:
        """What it ended with, negative for a signal (POSIX); None while it lives."""
        return self._popen.poll()

    def stop(self, timeout: float) -> None:
        """Terminate, wait, kill the whole group, forget the record. Safe to repeat."""
        process = self.record.process()
        if process is not None:
            end_tree(process, timeout=timeout)
        # A program of several threads may show as ended before the last of them is.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(KILL_SECONDS)
        end_orphans(self.record)
        self._registry.forget(self.record)


class SlotProcesses:
    """Starts and records the children of one worker slot (the seam's ``ProcessKeeper``)."""

    def __init__(self, registry: ProcessRegistry, slot: int) -> None:
        self._registry = registry
        self._slot = slot

    def spawn(
        self,
        role: str,
        command: Sequence[str],
        *,
        log_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: Path | None = None,
    ) -> Child:
        """Start a child whose output is appended to ``log_path`` and which reads ``stdin``.

        Raises ProgramError where the program cannot be run, another OSError where a file cannot be
        read, its log or its record cannot be written or the host cannot start it; no child is left
        then.
        """
        marker = f"child.{secrets.token_hex(8)}"
        # Announced before it lives: who is killed between the two leaves nothing that nobody finds.
        announced = ProcessRecord(
            pid=0, started="", command=tuple(command), role=role, slot=self._slot, marker=marker
        )
        self._registry.add(announced)
        try:
            return self._start(announced, log_path, env, cwd, stdin)
        except BaseException:
            self._registry.forget(announced)
            raise

    def _start(
        self,
        announced: ProcessRecord,
        log_path: Path,
        env: Mapping[str, str] | None,
        cwd: Path | None,
        stdin: Path | None,
    ) -> Child:
        environment = dict(os.environ if env is None else env)
        environment.update(marking(announced.marker, environment))
        with contextlib.ExitStack() as files:
            source: int | IO[bytes] = subprocess.DEVNULL
            if stdin is not None:
                source = files.enter_context(stdin.open("rb"))
            output = files.enter_context(open_append(log_path))
            popen = start(
                announced.command,
                env=environment,
                cwd=cwd,
                stdin=source,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        record = replace(announced, pid=popen.pid, started=identity(popen.pid))
        try:
            self._registry.add(record)
        except BaseException:
            end_unrecorded(popen)
            raise
        return Child(popen, record, self._registry)
