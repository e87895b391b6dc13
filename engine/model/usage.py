"""What one call used, and what that costs by the prices of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.config import Model

_MILLION: Final = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one call as the service counts them; money in US dollars, estimated."""

    input: int = 0
    """Neither read from the cache nor written to it."""
    output: int = 0
    cache_write: int = 0
    cache_read: int = 0

    @property
    def tokens(self) -> int:
        return self.input + self.output + self.cache_write + self.cache_read

    def usd(self, prices: Model) -> float:
        return (
            self.input * prices.usd_per_million_input
            + self.output * prices.usd_per_million_output
            + self.cache_write * prices.usd_per_million_cache_write
            + self.cache_read * prices.usd_per_million_cache_read
        ) / _MILLION
