"""One look at the host: what is in use, by whom. What could not be read is None, never 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class TreeUse:
    """A process of ours with all below it."""

    processes: int
    """How many were seen; 0 = it is gone."""
    cores: float | None = None
    """CPU seconds a second since the look before; None at the first look. What ended meanwhile is
    not in it."""
    resident: int | None = None
    """Bytes; what the processes share is counted for each of them."""
    own: int | None = None
    """The same without what is shared, as far as the system tells that cheaply."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostSample:
    """What the host and our processes used when it was looked at.

    Where the limits of a container are tighter than the host, the figures are the container's.
    """

    at: float
    """Monotonic clock."""
    cpu: float | None = None
    """Share 0 to 1 of the CPU time since the look before that was in use; the first look has
    none."""
    cores: float | None = None
    """Cores that may be used; a container may have a part of one."""
    free: int | None = None
    """Bytes that may still be taken without swapping, as the system counts them."""
    total: int | None = None
    """Bytes there are."""
    trees: Mapping[str, TreeUse] = field(default_factory=dict)
    """By the name that each was given."""

    @property
    def used(self) -> float | None:
        """Share 0 to 1 of the memory that is in use."""
        if self.free is None or not self.total:
            return None
        return min(1.0, max(0.0, 1 - self.free / self.total))


def percent(share: float | None) -> str:
    """``83 %``, for people."""
    return "unknown" if share is None else f"{share * 100:.0f} %"


def gigabytes(count: float | None) -> str:
    """Bytes as ``1.2 GB`` or ``300 MB``, for people."""
    if count is None:
        return "unknown"
    if abs(count) < 1000 * MEGABYTE:
        return f"{count / MEGABYTE:.0f} MB"
    return f"{count / MEGABYTE / 1024:.1f} GB"
