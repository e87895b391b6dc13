"""Short commands as processes of their own that need not import everything anew.

Imports are most of what a short command costs, and these tests type hundreds. What has to be seen
in a list of processes by its command line (a run, a worker, a server) is started the usual way.
"""

from __future__ import annotations

import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
UMASK = 0o022
"""That of most hosts: what we make must be private all the same."""


@dataclass(frozen=True)
class Prepared:
    """A command under way."""

    pid: int
    ending: IO[str]
    """Says how it ended, when it has."""

    def end(self, seconds: float = 20) -> int:
        """Ask it to end, where it has not yet; its exit status."""
        if not select.select([self.ending], [], [], 0)[0]:
            os.kill(self.pid, signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = 90) -> int:
        """Its exit status, negative for a signal's number; killed where it takes longer."""
        with self.ending:
            if not select.select([self.ending], [], [], seconds)[0]:
                os.kill(self.pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(str(self.pid), seconds)
            return int(self.ending.readline())


def run(
    module: str,
    *arguments: object,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    seconds: float = 90,
) -> subprocess.CompletedProcess[str]:
    """``python -m module arguments`` to its end, with all that it wrote."""
    words = [str(argument) for argument in arguments]
    environment = {**(os.environ if env is None else env)}
    if sys.platform == "win32":
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        command = start(module, *words, env=environment, out=out, err=err, cwd=cwd)
        status = command.wait(seconds)
        return subprocess.CompletedProcess([module, *words], status, _text(out), _text(err))


def start(
    module: str,
    *arguments: object,
    env: Mapping[str, str],
    out: IO[bytes] | int,
    err: IO[bytes] | int,
    cwd: Path = ROOT,
) -> Prepared:
    """The same, under way, writing to files of one's own; POSIX alone can."""
    order = {
        "module": module,
        "arguments": [str(argument) for argument in arguments],
        "env": dict(env),
        "cwd": str(cwd),
        "umask": UMASK,
    }
    told, ending = os.pipe()
    numbers = [file if isinstance(file, int) else file.fileno() for file in (out, err)]
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - what is typed into it
        files = [nothing.fileno(), *numbers, ending]
        socket.send_fds(_original().control, [json.dumps(order).encode()], files)
    os.close(ending)
    reader = os.fdopen(told, encoding="ascii")
    return Prepared(int(reader.readline()), reader)


def process() -> int | None:
    """The process that waits for orders; None before the first one."""
    return _original().pid if _original.cache_info().currsize else None


@functools.cache
def _original() -> _Original:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        popen = subprocess.Popen(
            [sys.executable, "-m", "tests.prepared_process", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
        )
    return _Original(popen, ours)


@dataclass(frozen=True)
class _Original:
    popen: subprocess.Popen[bytes]
    control: socket.socket

    @property
    def pid(self) -> int:
        return self.popen.pid


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8").replace("\r\n", "\n")
