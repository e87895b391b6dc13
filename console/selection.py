"""What the operator's next key would act on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Marked rows, or the one at the cursor; each screen fills what it has."""

    jobs: tuple[str, ...] = ()
    """Ids of jobs."""
    keys: tuple[str, ...] = ()
    """Accounts."""
    slot: int | None = None
    """Worker."""
    resources: tuple[str, ...] = ()
    """Ids of phones."""
    marked: bool = False
    """They were marked, not only under the cursor."""
    time: str = ""
    """ISO time that belongs to it, for the log."""
    log_line: tuple[str, int] | None = None
    """(file, line number) that belongs to it."""
