"""The processes that a run started, wherever they went: found by a mark in their environment, by
the work directory in their command line, or because they were seen below the run before."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import psutil

SUPERVISOR: Final = "supervisor"
WORKER: Final = "worker"
DRIVER: Final = "driver"
BROWSER: Final = "browser"
OTHER: Final = "other"
MARK: Final = "XDG_DOWNLOADS_BENCHMARK"
"""In the environment of all that a run starts."""
_LOOK_SECONDS: Final = 0.05
_DRIVERS: Final = ("chromedriver", "msedgedriver")
_BROWSERS: Final = ("chromium", "chrome", "msedge")


def role_of(line: Sequence[str]) -> str:
    """Which part of a run a command line is."""
    if "engine.orchestrator" in line:
        return SUPERVISOR
    if "engine.worker" in line:
        return WORKER
    name = Path(line[0]).name if line else ""
    if name in _DRIVERS:
        return DRIVER
    return BROWSER if name.startswith(_BROWSERS) else OTHER


def kind_of(line: Sequence[str]) -> str:
    """Which process of a browser: ``main``, ``renderer``, ``gpu-process``, ``utility`` …"""
    # What a browser makes of its children's names is one word with blanks in it.
    words = " ".join(line).split()
    kind = next((w.removeprefix("--type=") for w in words if w.startswith("--type=")), "main")
    if kind != "utility":
        return kind
    part = next((w for w in words if w.startswith("--utility-sub-type=")), "utility")
    return part.removeprefix("--utility-sub-type=").split(".")[0]


def line_of(process: psutil.Process) -> list[str]:
    """Its command line; nothing of what has ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


class Family:
    """All processes of one work directory."""

    def __init__(self, work_dir: Path, token: str) -> None:
        self._path = os.fsencode(work_dir)
        self._mark = f"{MARK}={token}".encode()
        self._seen: set[psutil.Process] = set()

    def meet(self, root: int) -> list[psutil.Process]:
        """The process and all below it now, parents before their children; they are remembered."""
        try:
            process = psutil.Process(root)
            found = [process, *process.children(recursive=True)]
        except psutil.Error:
            return []
        self._seen.update(found)
        return found

    def left(self, patience: float = 0.0) -> list[psutil.Process]:
        """Those that run; what is just ending is waited for so long."""
        deadline = time.monotonic() + patience
        while (found := self._running()) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return found

    def end(self) -> None:
        """Leave nothing behind, whatever was measured."""
        for process in self._running():
            with contextlib.suppress(psutil.Error):
                process.kill()

    def _running(self) -> list[psutil.Process]:
        found = {one for one in self._seen if _runs(one)}
        for pid in psutil.pids():
            with contextlib.suppress(psutil.Error, OSError):
                if pid != os.getpid() and self._is_ours(pid):
                    found.add(psutil.Process(pid))
        return sorted((one for one in found if _runs(one)), key=lambda one: one.pid)

    def _is_ours(self, pid: int) -> bool:
        place = Path(f"/proc/{pid}")
        return (
            self._mark in (place / "environ").read_bytes()
            or self._path in (place / "cmdline").read_bytes()
        )


def described(processes: Iterable[psutil.Process]) -> list[str]:
    """A line for people about each."""
    return [f"process {one.pid}: {' '.join(line_of(one))[:160]}" for one in processes]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
