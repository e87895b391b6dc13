"""The Ledger screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from console.action_table import LEDGER
from console.actions import bindings
from console.feed import Need
from console.screens.base import ConsoleScreen


class LedgerScreen(ConsoleScreen):
    """Under construction."""

    NAME = LEDGER
    NEEDS = frozenset({Need.JOBS})
    BINDINGS = bindings(LEDGER)

    def body(self) -> ComposeResult:
        yield Static("ledger", classes="fill")

    def show_filter(self, expression: str) -> None:
        """Show what this filter matches."""

    def select(self, job_id: str) -> None:
        """Put the cursor on this job, clearing the filter if it hides it."""
