"""What a worker that died left on the disk: its profile, what its browser wrote beside it, locks of
orders, and files that nobody will finish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.downloads.page_errors import FolderError
from engine.downloads.profile_removal import remove_tree
from engine.downloads.profile_root import ProfileRoot
from engine.downloads.time_limit import TimeLimit
from engine.logger import get_logger
from engine.parallel.errors import ProfileError

if TYPE_CHECKING:
    from engine.downloads.place import Place

log = get_logger(__name__)

_SECONDS: Final = 20.0


def remove_remains(place: Place, slots: Sequence[int] | None) -> None:
    """Profiles whose owners are gone, the scratch folders of these slots (None = of all), and of
    orders that nobody works on the locks and the unfinished files.

    Only once their browsers are gone. What cannot be removed is logged, and tried again at the next
    start (C6.3).
    """
    limit = TimeLimit(_SECONDS)
    try:
        if place.profiles.is_dir():
            ProfileRoot(place.profiles).sweep(limit)
    except (OSError, ProfileError) as exc:
        log.warning("profiles_not_swept", reason=str(exc))
    wanted = None if slots is None else {str(slot) for slot in slots}
    try:
        folders = list(place.scratch.iterdir()) if place.scratch.is_dir() else []
        for folder in folders:
            if wanted is None or folder.name in wanted:
                remove_tree(folder, limit)
    except OSError as exc:
        log.warning("scratch_not_removed", reason=str(exc))
    try:
        place.folders.sweep()
    except FolderError as exc:
        log.warning("folders_not_swept", reason=str(exc))
