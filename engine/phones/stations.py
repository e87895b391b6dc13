"""Choose the station that the settings ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.phones.phone import Station

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings


def open_station(
    settings: Settings, work_dir: Path, *, run_id: str, log: FilteringBoundLogger, slot: int = 0
) -> Station:
    """The station of ``settings.phones.device``; opening asks nobody. The caller closes it.

    ``slot``: whose adb server its phones are connected to, where each worker has its own.
    """
    if settings.phones.device == "grapheneos":
        from engine.phones.attached import AttachedStation

        return AttachedStation(settings, work_dir, run_id=run_id, log=log, slot=slot)
    from engine.phones.station import PhoneStation

    return PhoneStation(settings, work_dir, run_id=run_id, log=log, slot=slot)
