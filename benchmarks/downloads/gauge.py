"""CPU seconds and memory of supervisor, workers, drivers and browsers, looked at while a run goes
on. The looks are far apart: they must not take what is measured."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import psutil

from benchmarks.downloads.family import (
    BROWSER,
    DRIVER,
    WORKER,
    Family,
    kind_of,
    line_of,
    role_of,
)

MEGABYTE: Final = 1_048_576
_LOOK_SECONDS: Final = 0.5
_WEIGH_WORKERS: Final = 4
"""Every so many looks the memory of workers is told."""
_WEIGH_BROWSERS: Final = 20
"""The same of browsers: it takes the system long to tell it of many processes."""
_YOUNG_LOOKS: Final = 8
_SHORT: Final = "short-lived"


@dataclass
class Usage:
    """What a run used."""

    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """CPU seconds of all processes of a role, or of a kind of browser process (``browser gpu``)."""
    whole_cpu: float = 0.0
    """Of all that was waited for by its parent; what is beside the roles lived shortly."""
    worker_uss: float = 0.0
    """Most that one worker process had for itself, in MiB."""
    worker_pss: float = 0.0
    """The same with its share of what it has together with others."""
    browser_pss: float = 0.0
    """Most that one worker's driver and browser had, all their processes, in MiB."""


@dataclass
class _Seen:
    process: psutil.Process
    role: str = ""
    kind: str = ""
    looks: int = 0
    cpu: float = 0.0
    gone: bool = False

    def look(self) -> None:
        if self.gone:
            return
        try:
            times = self.process.cpu_times()
        except psutil.Error:
            self.gone = True
            return
        self.cpu = times.user + times.system
        self.looks += 1
        if self.looks <= _YOUNG_LOOKS:
            # A child that is only just made still has its parent's command line.
            line = line_of(self.process)
            self.role = role_of(line) if line else self.role
            self.kind = f"{self.role} {kind_of(line)}" if self.role == BROWSER else self.role


class Gauge:
    """Looks at one run until it ends."""

    def __init__(self, run: subprocess.Popen[bytes], family: Family) -> None:
        self._run = run
        self._family = family
        self._seen: dict[psutil.Process, _Seen] = {}
        self._looks = 0
        self.usage = Usage()

    def watch(self, longest: float) -> int:
        """Look until the run has ended; its exit status, -1 where it was ended after so long."""
        give_up = time.monotonic() + longest
        next_look = 0.0
        while not self._over():
            now = time.monotonic()
            if now > give_up:
                self._run.kill()
                self._run.wait()
                return -1
            if now >= next_look:
                self.look()
                next_look = now + _LOOK_SECONDS
            time.sleep(0.02)
        for one in self._seen.values():
            if one.role:
                self.usage.cpu[one.kind] += one.cpu
        rest = self.usage.whole_cpu - sum(self.usage.cpu.values())
        self.usage.cpu[_SHORT] = max(0.0, rest)
        return self._run.returncode

    def look(self) -> None:
        """One look at all."""
        for process in self._family.meet(self._run.pid):
            self._seen.setdefault(process, _Seen(process)).look()
        self._looks += 1
        if self._looks % _WEIGH_WORKERS == 0:
            self._weigh_workers()
        if self._looks % _WEIGH_BROWSERS == _WEIGH_BROWSERS // 2:
            self._weigh_browsers()

    def _weigh_workers(self) -> None:
        for one in self._of(WORKER):
            with contextlib.suppress(psutil.Error):
                memory = one.process.memory_full_info()
                self.usage.worker_uss = max(self.usage.worker_uss, memory.uss / MEGABYTE)
                self.usage.worker_pss = max(self.usage.worker_pss, memory.pss / MEGABYTE)

    def _weigh_browsers(self) -> None:
        for worker in self._of(WORKER):
            total = 0.0
            with contextlib.suppress(psutil.Error):
                for child in worker.process.children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        total += child.memory_full_info().pss / MEGABYTE
            self.usage.browser_pss = max(self.usage.browser_pss, total)

    def _of(self, role: str) -> Sequence[_Seen]:
        return [one for one in self._seen.values() if one.role == role and not one.gone]

    def _over(self) -> bool:
        pid, status, used = os.wait4(self._run.pid, os.WNOHANG)
        if pid:
            self._run.returncode = os.waitstatus_to_exitcode(status)
            self.usage.whole_cpu = used.ru_utime + used.ru_stime
        return pid != 0


def by_role(cpu: Mapping[str, float]) -> dict[str, float]:
    """Kinds of browser processes put together."""
    found: dict[str, float] = defaultdict(float)
    for name, seconds in cpu.items():
        found[name.split(" ", 1)[0]] += seconds
    return found


DRIVEN: Final = (DRIVER, BROWSER)
"""Roles that are not ours."""
