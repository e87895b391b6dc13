"""CPU seconds and memory of each role of a run, looked at while it goes on.

What lives for long (supervisor, workers, Appium) is looked at often enough; adb clients live for a
twentieth of a second, so theirs is what the whole run used less the others'.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

SUPERVISOR: Final = "supervisor"
WORKER: Final = "worker"
APPIUM: Final = "light appium"
ADB: Final = "light adb"
FARM: Final = "farm"
ENGINE_ROLES: Final = (SUPERVISOR, WORKER)
STAND_INS: Final = (APPIUM, ADB, FARM)
_ROLES: Final = {
    "engine.orchestrator": SUPERVISOR,
    "engine.worker": WORKER,
    "simulator.appium": APPIUM,
}
_LOOK_SECONDS: Final = 0.2
_YOUNG_LOOKS: Final = 10


@dataclass
class Usage:
    """What a run used, by role; ``adb`` has no memory of its own to speak of."""

    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """CPU seconds of all processes of a role."""
    start_cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Of these, before the process began its first job (supervisor: before it started workers)."""
    waited: float = 0.0
    """Seconds for which a worker's main thread, ready to go on, waited for a free core; for each
    CPU second that it used. 0 where the system does not tell."""
    most_mb: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Most that one process of the role ever had resident."""


@dataclass
class _Seen:
    process: psutil.Process
    role: str = ""
    """Empty for what is none of them."""
    most_mb: float = 0.0
    looks: list[tuple[float, float]] = field(default_factory=list)
    """(moment of the wall clock, CPU seconds so far)."""
    main_thread: tuple[float, float] = (0.0, 0.0)
    """CPU seconds of the main thread, and those that it waited for a core."""
    gone: bool = False
    """It has ended: nobody looks for it any more."""

    def look(self) -> None:
        if self.gone:
            return
        try:
            self._weigh()
        except psutil.Error:
            self.gone = True

    def _weigh(self) -> None:
        with self.process.oneshot():
            times = self.process.cpu_times()
            self.looks.append((time.time(), times.user + times.system))
            self.most_mb = max(self.most_mb, self.process.memory_info().rss / 1_048_576)
            if len(self.looks) <= _YOUNG_LOOKS:
                # A child that is only just made still has its parent's command line.
                self.role = _role(self.process.cmdline())
        with contextlib.suppress(OSError, ValueError):
            used, waited, _ = Path(f"/proc/{self.process.pid}/schedstat").read_text().split()
            self.main_thread = (int(used) / 1e9, int(waited) / 1e9)

    def until(self, moment: float) -> float:
        """CPU seconds up to the first look at or after a moment."""
        return next((cpu for at, cpu in self.looks if at >= moment), 0.0)


class Gauge:
    """Looks at one run until it ends."""

    def __init__(self, run: subprocess.Popen[bytes], farm_pid: int) -> None:
        self._run = run
        self._farm = psutil.Process(farm_pid)
        self._farm_before = _cpu(self._farm)
        self._seen: dict[psutil.Process, _Seen] = {}
        self._usage = Usage()
        self._whole = 0.0
        """CPU seconds of the run with every process below it that was waited for; 0 where the
        system does not tell."""

    def watch(self, longest: float) -> int:
        """Look until the run has ended; its exit status.

        Raises RuntimeError where it goes on for more than ``longest`` seconds.
        """
        give_up = time.monotonic() + longest
        while True:
            self._look()
            if self._over():
                break
            if time.monotonic() > give_up:
                raise RuntimeError(f"The run did not end within {longest:.0f} s.")
            time.sleep(_LOOK_SECONDS)
        for seen in self._seen.values():
            if seen.looks and seen.role:
                self._usage.cpu[seen.role] += seen.looks[-1][1]
                most = self._usage.most_mb
                most[seen.role] = max(most[seen.role], seen.most_mb)
        self._usage.cpu[ADB] = max(0.0, self._whole - sum(self._usage.cpu.values()))
        self._usage.cpu[FARM] = _cpu(self._farm) - self._farm_before
        with contextlib.suppress(psutil.Error):
            self._usage.most_mb[FARM] = self._farm.memory_info().rss / 1_048_576
        return self._run.returncode

    def usage(self, beginnings: Mapping[int, float]) -> Usage:
        """What was used; ``beginnings``: when the process of a pid began what it is for."""
        for seen in self._seen.values():
            moment = beginnings.get(seen.process.pid)
            if seen.role and moment is not None:
                self._usage.start_cpu[seen.role] += seen.until(moment)
        threads = [one.main_thread for one in self._seen.values() if one.role == WORKER]
        used = sum(cpu for cpu, _ in threads)
        self._usage.waited = sum(waited for _, waited in threads) / used if used else 0.0
        return self._usage

    def _over(self) -> bool:
        if sys.platform == "win32":
            return self._run.poll() is not None
        pid, status, used = os.wait4(self._run.pid, os.WNOHANG)
        if pid:
            self._run.returncode = os.waitstatus_to_exitcode(status)
            self._whole = used.ru_utime + used.ru_stime
        return pid != 0

    def _look(self) -> None:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._run.pid)
            for process in (root, *root.children(recursive=True)):
                self._seen.setdefault(process, _Seen(process))
        for seen in self._seen.values():
            seen.look()


def _role(line: Sequence[str]) -> str:
    return next((role for word, role in _ROLES.items() if word in line), "")


def _cpu(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return times.user + times.system
    return 0.0
