"""Filters behind F2 to F5: those at first, and what may be saved there (console-features 6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

FILTERS: Final[Mapping[str, str]] = {
    "f2": "",
    "f3": "status:failed",
    "f4": "is:person",
    "f5": "status:claimed",
}
"""Before the operator has his own."""


def problem(expression: str, now: datetime) -> str:
    """Why this can be no filter, neither of jobs nor of phones; empty where it can."""
    from engine.filters import FilterError, job_fields, parse, resource_fields

    if not expression:
        return ""
    try:
        parse(expression, job_fields(now=now))
    except FilterError as exc:
        try:
            parse(expression, resource_fields(now=now))
        except FilterError:
            return str(exc)
    return ""
