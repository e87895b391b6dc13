"""How the number of workers follows the host (``host.scaling``), as a run tells it: C7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from engine.insight.status_file import StatusScaling

Load = Literal["", "high", "very high"]

CPU_LIMITS: Final = (0.60, 0.85)
MEMORY_LIMITS: Final = (0.70, 0.90)
"""From the first share of 1 on it is shown as high, from the second on as very high (C7.6)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaling:
    """What the host has in use, and what became of the number of workers; None = not known."""

    cpu: float | None
    """Share of 1."""
    memory_used: float | None
    """Share of 1."""
    free_bytes: int | None
    """Of memory."""
    workers: int
    """That there should be now."""
    most: int
    """That the operator asked for."""
    leaving: Sequence[int]
    """Workers that finish their job and then go."""
    why: str
    """What was decided at the last look, and why: one sentence; empty before the first."""

    @property
    def cpu_load(self) -> Load:
        return load(self.cpu, CPU_LIMITS)

    @property
    def memory_load(self) -> Load:
        return load(self.memory_used, MEMORY_LIMITS)


def load(share: float | None, limits: tuple[float, float]) -> Load:
    """How a share is shown; what is not known is shown as nothing in particular."""
    high, very_high = limits
    if share is None or share < high:
        return ""
    return "high" if share < very_high else "very high"


def scaling_of(told: StatusScaling | None) -> Scaling | None:
    """As the status tells it; None where the number of workers stays as it was asked for."""
    if told is None:
        return None
    return Scaling(
        cpu=told.cpu,
        memory_used=told.memory_used,
        free_bytes=told.free_bytes,
        workers=told.workers,
        most=told.most,
        leaving=told.leaving,
        why=told.why,
    )
