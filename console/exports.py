"""What leaves the cockpit: copies and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.app import ConsoleApp


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What is shown, ready to be written."""

    name: str
    """Start of the file name: ``ledger``, ``passes``."""
    headers: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    records: Sequence[Mapping[str, Any]] = ()
    """The same for JSON."""
    text: str = ""
    """Logs: plain text instead of a table."""


async def copy_out(app: ConsoleApp, text: str) -> None:
    """Copy to the operator's clipboard."""


async def export(app: ConsoleApp, exported: Exported | None) -> None:
    """Write what is shown to a file."""
