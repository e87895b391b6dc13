"""The Passes screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from console.action_table import PASSES
from console.actions import bindings
from console.feed import Need
from console.screens.base import ConsoleScreen


class PassesScreen(ConsoleScreen):
    """Under construction."""

    NAME = PASSES
    NEEDS = frozenset({Need.PASSES})
    BINDINGS = bindings(PASSES)

    def body(self) -> ComposeResult:
        yield Static("passes", classes="fill")
