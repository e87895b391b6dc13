"""The seam between the app on a phone and the world: what the app asks, what it causes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from simulator.farm_file import AccountState


class UploadOutcome(StrEnum):
    """How an upload ends."""

    POSTED = "posted"
    FAILED = "failed"
    """The row "Video can't be posted" stays until it is discarded."""
    SILENT = "silent"
    """Posted, but the app never says so: the row just goes away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GalleryItem:
    """One file in the phone's gallery."""

    name: str
    taken_at: datetime
    duration: float = 0.0
    """Seconds; 0 for a photo."""

    @property
    def is_video(self) -> bool:
        """Whether it plays."""
        return self.duration > 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """The world's answer to a tap on Share."""

    upload_seconds: float = 6.0
    """Seconds of the app's clock until the upload has ended."""
    outcome: UploadOutcome = UploadOutcome.POSTED


class Delay(StrEnum):
    """Waits of the app whose length the world decides."""

    START = "app_start"
    """From a cold start until the first screen is there."""
    STEP = "app_step"
    """From a tap until the next screen is there; until then the old one takes the touches."""


class PhoneWorld(Protocol):
    """What the world lends to the app of one phone."""

    @property
    def username(self) -> str:
        """The account's name as the screens show it."""
        ...

    @property
    def seed(self) -> str:
        """Decides the app's build and its chance."""
        ...

    @property
    def account_state(self) -> AccountState:
        """What the app's servers think of the account just now."""
        ...

    def now(self) -> float:
        """Seconds of the world's clock."""
        ...

    def delay(self, name: Delay) -> float:
        """The next wait by that name, in seconds of the world's clock."""
        ...

    def gallery(self) -> Sequence[GalleryItem]:
        """Files on the phone, newest first."""
        ...

    def publish(self, video: str, caption: str) -> Publication:
        """Share was tapped: once a call, the world keeps the truth of what was really published."""
        ...
