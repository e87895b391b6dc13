"""How many workers fit on this host before any is started (behaviour C7.4).

The proposal is never above the safe number that was computed. Too little memory refuses a start:
the system would end workers at random. Too little CPU makes them slow, which is told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from engine.errors import InputError
from engine.host.samples import MEGABYTE, HostSample, gigabytes

if TYPE_CHECKING:
    from engine.settings_host import Host

Risk = Literal["low", "medium", "high"]

CALM_STAGGER_SECONDS: Final = 0.5
TIGHT_STAGGER_SECONDS: Final = 2.0
_TOO_LITTLE_CORES: Final = 0.001
"""Of which a worker needs less, it is not bound by the CPU."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizing:
    """What fits, what is proposed, and how near to the edge that is."""

    wanted: int
    by_memory: int | None
    """Workers that the free memory has room for; None = it is not known."""
    by_cpu: int | None
    """The same for the CPU; at least 1: a slow worker works."""
    need_bytes: float
    """Of one worker."""
    free: int | None
    keep_bytes: float
    cores: float | None
    risk: Risk
    """Of the proposal: ``high`` leaves less than critical, ``medium`` no room for one more."""

    @property
    def safe(self) -> int | None:
        """Workers that surely fit; None = nothing is known of this host."""
        known = [count for count in (self.by_memory, self.by_cpu) if count is not None]
        return min(known, default=None)

    @property
    def proposed(self) -> int:
        """Workers to start: what is wanted, but never more than is safe; 0 = not even one fits."""
        return self.wanted if self.safe is None else min(self.wanted, self.safe)

    @property
    def stagger_seconds(self) -> float:
        """Between two starts."""
        return CALM_STAGGER_SECONDS if self.risk == "low" else TIGHT_STAGGER_SECONDS

    @property
    def refusal(self) -> str:
        """Why this many must not be started, with what to do; empty = they may."""
        if self.by_memory is None or self.wanted <= self.by_memory:
            return ""
        need, keep = gigabytes(self.need_bytes), gigabytes(self.keep_bytes)
        most = f"at most {self.by_memory} fit" if self.by_memory else "not even one fits"
        fewer = f"start with --workers {self.by_memory}, or " if self.by_memory else ""
        return (
            f"{_workers(self.wanted, 'need')} {gigabytes(self.need_bytes * self.wanted)} of memory "
            f"({need} each); {gigabytes(self.free)} are free, of which {keep} stay free: {most}. "
            f"To go on, {fewer}close other programs (or lower host.worker_megabytes if a worker "
            "needs less)."
        )

    def check(self) -> None:
        """Raise InputError where this many do not fit."""
        if self.refusal:
            raise InputError(self.refusal)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What should be known although nothing is stopped by it: one sentence each."""
        found = []
        if self.by_memory is None:
            found.append(
                "The free memory of this host cannot be read: watch it, and lower run.workers if "
                "it runs short."
            )
        elif not self.refusal and self.risk == "high":
            left = gigabytes((self.free or 0) - self.need_bytes * self.wanted)
            found.append(
                f"{_workers(self.wanted, 'leave')} about {left} of {gigabytes(self.free)} of "
                "memory free, which is little: close other programs or lower run.workers."
            )
        if self.by_cpu is not None and self.wanted > self.by_cpu:
            found.append(
                f"{self.wanted} workers are more than the {self.cores:g} cores of this host can "
                f"serve ({self.by_cpu}): jobs take longer and may run out of time; lower "
                "run.workers."
            )
        return tuple(found)


def size(wanted: int, sample: HostSample, host: Host) -> Sizing:
    """How many of the wanted workers fit, none of them started yet. Raises ValueError below 1.

    What each needs is in the settings, where every trade has built-in values of its own.
    """
    if wanted < 1:
        raise ValueError(f"at least 1 worker must be wanted, not {wanted}")
    need_bytes = host.worker_megabytes * MEGABYTE
    keep = host.keep_free_megabytes * MEGABYTE
    by_memory = _by_memory(sample.free, keep, need_bytes)
    by_cpu = _by_cpu(sample.cores, host.worker_cores)
    count = min([wanted, *(most for most in (by_memory, by_cpu) if most is not None)])
    return Sizing(
        wanted=wanted,
        by_memory=by_memory,
        by_cpu=by_cpu,
        need_bytes=need_bytes,
        free=sample.free,
        keep_bytes=keep,
        cores=sample.cores,
        risk=_risk(sample.free, count, need_bytes, host),
    )


def _by_memory(free: int | None, keep: float, need: float) -> int | None:
    if free is None:
        return None
    return max(0, math.floor((free - keep) / need))


def _by_cpu(cores: float | None, need: float) -> int | None:
    if cores is None or need < _TOO_LITTLE_CORES:
        return None
    # 6 cores of which each worker takes a third are 18, whatever a third is in binary.
    return max(1, math.floor(cores / need + 1e-9))


def _risk(free: int | None, count: int, need: float, host: Host) -> Risk:
    if free is None:
        return "medium"
    left = free - count * need
    if count < 1 or left < host.critical_megabytes * MEGABYTE:
        return "high"
    return "medium" if left < host.up_free_megabytes * MEGABYTE else "low"


def _workers(count: int, verb: str) -> str:
    """``1 worker needs``, ``3 workers need``."""
    return f"1 worker {verb}s" if count == 1 else f"{count} workers {verb}"
