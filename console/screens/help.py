"""The help of a screen."""

from __future__ import annotations

from textual.screen import ModalScreen


class HelpScreen(ModalScreen[None]):
    """Under construction."""

    def __init__(self, screen: str) -> None:
        super().__init__()
        self.of_screen = screen
