"""One of a few, each with its own key: the format of an export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.text import Text
from textual import events

from console.dialogs.base import Control, Dialog
from console.dialogs.controls import Choice


class ChoiceDialog(Dialog[str]):
    """Hands back the chosen value; nothing is at stake, so a key chooses at once."""

    KEYS = "y / n    tab choice    esc = n"

    def __init__(self, title: str, lines: Sequence[str], keys: Mapping[str, str]) -> None:
        """``keys``: key to value."""
        super().__init__(title)
        self._lines = tuple(lines)
        self._by_key = dict(keys)
        first = next(iter(self._by_key.values()))
        options = [(value, f"{key} {value}") for key, value in self._by_key.items()]
        self._choice = Choice("", options, first)

    def bottom(self) -> Sequence[Control]:
        return (self._choice,)

    def facts(self, width: int) -> Iterable[Text | str]:
        yield from self._lines
        yield ""

    def yes_words(self) -> str:
        return f"Write {self._choice.value}"

    def result(self) -> str:
        return self._choice.value

    def on_key(self, event: events.Key) -> None:
        if event.key in self._by_key:
            event.stop()
            self.dismiss(self._by_key[event.key])
