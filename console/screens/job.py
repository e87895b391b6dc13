"""The Job screen."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Static

from console.action_table import JOB
from console.actions import bindings
from console.feed import Need
from console.screens.base import ConsoleScreen


class JobScreen(ConsoleScreen):
    """Under construction."""

    NAME = JOB
    NEEDS = frozenset({Need.JOBS})
    BINDINGS = bindings(JOB)

    def __init__(self, job_id: str, among: Sequence[str] = ()) -> None:
        super().__init__()
        self.job_id = job_id
        self.among = tuple(among)

    def body(self) -> ComposeResult:
        yield Static("job", classes="fill")
