"""Child processes that cannot be lost: recorded by pid, start time and command, ended as a group.

A process is ours when its recorded start time matches (architecture 2), whatever the wall clock was
set to meanwhile; nothing is ever killed by name or by the port it listens on (behaviour A12.10).
"""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

import psutil

from engine.marked import has_ended, with_marker
from engine.private_files import patiently, read_own, write_atomically

KILL_SECONDS = 5.0
"""Longest wait for processes that were killed."""
_LOOK_SECONDS = 0.01
RECORD_MAX_BYTES: Final = 64 * 1024
"""Of a record of one process; ours take less than one."""
_START_FIELD: Final = 19
"""Place of the start time (in clock ticks since the boot) in ``/proc/PID/stat`` after the name."""

_NO_PROGRAM: Final = frozenset(
    {
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EACCES,
        errno.EPERM,
        errno.ENOEXEC,
        errno.ELOOP,
        errno.ENAMETOOLONG,
    }
)
"""What the system says of a program that is not there or cannot be run. All else (no memory, no
file or process to be had, a busy program file) is the host's trouble and may pass."""


class ProgramError(OSError):
    """The program itself is missing or cannot be run: waiting does not help, installing may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessRecord:
    """What we wrote down about a child when we started it."""

    pid: int
    started: str
    """Its ``identity``."""
    command: tuple[str, ...]
    role: str
    """``worker`` or what the workload calls it (``appium``)."""
    slot: int
    marker: str = ""
    """Of a slot's child alone, in its environment (``engine.marked``)."""

    def process(self) -> psutil.Process | None:
        """The living process, if it is still the one that we started."""
        if not self.pid:
            return None
        try:
            process = psutil.Process(self.pid)
            same = identity(self.pid) == self.started and process.status() != psutil.STATUS_ZOMBIE
            return process if same else None
        except psutil.Error:
            return None


def _by_marker(announced: ProcessRecord) -> ProcessRecord:
    """The record of a child that was announced, by the child itself where it lives.

    Its owner was killed before it wrote the pid down, or is about to. What the child started has
    its marker too and may be others' (an adb server of the host), so the command must be the same.
    """
    arguments = announced.command[1:]
    for process in with_marker(announced.marker):
        with contextlib.suppress(psutil.Error):
            # An interpreter may stand before the words of a script.
            words = tuple(process.cmdline())
            if words[len(words) - len(arguments) :] == arguments:
                return replace(announced, pid=process.pid, started=identity(process.pid))
    return announced


def identity(pid: int) -> str:
    """What tells a process from all others that ever have its pid; empty when it is gone.

    When it started. Linux counts that from the boot, so the boot is named with it: a start time of
    the wall clock would move with each step of that clock, and our own processes be strangers.
    Raises nothing.
    """
    try:
        if sys.platform != "linux":
            return f"{psutil.Process(pid).create_time():.2f}"
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        # The name, which may hold spaces and brackets, ends with the last bracket.
        return f"{_boot()}/{stat.rpartition(')')[2].split()[_START_FIELD]}"
    except (OSError, psutil.Error, IndexError):
        return ""


@functools.cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _not_before(identity: str, other: str) -> bool:
    """Whether the first process of the two started no earlier than the second, in the same boot."""
    (boot, _, moment), (other_boot, _, other_moment) = (
        name.rpartition("/") for name in (identity, other)
    )
    try:
        return boot == other_boot and float(moment) >= float(other_moment)
    except ValueError:
        return False


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a program as the head of its own process group, without a console window.

    Raises ProgramError where the program cannot be run, another OSError where the host cannot
    start any just now.
    """
    flags: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    try:
        return subprocess.Popen(
            list(command),
            env=dict(env) if env is not None else None,
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            **flags,
        )
    except OSError as exc:
        if exc.errno in _NO_PROGRAM:
            raise ProgramError(exc.errno, exc.strerror, exc.filename) from None
        raise


def end_unrecorded(popen: subprocess.Popen[bytes]) -> None:
    """End a child that could not be written down: nobody would find it after us."""
    with contextlib.suppress(psutil.Error):
        end_tree(psutil.Process(popen.pid), timeout=0)
    with contextlib.suppress(subprocess.TimeoutExpired):
        popen.wait(KILL_SECONDS)


def end_tree(process: psutil.Process, *, timeout: float) -> bool:
    """Terminate a process and all below it, wait, kill what is left; True when all are gone."""
    family = [process]
    with contextlib.suppress(psutil.Error):
        family += process.children(recursive=True)
    group = _own_group(process)
    _signal_all(family[:1], "terminate")
    _wait_ended(family[:1], timeout=timeout)
    # Children that left the tree in the meantime are still in the group that we made.
    family += [child for child in _members(group) if child not in family]
    _signal_all(family, "kill")
    return _wait_ended(family, timeout=KILL_SECONDS)


def _wait_ended(processes: Iterable[psutil.Process], *, timeout: float) -> bool:
    """Whether all end in time; one that only its new parent has yet to bury has ended."""
    deadline = time.monotonic() + timeout
    left = [process for process in processes if not has_ended(process)]
    while left and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
        left = [process for process in left if not has_ended(process)]
    return not left


def end_orphans(record: ProcessRecord) -> bool:
    """Kill what a recorded process that has ended left in the group that it led; whether there was
    anything.

    While a group has members no other process is given its number: one with another leader is
    somebody else's.
    """
    if not record.pid or identity(record.pid) not in {"", record.started}:
        return False
    orphans = [
        process
        for process in _members(record.pid)
        if not has_ended(process) and _not_before(identity(process.pid), record.started)
    ]
    _signal_all(orphans, "kill")
    _wait_ended(orphans, timeout=KILL_SECONDS)
    return bool(orphans)


def _own_group(process: psutil.Process) -> int | None:
    """Process group that this child leads; None where there are no groups or it leads none."""
    if sys.platform == "win32":
        return None
    try:
        group = os.getpgid(process.pid)
    except OSError:
        return None
    return group if group == process.pid else None


def _members(group: int | None) -> Iterable[psutil.Process]:
    if group is None or sys.platform == "win32":
        return []
    members = []
    for candidate in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getpgid(candidate.pid) == group:
                members.append(candidate)
    return members


def _signal_all(processes: Iterable[psutil.Process], how: str) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if how == "terminate":
                process.terminate()
            else:
                process.kill()


class ProcessRegistry:
    """The children of one work directory: one private file each, in ``run/processes``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, role: str, slot: int) -> Path:
        return self.folder / f"{role}_{slot}.json"

    def add(self, record: ProcessRecord) -> None:
        write_atomically(self._path(record.role, record.slot), json.dumps(asdict(record)))

    def forget(self, record: ProcessRecord) -> None:
        path = self._path(record.role, record.slot)
        present = self._read(path)
        same_child = present is not None and present.marker == record.marker != ""
        if present is None or present == record or same_child:
            patiently(lambda: path.unlink(missing_ok=True))

    def records(self, *, slot: int | None = None, role: str | None = None) -> list[ProcessRecord]:
        if not self.folder.is_dir():
            return []
        found = (self._read(path) for path in sorted(self.folder.glob("*.json")))
        return [
            record
            for record in found
            if record is not None
            and (slot is None or record.slot == slot)
            and (role is None or record.role == role)
        ]

    def end(self, records: Iterable[ProcessRecord], *, timeout: float) -> list[ProcessRecord]:
        """End what still lives and forget all; returns the records that left something alive."""
        ended = []
        for record in records:
            process = record.process()
            if process is not None and not end_tree(process, timeout=timeout):
                continue
            left = end_orphans(record)
            if process is not None or left:
                ended.append(record)
            self.forget(record)
        return ended

    @staticmethod
    def _read(path: Path) -> ProcessRecord | None:
        try:
            # Of this user only: what a record names is ended.
            data = json.loads(read_own(path, RECORD_MAX_BYTES))
            record = ProcessRecord(
                pid=int(data["pid"]),
                started=str(data["started"]),
                command=tuple(str(part) for part in data["command"]),
                role=str(data["role"]),
                slot=int(data["slot"]),
                marker=str(data.get("marker", "")),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return record if record.pid or not record.marker else _by_marker(record)


def ignore_interrupts() -> None:
    """A worker leaves Ctrl-C to its supervisor, which tells it through the control pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, signal.SIG_IGN)
