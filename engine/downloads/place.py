"""Where the orders of one list are worked on: the list, its ledger, folders, profiles, scratch."""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.downloads.folders import OrderFolders
from engine.downloads.names import file_stem
from engine.downloads.orders import OrderList, read_orders

if TYPE_CHECKING:
    from engine.config import Settings

LEDGER_END: Final = "_progress.csv"
_DIGEST: Final = 8


def _ledger_name(list_path: Path, work_dir: Path) -> str:
    """Each list has a ledger of its own: that of the work directory's ``july.csv`` is
    ``july_progress.csv``; that of one elsewhere, or whose name cannot be kept as it is, has a
    digest of its place in the name."""
    stem, place = file_stem(list_path.name), list_path.resolve()
    if place == work_dir.resolve() / f"{stem}.csv":
        return f"{stem}{LEDGER_END}"
    return f"{stem}-{hashlib.sha256(os.fsencode(place)).hexdigest()[:_DIGEST]}{LEDGER_END}"


class Place:
    """One work directory with one list of orders."""

    def __init__(self, settings: Settings, work_dir: Path) -> None:
        self.settings = settings
        self.downloads = settings.downloads
        self.work_dir = work_dir
        run = work_dir / settings.paths.run
        self.list_path = work_dir / self.downloads.orders
        self.ledger_path = work_dir / _ledger_name(self.list_path, work_dir)
        self.profiles = run / "profiles"
        self.scratch = run / "browsers"
        """What browsers and drivers write beside their profiles; one folder a slot."""
        self.folders = OrderFolders(work_dir / self.downloads.out)

    @property
    def base_profile(self) -> Path | None:
        base = self.downloads.base_profile
        return None if base is None else self.work_dir / base

    @cached_property
    def orders(self) -> OrderList:
        """Raises InputError."""
        return read_orders(self.list_path)

    def log_of(self, slot: int) -> Path:
        """What the driver of a worker's browser says."""
        return self.work_dir / self.settings.paths.logs / f"browser_{slot}.log"
