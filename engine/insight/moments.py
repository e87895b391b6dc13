"""Times as our files write them."""

from __future__ import annotations

from datetime import datetime


def moment_of(text: object) -> datetime | None:
    """A time with its zone; None for anything else that stands in its place."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
