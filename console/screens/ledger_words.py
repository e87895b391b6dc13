"""Sentences and figures around the Ledger's table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.amounts import counted
from engine.insight.values import Overview
from engine.ledger.quarantine import quarantine_path

_NAMES: Final[Mapping[str, str]] = {"": "all", "status:claimed": "running"}
_LONGEST_NAME: Final = 16
READING: Final = "Reading the ledger."


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What stands at the right end of the filter's row."""

    shown: int
    total: int
    marked: int
    hidden: int
    """Marked ones that are not shown."""
    moved: int
    order: str
    columns: str


def status_parts(figures: Figures, filters: Mapping[str, str], *, wide: bool) -> list[str]:
    """``14 of 82``, ``3 marked (1 not shown)``, ``sort: when v``; the first ones matter most."""
    parts = [f"{figures.shown} of {figures.total}{' shown' if wide else ''}"]
    if figures.marked:
        hidden = f" ({figures.hidden} not shown)" if figures.hidden else ""
        parts.append(f"{figures.marked} marked{hidden}")
    if figures.moved:
        parts.append(f"{figures.moved} moved, o to sort")
    if wide or not figures.moved:
        parts.append(f"sort: {figures.order}")
    if wide:
        parts.append(f"columns: {figures.columns}")
        saved = (f"{key.upper()} {filter_name(filters[key])}" for key in sorted(filters))
        parts.append(f"saved: {'  '.join(saved)}")
    return parts


def filter_name(expression: str) -> str:
    """``status:failed`` is called failed."""
    if expression in _NAMES:
        return _NAMES[expression]
    field, colon, value = expression.partition(":")
    name = value if colon and field.isalpha() and " " not in value else expression
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 2]}.."


def no_jobs(overview: Overview | None, total: int) -> str:
    """Why there is no row, and what to do about it."""
    if total:
        return "No job matches this filter: esc clears it."
    if overview is None:
        return READING
    if overview.problem:
        return f"The ledger cannot be read. {overview.problem}"
    if overview.live:
        return "The run has not written its jobs yet."
    return "There are no jobs yet: s starts a run, which writes them into the ledger."


def unread(count: int) -> str:
    """The last line."""
    return f"{counted(count, 'row')} could not be read (enter)"


def where_unread(ledger: Path) -> str:
    """Where those rows are kept; looks whether they have been set aside already."""
    kept = quarantine_path(ledger)
    if kept.exists():
        return f"They are kept, with the reason for each, in {kept}"
    return f"They still stand in {ledger}; the next write sets them aside in {kept.name}"
