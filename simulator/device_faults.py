"""What goes wrong between a host and one phone: drawn for a boot, or armed by hand.

An armed fault strikes at once, or during the next event of a name: ``connect``, ``shell:COMMAND``,
``sync:push`` and ``sync:pull`` of adb, ``session``, ``source``, ``find``, ``tap``, ``text`` and so
on of the phone's automation server (docs/simulator.md lists them).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulator.farm_file import FaultKind

if TYPE_CHECKING:
    from simulator.phone import Phone

ARMED_KINDS: Final = frozenset(
    {
        FaultKind.GLOGIN_REFUSED,
        FaultKind.SESSION_LOST,
        FaultKind.CONNECTION_DROPPED,
        FaultKind.SESSION_REFUSED,
        FaultKind.PHONE_SILENT,
        FaultKind.LINE_SLOW,
        FaultKind.LINE_DROPPED,
        FaultKind.LINE_SILENT,
        FaultKind.ADB_UNAUTHORIZED,
        FaultKind.AUTOMATION_MISSING,
        FaultKind.AUTOMATION_UNREACHABLE,
        FaultKind.INSTALL_SLOW,
        FaultKind.SETTINGS_DENIED,
    }
)
"""What `POST /farm/fault` takes."""
_OF_BOOT: Final = frozenset({FaultKind.GLOGIN_REFUSED, FaultKind.SESSION_REFUSED})
"""Drawn as the infrastructure fault of a boot, and on from its beginning."""
_BY_RATE: Final = frozenset(
    {
        FaultKind.LINE_SLOW,
        FaultKind.ADB_UNAUTHORIZED,
        FaultKind.AUTOMATION_MISSING,
        FaultKind.INSTALL_SLOW,
        FaultKind.SETTINGS_DENIED,
    }
)
"""Drawn by their own rate for a boot, and on from its beginning."""
AT_ONCE: Final = frozenset(
    {FaultKind.SESSION_LOST, FaultKind.CONNECTION_DROPPED, FaultKind.LINE_DROPPED}
)
"""Events rather than states: they happen and are over."""


@dataclass(slots=True)
class Armed:
    """One fault that waits for its event."""

    kind: FaultKind
    during: str
    """The event it waits for, or its beginning."""
    real_seconds: float
    """How long a state lasts; 0 = until the phone is off."""


class DeviceFaults:
    """Faults of one phone; ``happen`` carries out those that are events."""

    def __init__(self, phone: Phone, happen: Callable[[FaultKind], None]) -> None:
        self._phone = phone
        self._happen = happen
        self._armed: list[Armed] = []
        self._until: dict[FaultKind, float] = {}
        self._latency = 0.0

    def arm(self, fault: Armed, *, latency: float = 0.0) -> None:
        """Let a fault strike; ``latency``: real seconds a packet, of a slow line."""
        if fault.kind is FaultKind.LINE_SLOW:
            self._latency = latency
        if fault.during:
            self._armed.append(fault)
        else:
            self._strike(fault)

    def disarm(self) -> None:
        """Nothing waits any more and no state is on; what is drawn for the boot stays."""
        self._armed.clear()
        self._until.clear()

    def power_off(self) -> None:
        """The phone is off: its states end, what waits for an event goes on waiting."""
        self._until.clear()

    def meet(self, event: str) -> None:
        """Something happens on the phone: the first fault that waited for it strikes."""
        due = [fault for fault in self._armed if event.startswith(fault.during)]
        for fault in due[:1]:
            self._armed.remove(fault)
            self._strike(fault)

    def strike(self, kind: FaultKind) -> None:
        """``kind`` happens now; a state is on until the phone is off."""
        self._strike(Armed(kind, "", 0.0))

    def on(self, kind: FaultKind) -> bool:
        """Whether a state is on just now."""
        phone = self._phone
        until = self._until.get(kind)
        if until is not None and phone.farm.clock.real() < until:
            return True
        if phone.power is None:
            return False
        if kind in _OF_BOOT:
            return phone.fault_of_this_boot is kind
        return kind in _BY_RATE and phone.boot_draw(kind)

    def latency(self) -> float:
        """Real seconds that each packet takes more."""
        if not self.on(FaultKind.LINE_SLOW):
            return 0.0
        return self._latency or self._phone.farm.clock.real_seconds(
            self._phone.farm.file.delays.line_latency
        )

    def _strike(self, fault: Armed) -> None:
        if fault.kind in AT_ONCE:
            self._happen(fault.kind)
            return
        lasts = fault.real_seconds or math.inf
        self._until[fault.kind] = self._phone.farm.clock.real() + lasts
