"""Choose the station that the settings ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.phones.phone import Station

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from engine.config import Settings


def open_station(
    settings: Settings, work_dir: Path, *, run_id: str, log: FilteringBoundLogger
) -> Station:
    """The station of ``settings.phones.device``; the caller closes it."""
    raise NotImplementedError
