"""What the calls of the cloud API share: farm, storage, tasks, and the shapes of answers."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from simulator.errors import Refused
from simulator.farm_file import FaultKind
from simulator.phone import Phone
from simulator.rate_limits import RateLimiter
from simulator.storage import Storage
from simulator.world import Farm

PageNumber = Annotated[int, Field(ge=1)]
PageSize = Annotated[int, Field(ge=1, le=100)]
Text = Annotated[str, Field(min_length=1)]
Ids100 = Annotated[list[str], Field(min_length=1, max_length=100)]
Ids200 = Annotated[list[str], Field(min_length=1, max_length=200)]


class CallBody(BaseModel):
    """A request body: types are taken literally, fields that we do not know are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Nothing(CallBody):
    """A call without parameters."""


@dataclass
class Cloud:
    """The provider's side of one farm."""

    farm: Farm
    storage: Storage
    limits: RateLimiter
    base_url: str = ""
    """As the caller reached us; links are made from it."""
    uploads: dict[str, Phone] = field(default_factory=dict)
    """Phone by task of `phone/uploadFile`."""
    screenshots: dict[str, ScreenshotTask] = field(default_factory=dict)
    outages: dict[FaultKind, float] = field(default_factory=dict)
    """HTTP faults that strike every request until then (simulated seconds)."""
    _tasks: Iterable[int] = field(default_factory=lambda: itertools.count(5 * 10**17 + 1))

    def new_task(self) -> str:
        return str(next(iter(self._tasks)))

    def phone(self, phone_id: str) -> Phone:
        """The phone of a call about one phone. Raises Refused(42001)."""
        phone = self.farm.phones.get(phone_id)
        if phone is None:
            raise Refused(42001, "env not found")
        return phone

    def running_phone(self, phone_id: str) -> Phone:
        """The same, and it must be started. Raises Refused(42002)."""
        phone = self.phone(phone_id)
        if not phone.running:
            raise Refused(42002, "env is not running")
        if self.farm.file.dialect.api_counts_as_activity:
            phone.touch()
        return phone


@dataclass(slots=True)
class ScreenshotTask:
    phone: Phone
    asked: float
    due: float
    link: str = ""


Call = Callable[[Cloud, Any], Awaitable[object] | object]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path of the API: what it takes, what it does."""

    body: type[CallBody]
    call: Call


def batch(
    cloud: Cloud, ids: Iterable[str], act: Callable[[Phone], Mapping[str, object]]
) -> dict[str, object]:
    """Do something to each phone and answer in the P1 shape; failures stay inside the answer."""
    good: list[Mapping[str, object]] = []
    bad: list[dict[str, object]] = []
    as_text = cloud.farm.file.dialect.text_codes
    for phone_id in ids:
        try:
            good.append(act(cloud.phone(phone_id)))
        except Refused as refusal:
            code: int | str = str(refusal.code) if as_text else refusal.code
            shown: int | str = int(phone_id) if as_text and phone_id.isdigit() else phone_id
            bad.append({"code": code, "id": shown, "msg": refusal.message})
    return {
        "totalAmount": len(good) + len(bad),
        "successAmount": len(good),
        "failAmount": len(bad),
        "successDetails": good,
        "failDetails": bad,
    }
