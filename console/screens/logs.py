"""The Logs screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from console.action_table import LOGS
from console.actions import bindings
from console.feed import Need
from console.screens.base import ConsoleScreen
from console.wayfinding import Place


class LogsScreen(ConsoleScreen):
    """Under construction."""

    NAME = LOGS
    NEEDS = frozenset({Need.LOGS})
    BINDINGS = bindings(LOGS)

    def body(self) -> ComposeResult:
        yield Static("logs", classes="fill")

    def go_to(self, place: Place) -> None:
        """Show this place of the logs."""
