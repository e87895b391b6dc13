"""Calls of a paid service (a model) on one day, for estimates and for what is told of the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidCalls:
    """What was used so far; a trade without such a service has none."""

    made: int = 0
    usd: float = 0.0
    """US dollars, estimated."""
    limit: int | None = None
    """Calls of a day that the settings allow; None = as many as there are."""


NO_CALLS: Final = PaidCalls()
