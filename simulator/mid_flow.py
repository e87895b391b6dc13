"""Faults that strike in mid-flow, before Share: where in the flow, and once a boot.

Shared by the light automation and by the phone's own automation server, so that a boot meets the
same fate over both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulator.farm_file import FaultKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.phone import Phone

ACTIONS_BEFORE_SHARE: Final = 5
"""Taps and texts that the shortest way to Share takes at least, the one on Share left out."""
_INFRASTRUCTURE: Final = frozenset(
    {FaultKind.SESSION_LOST, FaultKind.CONNECTION_DROPPED, FaultKind.PHONE_SILENT}
)
LINE_KINDS: Final = (
    FaultKind.LINE_DROPPED,
    FaultKind.LINE_SILENT,
    FaultKind.AUTOMATION_UNREACHABLE,
)
"""Drawn by their own rate; only a real line can have them."""


class MidFlow:
    """Remembers which boots have had theirs."""

    def __init__(self) -> None:
        self._struck: set[tuple[str, int]] = set()

    def due(
        self, phone: Phone, actions: int, *, by_rate: Sequence[FaultKind] = ()
    ) -> FaultKind | None:
        """The fault that strikes now, after so many taps and texts of the session.

        A silent phone stays silent: it is due at every later command of the boot.
        """
        kind = phone.fault_of_this_boot
        if kind not in _INFRASTRUCTURE:
            kind = next((one for one in by_rate if phone.boot_draw(one)), None)
        if kind is None:
            return None
        boot = (phone.id, phone.boots)
        if boot in self._struck:
            return kind if kind is FaultKind.PHONE_SILENT else None
        if actions < 1 + int(phone.fault_position * ACTIONS_BEFORE_SHARE):
            return None
        self._struck.add(boot)
        return kind
