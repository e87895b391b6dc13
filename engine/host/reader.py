"""Reads what the system tells of CPU and memory, and of the processes that are ours.

Each figure that the system does not tell is None in the sample; nothing here raises. What it costs
is bounded: the processes are looked through less often on a host that has many.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Final

import psutil

from engine.host.cgroups import Cgroups, GroupLimits
from engine.host.samples import HostSample, TreeUse

TREE_SHARE: Final = 0.005
"""Of one core: what looking through all processes may cost on average."""
_CANNOT: Final = (OSError, psutil.Error, RuntimeError, ValueError, NotImplementedError)
"""How a system says that it does not tell."""


class HostReader:
    """Takes samples; it remembers the last counts, of which a share is the difference."""

    def __init__(
        self, groups: Cgroups | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._groups = groups or Cgroups()
        self._clock = clock
        self._busy: tuple[float, float] | None = None
        """(seconds in use, all seconds) of the host's CPUs."""
        self._group: tuple[float, float] | None = None
        """(moment, CPU seconds) of our group."""
        self._trees = _Trees()

    def read(self, roots: Mapping[str, int]) -> HostSample:
        """A sample; ``roots``: processes of ours by name, each looked at with all below it."""
        now = self._clock()
        limits = self._groups.read()
        free, total = _memory(limits)
        return HostSample(
            at=now,
            cpu=self._cpu(limits, now),
            cores=_cores(limits),
            free=free,
            total=total,
            trees=self._trees.read(roots, now),
        )

    def _cpu(self, limits: GroupLimits, now: float) -> float | None:
        """The host's share or that of our group's limit, whichever is nearer to its end."""
        shares = [self._host_share(), self._group_share(limits, now)]
        return max((share for share in shares if share is not None), default=None)

    def _host_share(self) -> float | None:
        before, self._busy = self._busy, _cpu_counts()
        if before is None or self._busy is None:
            return None
        passed = self._busy[1] - before[1]
        return _share(self._busy[0] - before[0], passed) if passed > 0 else None

    def _group_share(self, limits: GroupLimits, now: float) -> float | None:
        if limits.cores is None or limits.cpu_seconds is None:
            self._group = None
            return None
        before, self._group = self._group, (now, limits.cpu_seconds)
        if before is None or now <= before[0]:
            return None
        return _share(limits.cpu_seconds - before[1], (now - before[0]) * limits.cores)


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole))


def _cpu_counts() -> tuple[float, float] | None:
    try:
        times = psutil.cpu_times()._asdict()
    except _CANNOT:
        return None
    # Linux counts the time of guests in that of users too.
    whole = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    return (whole - times["idle"] - times.get("iowait", 0.0), whole)


def _memory(limits: GroupLimits) -> tuple[int | None, int | None]:
    """(free, total) bytes of the host, or of our group where that has less."""
    free: int | None
    total: int | None
    try:
        memory = psutil.virtual_memory()
        free, total = int(memory.available), int(memory.total)
    except _CANNOT:
        free = total = None
    if limits.memory_limit is not None:
        total = limits.memory_limit if total is None else min(total, limits.memory_limit)
    if limits.memory_free is not None:
        free = limits.memory_free if free is None else min(free, limits.memory_free)
    return (free, total)


def _cores(limits: GroupLimits) -> float | None:
    """CPUs that this process may run on, or the part of them that its group allows."""
    count: float | None
    try:
        count = psutil.cpu_count()
        with contextlib.suppress(AttributeError, *_CANNOT):  # there is none on macOS
            count = len(psutil.Process().cpu_affinity() or ()) or count
    except _CANNOT:
        count = None
    if limits.cores is None:
        return count
    return limits.cores if count is None else min(count, limits.cores)


class _Trees:
    """What processes of ours use with all below them; the last figures stand between two looks."""

    def __init__(self) -> None:
        self._known: dict[str, TreeUse] = {}
        self._seconds: dict[psutil.Process, float] = {}
        """CPU seconds of each process at the look before."""
        self._looked = 0.0
        self._due = 0.0
        self._roots: dict[str, int] = {}

    def read(self, roots: Mapping[str, int], now: float) -> Mapping[str, TreeUse]:
        if not roots:
            self._roots, self._known, self._seconds = {}, {}, {}
            return {}
        if now >= self._due or dict(roots) != self._roots:
            began = time.thread_time()
            self._look(roots, now)
            self._due = now + (time.thread_time() - began) / TREE_SHARE
        return dict(self._known)

    def _look(self, roots: Mapping[str, int], now: float) -> None:
        below = _children()
        before, passed = self._seconds, now - self._looked
        self._roots, self._looked, self._seconds = dict(roots), now, {}
        self._known = {
            name: self._use(_family(pid, below), before, passed) for name, pid in roots.items()
        }

    def _use(
        self, family: list[psutil.Process], before: Mapping[psutil.Process, float], passed: float
    ) -> TreeUse:
        seen, cpu, resident, own = 0, 0.0, 0, 0
        for process in family:
            with contextlib.suppress(*_CANNOT), process.oneshot():
                times, memory = process.cpu_times(), process.memory_info()
                self._seconds[process] = times.user + times.system
                cpu += max(0.0, self._seconds[process] - before.get(process, 0.0))
                resident += memory.rss
                own += _own(memory._asdict())
                seen += 1
        known = family and seen and family[0] in before and passed > 0
        return TreeUse(
            processes=seen,
            cores=cpu / passed if known else None,
            resident=resident if seen else None,
            own=own if seen else None,
        )


def _own(memory: Mapping[str, int]) -> int:
    """What a process shares with none, roughly: asking exactly costs a walk over its pages."""
    if "private" in memory:
        return memory["private"]
    return max(0, memory["rss"] - memory.get("shared", 0))


def _children() -> dict[int, list[psutil.Process]]:
    """Every process that may be seen, by the pid of its parent."""
    found: dict[int, list[psutil.Process]] = {}
    with contextlib.suppress(*_CANNOT):
        for process in psutil.process_iter():
            with contextlib.suppress(*_CANNOT):
                found.setdefault(process.ppid(), []).append(process)
    return found


def _family(pid: int, below: Mapping[int, list[psutil.Process]]) -> list[psutil.Process]:
    """The process, if it is there, and all below it."""
    family: list[psutil.Process] = []
    with contextlib.suppress(*_CANNOT):
        family.append(psutil.Process(pid))
    seen = {pid}
    for process in family:
        for child in below.get(process.pid, ()):
            if child.pid not in seen:
                seen.add(child.pid)
                family.append(child)
    return family
