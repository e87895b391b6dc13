"""Values of the phone layer and what a place that has phones must be able to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.errors import PhoneError
from engine.workloads.base import Receipt, ResourceState

if TYPE_CHECKING:
    from engine.phones.cloud import UploadGrant

Pause = Callable[[float], None]
"""Waits so many seconds; raises to end the wait early (a stop, the job's time used up).

Called with 0 it only checks. ``Report.pause`` is one, ``time.sleep`` another.
"""


@dataclass(frozen=True, slots=True)
class ShortPause:
    """A pause for who only looks: a longer wait than ``longest`` (seconds) is refused."""

    longest: float

    def __call__(self, seconds: float) -> None:
        self.check(seconds)
        time.sleep(seconds)

    def check(self, seconds: float) -> None:
        """Refuse a wait before any part of it is slept. Raises PhoneError."""
        if seconds > self.longest:
            raise PhoneError(
                f"The provider's calls are limited for {seconds:.0f} s more: it is not asked until "
                "then.",
                retry_soon=True,
            )


BRIEFLY = ShortPause(5.0)
"""For tables that are looked at."""


class PhoneStatus(IntEnum):
    """A phone's state as the provider numbers it (behaviour A16.1)."""

    STARTED = 0
    STARTING = 1
    SHUT_DOWN = 2
    EXPIRED = 3
    """Only the status call knows it; the list call goes on saying 0, 1 or 2."""

    @property
    def billed(self) -> bool:
        """Started and starting phones cost (A16.2)."""
        return self in (PhoneStatus.STARTED, PhoneStatus.STARTING)

    @property
    def words(self) -> str:
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Phone:
    """A phone of the provider's inventory."""

    id: str
    """The provider's id; a decimal string of up to 19 digits, never a number."""
    serial_name: str
    """The name given to it; the account's name on our phones."""
    status: PhoneStatus | None = None
    """As last heard; ``None`` where nobody asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A file that phones can be brought."""

    path: Path
    grant: UploadGrant | None = None
    """Where the provider keeps it; None where nothing lies between this host and the phone."""


class Station(Protocol):
    """Where phones are had: the cloud provider, or one attached device.

    All methods raise typed JobErrors. The order for a job is find, start, wait_started, connect,
    (a Device session), stop; **stop is called whatever happened after start was called**, also
    when start itself raised. Beside them, in a thread of its own, goes the video: ``send`` at any
    time, ``deliver`` to a phone that is started. ``PhoneError.retry_soon`` marks what passes by
    itself.
    """

    def find(self, account: str, pause: Pause = time.sleep) -> Phone:
        """The phone whose name is exactly this account's. Raises NotInGeelarkError."""
        ...

    def start(self, phone: Phone, *, job_id: str, slot: int, pause: Pause) -> None:
        """Register the phone as ours, then ask for its start.

        Raises PhoneError with ``retry_soon`` when there is no capacity, when another worker or run
        has it, or when it is on without us having started it (then it is a person's: it is left
        alone and never stopped by us).
        """
        ...

    def wait_started(self, phone: Phone, pause: Pause) -> None:
        """Wait until the phone says it is started. Raises PhoneError after the boot timeout."""
        ...

    def connect(self, phone: Phone, pause: Pause) -> str:
        """Connect adb, log in, prove that a shell answers; returns the adb serial.

        Safe to repeat on a started phone: a dropped connection or a lapsed login is made anew.
        """
        ...

    def send(self, path: Path, pause: Pause) -> Sent:
        """Bring the file where phones can fetch it; no phone has to be on for it.

        Raises ContentError when the file cannot be sent.
        """
        ...

    def deliver(self, phone: Phone, sent: Sent, pause: Pause) -> None:
        """Bring a sent file onto the started phone; it is there when this returns."""
        ...

    def stop(self, phone: Phone) -> Receipt:
        """Stop the phone if this process started it, and see it stopped.

        Never raises and is never interrupted. ``released`` is False where it may still be on.
        """
        ...

    def inventory(self, pause: Pause = time.sleep) -> Sequence[ResourceState]:
        """Every phone of the provider, joined with our registry. Raises JobError."""
        ...

    def registered(self) -> Sequence[ResourceState]:
        """The phones that our registry names; asks nobody."""
        ...

    def stop_ours(self, slots: Sequence[int] | None) -> Sequence[Receipt]:
        """Stop what these slots (None: all) registered; one receipt each, never raises."""
        ...

    def stop_named(self, ids: Sequence[str]) -> Sequence[Receipt]:
        """Stop these phones, ours or not, as the operator named them; never raises."""
        ...

    def check(self) -> None:
        """Refuse what could not work before anything starts.

        Raises ServiceUnreachableError (token, network) or SettingsError (programs).
        """
        ...

    def close(self) -> None:
        """Give back connections; phones are not touched."""
        ...
