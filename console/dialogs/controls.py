"""What dialogs are made of: buttons that name their key, a row of choices, a word to type.

Textual's own button, radio set and input draw borders and blink; over a slow line each of them
costs more than the dialog (console-features 5.4). These are rows of text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input, Static

from console.plain import plain

FOCUSED: Final = " <"
"""Stands behind what ``enter`` presses; a sign, so that it is seen without colour."""
GAP: Final = 4
"""Columns between two choices."""


class KeyButton(Static, can_focus=True):
    """``[ y  Stop 1 phone ]``: pressed by its key, by ``enter`` on it, or by a click."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "press", show=False)]

    class Pressed(Message):
        """The button was pressed."""

        def __init__(self, button: KeyButton) -> None:
            super().__init__()
            self.button = button

    def __init__(self, key: str, words: str, *, id: str) -> None:  # noqa: A002
        """``key`` is the one that presses it; empty where only ``enter`` does."""
        super().__init__("", markup=False, id=id)
        self._key = key
        self._words = words
        self._why_not = ""

    def on_mount(self) -> None:
        self._draw()

    @property
    def why_not(self) -> str:
        """Why it cannot be pressed now; empty when it can."""
        return self._why_not

    @property
    def text(self) -> str:
        """What it shows."""
        key = f"{self._key}  " if self._key else ""
        shown = f"[ {key}{plain(self._words)} ]"
        if self._why_not:
            shown += " (greyed out)"
        return shown + (FOCUSED if self.has_focus else " " * len(FOCUSED))

    def say(self, words: str, *, why_not: str = "") -> None:
        """Name the act anew; ``why_not`` greys it out."""
        if (words, why_not) != (self._words, self._why_not):
            self._words, self._why_not = words, why_not
            self.set_class(bool(why_not), "-grey")
            self._draw(layout=True)

    def _draw(self, *, layout: bool = False) -> None:
        self.update(Text(self.text, no_wrap=True), layout=layout)

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def on_click(self) -> None:
        self.action_press()

    def action_press(self) -> None:
        self.post_message(self.Pressed(self))


class Choice(Static, can_focus=True):
    """``Scope   (o) marked 1     ( ) this campaign 6``: one of several, by arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right,space", "step(1)", show=False),
    ]
    current: reactive[int] = reactive(0, init=False)
    """Place of what is chosen."""

    class Changed(Message):
        """Something else is chosen."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, title: str, options: Sequence[tuple[str, str]], chosen: str) -> None:
        """``options`` are (value, words); ``chosen`` is the value to begin with."""
        super().__init__("", markup=False)
        self._title = title
        self._options = list(options)
        self.set_reactive(Choice.current, [value for value, _ in options].index(chosen))

    @property
    def value(self) -> str:
        """The value of what is chosen."""
        return self._options[self.current][0]

    def choose(self, value: str) -> None:
        """Choose by value. Raises ValueError for one that is not offered."""
        self.current = [known for known, _ in self._options].index(value)

    def offer(self, options: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer something else; ``chosen`` is the value to begin with."""
        self._options = list(options)
        self.set_reactive(Choice.current, [value for value, _ in options].index(chosen))
        if self.is_mounted:
            self._draw()

    def rows(self, width: int) -> int:
        """Rows that it takes: one, or one for each choice where they do not fit."""
        return 1 if self._fits(width) else len(self._options)

    def _fits(self, width: int) -> bool:
        words = sum(len(words) + 4 for _, words in self._options)
        return len(self._lead) + words + GAP * (len(self._options) - 1) <= width

    @property
    def _lead(self) -> str:
        return f"{self._title}   " if self._title else ""

    def watch_current(self) -> None:
        self._draw()
        self.post_message(self.Changed(self))

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        shown = Text(self._lead, no_wrap=True)
        gap = " " * GAP if self._fits(self.size.width) else "\n" + " " * len(self._lead)
        for place, (_, words) in enumerate(self._options):
            chosen = place == self.current
            style = "reverse" if chosen and self.has_focus else "bold" if chosen else ""
            shown.append(gap if place else "")
            shown.append(f"({'o' if chosen else ' '}) {plain(words)}", style=style)
        self.update(shown, layout=False)

    def action_step(self, by: int) -> None:
        self.current = (self.current + by) % len(self._options)


class TypedWord(Horizontal):
    """``Type  stop all  to go on  [______]``; the act is greyed out until the word stands there."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def compose(self) -> ComposeResult:
        yield Static(Text(f"Type  {self.word}  to go on  ["), markup=False)
        yield quiet_input(id="typed")
        yield Static(Text("]"), markup=False)

    @property
    def right(self) -> bool:
        """The word stands there."""
        return self.query_one(Input).value.strip() == self.word

    def take(self, character: str) -> bool:
        """A letter that was typed elsewhere, if the word begins or goes on with it: other letters
        are the dialog's keys, and fast ones are on their way before the focus has moved."""
        field = self.query_one(Input)
        if not self.word.startswith(field.value + character):
            return False
        field.focus()
        field.insert_text_at_cursor(character)
        return True

    def rows(self, _width: int) -> int:
        return 1


class Field(Horizontal):
    """``Workers   [5    ]  of 10 at most``: one value that the operator may change."""

    def __init__(self, title: str, value: str, note: str = "", *, id: str, digits: bool) -> None:  # noqa: A002
        """``digits``: takes nothing but a whole number."""
        super().__init__()
        self._title, self._value, self._note = title, value, note
        self._input_id, self._digits = id, digits

    def compose(self) -> ComposeResult:
        yield Static(Text(f"{self._title:<10}["), markup=False)
        yield quiet_input(self._value, id=self._input_id, digits=self._digits)
        yield Static(Text(f"]  {plain(self._note)}"), markup=False)

    def rows(self, _width: int) -> int:
        return 1


def quiet_input(value: str = "", *, id: str, digits: bool = False) -> Input:  # noqa: A002
    """An input of one row whose cursor does not blink."""
    field = Input(value, id=id, compact=True, type="integer" if digits else "text", max_length=80)
    field.cursor_blink = False
    field.select_on_focus = False
    return field
