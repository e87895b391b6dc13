"""What may be done on a screen: a closed list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.errors import JobError
from engine.posting.page import Node


class Effect(StrEnum):
    """What a tap means for the flow's state."""

    VIDEO_CHOSEN = "video chosen"
    NOTICE_EXPECTED = "notice expected"
    DISCARDED = "earlier upload discarded"


@dataclass(frozen=True, slots=True)
class Tap:
    node: Node
    why: str
    effect: Effect | None = None
    stays: bool = False
    """It leads to no other screen: it has acted once its node is gone."""

    def __str__(self) -> str:
        return f"tap {self.node}: {self.why}"


@dataclass(frozen=True, slots=True)
class EnterCaption:
    field: Node

    def __str__(self) -> str:
        return "enter the caption"


@dataclass(frozen=True, slots=True)
class Share:
    """The one tap that publishes."""

    node: Node

    def __str__(self) -> str:
        return f"share: tap {self.node}"


@dataclass(frozen=True, slots=True)
class Back:
    why: str

    def __str__(self) -> str:
        return f"back: {self.why}"


@dataclass(frozen=True, slots=True)
class OpenApp:
    why: str

    def __str__(self) -> str:
        return f"open the app: {self.why}"


@dataclass(frozen=True, slots=True)
class Wait:
    why: str
    patient: bool = False
    """Something is under way that takes its time: bounded by the clock, not by the count."""

    def __str__(self) -> str:
        return f"wait: {self.why}"


@dataclass(frozen=True, slots=True)
class Fail:
    error: JobError

    def __str__(self) -> str:
        return f"end: {self.error}"


Step = Tap | EnterCaption | Share | Back | OpenApp | Wait | Fail
