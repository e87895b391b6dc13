"""Limits that Linux sets for a group of processes: a container has less than its host shows.

Version 2 (``memory.max``, ``cpu.max``) with all groups above ours, and version 1 as far as it is
simple. Elsewhere than on Linux, and where nothing can be read, there is no limit known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

_MICROSECOND: Final = 1e-6
_NANOSECOND: Final = 1e-9
_V1_NONE: Final = 1 << 60
"""Version 1 says "no limit" as a number near 2**63."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupLimits:
    """What our group may take and has taken; None = no limit, or not known."""

    memory_limit: int | None = None
    """Bytes."""
    memory_free: int | None = None
    """Bytes until the limit; files kept in memory that can be dropped count as free."""
    cores: float | None = None
    """CPU seconds a second that are allowed."""
    cpu_seconds: float | None = None
    """CPU time used so far by the group whose limit that is."""


class Cgroups:
    """Reads the limits of this process anew each time: they may be changed while it runs."""

    def __init__(
        self, root: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")
    ) -> None:
        self._root = root
        self._membership = membership

    def read(self) -> GroupLimits:
        """The tightest limits above this process. Raises nothing."""
        paths = self._paths()
        memory = [known for group in self._groups(paths, "memory") if (known := _memory(group))]
        cpu = [found for group in self._groups(paths, "cpu") if (found := _cpu(group))]
        cores, seconds = min(cpu, key=lambda pair: pair[0], default=(None, None))
        frees = [free for _, free in memory if free is not None]
        return GroupLimits(
            memory_limit=min((limit for limit, _ in memory), default=None),
            memory_free=min(frees, default=None),
            cores=cores,
            cpu_seconds=seconds,
        )

    def _paths(self) -> dict[str, str]:
        """Our group in each hierarchy by its controller; that of version 2 has an empty name."""
        found: dict[str, str] = {}
        for line in (_text(self._membership) or "").splitlines():
            _, _, rest = line.partition(":")
            controllers, colon, path = rest.partition(":")
            if colon:
                found |= dict.fromkeys(controllers.split(","), path)
        return found

    def _groups(self, paths: dict[str, str], controller: str) -> Iterator[Path]:
        """Folders of our group and of all above it. A container sees its own group as the root."""
        for name, hierarchy in (("", self._root), (controller, self._root / controller)):
            if name not in paths:
                continue
            own = PurePosixPath(paths[name])
            if ".." in own.parts:  # of another namespace: only its root is known here
                own = PurePosixPath("/")
            for group in (own, *own.parents):
                yield hierarchy / group.relative_to("/") if group.is_absolute() else hierarchy


def _memory(group: Path) -> tuple[int, int | None] | None:
    """(limit, what is left of it) of one group."""
    limit = _number(group / "memory.max") or _number(group / "memory.limit_in_bytes")
    if limit is None or limit >= _V1_NONE:
        return None
    used = _number(group / "memory.current")
    if used is None:
        used = _number(group / "memory.usage_in_bytes")
    if used is None:
        return (limit, None)
    facts = _facts(group / "memory.stat")
    droppable = facts.get("total_inactive_file", facts.get("inactive_file", 0))
    return (limit, max(0, limit - max(0, used - droppable)))


def _cpu(group: Path) -> tuple[float, float | None] | None:
    """(cores allowed, CPU seconds used) of one group."""
    quota: float | None
    words = (_text(group / "cpu.max") or "").split()
    if len(words) == 2:
        quota, period = _as_number(words[0]), _as_number(words[1])
    else:
        quota = _number(group / "cpu.cfs_quota_us")
        period = _number(group / "cpu.cfs_period_us")
    if not quota or not period or quota < 0 or period < 0:
        return None
    return (quota / period, _cpu_seconds(group))


def _cpu_seconds(group: Path) -> float | None:
    microseconds = _facts(group / "cpu.stat").get("usage_usec")
    if microseconds is not None:
        return microseconds * _MICROSECOND
    # Version 1 counts it in a hierarchy of its own, mostly mounted together with this one.
    nanoseconds = _number(group / "cpuacct.usage")
    return None if nanoseconds is None else nanoseconds * _NANOSECOND


def _facts(path: Path) -> dict[str, int]:
    """A file of lines ``name number``."""
    found = {}
    for line in (_text(path) or "").splitlines():
        name, _, value = line.partition(" ")
        if (number := _as_number(value)) is not None:
            found[name] = number
    return found


def _number(path: Path) -> int | None:
    return _as_number(_text(path) or "")


def _as_number(text: str) -> int | None:
    """None for ``max`` and for whatever is no number."""
    try:
        return int(text)
    except ValueError:
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
