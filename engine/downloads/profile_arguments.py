"""What the profile manager is given, refused where it is of the wrong kind (behaviour C3.2)."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

from engine.downloads.profile_root import WORKER_ID
from engine.output import one_line
from engine.parallel.errors import ProfileCreationError

MOST_PROFILES: Final = 16


def require_apart(base: Path | None, root: Path) -> None:
    """Else a clone would hold itself, or a cleanup reach the base. Raises ProfileCreationError."""
    if base is None:
        return
    there = Path(os.path.realpath(root))
    if base.is_relative_to(there) or there.is_relative_to(base):
        raise ProfileCreationError(
            f"The base profile {base} and the folder for profiles {there} lie in one another: "
            "give folders apart from each other."
        )


def base_path(value: Path | str | None) -> Path | None:
    """The real path of a base. Raises TypeError, ProfileCreationError."""
    if value is None:
        return None
    if not isinstance(value, str | Path):
        raise TypeError(f"base_profile must be a path or None, not {type(value).__name__}.")
    try:
        return Path(os.path.realpath(value))
    except ValueError:  # a null character
        raise ProfileCreationError(f"{value!r} is no path: give the base profile's.") from None


def number_of_profiles(value: int) -> int:
    """How many profiles there may be at a time. Raises TypeError, ValueError."""
    if type(value) is not int:
        raise TypeError(f"max_profiles must be a whole number, not {type(value).__name__}.")
    if not 1 <= value <= MOST_PROFILES:
        raise ValueError(f"max_profiles is {value}: allowed is 1 to {MOST_PROFILES}.")
    return value


def megabytes(value: float) -> float:
    """How large a profile may be. Raises TypeError, ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"max_megabytes must be a number, not {type(value).__name__}.")
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"max_megabytes is {value}: give a number above 0.")
    return float(value)


def worker_name(value: str) -> str:
    """A name that can be part of a folder's. Raises TypeError, ValueError."""
    if not isinstance(value, str):
        raise TypeError(f"worker_id must be a text, not {type(value).__name__}.")
    if WORKER_ID.fullmatch(value) is None:
        raise ValueError(
            f"{one_line(repr(value))[:200]} cannot be the name of a worker: use 1 to 64 letters, "
            "digits, dots, dashes and underscores, beginning with a letter or digit."
        )
    return value
