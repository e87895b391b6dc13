"""What a type of failure is: its category, what follows, what the operator can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from engine.jobs import ErrorCategory


class RetryPolicy(StrEnum):
    """What may follow a failure; a category has exactly one (behaviour A9.2)."""

    NEVER = "never"
    LIMITED = "up to its limit"
    ONCE = "once more, unless switched off"
    OPERATOR = "never by itself; the operator settles it"


POLICIES: Final[Mapping[ErrorCategory, RetryPolicy]] = MappingProxyType(
    {
        ErrorCategory.ACCOUNT: RetryPolicy.NEVER,
        ErrorCategory.CONTENT: RetryPolicy.NEVER,
        ErrorCategory.INTERNAL: RetryPolicy.NEVER,
        ErrorCategory.INFRASTRUCTURE: RetryPolicy.LIMITED,
        ErrorCategory.UNKNOWN: RetryPolicy.ONCE,
        ErrorCategory.IN_DOUBT: RetryPolicy.OPERATOR,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorType:
    """One kind of failure."""

    name: str
    category: ErrorCategory
    remedy: str
    """What the operator can do: one sentence."""
    aliases: tuple[str, ...] = ()
    """Other names in old ledgers and verdicts; read, never written."""
    older_name: str = ""
    """What older systems call it where they have no name of their own for it."""

    @property
    def retry(self) -> RetryPolicy:
        return POLICIES[self.category]
