"""The Cockpit screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from console.action_table import COCKPIT
from console.actions import bindings
from console.feed import Need
from console.screens.base import ConsoleScreen


class CockpitScreen(ConsoleScreen):
    """Under construction."""

    NAME = COCKPIT
    NEEDS = frozenset({Need.PASSES, Need.LOGS})
    BINDINGS = bindings(COCKPIT)

    def body(self) -> ComposeResult:
        yield Static("cockpit", classes="fill")

    def select_worker(self, slot: int) -> None:
        """Put the cursor on this worker."""
