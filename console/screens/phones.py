"""The Phones screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from console.action_table import PHONES
from console.actions import bindings
from console.feed import Need
from console.screens.base import ConsoleScreen


class PhonesScreen(ConsoleScreen):
    """Under construction."""

    NAME = PHONES
    NEEDS = frozenset({Need.RESOURCES})
    BINDINGS = bindings(PHONES)

    def body(self) -> ComposeResult:
        yield Static("phones", classes="fill")

    def select(self, label: str) -> None:
        """Put the cursor on this phone, clearing the filter if it hides it."""
