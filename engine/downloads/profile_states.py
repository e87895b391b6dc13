"""What is said of a profile and of the verification of a clone (behaviour C3.4, C3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class ProfileState(StrEnum):
    """Whether a profile can be used."""

    AVAILABLE = "available"
    LOCKED = "locked"
    CORRUPTED = "corrupted"
    MISSING = "missing"
    NO_PERMISSION = "no_permission"


class VerificationKind(StrEnum):
    """What is looked at in a clone."""

    CAPABILITY = "capability"
    """A browser can open it: its settings can be read."""
    AUTHENTICATION = "authentication"
    """Who was logged in still is: its databases are whole."""
    FILE = "file"
    """Every file of the base that belongs in it is there with its size, private, and no lock."""


class VerificationResult(StrEnum):
    """How a look at one kind stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    PARTIAL = "partial"
    """Some of it is right. Such a clone is not handed out any more than a failed one."""
    FAILED = "failed"
    TIMEOUT = "timeout"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """The last try to verify a clone."""

    results: Mapping[VerificationKind, VerificationResult]
    faults: tuple[str, ...] = ()
    """What is wrong, each fit to be shown; names only, never a content."""

    @property
    def ok(self) -> bool:
        return all(result is VerificationResult.SUCCESS for result in self.results.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfileInfo:
    """One line of ``list_profiles``."""

    worker_id: str
    path: Path
    size_mb: float
    """As last measured, in millions of bytes."""
    created: datetime
    last_used: datetime
    """When it was last made, asked for, validated or measured."""
    valid: bool
    """As last validated, and whether it is still there."""
